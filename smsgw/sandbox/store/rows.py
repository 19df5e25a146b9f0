"""Values as rows of the store's tables, and back. A row that cannot be one raises `ValueError` or `TypeError`."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar, get_args

from smsgw.sandbox.incoming import Attempt, IncomingMessage
from smsgw.sandbox.incoming.values import IncomingState
from smsgw.sandbox.records import NO_OPTIONS, Exchange, Header, Kind, MessageState, TakenMessage

__all__ = [
    "Row",
    "exchange_of",
    "incoming_of",
    "message_of",
    "row_of_exchange",
    "row_of_incoming",
    "row_of_message",
]

Row = tuple[Any, ...]
Word = TypeVar("Word", bound=str)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def row_of_message(message: TakenMessage) -> Row:
    return (
        message.number,
        message.gateway,
        _storable(message.message_id),
        _storable(message.recipient),
        _storable(message.sender),
        _storable(message.text),
        message.encoding,
        message.segments,
        message.state,
        _stamp(message.taken_at),
        message.due_at - message.clock_at,
        message.request,
        json.dumps(dict(message.options)) if message.options else "",
    )


def message_of(row: Row, clock: float, wall: datetime) -> TakenMessage:
    """The message, with its times on a clock that shows `clock` at the time `wall`."""
    (
        number,
        gateway,
        message_id,
        recipient,
        sender,
        text,
        encoding,
        segments,
        state,
        taken,
        due_in,
        request,
        options,
    ) = row
    taken_at = _time(taken)
    # A wall clock that was set back meanwhile delays no message by more than its own time.
    clock_at = clock - max((wall - taken_at).total_seconds(), 0.0)
    return TakenMessage(
        number=number,
        gateway=_text(gateway),
        message_id=_text(message_id),
        recipient=_text(recipient),
        sender=_text(sender),
        text=_text(text),
        encoding=_text(encoding),
        segments=segments,
        state=_one_of(MessageState, state),
        taken_at=taken_at,
        clock_at=clock_at,
        due_at=clock_at + float(due_in),
        request=request,
        options=dict(json.loads(options)) if options else NO_OPTIONS,
    )


def row_of_exchange(exchange: Exchange) -> Row:
    return (
        exchange.number,
        exchange.gateway,
        exchange.kind,
        exchange.method,
        _storable(exchange.url),
        json.dumps(exchange.headers),
        _storable(exchange.body),
        _stamp(exchange.arrived_at),
        exchange.status,
        json.dumps(exchange.reply_headers),
        _storable(exchange.reply),
        exchange.fault,
    )


def exchange_of(row: Row) -> Exchange:
    number, gateway, kind, method, url, headers, body, arrived_at, status, reply_headers, reply, fault = row
    return Exchange(
        number=number,
        gateway=_text(gateway),
        kind=_one_of(Kind, kind),
        method=_text(method),
        url=_text(url),
        headers=_pairs(headers),
        body=_text(body),
        arrived_at=_time(arrived_at),
        status=status,
        reply_headers=_pairs(reply_headers),
        reply=_text(reply),
        fault=fault,
    )


def row_of_incoming(message: IncomingMessage) -> Row:
    attempts = [[_stamp(a.at), a.status, a.reply, a.error] for a in message.attempts]
    return (
        message.number,
        message.smsid,
        message.sender,
        message.receiver,
        message.text,
        message.prefix,
        _stamp(message.written_at),
        message.state,
        json.dumps(attempts),
        message.attempt_count,
        None if message.next_at is None else _stamp(message.next_at),
    )


def incoming_of(row: Row) -> IncomingMessage:
    number, smsid, sender, receiver, text, prefix, written_at, state, attempts, attempt_count, next_at = row
    return IncomingMessage(
        number=number,
        smsid=_text(smsid),
        sender=_text(sender),
        receiver=_text(receiver),
        text=_text(text),
        prefix=_text(prefix),
        written_at=_time(written_at),
        state=_one_of(IncomingState, state),
        attempts=tuple(
            Attempt(at=_time(at), status=status, reply=reply, error=error)
            for at, status, reply, error in json.loads(attempts)
        ),
        attempt_count=attempt_count,
        next_at=None if next_at is None else _time(next_at),
    )


def _storable(text: str) -> str | bytes:
    """As it is; as bytes if it holds half of a surrogate pair, as bytes that are no UTF-8 leave them in a header."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return text.encode("utf-8", "surrogatepass")
    return text


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogatepass")
    if isinstance(value, str):
        return value
    raise TypeError


def _one_of(words: Any, value: object) -> Any:
    if value not in get_args(words):
        raise ValueError
    return value


def _pairs(value: str) -> tuple[Header, ...]:
    return tuple((str(name), str(content)) for name, content in json.loads(value))


def _stamp(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _time(stamp: int) -> datetime:
    return _EPOCH + stamp * _MICROSECOND
