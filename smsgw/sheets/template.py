"""A text in which `{column}` is that cell of a row."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from operator import itemgetter
from typing import Any, Final

from smsgw.sheets.faults import SheetError, is_plain
from smsgw.strict import shown, suggestion

__all__ = ["Template"]

_PIECE: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


class Template:
    """A brace itself is written twice. Nothing but the cell: no attribute, index, conversion or format.

    `named` is what the user calls the text, for errors.
    """

    def __init__(self, text: str, columns: Sequence[str], named: str = "--text") -> None:
        """Raises `SheetError` for a single brace, and for a column that there is none of."""
        places = {name.casefold(): at for at, name in enumerate(columns) if name}
        wanted: list[int] = []
        pieces: list[str] = []
        """Literal pieces; between one and the next stands a cell."""
        literal, end = "", 0
        for found in _PIECE.finditer(text):
            literal += text[end : found.start()]
            end = found.end()
            if found[0] in ("{{", "}}"):
                literal += found[0][0]
            elif found[1] is None:
                raise SheetError(f"{named}: a single brace: write {{{{ or }}}} for a brace itself")
            else:
                name = found[1].strip()
                if (at := places.get(name.casefold())) is None:
                    raise _unknown(name, columns, named)
                wanted.append(at)
                pieces.append(literal)
                literal = ""
        pieces.append(literal + text[end:])
        self.is_constant = not wanted
        """Every row has the same text."""
        self._text = pieces[0]
        # The cells are put in by `%`, the fastest way there is; it reads none of them.
        self._format = "%s".join(piece.replace("%", "%%") for piece in pieces)
        self._cells: Any = itemgetter(*wanted) if wanted else None

    def fill(self, cells: Sequence[str]) -> str:
        """The text for a row; `cells` has one for each column."""
        return self._text if self.is_constant else self._format % self._cells(cells)


def _unknown(name: str, columns: Sequence[str], named: str) -> SheetError:
    known = {column.casefold(): column for column in columns if is_plain(column)}
    close = get_close_matches(name.casefold(), known, 1) if is_plain(name) else []
    hint = suggestion(known[close[0]] if close else "", known.values())
    return SheetError(f"{named}: no column {shown(name)}; {hint}")
