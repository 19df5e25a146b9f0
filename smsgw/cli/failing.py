"""How a command ends when something goes wrong: one line on standard error, an exit status, never a traceback."""

import logging
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

import typer
from typer.core import TyperGroup

from smsgw.cli.output import Unwritable, complain, in_options
from smsgw.errors import ConfigurationError, SmsgwError
from smsgw.faults import frames
from smsgw.sheets import SheetError

__all__ = ["ALL_WELL", "INTERRUPTED", "NOT_ALL", "USAGE", "CommandFailed", "Commands", "Interrupted"]

ALL_WELL: Final = 0
NOT_ALL: Final = 1
"""Some were not accepted, or not answered."""
USAGE: Final = 2
"""The command line or the configuration is wrong; nothing was sent."""
INTERRUPTED: Final = 130


class CommandFailed(Exception):
    """The command cannot go on; `str` is the line that says why."""

    def __init__(self, line: str, status: int = USAGE) -> None:
        super().__init__(line)
        self.status = status


class Interrupted(Exception):
    """A signal ended the command before it came to a result."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


class Commands(TyperGroup):
    """The commands; each returns its exit status, or raises what ends here."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command; `standalone_mode` exits with its status."""
        if sys.stdout is None:  # as after `>&-`: what would be told must not be done unseen
            complain("standard output is closed: there is nowhere to write the result to")
            status = USAGE
            if standalone_mode:
                sys.exit(status)
            return status
        run = super().main
        status = _guarded(lambda: run(args, prog_name, complete_var, False, windows_expand_args, **extra))
        if standalone_mode:
            sys.exit(status)
        return status

    def invoke(self, ctx: Any) -> Any:
        """Typer would end Ctrl-C without a word."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Interrupted(INTERRUPTED) from None


def _guarded(run: Callable[[], Any]) -> int:
    """The exit status of whatever `run` comes to."""
    handler = _OneLine(logging.WARNING)
    logging.getLogger().addHandler(handler)
    try:
        status = run()
    except CommandFailed as error:
        complain(error)
        return error.status
    except SheetError as error:
        complain(error)
        return USAGE
    except (Interrupted, KeyboardInterrupt, typer.Abort) as error:
        complain("interrupted")
        return error.status if isinstance(error, Interrupted) else INTERRUPTED
    except Unwritable as error:
        complain(error)
        return NOT_ALL
    except SmsgwError as error:
        said = "; ".join(str(error).splitlines())
        complain(said if isinstance(error, ConfigurationError) else in_options(said))
        return USAGE if isinstance(error, ConfigurationError) else NOT_ALL
    except Exception as error:  # noqa: BLE001 - the last resort: a user is owed a line, not a traceback
        return _unexpected(error)
    finally:
        logging.getLogger().removeHandler(handler)
    return status if isinstance(status, int) else ALL_WELL


def _unexpected(error: Exception) -> int:
    # typer's usage errors: click's own in its older versions, and a private copy in the newer ones.
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):
        complain(_usage(error))
        return USAGE
    if _debugging():
        sys.stderr.write(f"{frames(error)}\n")
        complain(f"smsgw failed: {type(error).__name__}")
    else:
        complain(f"smsgw failed: {type(error).__name__} (SMSGW_DEBUG=1 shows where)")
    return NOT_ALL


def _usage(error: Any) -> str:
    said = str(error.format_message())
    if said.startswith("Got unexpected extra argument"):
        # It quotes the arguments, which may be the rest of a text.
        said = "Too many arguments: a text with spaces stands in quotes."
    context = getattr(error, "ctx", None)
    return said if context is None else f"{said.rstrip('.')}. Try: {context.command_path} --help"


def _debugging() -> bool:
    return os.environ.get("SMSGW_DEBUG", "") not in ("", "0")


class _OneLine(logging.Handler):
    """What is logged as a warning or worse, as a line; what follows its first line is for debugging."""

    def emit(self, record: logging.LogRecord) -> None:
        lines = record.getMessage().splitlines() or [""]
        complain(lines[0].rstrip(":"), "warning")
        if _debugging():
            sys.stderr.write("".join(f"{line}\n" for line in lines[1:]))
