"""``python -m rustystats``: the command line."""

from rustystats.cli import main

if __name__ == "__main__":
    main()
