"""One HTTP request on the wire for each call; the only part of smsgw that touches aiohttp's client."""

from smsgw.transport.client import Transport
from smsgw.transport.slots import Slots
from smsgw.transport.values import Reply, Request, Wire

__all__ = ["Reply", "Request", "Slots", "Transport", "Wire"]
