"""`smsgw`, and `python -m smsgw.cli`."""

import sys

__all__ = ["main"]

_OF_THE_EXTRA = {"typer", "rich", "click"}


def main() -> None:
    """Run the command that `sys.argv` names, and exit with its status."""
    try:
        from smsgw.cli.app import command  # noqa: PLC0415 - it may be missing, and Ctrl-C may come meanwhile
    except KeyboardInterrupt:
        sys.exit(130)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _OF_THE_EXTRA:
            raise
        sys.stderr.write("error: the commands need typer and rich: install smsgw[cli]\n")
        sys.exit(2)
    command.main(prog_name="smsgw")


if __name__ == "__main__":
    main()
