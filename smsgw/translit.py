"""Russian and Georgian in Latin letters, so that a text fits GSM-7: 160 characters to an SMS and not 70.

Cyrillic follows ICAO Doc 9303 part 3 §6 B (the spelling in Russian passports): plain letters, no
apostrophes and no diacritics, one value a letter whatever surrounds it. Its table also has the letters of Ukrainian
and Belarusian that are not Russian; letters that they share with Russian (г, и, ё) are read as Russian.

Georgian follows the national system of romanisation of February 2002 (State Department of Geodesy and Cartography
and Institute of Linguistics of the Academy of Sciences; BGN/PCGN 2009): its apostrophes tell letters apart (კ is k',
ქ is k) and are kept, as ASCII ones.
"""

import re
from typing import Final

__all__ = ["to_latin"]

_CYRILLIC: Final = {
    **dict(zip("абвгдеёзийклмнопрстуфыэ", "abvgdeeziiklmnoprstufye", strict=True)),
    "ж": "zh",
    "х": "kh",
    "ц": "ts",
    "ч": "ch",
    "ш": "sh",
    "щ": "shch",
    "ъ": "ie",
    "ь": "",
    "ю": "iu",
    "я": "ia",
    "і": "i",
    "ї": "i",
    "є": "ie",
    "ґ": "g",
    "ў": "u",
}

_MKHEDRULI: Final = "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ"
_MKHEDRULI_LATIN: Final = "a b g d e v z t i k' l m n o p' zh r s t' u p k gh q' sh ch ts dz ts' ch' kh j h"
_GEORGIAN: Final = dict(zip(_MKHEDRULI, _MKHEDRULI_LATIN.split(), strict=True))

# What word processors and telephones write for ASCII signs. Each of them alone turns a text into UCS-2.
_SIGNS: Final = {
    **dict.fromkeys("«»“”„‟″", '"'),
    **dict.fromkeys("‘’‚‛‹›ʼ′", "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys(
        "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "
    ),
    # No width and no meaning in Latin text. The joiners U+200C and U+200D stay: emoji are built with them.
    **dict.fromkeys("\u00ad\u200b\u2060\ufeff", ""),
    "…": "...",
    "№": "No",
}

# A capital of several letters is written "Shch" here; _SHOUTED finds those that stand among capitals first.
_TABLE: Final = str.maketrans(
    {
        **_SIGNS,
        **_CYRILLIC,
        **{letter.upper(): latin.capitalize() for letter, latin in _CYRILLIC.items()},
        **_GEORGIAN,
        # Mtavruli, the capitals of Unicode 11, only ever set whole words.
        **{letter.upper(): latin.upper() for letter, latin in _GEORGIAN.items()},
    }
)

_CAPITALS: Final = {letter.upper(): latin.upper() for letter, latin in _CYRILLIC.items() if len(latin) > 1}
_UPPER: Final = "A-Z" + "".join(_CYRILLIC).upper()
_LOWER: Final = "a-z" + "".join(_CYRILLIC)
# Such a capital is shouted before another capital, and after one unless a small letter follows.
_SHOUTED: Final = re.compile(
    "[{0}](?=[{1}])|(?<=[{1}])[{0}](?![{2}])".format("".join(_CAPITALS), _UPPER, _LOWER),
)

# Decomposed й, ё, ї and ў (what macOS copies), and stress marks. The table gives й, ё, ї and ў the Latin of their
# bare letters, so the mark is only dropped. After a Latin letter it is left: it belongs to that letter.
_MARKS: Final = re.compile(f"(?<=[{_LOWER[3:]}{_UPPER[3:]}])[\u0300\u0301\u0306\u0308]+")


def to_latin(text: str) -> str:
    """Russian and Georgian letters in Latin ones, typographic signs in ASCII; all else as it is.

    "Щука, №5" becomes "Shchuka, No5", "ЩУКА" "SHCHUKA". An emoji stays, and keeps the text in UCS-2.
    """
    if text.isascii():
        return text
    text = _MARKS.sub("", text)
    return _SHOUTED.sub(lambda found: _CAPITALS[found[0]], text).translate(_TABLE)
