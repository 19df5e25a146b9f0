"""Seeded spreadsheets: rows for all five gateways, and what is true of each before anything is sent."""

import csv
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from attrs import frozen

__all__ = ["REFUSED", "TEXT", "Line", "Spreadsheet"]

TEXT: Final = "{text}"
"""What is sent: each row has its text in a column."""
REFUSED: Final = "000"
"""Numbers that end so are on every gateway's stop list."""

_GSM: Final = ("Sale: everything at half price", "Your order is ready. " * 9)
_CYRILLIC: Final = ("Скидки на всё", "Ваш заказ готов. " * 6)
_BAD: Final = ("12", "no number", "+7 903 12", "")
_OPERATORS: Final = ("7903", "7916", "7925", "9955", "4479")


class Line(NamedTuple):
    """A row of the input, in its order."""

    phone: str
    """As it stands in the file."""
    text: str
    recipient: str | None
    """Whom a gateway should be asked to send to; None for a number that is none."""
    first: int | None = None
    """The place of the row that it repeats."""

    @property
    def is_message(self) -> bool:
        """Whether a gateway should take it, once."""
        return self.recipient is not None and self.first is None

    @property
    def pair(self) -> tuple[str, str]:
        return self.recipient or "", self.text


@frozen
class Spreadsheet:
    """A file, and its rows."""

    path: Path
    lines: Sequence[Line]

    @classmethod
    def seeded(cls, path: Path, seed: int, rows: int) -> "Spreadsheet":
        """The same file for the same seed: a tenth repeats earlier rows, some numbers are bad, some are refused."""
        random = Random(f"spreadsheet {seed}")
        lines: list[Line] = []
        for number in range(rows):
            lines.append(_line(random, number, lines))
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("phone", "row", "text"))
            writer.writerows((line.phone, at, line.text) for at, line in enumerate(lines))
        return cls(path, lines)

    @property
    def messages(self) -> Sequence[Line]:
        return [line for line in self.lines if line.is_message]


def _line(random: Random, number: int, lines: Sequence[Line]) -> Line:
    kind = random.random()
    if lines and kind < 0.1:
        at = random.randrange(len(lines))
        line = lines[at]
        return (
            line if line.recipient is None else line._replace(first=at if line.first is None else line.first)
        )
    text = random.choice(_CYRILLIC if random.random() < 0.3 else _GSM)
    if random.random() < 0.3:
        text = f"{number}: {text}"
    if kind < 0.13:
        return Line(random.choice(_BAD), text, None)
    ending = REFUSED if kind < 0.15 else f"{random.randrange(1, 1000):03}"
    digits = f"{random.choice(_OPERATORS)}{number:04}{ending}"
    return Line(
        random.choice((digits, f"+{digits}", f"+{digits[0]} {digits[1:4]} {digits[4:]}")), text, digits
    )
