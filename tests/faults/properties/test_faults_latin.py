"""What is transliterated is Latin, and once more the same."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from smsgw.segments import is_gsm7
from smsgw.translit import to_latin
from tests.faults.properties.any_text import TEXTS
from tests.faults.properties.attack import attack

RUSSIAN = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
GEORGIAN = "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ"
SIGNS = "«»“”„’‘–—…№\u00a0\u2009\u00ad\u200b\ufeff"
KNOWN = RUSSIAN + RUSSIAN.upper() + "іїєґўІЇЄҐЎ" + GEORGIAN + GEORGIAN.upper() + SIGNS
MIXED = st.lists(
    st.text(KNOWN, max_size=6) | TEXTS | st.sampled_from(["\u0301", "\u0306", "\u0308"]), max_size=8
).map("".join)


@attack
@given(text=MIXED)
def test_no_letter_of_its_alphabet_is_left_and_twice_is_once(text: str) -> None:
    """Of any text at all: no Russian, Georgian or typographic sign comes out, and what came out stays."""
    latin = to_latin(text)
    assert not set(latin) & set(KNOWN)
    assert to_latin(latin) == latin
    # What it does not know it leaves, each as often as it was, but for marks over letters that are gone.
    foreign = [
        sign for sign in text if ord(sign) > 127 and sign not in KNOWN and not unicodedata.combining(sign)
    ]
    assert [sign for sign in latin if ord(sign) > 127 and not unicodedata.combining(sign)] == [
        sign for sign in foreign if to_latin(sign) == sign
    ]


@attack
@given(text=st.text(KNOWN + "abc XYZ 019.,!?'\n", max_size=60))
def test_what_is_written_in_its_alphabet_fits_gsm7(text: str) -> None:
    """ASCII comes out, of at most four signs for one, so that 160 of them fit an SMS."""
    latin = to_latin(text)
    assert latin.isascii()
    assert is_gsm7(latin)
    assert len(latin) <= 4 * len(text)


@attack
@given(text=st.text(st.characters(max_codepoint=127), max_size=60))
def test_ascii_stays_as_it_is(text: str) -> None:
    """There is nothing to transliterate in it."""
    assert to_latin(text) == text
