"""The fuzzer is a program of its own: its modules are not tests."""

collect_ignore = ["fuzzer"]
