"""Messages that arrive (IBA Telecom's incoming SMS): parsed, handled once each, and only then acknowledged."""

from smsgw.inbound.asgi import InboundASGI
from smsgw.inbound.calls import Answer, Call
from smsgw.inbound.errors import InboundError, InboundStoreError, UnreadableCall
from smsgw.inbound.handling import Handler
from smsgw.inbound.message import InboundMessage
from smsgw.inbound.parsing import parse_inbound
from smsgw.inbound.receiver import Receiver
from smsgw.inbound.serving import InboundServer
from smsgw.inbound.sqlite import SQLiteInboundStore
from smsgw.inbound.store import InboundStore, MemoryInboundStore
from smsgw.inbound.web import inbound_app

__all__ = [
    "Answer",
    "Call",
    "Handler",
    "InboundASGI",
    "InboundError",
    "InboundMessage",
    "InboundServer",
    "InboundStore",
    "InboundStoreError",
    "MemoryInboundStore",
    "Receiver",
    "SQLiteInboundStore",
    "UnreadableCall",
    "inbound_app",
    "parse_inbound",
]
