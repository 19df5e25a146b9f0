"""What a gateway repeats of a request is not handed on: neither our password nor the text of a message.

A gateway that quotes the request in its reply would put both into message IDs, states and balances, and from there
into logs and onto screens. A value that does so is left out whole: nothing in it can be relied upon.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import unescape
from typing import Any, Final, TypeVar
from urllib.parse import unquote, unquote_plus

from attrs import evolve

from smsgw.errors import SmsgwError
from smsgw.models import Balance, DeliveryReport, Lookup

__all__ = ["NOT_SHOWN", "Echoes"]

T = TypeVar("T")

_SHORTEST: Final = 4
"""Characters of a secret that is looked for: a shorter one stands in many a reply by chance."""
_LONG: Final = 8
"""Characters of one that stands in no longer word by chance."""
NOT_SHOWN: Final = "(not shown: it repeats the password or the text)"
_WORDS: Final[Mapping[type, Sequence[str]]] = {
    DeliveryReport: ("provider_state", "error_code", "operator", "region", "mnc"),
    Lookup: ("message_id", "operator", "region", "mnc"),
    Balance: ("unit",),
}
"""What may be a gateway's own words, and None."""
_JSON_SIGN: Final = re.compile(r"\\u([0-9a-fA-F]{4})")


class Echoes:
    """Finds secrets in a gateway's words: as they are, percent- or plus-encoded, escaped as XML and JSON do it.

    `trusted`: the sentences of errors are our own, which say "login" and "reply" whatever the password or the text is.
    """

    def __init__(self, *secrets: str, trusted: bool = False) -> None:
        self._trusted = trusted
        plain = {_plain(secret) for secret in set(secrets)}
        self._secrets = {secret for secret in plain if len(secret) >= _SHORTEST}
        self._numbers = any(map(str.isdecimal, self._secrets))

    def hold(self, said: str) -> bool:
        """Whether a secret stands there as a word, or words, of its own."""
        if said.isalnum():  # as most message IDs are
            return any(_stands(secret, said.casefold()) for secret in self._secrets)
        return any(_stands(secret, form) for form in _readings(said) for secret in self._secrets)

    def hold_any(self, said: Sequence[str]) -> bool:
        """Whether a secret stands in one of them. Where all are numbers, as most message IDs are, at one look."""
        if not self._numbers and "".join(said).isdecimal():
            return False
        return any(map(self.hold, said))

    def without(self, value: T) -> T:
        """A value that came out, without what repeats a secret."""
        known: Any = value
        changes: dict[str, Any] = {
            name: None for name in _WORDS.get(type(value), ()) if self.hold(getattr(value, name) or "")
        }
        if isinstance(known, Balance):
            if self.hold(known.raw):
                changes["raw"] = ""
            if any(map(self.hold, known.packages)):
                changes["packages"] = {k: v for k, v in known.packages.items() if not self.hold(k)}
        elif isinstance(known, DeliveryReport | Lookup):
            if known.recipient and not known.recipient.isdigit() and self.hold(known.recipient):
                changes["recipient"] = None
            if known.error is not None:
                self.hush(known.error)
        return evolve(known, **changes) if changes else value

    @contextmanager
    def hushed(self) -> Iterator[None]:
        """Whatever error goes through is hushed."""
        try:
            yield
        except SmsgwError as error:
            self.hush(error)
            raise

    def hush(self, error: SmsgwError) -> None:
        """The error alone, and none of its words that repeat a secret: it may be of a driver that we do not know.

        What it was raised from, and the frames it came through, know the whole request.
        """
        error.__traceback__ = error.__cause__ = error.__context__ = None
        if not self._trusted and self.hold(f"{error.description} {error.args}"):
            error.description = NOT_SHOWN
            error.args = (NOT_SHOWN,)
        if error.code is not None and self.hold(error.code):
            error.code = None
        if any(map(self.hold, getattr(error, "__notes__", ()))):
            error.__notes__ = []


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _readings(said: str) -> set[str]:
    """What these words may stand for."""
    readings = {said}
    if "%" in said or "+" in said:
        readings |= {unquote_plus(said), unquote(said)}
        readings |= {unquote_plus(said, charset) for charset in ("windows-1251", "koi8-r")}
    if "&" in said:
        readings |= set(map(unescape, tuple(readings)))
    if "\\" in said:
        readings |= {_JSON_SIGN.sub(lambda found: chr(int(found[1], 16)), form) for form in tuple(readings)}
        readings |= {form.replace('\\"', '"').replace("\\'", "'") for form in tuple(readings)}
    return set(map(_plain, readings))


def _stands(secret: str, said: str) -> bool:
    """Whether it is there; a short one only where it is no part of a longer word or number."""
    if len(secret) >= _LONG:
        return secret in said
    at = said.find(secret)
    while at >= 0:
        end = at + len(secret)
        if not (said[at - 1 : at].isalnum() or said[end : end + 1].isalnum()):
            return True
        at = said.find(secret, at + 1)
    return False
