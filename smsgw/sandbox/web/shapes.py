"""The sandbox's values as the JSON API has them."""

from datetime import datetime
from typing import Any

from smsgw import segments
from smsgw.sandbox.gateways import Gateway
from smsgw.sandbox.incoming import IncomingMessage
from smsgw.sandbox.records import Exchange, TakenMessage
from smsgw.sandbox.world import World

__all__ = [
    "exchange_shape",
    "faults_shape",
    "incoming_shape",
    "message_shape",
    "message_view",
    "on_shape",
    "settings_shape",
]

_NOT_FINAL = {"enroute", "held"}

Shape = dict[str, Any]


def message_shape(gateway: Gateway, message: TakenMessage, exchange: Exchange | None) -> Shape:
    """A message, as in a list."""
    state = gateway.state(message)
    return {
        "id": message.number,
        "provider": message.gateway,
        "message_id": message.message_id,
        "recipient": message.recipient,
        "sender": message.sender,
        "text": message.text,
        "encoding": message.encoding,
        "segments": message.segments,
        "taken_at": _stamp(message.taken_at),
        "state": state,
        "final": state not in _NOT_FINAL,
        "changed_at": _stamp(gateway.changed_at(message)),
        "options": dict(message.options),
        "request": message.request,
        "fault": None if exchange is None else exchange.fault,
    }


def message_view(gateway: Gateway, message: TakenMessage, exchange: Exchange | None) -> Shape:
    """A message with all that is known of it."""
    measure = segments.measure(message.text)
    return {
        **message_shape(gateway, message, exchange),
        "units": measure.units,
        "offenders": list(measure.offenders),
        "parts": [
            {"text": part, "units": _units(part, measure.encoding)} for part in segments.split(message.text)
        ],
        "way": [
            {"state": step.state, "word": step.word, "at": _stamp(step.at), "reached": step.reached}
            for step in gateway.way(message)
        ],
        "exchange": None if exchange is None else exchange_shape(exchange),
    }


def exchange_shape(exchange: Exchange) -> Shape:
    """Both sides of a request."""
    return {
        "number": exchange.number,
        "provider": exchange.gateway,
        "kind": exchange.kind,
        "method": exchange.method,
        "url": exchange.url,
        "headers": [list(header) for header in exchange.headers],
        "body": exchange.body,
        "arrived_at": _stamp(exchange.arrived_at),
        "status": exchange.status,
        "reply_headers": [list(header) for header in exchange.reply_headers],
        "reply": exchange.reply,
        "fault": exchange.fault,
    }


def incoming_shape(message: IncomingMessage) -> Shape:
    """A message from a phone, and what became of it."""
    return {
        "id": message.number,
        "smsid": message.smsid,
        "sender": message.sender,
        "receiver": message.receiver,
        "text": message.text,
        "prefix": message.prefix,
        "written_at": _stamp(message.written_at),
        "state": message.state,
        "attempts": [
            {"at": _stamp(tried.at), "status": tried.status, "reply": tried.reply, "error": tried.error}
            for tried in message.attempts
        ],
        "attempt_count": message.attempt_count,
        "next_at": None if message.next_at is None else _stamp(message.next_at),
    }


def faults_shape(world: World) -> Shape:
    """What goes wrong where."""
    return {
        "gateways": {
            name: gateway.faults.values(leave_out=gateway.unknown_faults)
            for name, gateway in world.gateways.items()
        },
        "on": on_shape(world),
    }


def on_shape(world: World) -> dict[str, list[str]]:
    """The faults that some request may meet now, by gateway; only gateways that have any."""
    return {name: list(gateway.faults.on) for name, gateway in world.gateways.items() if gateway.faults.on}


def settings_shape(world: World) -> Shape:
    """What may be changed while it runs."""
    return {
        "delivery_after": world.delivery_after,
        "incoming_url": world.incoming.url,
        "incoming_repeat": world.incoming.repeat,
    }


def _units(part: str, encoding: segments.Encoding) -> int:
    """The length of a segment in the encoding of the whole text, which may be wider than it needs by itself."""
    if encoding == segments.GSM7:
        return segments.measure(part).units
    return len(part.encode("utf-16-be", "surrogatepass")) // 2


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
