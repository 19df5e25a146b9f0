"""Marked strings, in every spelling in which they could come out, and the search for them."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from html import escape
from urllib.parse import quote_from_bytes

from attrs import define, frozen

from tests.faults.evidence import Marks

__all__ = ["MARKS", "PASSWORD", "RECIPIENT", "TEXT", "Canary", "Search", "spellings"]

_CHARSETS = ("utf-8", "windows-1251", "koi8-r")


def spellings(heart: str) -> Mapping[str, bytes]:
    """A word in each spelling, by its name; letters and digits do not change when a word is cut out of a longer one."""
    spelt = {"raw": heart.encode(), "folded": heart.casefold().encode(), "shouted": heart.upper().encode()}
    spelt["json"] = json.dumps(heart)[1:-1].encode()
    spelt["xml"] = heart.encode("ascii", "xmlcharrefreplace")
    spelt["xml in hex"] = "".join(f"&#x{ord(sign):x};" for sign in heart).encode()
    spelt["every sign in percent"] = "".join(f"%{byte:02x}" for byte in heart.encode()).encode()
    spelt["utf-16"] = heart.encode("utf-16-le")
    for charset in _CHARSETS:
        coded = heart.encode(charset)
        spelt[charset] = coded
        spelt[f"{charset} taken for latin-1"] = coded.decode("latin-1").encode()
        spelt[f"{charset} in percent"] = quote_from_bytes(coded, safe="").encode()
        spelt[f"{charset} as Python shows bytes"] = repr(coded)[2:-1].encode()
        spelt[f"{charset} in hex"] = coded.hex().encode()
        # Within a longer word its bits may stand in any of three places.
        for before in range(3):
            packed = base64.b64encode(b"\0" * before + coded)
            kept = packed[
                (0, 2, 3)[before] : len(packed)
                - (0, 3, 2)[(before + len(coded)) % 3]
                - (1 if packed.endswith(b"=") else 0)
            ]
            spelt[f"{charset} in base64, place {before}"] = kept
    return spelt


@frozen
class Canary:
    """A marked string. Its hearts are found wherever a part of it comes out."""

    name: str
    word: str
    hearts: tuple[str, ...]

    @cached_property
    def needles(self) -> Mapping[str, bytes]:
        """By the name of the spelling."""
        return {f"{heart} {name}": spelt for heart in self.hearts for name, spelt in spellings(heart).items()}

    def written(self) -> Mapping[str, bytes]:
        """The whole string, as careless programs would write it."""
        plain = self.word.encode()
        cut = {"cut short": plain[: len(plain) * 2 // 3]} if " " in self.word else {}
        return cut | {
            "raw": plain,
            "percent-encoded": quote_from_bytes(plain, safe="").encode(),
            "plus-encoded": quote_from_bytes(plain, safe=" ").replace(" ", "+").encode(),
            "base64": base64.b64encode(plain),
            "base64 behind a login": base64.b64encode(b"login:" + plain),
            "base64url": base64.urlsafe_b64encode(b"u:" + plain),
            "hex": plain.hex().encode(),
            "JSON": json.dumps(self.word).encode(),
            "JSON in UTF-8": json.dumps(self.word, ensure_ascii=False).encode(),
            "XML": escape(self.word).encode("ascii", "xmlcharrefreplace"),
            "windows-1251": self.word.encode("windows-1251"),
            "windows-1251, percent-encoded": quote_from_bytes(
                self.word.encode("windows-1251"), safe=""
            ).encode(),
            "repr of bytes": repr(plain).encode(),
            "repr": repr(self.word).encode(),
            "without case": self.word.casefold().encode(),
        }


PASSWORD = Canary("password", "Zx7Vault9q Кенар<&>+%\"'pw", ("Zx7Vault9q", "Кенар"))
TEXT = Canary("text", "Ws4Nest8k Щегол <&>+%\"' (0)", ("Ws4Nest8k", "Щегол"))
_NUMBERS = tuple(
    f"7903{number}" for number in (4718290, 5829301, 6930412, 7041523, 8152634, 9263745, 1374856, 2485967)
)
# The national form stands in the international one; and as people write it.
RECIPIENT = Canary("recipient", _NUMBERS[0], (*(number[1:] for number in _NUMBERS), "903 471-82-90"))
MARKS = Marks(password=PASSWORD.word, text=TEXT.word, recipients=_NUMBERS)


@define
class Search:
    """Looks for canaries in whatever it is given, and keeps what it finds."""

    canaries: tuple[Canary, ...]
    findings: list[str]
    searched: int = 0
    """Pieces of text that were looked through."""

    @classmethod
    def of(cls, *canaries: Canary) -> "Search":
        return cls(canaries, [])

    def look(self, where: str, said: str | bytes) -> None:
        """Find every canary in one text."""
        self.searched += 1
        whole = said.encode("utf-8", "backslashreplace") if isinstance(said, str) else said
        low = whole.lower()
        for canary in self.canaries:
            for spelling, needle in canary.needles.items():
                hay, wanted = (
                    (whole, needle) if "base64" in spelling or "utf-16" in spelling else (low, needle.lower())
                )
                at = hay.find(wanted)
                if at >= 0:
                    around = whole[max(0, at - 80) : at + len(needle) + 40]
                    self.findings.append(f"the {canary.name} ({spelling}) in {where}: {around!r}")
                    break

    def look_at_all(self, said: Iterable[tuple[str, str | bytes]]) -> None:
        for where, text in said:
            self.look(where, text)


def found(canary: Canary, said: str | bytes) -> Iterator[str]:
    """What a search for this one finds in one text."""
    search = Search.of(canary)
    search.look("it", said)
    yield from search.findings
