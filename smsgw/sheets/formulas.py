"""Cells that a spreadsheet shows and never runs.

What begins with `=`, `+`, `-` or `@` is a formula for a spreadsheet, which may fetch an address or start a program
when the file is opened; so it is where the spreadsheet takes a semicolon, tab or line end inside of a cell for the
end of the cell, as those of many countries do with a file of commas. An apostrophe before it makes it text. Names
come from strangers, and texts of errors from gateways.
"""

import re
from typing import Final

__all__ = ["as_text", "as_written"]

# The wide forms are what some spreadsheets take for the narrow ones; spaces and quotes before them some drop. An
# apostrophe that stands there already gets one more, so that taking one away gives back what was written.
_SIGN: Final = r"[=+\-@\uff1d\uff0b\uff0d\uff20]"
_START: Final = r"(^|[;\t\r\n])"
_CALL: Final = rf"(?=(?:[\"']|[^\S\t\r\n])*{_SIGN})"
_SIGNS: Final = re.compile(_SIGN)
_FORMULA: Final = re.compile(_START + _CALL)
_NEUTRAL: Final = re.compile(_START + "'" + _CALL)
_NUMBER: Final = re.compile(r"[+-]?[\d ().,-]*%?")
"""Digits and what telephone numbers are written with: no name in it, so nothing to call."""


def as_text(cell: str) -> str:
    """The cell with an apostrophe before whatever a spreadsheet would run; numbers and MSISDNs stay as they are."""
    return _FORMULA.sub(r"\1'", cell) if _could_call(cell) else cell


def as_written(cell: str) -> str:
    """The cell that `as_text` was given."""
    return _NEUTRAL.sub(r"\1", cell) if _could_call(cell) else cell


def _could_call(cell: str) -> bool:
    return _SIGNS.search(cell) is not None and _NUMBER.fullmatch(cell) is None
