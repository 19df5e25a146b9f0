"""What commands print: tables for people, one JSON object a line for programs, one line for what went wrong.

Gateways' words and users' files end up here, so nothing is printed that a terminal could take for a command.
"""

import contextlib
import io
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final, TextIO

from attrs import fields, frozen, has
from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from smsgw.errors import SmsgwError

__all__ = [
    "STYLES",
    "Column",
    "Unwritable",
    "as_json",
    "because",
    "complain",
    "in_options",
    "plain",
    "print_json",
    "print_table",
    "print_text",
    "remark",
]

STYLES: Final[Mapping[str, str]] = {
    "accepted": "green",
    "delivered": "green",
    "enroute": "cyan",
    "held": "yellow",
    "rejected": "red",
    "undeliverable": "red",
    "expired": "red",
    "deleted": "red",
    "unknown": "magenta",
}
"""Colours of the states' words."""

_WIDE: Final = 10_000
"""Columns of what is no terminal: there a row is a line."""
_WIDEST_KEPT: Final = 26
"""Characters of a cell that are kept in one line of a terminal, where its column asks for that."""
_LEAST_ASIDE: Final = 30
"""Characters of a terminal's line below which a column that may stand aside does."""
_NEVER_RAW: Final = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
"""What JSON allows, and a terminal or `splitlines` takes for a command."""
_SEVERAL: Final = ("pass them as a list", "pass several numbers as a list", "pass several as a list")
_OPTION: Final = re.compile("`(to|text|sender|provider|key|flash|validity|send_at|timeout|transliterate)`")
"""What the library calls options that commands have, too."""
_EXCEPTION: Final = re.compile(r"(?:[A-Z]\w*[a-z](?:Error|Exception)|gaierror)")
"""Python's name of an error, which tells a user nothing."""


@frozen
class Column:
    """`keep`: its cells are not broken into lines while they are of a usual length.

    `aside`: where a terminal leaves the column little room, its cells follow in a table of their own, beside those of
    the columns that are a `key`.
    """

    header: str
    keep: bool = False
    right: bool = False
    key: bool = False
    aside: bool = False


class Unwritable(Exception):
    """Standard output takes no more; `str` is the line that says why."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the result could not be written ({plain(why)})")


def plain(text: object) -> str:
    """One line, without anything that a terminal acts on."""
    return "".join(sign if sign.isprintable() else " " if sign.isspace() else "\ufffd" for sign in str(text))


def because(error: SmsgwError | None, several: str = "one --to for each") -> str:
    """Why, in words; the provider has a column of its own. `several` is how this command takes several numbers."""
    if error is None:
        return ""
    words = in_options(error.description or type(error).__name__, several)
    if not error.code or error.code in words or _EXCEPTION.fullmatch(error.code):
        return words
    return f"{words} ({error.code})"


def in_options(words: str, several: str = "one --to for each") -> str:
    """The library's advice as that of a command."""
    for said in _SEVERAL:
        words = words.replace(said, several)
    words = words.replace("transliterate=True", "--transliterate")
    return _OPTION.sub(lambda found: f"--{found[1].replace('_', '-')}", words)


def complain(line: object, kind: str = "error") -> None:
    """One line on standard error."""
    _write(sys.stderr, f"{kind}: {plain(line)}\n")


def remark(line: str) -> None:
    """One line on standard error, as it stands."""
    _write(sys.stderr, f"{plain(line)}\n")


def print_text(*lines: str) -> bool:
    """Whether anybody still reads it."""
    return all(_print(Text(plain(line))) for line in lines)


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> None:
    """A table; in what is no terminal, a row is a line, however long. Only the last column can stand `aside`."""
    cells = [[_cell(value) for value in row] for row in rows]
    terminal = Console()
    last = len(columns) - 1
    if terminal.is_terminal and columns[last].aside:
        taken = sum(_width(column, number, cells) + 2 for number, column in enumerate(columns[:last]))
        again = [number for number, column in enumerate(columns) if column.key or number == last]
        said = [[row[number] for number in again] for row in cells if row[last].plain]
        if not said or terminal.width - taken < _LEAST_ASIDE:
            _print(_table(columns[:last], [row[:last] for row in cells], on_terminal=True))
            if not said:
                return
            print_text("")
            columns, cells = [columns[number] for number in again], said
    _print(_table(columns, cells, on_terminal=terminal.is_terminal))


def _table(columns: Sequence[Column], cells: Sequence[Sequence[Text]], *, on_terminal: bool) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD if on_terminal else None,
        pad_edge=False,
        padding=(0, 1, 0, 0) if on_terminal else (0, 3, 0, 0),
        show_edge=False,
        header_style="bold",
    )
    for number, column in enumerate(columns):
        table.add_column(
            column.header,
            overflow="fold",
            justify="right" if column.right else "left",
            min_width=_width(column, number, cells) if column.keep else None,
        )
    for row in cells:
        table.add_row(*row)
    return table


def _width(column: Column, number: int, cells: Sequence[Sequence[Text]]) -> int:
    """What the column takes, if its cells are not unusually long."""
    longest = max((row[number].cell_len for row in cells), default=0)
    return min(max(longest, len(column.header)), _WIDEST_KEPT)


def print_json(value: object) -> bool:
    """One object on one line. Whether anybody still reads it."""
    line = json.dumps(as_json(value), ensure_ascii=False)
    return _write(sys.stdout, _NEVER_RAW.sub(lambda sign: f"\\u{ord(sign[0]):04x}", line) + "\n")


def as_json(value: Any) -> Any:
    """The public fields of our values; a message, which has the text, is left out."""
    if isinstance(value, SmsgwError):
        return {
            "type": type(value).__name__,
            "description": value.description,
            "code": value.code,
            "retryable": value.retryable,
            "maybe_accepted": value.maybe_accepted,
            "scope": value.scope,
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if has(type(value)):
        names = [attribute.name for attribute in fields(type(value)) if attribute.name != "message"]
        return {name: as_json(getattr(value, name)) for name in names}
    return value


def _cell(value: object) -> Text:
    word = "-" if value is None else plain(value)
    return Text(word, style=STYLES.get(word.removesuffix("…"), ""))


def _print(what: RenderableType) -> bool:
    terminal = Console()
    drawn = io.StringIO()  # rich itself would write to standard output even while it captures
    if terminal.is_terminal:
        console = Console(file=drawn, force_terminal=True, width=terminal.width)
    else:
        console = Console(file=drawn, width=_WIDE, no_color=True)
    console.print(what, crop=False)
    lines = drawn.getvalue().splitlines()
    return _write(sys.stdout, "".join(f"{line.rstrip()}\n" for line in lines))


def _write(stream: TextIO | None, text: str) -> bool:
    """Whoever read this may have gone, as `head` does: that is no error, and changes no exit status; it is False.

    Raises `Unwritable` where standard output takes no more for another reason; standard error may fail in silence.
    """
    if stream is None:
        return False
    try:
        try:
            stream.write(text)
        except UnicodeEncodeError:
            encoding = stream.encoding or "ascii"
            stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except OSError as error:
        _discard(stream)
        if stream is sys.stdout and not isinstance(error, BrokenPipeError):
            raise Unwritable(error.strerror or type(error).__name__) from None
        return False
    return True


def _discard(stream: TextIO) -> None:
    """What the stream still holds would fail again when the process ends."""
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
