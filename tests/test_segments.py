"""segments.py against 3GPP's own examples, two independent packages, and properties that hold for every text."""

import random
import re
from collections.abc import Iterator
from itertools import pairwise

import attrs
import gsm0338
import pytest
import smsutil
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smsgw.segments import (
    GSM7,
    GSM7_BASIC,
    GSM7_EXTENSION,
    GSM7_MULTI,
    GSM7_SINGLE,
    UCS2,
    UCS2_MULTI,
    UCS2_SINGLE,
    Measure,
    is_gsm7,
    measure,
    split,
)

ESCAPE = "\x1b"
CYRILLIC = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВГДЕЁЖЗ"
GEORGIAN = "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ"
EMOJI = "😀🎉👍🏽🇬🇪❤\ufe0f\u200d"
# Septets or units about which a count changes: one, two, three and four segments of either encoding.
EDGES = [70, 67 * 2, 67 * 3, 67 * 4, 160, 153 * 2, 153 * 3, 153 * 4]


def mixtures(count: int) -> Iterator[str]:
    """Seeded texts: alphabets mixed in every proportion, lengths crowded about the edges."""
    rng = random.Random("segments")
    palettes = [
        [(GSM7_BASIC, 1.0)],
        [(GSM7_BASIC, 0.95), (GSM7_EXTENSION, 0.05)],
        [(GSM7_BASIC, 0.5), (GSM7_EXTENSION, 0.5)],
        [(GSM7_EXTENSION, 1.0)],
        [(CYRILLIC, 0.9), (GSM7_BASIC, 0.1)],
        [(GEORGIAN, 0.8), (GSM7_EXTENSION, 0.2)],
        [(GSM7_BASIC, 0.99), (CYRILLIC, 0.01)],
        [(CYRILLIC, 0.9), (EMOJI, 0.1)],
        [(CYRILLIC, 0.5), (EMOJI, 0.5)],
        [(EMOJI, 1.0)],
        [(GSM7_BASIC, 0.6), (GSM7_EXTENSION, 0.1), (CYRILLIC, 0.1), (GEORGIAN, 0.1), (EMOJI, 0.1)],
    ]
    for number in range(count):
        alphabets, weights = zip(*palettes[number % len(palettes)], strict=True)
        units = rng.choice(EDGES) + rng.randint(-4, 4)
        # Where characters take two places there are fewer of them to an edge.
        length = units if rng.random() < 0.4 else rng.randint(units // 2, units)
        yield "".join(rng.choice(alphabet) for alphabet in rng.choices(alphabets, weights, k=length))


MIXTURES = tuple(mixtures(12_000))


def septets(text: str) -> int:
    """The length of what the package gsm0338 would put on the wire."""
    encoded, consumed = gsm0338.Codec().encode(text)
    assert consumed == len(text)
    return len(encoded)


def utf16_units(text: str) -> int:
    return len(text.encode("utf-16-be", "surrogatepass")) // 2


@pytest.mark.parametrize(
    ("text", "encoding", "segments", "units"),
    [
        ("a" * 160, GSM7, 1, 160),
        ("a" * 161, GSM7, 2, 161),
        ("a" * 306, GSM7, 2, 306),
        ("a" * 307, GSM7, 3, 307),
        ("€" * 80, GSM7, 1, 160),
        ("€" * 80 + "a", GSM7, 2, 161),
        ("€" * 76 * 2, GSM7, 2, 304),
        ("€" * 153, GSM7, 3, 306),
        ("ж" * 70, UCS2, 1, 70),
        ("ж" * 71, UCS2, 2, 71),
        ("ж" * 134, UCS2, 2, 134),
        ("ж" * 135, UCS2, 3, 135),
        ("😀" * 35, UCS2, 1, 70),
        ("😀" * 66, UCS2, 2, 132),
        ("😀" * 67, UCS2, 3, 134),
        ("a", GSM7, 1, 1),
        ("\n", GSM7, 1, 1),
        ("{", GSM7, 1, 2),
        ("`", UCS2, 1, 1),
    ],
)
def test_counts_at_the_limits(text: str, encoding: str, segments: int, units: int) -> None:
    """A segment begins exactly where the standard's limits say."""
    measured = measure(text)
    assert (measured.encoding, measured.segments, measured.units) == (encoding, segments, units)
    assert len(split(text)) == segments


def test_an_empty_text_is_no_sms() -> None:
    """An empty text takes no segment."""
    assert measure("") == Measure("GSM-7", 0, 0, ())
    assert split("") == ()
    assert is_gsm7("")


def test_an_escape_pair_moves_whole_to_the_next_segment() -> None:
    """An extension character that would straddle two segments opens the second one."""
    text = "a" * 152 + "€" + "b" * 152
    assert [len(part) for part in split(text)] == [152, 152, 1]
    assert split(text)[1].startswith("€")
    # 306 septets, which two segments would hold, were the pair allowed to be cut.
    assert measure(text) == Measure("GSM-7", 3, 306, ())


def test_a_surrogate_pair_moves_whole_to_the_next_segment() -> None:
    """A character outside the BMP that would straddle two segments opens the second one."""
    text = "ж" * 66 + "😀" + "ж" * 66
    assert split(text) == ("ж" * 66, "😀" + "ж" * 65, "ж")
    assert measure(text).segments == 3
    assert measure(text).units == 134


def test_a_pair_that_just_fits_stays() -> None:
    """A pair that ends exactly at the limit is not moved."""
    assert split("a" * 151 + "€" + "b" * 100) == ("a" * 151 + "€", "b" * 100)
    assert split("ж" * 65 + "😀" + "ж" * 20) == ("ж" * 65 + "😀", "ж" * 20)


def test_offenders_are_the_characters_to_blame() -> None:
    """Each character that forces UCS-2 is named once, in the order of appearance."""
    assert measure("Цена: 5 €, «тут» 😀 и тут").offenders == tuple("Цена«ту»😀и")
    assert measure("quote ’ and tick `, ’ again").offenders == ("’", "`")
    assert measure("Price: 5 € [net]").offenders == ()


def test_lone_surrogates_are_measured() -> None:
    """Half a surrogate pair, which cannot be sent, counts as one unit and raises nothing."""
    assert measure("a\ud83d") == Measure("UCS-2", 1, 2, ("\ud83d",))
    assert measure("\ude00" * 71) == Measure("UCS-2", 2, 71, ("\ude00",))
    assert split("\ud83d" * 71) == ("\ud83d" * 67, "\ud83d" * 4)


def test_the_alphabet_is_the_standards() -> None:
    """Of all of Unicode exactly the table that gsm0338 carries is GSM-7, without its escape, which is no character."""
    codec = gsm0338.Codec()
    basic = {codec.decode(bytes([septet]))[0] for septet in range(128) if septet != 0x1B}
    extension = {
        codec.decode(bytes([0x1B, septet]))[0]
        for septet in (0x0A, 0x14, 0x28, 0x29, 0x2F, 0x3C, 0x3D, 0x3E, 0x40, 0x65)
    }
    assert basic == set(GSM7_BASIC)
    assert extension == set(GSM7_EXTENSION)
    assert {char for char in map(chr, range(0x110000)) if is_gsm7(char)} == basic | extension
    assert len(GSM7_BASIC) == 127
    assert len(GSM7_EXTENSION) == 10


def test_one_foreign_character_anywhere_is_found() -> None:
    """Wherever it stands, a character outside the table makes the text UCS-2."""
    for foreign in "`\x00\x1b\x7fç\u00a0ж😀\ud800":
        for text in (foreign + "a" * 50, "a" * 50 + foreign, "a" * 25 + foreign + "a" * 25, "é\n" + foreign):
            assert not is_gsm7(text)
            assert measure(text).offenders == (foreign,)


def test_gsm7_agrees_with_gsm0338() -> None:
    """Septets are what the package gsm0338 encodes, and no segment encodes to more than its limit."""
    compared = 0
    for text in MIXTURES:
        if not is_gsm7(text):
            with pytest.raises(UnicodeEncodeError):
                gsm0338.Codec().encode(text)
            continue
        compared += 1
        measured = measure(text)
        assert measured.units == septets(text)
        limit = GSM7_SINGLE if measured.segments == 1 else GSM7_MULTI
        assert all(septets(part) <= limit for part in split(text))
    assert compared > 4000


def test_agrees_with_smsutil() -> None:
    """Encoding, segments, their texts and lengths are smsutil's for twelve thousand mixtures.

    It differs in two things, which the two tests below hold fast: U+001B and the empty text. No mixture has either.
    """
    seen = {GSM7: 0, UCS2: 0}
    for text in MIXTURES:
        theirs = smsutil.split(text)
        ours = measure(text)
        seen[ours.encoding] += 1
        assert ours.encoding == {"gsm0338": GSM7, "utf_16_be": UCS2}[theirs.encoding]
        assert ours.segments == len(theirs.parts)
        assert ours.units == theirs.total_bytes // (1 if ours.encoding == GSM7 else 2)
        assert split(text) == tuple(part.content for part in theirs.parts)
    assert min(seen.values()) > 4000


def test_smsutil_takes_the_escape_for_a_character() -> None:
    """smsutil and gsm0338 list U+001B as a basic character: it is GSM-7 there, and would swallow what follows it.

    TS 23.038 §6.2.1 note 1: 0x1B is the escape to an extension table; on the wire U+001B and "(" would be "{".
    The segments themselves, everything but the encoding, are as smsutil cuts them when told to use UCS-2.
    """
    for tail in ("", "(", "a" * 70, "a" * 133, "😀" * 40):
        text = ESCAPE + tail
        assert smsutil.is_valid_gsm(ESCAPE)
        assert measure(text).encoding == UCS2
        assert measure(text).offenders[0] == ESCAPE
        assert split(text) == tuple(part.content for part in smsutil.unicode_split(text).parts)
    assert gsm0338.Codec().decode(gsm0338.Codec().encode(ESCAPE + "(")[0])[0] == "{"


def test_smsutil_counts_an_empty_text() -> None:
    """smsutil makes one empty UCS-2 part of an empty text; its length, at least, is 0 as ours."""
    theirs = smsutil.split("")
    assert (theirs.encoding, len(theirs.parts), theirs.total_bytes) == ("utf_16_be", 1, 0)
    assert measure("").units == 0


PIECES = st.one_of(
    st.sampled_from(GSM7_BASIC),
    st.sampled_from(GSM7_EXTENSION),
    st.sampled_from(CYRILLIC + GEORGIAN + EMOJI),
    st.characters(),
    # Runs bring texts to the edges, which single characters seldom reach.
    st.builds(lambda char, times: char * times, st.sampled_from("a€ж😀"), st.integers(60, 160)),
)
TEXTS = st.lists(PIECES, max_size=40).map("".join)


@settings(deadline=None, max_examples=400)
@given(TEXTS)
@example("a" * 152 + "€" * 77)
@example("ж" * 66 + "😀" * 34)
@example("\ud83d\ude00" * 40)
def test_any_text_splits_into_its_segments(text: str) -> None:
    """The segments are the text, as many as measured, each within its limit and none that could have been longer."""
    measured = measure(text)
    parts = split(text)
    length, single, multi = (
        (septets, GSM7_SINGLE, GSM7_MULTI)
        if measured.encoding == GSM7
        else (utf16_units, UCS2_SINGLE, UCS2_MULTI)
    )
    assert "".join(parts) == text
    assert len(parts) == measured.segments
    assert sum(map(length, parts)) == measured.units == length(text)
    assert is_gsm7(text) == (measured.encoding == GSM7) == (measured.offenders == ())
    if len(parts) > 1:
        assert measured.units > single
        assert all(0 < length(part) <= multi for part in parts)
        for part, following in pairwise(parts):
            assert length(part) + length(following[0]) > multi
    else:
        assert measured.units <= single


@settings(deadline=None)
@given(TEXTS.map(lambda text: re.sub("[\ud800-\udfff]", "", text)))  # what can be sent has no lone surrogates
def test_no_segment_ends_within_a_pair(text: str) -> None:
    """Encoded each by itself the segments are the text's own encoding: no escape and no high surrogate is orphaned."""
    if is_gsm7(text):
        codec = gsm0338.Codec()
        encoded = [codec.encode(part)[0] for part in split(text)]
        assert b"".join(encoded) == codec.encode(text)[0]
        assert not any(part.endswith(b"\x1b") for part in encoded)
    else:
        encoded = [part.encode("utf-16-be") for part in split(text)]
        assert "".join(part.decode("utf-16-be") for part in encoded) == text


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("a" * 1_530_000, 10_000),
        ("€" * 760_000, 10_000),
        ("ж" * 670_000, 10_000),
        ("😀" * 330_000, 10_000),
        ("ж😀" * 440_000, 20_000),
        ("".join(map(chr, range(0x110000))), 32_754),
    ],
    ids=["basic", "extension", "cyrillic", "emoji", "mixed", "all of Unicode"],
)
def test_work_is_linear(text: str, segments: int) -> None:
    """Megabytes are measured in well under a second; anything quadratic would take hours."""
    assert measure(text).segments == segments
    assert len(split(text)) == segments


def test_a_measure_is_a_frozen_value() -> None:
    """Measures compare by value, hash, and cannot be changed."""
    assert measure("a") == measure("b")
    assert len({measure("a"), measure("b"), measure("ж")}) == 2
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        measure("a").units = 2  # type: ignore[misc]
    assert not hasattr(measure("a"), "__dict__")


# What no test here can tell (`nox -s mutation`): `strict=True` over starts and ends, which are as many by construction,
# and what offenders are joined with while they are looked for, as long as GSM-7 can write it.
