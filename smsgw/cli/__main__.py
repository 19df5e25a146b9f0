"""`smsgw`, and `python -m smsgw.cli`: no more than what Ctrl-C may interrupt while the rest is read."""

import os
import sys

__all__ = ["main"]

_OF_THE_EXTRA = {"typer", "rich", "click"}


def main() -> None:
    """Run the command that `sys.argv` names, and exit with its status."""
    try:
        from smsgw.cli.app import command  # noqa: PLC0415 - it may be missing, and Ctrl-C may come meanwhile

        command.main(prog_name="smsgw")
    except KeyboardInterrupt:  # before the command could begin
        _end()
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _OF_THE_EXTRA:
            raise
        sys.stderr.write("error: the commands need typer and rich: install smsgw[cli]\n")
        sys.exit(2)


def _end() -> None:
    if sys.stderr is not None:
        sys.stderr.write("error: interrupted\n")
        sys.stderr.flush()
    os._exit(130)  # a second Ctrl-C finds nothing more to interrupt


if __name__ == "__main__":
    main()
