"""Any text is one phone number, by its digits alone, or refused without a word of it."""

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsgw.errors import InvalidRecipient
from smsgw.msisdn import is_normalised, normalise
from tests.faults.properties.any_text import TEXTS
from tests.faults.properties.attack import attack

NUMBERS = st.from_regex(r"[1-9][0-9]{5,15}", fullmatch=True)
BLANKS = " \t\u00a0\u2009\u3000\u200b\u2060\ufeff\u202a"
GAPS = st.lists(st.text(BLANKS, max_size=2), min_size=16, max_size=16)
WRITTEN = st.lists(
    st.text("0123456789", min_size=1, max_size=6)
    | st.sampled_from(
        [*BLANKS, "+", "-", "(", ")", "(0)", "8", "89", "+7", ".", ",", ";", "e", "E+", "\n", "٣", "O", "–"]
    ),
    max_size=12,
).map("".join)


GOOD = ("79031234567", "995555123456", "+79031234567", "+7 (903) 123-45-67")
SIGNS = (
    "+",
    "٣",
    "³",
    "０",
    "(0)",
    "(",
    ")",
    "-",
    ".",
    "E",
    "e+1",
    "\n",
    "x",
    ",",
    "0",
    "8",
    "\0",
    "\u2028",
    "＋",
)
"""What may make a good number another one."""


def read(text: str) -> str | None:
    """The number; None where it is refused, in one line of no more than its reason."""
    try:
        return normalise(text)
    except InvalidRecipient as error:
        said = str(error)
    assert said.isprintable()
    digits = re.sub("[^0-9]", "", text)
    assert not any(digits[at : at + 4] in said for at in range(len(digits) - 3))
    return None


def is_its_own_digits_or_refused(text: str) -> None:
    """What comes out is 7 to 15 of the text's own ASCII digits, all of them in order, and stays what it is."""
    number = read(text)
    assert is_normalised(text) is (number == text)
    if number is None:
        return
    assert re.fullmatch(r"[1-9][0-9]{6,14}", number, re.ASCII)
    assert number == "".join(sign for sign in text if sign in "0123456789")
    assert not set(text) & set(".,;/|eE")
    assert not re.search(r"[0-9][^0-9]*\+", text)
    assert text.count("+") <= 1
    assert all(sign.isascii() for sign in text if sign.isdigit())
    assert normalise(number) == normalise(f"+{number}") == number


@attack
@given(text=TEXTS | WRITTEN | st.text(max_size=80))
def test_any_text_is_its_own_digits_or_refused(text: str) -> None:
    """Nothing is guessed, and nothing that is no number is taken for one."""
    is_its_own_digits_or_refused(text)


@pytest.mark.parametrize("good", GOOD)
def test_a_good_number_with_any_sign_anywhere_is_its_own_digits_or_refused(good: str) -> None:
    """Each sign that could make another number of it at each place, once and twice."""
    for at, sign, again in product(range(len(good) + 1), SIGNS, ("", *SIGNS)):
        is_its_own_digits_or_refused(good[:at] + sign + good[at:] + again)


@attack
@given(number=NUMBERS, gaps=GAPS, after=st.integers(1, 4))
def test_every_way_to_write_a_number_is_the_same_number(number: str, gaps: list[str], after: int) -> None:
    """With a plus, blanks, dashes and parentheses it is what it is without, taken or refused."""
    plain = read(number)
    spaced = "".join(digit + gap for digit, gap in zip(number, gaps, strict=False))
    dashed = "-".join([number[:after], number[after:]])
    ways = [f"+{number}", f" {number}\r\n", spaced, f"+ {spaced}", dashed, f"+{dashed}", f"({number})"]
    bracketed = f"{number[:1]} ({number[1 : after + 1]}) {number[after + 1 :]}"
    if "(0)" not in bracketed:
        ways.append(bracketed)
    assert {read(way) for way in ways} == {plain}


@pytest.mark.parametrize(
    ("text", "expected"), [("+7 (903) 123-45-67", "79031234567"), ("79031234567", "79031234567"), ("7", None)]
)
def test_reading_is_not_refusing_all(text: str, expected: str | None) -> None:
    """A good number is read, and a bad one is not."""
    assert read(text) == expected
