"""Options that several commands have."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from smsgw.cli.failing import CommandFailed

__all__ = ["Config", "Json", "NoConfig", "Provider", "Sender", "Text", "Transliterate", "given_text"]

Config = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="FILE", help="A TOML file. Without it, SMSGW_CONFIG or SMSGW_DSN say what to use."
    ),
]
NoConfig = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Not used: it has gateways of its own.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]
Text = Annotated[
    str, typer.Option("--text", metavar="TEXT", help="The text; - reads it from standard input.")
]
Sender = Annotated[
    str | None,
    typer.Option("--sender", metavar="SENDER", help="Instead of the provider's configured sender."),
]
Provider = Annotated[
    str | None, typer.Option("--provider", metavar="PROVIDER", help="This provider and no other.")
]
Transliterate = Annotated[
    bool, typer.Option("--transliterate", help="Russian and Georgian letters to Latin.")
]


def given_text(text: str) -> str:
    """The text of `--text`: `-` is standard input, without the line end that closes it."""
    if text != "-":
        if not _is_text(text):
            raise CommandFailed(
                "--text: the text is not valid in this locale: set LC_ALL=C.UTF-8, "
                "or pass the text on standard input (--text -)"
            )
        return text
    if sys.stdin is None:
        raise CommandFailed("--text -: there is no standard input")
    try:
        read = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CommandFailed("--text -: standard input is not UTF-8") from None
    except OSError as error:
        raise CommandFailed(f"--text -: standard input cannot be read: {error.strerror}") from None
    return read.removesuffix("\n").removesuffix("\r")


def _is_text(text: str) -> bool:
    """Whether no byte of the command line was left undecoded."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)
