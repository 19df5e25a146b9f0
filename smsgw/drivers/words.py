"""What requests and replies of all drivers are made of: percent-encoded text, decimal numbers, times."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Final
from urllib.parse import quote_from_bytes

__all__ = ["CONTROL", "dated", "decimal", "quote"]

CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
"""In no documented reply; a message ID with one could be stored and shown nowhere."""


def quote(text: str, charset: str = "utf-8") -> str:
    """Percent-encoded for a query or a form; a space is `%20`, which every gateway reads."""
    return quote_from_bytes(text.encode(charset), safe="")


def dated(moment: datetime) -> datetime | None:
    """The moment, or None for a year that no SMS is of: the first and the last overflow in another zone."""
    return moment if 2000 <= moment.year <= 2100 else None


def decimal(text: str) -> Decimal | None:
    """A plain decimal number of at most 30 characters, or None. (`Decimal` alone would take `NaN` and `1e999999`.)"""
    text = text.strip()
    digits = text.removeprefix("-")
    whole, _, fraction = digits.partition(".")
    if len(text) > 30 or not whole.isascii() or not whole.isdigit():
        return None
    if "." in digits and not (fraction.isascii() and fraction.isdigit()):
        return None
    return Decimal(text)
