"""A mutation fuzzer of all readers: `make fuzz`.

Each reader gets seeds, which are valid files, with a few mutations. It runs in a child process that has
limits of time and memory, and ends in one of `outcomes.KINDS`. A case is named `READER:NUMBER`; with the same
seed the same name is the same file.
"""
