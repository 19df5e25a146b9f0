"""Options that several commands have."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from smsgw.cli.failing import CommandFailed

__all__ = [
    "Config",
    "Json",
    "NoConfig",
    "Provider",
    "Sender",
    "Text",
    "TextFile",
    "TextOrFile",
    "Transliterate",
    "given_text",
    "message_text",
    "name_of_text",
]

Config = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="FILE", help="A TOML file. Without it, SMSGW_CONFIG or SMSGW_DSN say what to use."
    ),
]
NoConfig = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Not used: it has gateways of its own."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]
Text = Annotated[
    str, typer.Option("--text", metavar="TEXT", help="The text; - reads it from standard input.")
]
TextOrFile = Annotated[
    str | None,
    typer.Option(
        "--text",
        metavar="TEXT",
        help="The text, in which {column} is a cell; - reads it from standard input.",
    ),
]
TextFile = Annotated[
    Path | None,
    typer.Option("--text-file", metavar="FILE", help="A file with the text, in UTF-8, instead of --text."),
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
    return _read(sys.stdin.buffer.read, "--text -: standard input")


def message_text(text: str | None, text_file: Path | None) -> str:
    """The text of `--text` or `--text-file`, of which exactly one is given."""
    if text is not None and text_file is not None:
        raise CommandFailed("--text and --text-file: give one of them, not both")
    if text is not None:
        words = given_text(text)
    elif text_file is not None:
        words = _read(text_file.read_bytes, f"--text-file {text_file}: the file")
    else:
        raise CommandFailed("there is no text: give --text TEXT, or --text-file FILE")
    if not words:
        raise CommandFailed(f"{name_of_text(text_file)}: the text is empty")
    return words


def name_of_text(text_file: Path | None) -> str:
    """What the user calls the text, for errors."""
    return "--text" if text_file is None else "--text-file"


def _read(read: Callable[[], bytes], source: str) -> str:
    """UTF-8, without the line end that closes it."""
    try:
        words = read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CommandFailed(f"{source} is not UTF-8") from None
    except OSError as error:
        raise CommandFailed(f"{source} cannot be read: {error.strerror}") from None
    return words.removesuffix("\n").removesuffix("\r")


def _is_text(text: str) -> bool:
    """Whether no byte of the command line was left undecoded."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)
