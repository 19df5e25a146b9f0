"""One phone number as the gateways want it: its digits with the country code, and nothing else.

ITU-T E.164: a country code, which never begins with 0, and at most 15 digits in all. What people and spreadsheets put
between the digits is taken out, but nothing is guessed: a national number (8 903 …) is not made international, and
whatever could be read as two numbers, or as another number, is refused.

No error repeats the number, because error texts end up in logs.
"""

import re
from collections.abc import Callable
from typing import Final

from smsgw.errors import InvalidRecipient

__all__ = ["is_normalised", "normalise", "plain"]

SHORTEST: Final = 7
LONGEST: Final = 15

_MOST_CHARACTERS: Final = 64
"""15 digits with any separators that a person would type; longer input is refused unread."""

_BLANKS: Final = (
    " \t\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
_DASHES: Final = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
# Soft hyphen, zero-width characters, direction marks, byte order mark: copied along from pages and address books.
_INVISIBLE: Final = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"

_CLUTTER: Final = re.compile(f"[{_BLANKS}{_INVISIBLE}]+")
_ANY_DASH: Final = re.compile(f"[{_DASHES}]+")
_NORMALISED: Final = re.compile(rf"(?!89[0-9]{{9}}\Z)[1-9][0-9]{{{SHORTEST - 1},{LONGEST - 1}}}")
_WRITTEN: Final = re.compile(r"\(?\+?[0-9()-]+")
_SCIENTIFIC: Final = re.compile(r"[0-9.,][eE][+-]?[0-9]")


plain: Final[Callable[[str], object]] = _NORMALISED.fullmatch
"""Whether a str is what `normalise` returns, as truth: `is_normalised` without its call, 80 ns a recipient."""


def is_normalised(number: object) -> bool:
    """Whether it is what `normalise` returns: a str of 7 to 15 ASCII digits that begins with a country's code."""
    return isinstance(number, str) and _NORMALISED.fullmatch(number) is not None


def normalise(number: str) -> str:
    """The digits of one international phone number: "+7 (903) 123-45-67" becomes "79031234567".

    Raises InvalidRecipient, which says what is wrong and what to write instead, for anything else.
    """
    if not isinstance(number, str):
        raise TypeError(f"a phone number must be a str, not {type(number).__name__}: pass it as text")
    if _NORMALISED.fullmatch(number):
        return number
    if len(number) > _MOST_CHARACTERS:
        raise InvalidRecipient(
            f"the phone number has {len(number)} characters: too long for one number; pass several as a list"
        )
    # Line ends around the number come from reading a file; inside it they would join two numbers.
    bare = _ANY_DASH.sub("-", _CLUTTER.sub("", number).strip())
    if (problem := _misspelt(bare)) is not None:
        raise InvalidRecipient(problem)
    digits = re.sub("[^0-9]+", "", bare)
    if (problem := _misnumbered(digits)) is not None:
        raise InvalidRecipient(problem)
    return digits


def _misspelt(bare: str) -> str | None:
    """Why this, without blanks, is not the writing of one number."""
    if not bare:
        return "the phone number is empty"
    if not bare.strip("+()-"):
        return "the phone number has no digits"
    if not _WRITTEN.fullmatch(bare):
        return _foreign(bare)
    # What was cut off (a number that goes on after the dash), negated, or is something else altogether.
    if bare[0] == "-" or bare[-1] == "-":
        return "the phone number begins or ends with a dash: write the whole number, and nothing else"
    # Dialled from abroad the 0 of "+44 (0)20 …" is left out; with it this would be another number.
    if "(0)" in bare:
        return "the phone number has (0) in it, which is not dialled from abroad: leave it out"
    # "… 45-67 (12)" is an extension; its digits would make another number.
    if bare[-1] == ")" and bare.rfind("(") != 0:
        return (
            "the phone number ends with parentheses: leave the extension out, a text message cannot reach it"
        )
    return None


def _foreign(bare: str) -> str:
    """Which character it is that no number is written with, and what to do about it."""
    if _SCIENTIFIC.search(bare):
        return (
            "the phone number is in scientific notation, which has lost digits: "
            "format the spreadsheet's column as text and export it again"
        )
    if any(sign.isdigit() and not sign.isascii() for sign in bare):
        return "the phone number has digits other than 0 to 9: write it in ASCII digits"
    if any(sign.isalpha() for sign in bare):
        return "the phone number has letters in it: write digits only, without words or extension"
    # A dot may be a separator, but "79031234567.0" from a spreadsheet would become 790312345670, another number.
    if "." in bare:
        return (
            "the phone number has a dot in it: write digits only; "
            "if it comes from a spreadsheet, format the column as text"
        )
    if any(sign in bare for sign in ",;/|\r\n"):
        return (
            "the phone number looks like several (a comma, semicolon, slash or new line): pass them as a list"
        )
    if "+" in bare:
        if bare.count("+") > 1:
            return "the phone number has more than one +: pass several numbers as a list"
        if not bare.lstrip("(").startswith("+"):
            return "the phone number has a + that is not at its start: pass one number with its country code"
    return "the phone number has a character that no number has: write digits, with spaces, dashes or parentheses"


def _misnumbered(digits: str) -> str | None:
    """Why these digits are not an international number."""
    if digits.startswith("0"):
        return "the phone number begins with 0: begin with the country code, without 0 or 00"
    # No country has the code 89, and a subscriber reached both as 8… and as 7… would get everything twice.
    if len(digits) == 11 and digits.startswith("89"):
        return "the phone number begins with 89, which is no country's code: a Russian one begins with +7"
    if len(digits) < SHORTEST:
        return (
            f"the phone number has {len(digits)} of at least {SHORTEST} digits: "
            f"write it with its country code, {SHORTEST} to {LONGEST} digits in all"
        )
    if len(digits) > LONGEST:
        return (
            f"the phone number has {len(digits)} digits, and no number has more than {LONGEST}: "
            "pass several numbers as a list"
        )
    return None
