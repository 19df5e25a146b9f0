"""How many SMS a text is: GSM-7 and UCS-2 arithmetic, nothing else.

The alphabet is the default one of 3GPP TS 23.038 §6.2.1 with its extension table §6.2.1.1, without national
shift tables; a text with any character outside it goes as UCS-2, counted in UTF-16 units. What does not fit one SMS
is concatenated with an 8-bit reference (3GPP TS 23.040 §9.2.3.24.1): that header takes 6 of a segment's 140 octets,
which leaves 134: 153 septets (one bit is fill) or 67 UTF-16 units.

What takes two places, an extension character (the escape and its septet) or a surrogate pair, is never cut in two.
A segment may end one place early for it, so dividing the length by the limit gives too few segments.
"""

import re
from typing import Final, Literal

from attrs import frozen

__all__ = [
    "GSM7",
    "GSM7_BASIC",
    "GSM7_EXTENSION",
    "GSM7_MULTI",
    "GSM7_SINGLE",
    "UCS2",
    "UCS2_MULTI",
    "UCS2_SINGLE",
    "Encoding",
    "Measure",
    "is_gsm7",
    "measure",
    "split",
]

Encoding = Literal["GSM-7", "UCS-2"]
GSM7: Final = "GSM-7"
UCS2: Final = "UCS-2"

GSM7_SINGLE: Final = 160
"""Septets in an SMS that stands alone."""
GSM7_MULTI: Final = 153
"""Septets in each segment of a concatenated one."""
UCS2_SINGLE: Final = 70
"""UTF-16 units in an SMS that stands alone."""
UCS2_MULTI: Final = 67
"""UTF-16 units in each segment of a concatenated one."""

# The rows of the table in §6.2.1, in its order. 0x1B is missing: it is the escape to the extension table and no
# character, so a text with U+001B cannot be written in GSM-7 (the packages smsutil and gsm0338 believe it can).
GSM7_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
"""The 127 characters of one septet each."""
GSM7_EXTENSION: Final = "\f^{}\\[~]|€"
"""The ten characters of two septets each (form feed is the table's page break)."""

_OFFENDER: Final = re.compile(f"[^{re.escape(GSM7_BASIC + GSM7_EXTENSION)}]")
_EXTENSION: Final = re.compile(f"[{re.escape(GSM7_EXTENSION)}]")
_ASTRAL: Final = re.compile("[\U00010000-\U0010ffff]")


@frozen
class Measure:
    """What a text costs as SMS.

    encoding   "GSM-7", or "UCS-2" where GSM-7 cannot write it
    segments   SMS that it takes, which is what a gateway bills; 0 for an empty text
    units      its length: septets in GSM-7, UTF-16 units in UCS-2
    offenders  the different characters that force UCS-2, in the order of appearance; empty in GSM-7
    """

    encoding: Encoding
    segments: int
    units: int
    offenders: tuple[str, ...] = ()


def is_gsm7(text: str) -> bool:
    """Whether GSM-7 can write the whole text, if need be with the extension table."""
    # Printable ASCII is GSM-7 all but the backtick, and these scans take about half the time of the regex.
    if text.isascii() and text.isprintable() and "`" not in text:
        return True
    return _OFFENDER.search(text) is None


def measure(text: str) -> Measure:
    """Encoding, segments and length of a text, and why it is not GSM-7 where it is not.

    Lone surrogates, which no gateway can be sent, are one unit each.
    """
    if is_gsm7(text):
        wide = len(_EXTENSION.findall(text))
        return Measure(GSM7, _count(text, wide, _EXTENSION, GSM7_SINGLE, GSM7_MULTI), len(text) + wide)
    wide = len(_ASTRAL.findall(text))
    offenders = tuple(_OFFENDER.findall("".join(dict.fromkeys(text))))
    return Measure(UCS2, _count(text, wide, _ASTRAL, UCS2_SINGLE, UCS2_MULTI), len(text) + wide, offenders)


def split(text: str) -> tuple[str, ...]:
    """The text of each segment, as the phone would get them; joined they are the text; none for an empty one."""
    if not text:
        return ()
    wide, single, multi = (
        (_EXTENSION, GSM7_SINGLE, GSM7_MULTI) if is_gsm7(text) else (_ASTRAL, UCS2_SINGLE, UCS2_MULTI)
    )
    if len(text) + len(wide.findall(text)) <= single:
        return (text,)
    starts = _starts(text, wide, multi)
    return tuple(text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True))


def _count(text: str, wide_count: int, wide: re.Pattern[str], single: int, multi: int) -> int:
    """Segments of a text; arithmetic wherever no character of two units can shift a cut."""
    units = len(text) + wide_count
    if units <= single:
        return 1 if units else 0
    if not wide_count:
        return -(-units // multi)
    return len(_starts(text, wide, multi))


def _starts(text: str, wide: re.Pattern[str], room: int) -> list[int]:
    """Where each segment of `room` units begins, as indexes into the text; `wide` characters take two units."""
    starts = [0]
    # Steps from one wide character to the next: what lies between is one unit a character and needs no look.
    end = room  # the first index that no longer belongs to the segment, were nothing more in it wide
    for match in wide.finditer(text):
        index = match.start()
        while index >= end:
            starts.append(end)
            end += room
        if index == end - 1:  # one unit left, two needed: the pair opens the next segment
            starts.append(index)
            end = index + room
        end -= 1
    while len(text) > end:
        starts.append(end)
        end += room
    return starts
