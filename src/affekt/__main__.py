"""`python -m affekt`: the command line."""

from affekt.cli.main import run

if __name__ == "__main__":
    run()
