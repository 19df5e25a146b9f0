"""A file as lines of UTF-8, and where it is none.

Python's own decoder reads ahead and so cannot tell the line of a bad byte. Where one is met, the file is read once
more to find it: the good files pay nothing for that.
"""

import codecs
import io
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TextIO

from smsgw.sheets.faults import SheetError

__all__ = ["reading"]

_BLOCK: Final = 1 << 16
_SAVE: Final = "save the file as CSV in UTF-8"
_OTHERS: Final = (
    (codecs.BOM_UTF32_LE, "UTF-32, not UTF-8"),  # before UTF-16's, which it begins with
    (codecs.BOM_UTF32_BE, "UTF-32, not UTF-8"),
    (codecs.BOM_UTF16_LE, "UTF-16, not UTF-8"),
    (codecs.BOM_UTF16_BE, "UTF-16, not UTF-8"),
    (b"PK\x03\x04", "a workbook or an archive, not CSV"),
    (b"\xd0\xcf\x11\xe0", "a workbook of an old Excel, not CSV"),
)
"""How files begin that are often mistaken for CSV in UTF-8."""


@contextmanager
def reading(path: Path) -> Iterator[TextIO]:
    """The file, its line ends as they are and a byte order mark left out.

    Raises `SheetError`, here or while its lines are read, for what cannot be read, is not UTF-8 or has a NUL.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            # A pipe has nothing left for the second reading, and the rows would seem to be none.
            raise SheetError(f"{path}: is not a regular file, and it is read more than once: save it as one")
        raw = io.BufferedReader(_WithoutNul(path), _BLOCK)
        with io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as file:
            yield file
    except OSError as error:
        raise SheetError(f"{path}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, _Nul):
        raise _fault(path) from None


class _Nul(ValueError):
    """A NUL was read."""


class _WithoutNul(io.FileIO):
    """`csv` would take a NUL for a part of the cell, and so would a gateway."""

    def readinto(self, buffer: Any) -> int:
        size = super().readinto(buffer) or 0
        if b"\0" in bytes(memoryview(buffer)[:size]):
            raise _Nul
        return size


def _fault(path: Path) -> SheetError:
    """What is wrong first, and where."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    ended_in_cr = False
    with path.open("rb") as file:
        start = file.read(4)
        for mark, what in _OTHERS:
            if start.startswith(mark):
                return SheetError(f"{path}: is {what}: {_SAVE}")
        file.seek(0)
        while True:
            block = file.read(_BLOCK)
            good, what = block, ""
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                # (Its object also has what the block before left undecoded; no line ends there.)
                good, what = error.object[: error.start], "is not UTF-8"
            if (nul := good.find(0)) >= 0:
                good, what = good[:nul], "has a NUL character"
            line += _line_ends(good) - (ended_in_cr and good.startswith(b"\n"))
            if what:
                return SheetError(f"{path}: line {line} {what}: {_SAVE}")
            if not block:
                return SheetError(f"{path}: was changed while it was read: try again")
            ended_in_cr = block.endswith(b"\r")


def _line_ends(block: bytes) -> int:
    return block.count(b"\n") + block.count(b"\r") - block.count(b"\r\n")
