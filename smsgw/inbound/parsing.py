"""A call of the platform, as a message: `parse_inbound`. It knows no framework and does no I/O.

Source: iba.txt, the specification of incoming messages; PROTOCOLS.md, "IBA Telecom".
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Final
from urllib.parse import unquote_to_bytes

from smsgw.inbound.errors import UnreadableCall
from smsgw.inbound.message import InboundMessage

__all__ = ["LONGEST_QUERY", "parse_inbound"]

LONGEST_QUERY: Final = 8192
"""Bytes: more than 1300 Cyrillic letters, percent-encoded as UTF-8."""

_MOST_PARAMETERS: Final = 64
_MOSCOW: Final = timezone(timedelta(hours=3))
_ID: Final = re.compile(r"[0-9A-Za-z._:-]{1,64}")
"""Documented as a number. It goes into an answer, a store and logs, so it is nothing that could mean something there."""
_YEARS: Final = range(2000, 2101)
"""What lies outside is no date of an SMS, and overflows where a zone is applied."""
_UNREADABLE_ID: Final = "`smsid` is not a number or a short identifier"

Pair = tuple[str, str]


def parse_inbound(
    query: str | bytes | Mapping[str, str], *, arrived_at: datetime | None = None
) -> InboundMessage:
    """The message in a query string, still percent-encoded, or in a mapping of decoded parameters.

    A query string is UTF-8; if not all of it is, all of it is windows-1251. (A framework's own mapping has been
    decoded already, mostly as UTF-8 only: pass the query string where you can.) Of a parameter that is repeated the
    last counts, as in the platform's PHP. `arrived_at`, an aware time, stands in for a `date` that is missing or
    unreadable; without it, now.

    Raises `UnreadableCall`, which holds neither text nor number.
    """
    if arrived_at is not None and arrived_at.utcoffset() is None:
        raise ValueError("`arrived_at` has no time zone")
    pairs = _pairs(query)
    raw = dict(pairs)
    ids = {value.strip() for name, value in pairs if name == "smsid"}
    if ids <= {""}:
        raise UnreadableCall("`smsid` is missing")
    if len(ids) > 1:  # whichever were acknowledged, it could be the wrong one
        raise UnreadableCall("`smsid` is there twice, with different values")
    message_id = ids.pop()
    if not _ID.fullmatch(message_id):
        raise UnreadableCall(_UNREADABLE_ID)
    return InboundMessage(
        message_id=message_id,
        received_at=_moment(raw.get("date", "")) or arrived_at or datetime.now(UTC),
        text=raw.get("text", ""),
        sender=raw.get("sender", ""),
        receiver=raw.get("receiver", ""),
        prefix=raw.get("prefix", ""),
        raw=raw,
    )


def _pairs(query: str | bytes | Mapping[str, str]) -> list[Pair]:
    if isinstance(query, bytes | str):
        return _decoded(_split(_as_bytes(query)))
    given: object = query  # what a caller without a type checker may pass
    if not isinstance(given, Mapping):
        raise TypeError("an incoming message is a query string or a mapping")
    pairs = list(given.items())
    if not all(isinstance(part, str) for pair in pairs for part in pair):
        raise TypeError("a mapping of parameters has a str for each name")
    _check_size(sum(len(name) + len(value) + 2 for name, value in pairs), len(pairs))
    return pairs


def _as_bytes(query: str | bytes) -> bytes:
    if isinstance(query, bytes):
        return query
    try:
        return query.encode("utf-8", "surrogateescape")  # servers decode a request line so
    except UnicodeEncodeError:
        raise UnreadableCall("the query holds half a character") from None


def _split(query: bytes) -> list[tuple[bytes, bytes]]:
    _check_size(len(query), query.count(b"&") + 1)
    parts = (part.partition(b"=") for part in query.removeprefix(b"?").split(b"&") if part)
    return [(_unquoted(name), _unquoted(value)) for name, _, value in parts]


def _check_size(size: int, parameters: int) -> None:
    if size > LONGEST_QUERY:
        raise UnreadableCall(f"the query is longer than {LONGEST_QUERY} bytes")
    if parameters > _MOST_PARAMETERS:
        raise UnreadableCall(f"the query has more than {_MOST_PARAMETERS} parameters")


def _unquoted(part: bytes) -> bytes:
    return unquote_to_bytes(part.replace(b"+", b" "))


def _decoded(pairs: Iterable[tuple[bytes, bytes]]) -> list[Pair]:
    """One call has one charset: a short prefix that could be either goes by the text beside it."""
    pairs = list(pairs)
    try:
        return [(name.decode(), value.decode()) for name, value in pairs]
    except UnicodeDecodeError:
        # One byte of windows-1251 has no meaning: U+FFFD, rather than a message that nobody gets.
        return [
            (name.decode("cp1251", "replace"), value.decode("cp1251", "replace")) for name, value in pairs
        ]


def _moment(stamp: str) -> datetime | None:
    """The document does not say how `date` is written: as the platform's other dates, ISO 8601, or as Russians do.

    Moscow's time where no zone stands, as everywhere at this platform.
    """
    stamp = stamp.strip()
    for read in (datetime.fromisoformat, _russian):
        try:
            moment = read(stamp)
        except ValueError:
            continue
        if moment.year not in _YEARS:
            return None
        return moment if moment.utcoffset() is not None else moment.replace(tzinfo=_MOSCOW)
    return None


def _russian(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%d.%m.%Y %H:%M:%S")  # noqa: DTZ007 - its caller knows the zone
