"""Segments of any text, against the two public packages that count them, too."""

import gsm0338
import smsutil
from hypothesis import given
from hypothesis import strategies as st

from smsgw.segments import GSM7, GSM7_BASIC, GSM7_EXTENSION, measure, split
from tests.faults.properties.any_text import TEXTS
from tests.faults.properties.attack import attack

LONG = st.lists(
    TEXTS
    | st.builds(lambda sign, times: sign * times, st.sampled_from("a€{ж😀\n"), st.integers(30, 160))
    | st.text(GSM7_BASIC + GSM7_EXTENSION, max_size=40),
    min_size=1,
    max_size=5,
).map("".join)
# The packages take U+001B for a character, and cannot write half a surrogate pair; tests/test_segments.py has both.
COMPARED = LONG.map(
    lambda text: "".join(sign for sign in text if sign != "\x1b" and not "\ud800" <= sign <= "\udfff")
).filter(bool)


@attack
@given(text=COMPARED)
def test_any_text_is_as_many_segments_as_two_others_count(text: str) -> None:
    """Encoding, length, number and the very texts of the segments."""
    ours, theirs = measure(text), smsutil.split(text)
    assert (ours.encoding == GSM7) == (theirs.encoding == "gsm0338")
    assert ours.segments == len(theirs.parts)
    assert split(text) == tuple(part.content for part in theirs.parts)
    if ours.encoding == GSM7:
        assert ours.units == len(gsm0338.Codec().encode(text)[0])
    else:
        assert ours.units == len(text.encode("utf-16-be")) // 2
