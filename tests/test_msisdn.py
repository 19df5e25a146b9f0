"""msisdn.py: what is one number, what is not, and that errors never repeat it."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsgw.errors import InvalidMessage, InvalidRecipient
from smsgw.msisdn import is_normalised, normalise


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("79031234567", "79031234567"),
        ("+79031234567", "79031234567"),
        ("+7 (903) 123-45-67", "79031234567"),
        ("+7(903)1234567", "79031234567"),
        ("(+7) 903 123 45 67", "79031234567"),
        ("+ 7 903 1234567", "79031234567"),
        ("\t+995 555 12 34 56 ", "995555123456"),
        ("7\u00a0903\u2009123\u202f45\u300067", "79031234567"),
        ("7‐903‑123‒45–67", "79031234567"),
        ("7—903―123−45--67", "79031234567"),
        ("\u202a+79031234567\u202c", "79031234567"),
        ("\u2068+7\u200b903\u20691234567\u200e", "79031234567"),
        ("\ufeff79031234567", "79031234567"),
        ("790\u00ad31234567", "79031234567"),
        ("79031234567\r\n", "79031234567"),
        ("79031234567\n\u200e", "79031234567"),
        ("(79031234567)", "79031234567"),
        ("1234567", "1234567"),
        ("123456789012345", "123456789012345"),
        # A Russian national number is some number as it stands: nothing is guessed.
    ],
)
def test_one_number_becomes_its_digits(written: str, digits: str) -> None:
    """However one international number is written, its digits remain."""
    assert normalise(written) == digits


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("", "is empty"),
        (" \t\u200b\n", "is empty"),
        ("+", "no digits"),
        ("()", "no digits"),
        ("123456", "6 of at least 7 digits: write it with its country code"),
        ("+7 903", "4 of at least 7 digits"),
        ("1234567890123456", "16 digits, and no number has more than 15"),
        ("79031234567 79031234568", "22 digits, .* as a list"),
        ("0079031234567", "begins with 0: begin with the country code, without 0 or 00"),
        ("+0 903 123 45 67", "begins with 0"),
        ("(0903) 123456", "begins with 0"),
        ("79031234567.0", "dot in it.*column as text"),
        ("7.903.123.45.67", "dot in it"),
        ("7.9031234567E+10", "scientific notation.*column as text"),
        ("7,9031234567E+10", "scientific notation"),
        ("79e9", "scientific notation"),
        ("79031234567,79031234568", "looks like several.*as a list"),
        ("79031234567;", "looks like several"),
        ("7903123456/7", "looks like several"),
        ("7903123\n4567890", "looks like several"),
        ("1234567\r7654321", "looks like several"),
        ("+79031234567+79031234568", r"more than one \+"),
        ("++79031234567", r"more than one \+"),
        ("7903+1234567", r"\+ that is not at its start"),
        ("7903 1234567+", r"\+ that is not at its start"),
        ("tel:+79031234567", "letters"),
        ("+7 903 123-45-67 ext. 12", "letters"),
        ("+7 903 123-45-67 доб. 12", "letters"),
        ("O79031234567", "letters"),
        ("nan", "letters"),
        ("٧٩٠٣١٢٣٤٥٦٧", "digits other than 0 to 9"),
        ("7٩٠٣١٢٣٤٥٦٧", "digits other than 0 to 9"),
        ("７９０３１２３４５６７", "digits other than 0 to 9"),
        ("7903123456⁷", "digits other than 0 to 9"),
        ("8 903 123-45-67", "begins with 89.*begins with \\+7"),
        ("89031234567", "begins with 89"),
        ("*100#", "a character that no number has"),
        ("＋79031234567", "a character that no number has"),
        ("79031234567\x00", "a character that no number has"),
        ("7903\u20281234567", "a character that no number has"),
        ("-79031234567", "begins or ends with a dash"),
        ("7903123-45-", "begins or ends with a dash"),
        ("\u22121001234567", "begins or ends with a dash"),
        ("+44 (0)20 7946 0958", r"\(0\) in it.*leave it out"),
        ("+44 ( 0 ) 20 7946 0958", r"\(0\) in it"),
        ("+7 903 123-45-67 (12)", "ends with parentheses"),
        ("(+7) 903 123-45-67 (12)", "ends with parentheses"),
        ("7" + " " * 60 + "9031234567", "71 characters"),
    ],
)
def test_anything_else_is_refused_with_a_hint(written: str, hint: str) -> None:
    """What is not one number raises InvalidRecipient, whose one line says what is wrong."""
    with pytest.raises(InvalidRecipient, match=hint) as caught:
        normalise(written)
    message = str(caught.value)
    assert "\n" not in message
    assert caught.value.scope == "recipient"
    assert isinstance(caught.value, InvalidMessage)
    assert isinstance(caught.value, ValueError)
    # No three digits of the number, however it was written: error texts end up in logs.
    digits = re.sub(r"\D", "", written)
    assert not any(digits[at : at + 3] in message for at in range(len(digits) - 2))


@pytest.mark.parametrize("number", [79031234567, 79031234567.0, None, b"79031234567", ["79031234567"], True])
def test_only_a_str_is_a_number(number: object) -> None:
    """An int, the usual mistake, is a TypeError that says to pass a str and does not repeat the number."""
    with pytest.raises(TypeError, match="must be a str") as caught:
        normalise(number)  # type: ignore[arg-type]
    assert type(number).__name__ in str(caught.value)
    assert "7903" not in str(caught.value)
    assert not is_normalised(number)


@pytest.mark.parametrize("unit", ["7", " ", "+", "\u200b", "-", "(", "7,", "٧", "7 \n", "x"])
def test_megabytes_are_refused_at_once(unit: str) -> None:
    """However long the input, refusing it costs next to nothing."""
    number = unit * 4_000_000
    began = time.perf_counter()
    for _ in range(100):
        with pytest.raises(InvalidRecipient, match="too long for one number"):
            normalise(number)
    # A single pass over four million characters takes longer than this for one, let alone for a hundred.
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize(
    "number",
    [
        "",
        "123456",
        "1234567890123456",
        "01234567",
        "+79031234567",
        "7903 1234567",
        "79031234567\n",
        "٧٩٠٣١٢٣٤٥",
        "7٩٠٣١٢٣٤٥٦٧",
    ],
)
def test_what_is_not_normalised(number: str) -> None:
    """Only bare ASCII digits, 7 to 15 of them, not beginning with 0, are normalised."""
    assert not is_normalised(number)


# Eleven digits that begin with 89 are no number, see above.
NUMBERS = st.from_regex(r"(?!89[0-9]{9}\Z)[1-9][0-9]{6,14}", fullmatch=True)
BETWEEN = st.text(" \t\u00a0\u2009-‑–−\u200b\u2060\ufeff", max_size=2)


@given(NUMBERS)
def test_a_normalised_number_stays(number: str) -> None:
    """Normalising twice changes nothing."""
    assert is_normalised(number)
    assert normalise(number) == number
    assert normalise("+" + number) == number


@given(NUMBERS, st.lists(BETWEEN, min_size=15, max_size=15))
def test_separators_never_change_the_number(number: str, between: list[str]) -> None:
    """Whatever blanks, dashes and invisible marks stand between its digits, the number is the same."""
    written = "".join(digit + gap for digit, gap in zip(number[:-1], between, strict=False)) + number[-1]
    assert normalise("+" + written) == number


@given(st.text(max_size=80) | st.text("0123456789+-() .,;eE\n\u200b٣", max_size=30))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    """Any text gives a normalised number of exactly its own digits, or InvalidRecipient, never anything else."""
    try:
        number = normalise(text)
    except InvalidRecipient:
        assert not is_normalised(text)
    else:
        assert is_normalised(number)
        assert number == "".join(char for char in text if char in "0123456789")
