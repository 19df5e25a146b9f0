"""What is wrong with a file or a text, said without repeating what may be a person's data."""

import re
from typing import Final

from smsgw.strict import shown

__all__ = ["SheetError", "is_plain", "may_be_number", "named"]

_NUMBER: Final = re.compile(r"\D{0,3}\d(?:[\s().-]*\d){5,}\D{0,2}")
"""May be a phone number: no column is called so."""
_PLAIN: Final = re.compile(r"[^\W\d][\w -]{0,31}")
"""May be a column's name."""


class SheetError(ValueError):
    """`str` is one line that names the file, or `--text`, and says what to do."""


def may_be_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None


def is_plain(name: str) -> bool:
    """Whether it can be a column's name and hardly anything else."""
    return _PLAIN.fullmatch(name) is not None


def named(name: str) -> str:
    """A column's name for an error; what may be a person's data is hidden."""
    return shown(name) if is_plain(name) else '"…"'
