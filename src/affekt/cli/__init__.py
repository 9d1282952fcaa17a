"""The command line: a file a command, each of them parses, calls and prints."""
