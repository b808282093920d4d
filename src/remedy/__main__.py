"""`python -m remedy`: the command line."""

from remedy.cli import main

if __name__ == "__main__":
    main(prog_name="remedy")
