"""What SMStele asks of a request, in the order in which it looks, and what it calls the networks."""

import json
import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from attrs import frozen

from smsgw import segments
from smsgw.sandbox.calls import Reply
from smsgw.sandbox.fates import MOSCOW

__all__ = [
    "CHARSETS",
    "DEFAULT_CHARSET",
    "OPTIONS",
    "Operator",
    "as_json",
    "deferred_in",
    "error",
    "operator_of",
    "phones_in",
    "refusal",
]

DEFAULT_CHARSET: Final = "windows-1251"
CHARSETS: Final[Mapping[str, str]] = {"windows-1251": "windows-1251", "utf-8": "utf-8", "koi8-r": "koi8-r"}
"""The values of `charset`, and what Python calls them."""

OPTIONS: Final = ("id", "translit", "deferred", "flash", "viber", "viber_validity", "validity")
"""The parameters that a `TakenMessage` keeps."""

_FLAGS: Final = ("translit", "flash", "hlr", "viber")
_LONGEST_ID = 25  # the document's example of one that is too long has more; PROTOCOLS.md settles the number
_LONGEST_VIBER_VALIDITY = 86400
_MOST_SEGMENTS = 255  # what a concatenation header has room for
_LONGEST_SENDER = 11
_LONGEST_NUMERIC_SENDER = 15

_SECONDS = re.compile(r"[0-9]{1,9}")
_DEFERRED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_PHONE = re.compile(r"7[0-9]{10}")


@frozen
class Operator:
    """The network of a number: strings, for region and mnc have leading zeros; all empty if none is known."""

    operator: str = ""
    region: str = ""
    mnc: str = ""


# The names of the document's examples, for plausible prefixes: the real numbering plan is not this fake's business.
_OPERATORS: Final[Mapping[str, Operator]] = {
    "790": Operator("mBEELINE", "77", "99"),
    "791": Operator("mMTS", "77", "01"),
    "792": Operator("mMEGAFON", "77", "02"),
    "795": Operator("mTELE2", "78", "20"),
    "798": Operator("mMTS", "78", "01"),
}
_OTHER_OPERATOR: Final = Operator("mBEELINE", "50", "99")
# The two bad recipients of the document's second example, which so gets the document's reply.
_BAD_PHONES: Final = frozenset({"79072233645", "79676771707"})


def as_json(content: Mapping[str, Any]) -> str:
    """JSON in the document's layout."""
    return json.dumps(content, ensure_ascii=False, indent=2)


def error(code: str, description: str, *, fault: str | None = None) -> Reply:
    """The refusal of a whole request."""
    return Reply(
        as_json({"error": code, "description": description}), content_type="application/json", fault=fault
    )


def phones_in(given: Mapping[str, str]) -> tuple[str, ...]:
    """The numbers of `phones`, separated by commas or semicolons."""
    return tuple(phone for part in re.split("[,;]", given.get("phones", "")) if (phone := part.strip()))


def operator_of(phone: str, stop_list: Collection[str]) -> Operator:
    """The network that a message to this number goes to; an empty one for a bad number."""
    if phone in stop_list or phone in _BAD_PHONES or not _PHONE.fullmatch(phone):
        return Operator()
    return _OPERATORS.get(phone[:3], _OTHER_OPERATOR)


def deferred_in(given: Mapping[str, str]) -> datetime | None:
    """The moment of `deferred`, in Moscow; None if there is none, or none in the documented format."""
    if not _DEFERRED.fullmatch(given.get("deferred", "")):
        return None
    try:
        return datetime.fromisoformat(given["deferred"]).replace(tzinfo=MOSCOW)
    except ValueError:  # such as month 13: the right shape is not yet a date
        return None


def refusal(
    given: Mapping[str, str], allowed_senders: Collection[str] | None, *, has_text: bool
) -> Reply | None:
    """Why a send or a lookup is refused as a whole, or None. The account has been checked."""
    if given.get("charset", DEFAULT_CHARSET).lower() not in CHARSETS:
        return _invalid("-33", given, "charset")
    # Before the phones: in the document's example the ID is too long, the phones are missing, and the answer is -35.
    if len(given.get("id", "")) > _LONGEST_ID:
        return _invalid("-35", given, "id")
    if "phones" not in given:
        return error("-24", "Missing attribute: 'phones'")
    if not phones_in(given):
        return _invalid("-25", given, "phones")
    if not has_text:
        return None
    if not given.get("mes"):
        return error("-27", "Missing attribute: 'mes'")
    for name in _FLAGS:
        if given.get(name, "0") not in {"0", "1"}:
            return _invalid("-6", given, name)
    return _validity_refused(given) or _sender_refused(given, allowed_senders) or _text_refused(given)


def _validity_refused(given: Mapping[str, str]) -> Reply | None:
    for name in ("validity", "viber_validity"):
        if name in given and not _SECONDS.fullmatch(given[name]):
            return _invalid("-28", given, name)
    if int(given.get("viber_validity", "0")) > _LONGEST_VIBER_VALIDITY:
        return _invalid("-28", given, "viber_validity")
    if "deferred" in given and deferred_in(given) is None:
        return _invalid("-29", given, "deferred")
    return None


def _sender_refused(given: Mapping[str, str], allowed_senders: Collection[str] | None) -> Reply | None:
    sender = given.get("sender", "")
    if len(sender) > (_LONGEST_NUMERIC_SENDER if sender.isdecimal() else _LONGEST_SENDER):
        return error("-31", "Invalid sender")
    if sender and allowed_senders is not None and sender not in allowed_senders:
        return error("-32", "Sender not allowed")
    return None


def _text_refused(given: Mapping[str, str]) -> Reply | None:
    if segments.measure(given["mes"]).segments > _MOST_SEGMENTS:
        return error("-42", "Too many segments")
    return None


def _invalid(code: str, given: Mapping[str, str], name: str) -> Reply:
    return error(code, f"Invalid attribute: '{name}={given[name]}'")
