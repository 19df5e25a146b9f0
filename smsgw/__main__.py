"""`python -m smsgw`: the commands."""

from smsgw.cli.__main__ import main

if __name__ == "__main__":
    main()
