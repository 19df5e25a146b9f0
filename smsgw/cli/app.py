"""The commands, put together."""

import sys
from typing import Annotated

import typer

from smsgw._version import __version__
from smsgw.cli.asking import balance, lookup, status
from smsgw.cli.bulk import bulk
from smsgw.cli.demo import demo
from smsgw.cli.failing import ALL_WELL, USAGE, Commands
from smsgw.cli.inbox import inbox
from smsgw.cli.output import print_text
from smsgw.cli.previewing import preview
from smsgw.cli.sandboxing import sandbox
from smsgw.cli.sending import send

__all__ = ["app", "command"]

app = typer.Typer(
    name="smsgw",
    cls=Commands,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        print_text(f"smsgw {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def smsgw(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback acts
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> int:
    """SMS through several gateways: never twice, never lost, and `unknown` where nothing is proved."""
    if context.invoked_subcommand is not None:
        return ALL_WELL
    sys.stderr.write(f"{context.get_help()}\n")
    return USAGE


for _command in (send, bulk, preview, status, balance, lookup, inbox, sandbox, demo):
    app.command()(_command)

command = typer.main.get_command(app)
