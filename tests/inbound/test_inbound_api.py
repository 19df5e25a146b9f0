"""The names and shapes of `smsgw.inbound`; `mypy` reads the second half, nobody runs it."""

import functools
from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_network
from pathlib import Path

from aiohttp import web
from fastapi import FastAPI

from smsgw import SmsgwError, inbound


def test_all_is_sorted_and_true() -> None:
    """Every public name is there, once, in order."""
    assert inbound.__all__ == sorted(set(inbound.__all__))
    assert all(hasattr(inbound, name) for name in inbound.__all__)


def test_errors() -> None:
    """One `except SmsgwError` gets them all; a bad call is a `ValueError`, too."""
    assert issubclass(inbound.UnreadableCall, ValueError)
    for error in (inbound.UnreadableCall, inbound.InboundStoreError):
        assert issubclass(error, inbound.InboundError)
        assert issubclass(error, SmsgwError)


class Desk:
    """A handler that is an object, and one that is a method."""

    async def __call__(self, message: inbound.InboundMessage) -> None:
        pass

    async def reply(self, message: inbound.InboundMessage, words: str = "Thanks") -> str:
        return words


def test_handlers() -> None:
    """A handler may be any callable that is `async`."""
    desk = Desk()
    for handler in (desk, desk.reply, functools.partial(desk.reply, words="Hi")):
        assert inbound.Receiver(handler)


def seen(*values: object) -> None:
    """Typing only: what is assigned is used."""


async def shapes(query: bytes, outer: web.Application, fastapi: FastAPI) -> None:
    """Typing only."""
    message: inbound.InboundMessage = inbound.parse_inbound(query)
    told: tuple[str, str, str, str, str] = (
        message.message_id,
        message.text,
        message.sender,
        message.receiver,
        message.prefix,
    )
    received_at: datetime = message.received_at
    raw: Mapping[str, str] = message.raw
    app: web.Application = inbound.inbound_app(
        Desk().reply,
        secret="a-secret-of-enough-letters",
        allow=["192.0.2.1", ip_network("198.51.100.0/24")],
        trusted_proxies=["10.0.0.0/8"],
        store=inbound.SQLiteInboundStore(Path("inbox.db"), ttl=86400),
        timeout=5,
        reply=True,
        max_handlers=10,
    )
    outer.add_subapp("/sms", app)
    async with inbound.InboundASGI(Desk(), store="inbox.db") as asgi:
        fastapi.mount("/sms", asgi)
    store: inbound.InboundStore = inbound.MemoryInboundStore(max_messages=10)
    answer: inbound.Answer = await inbound.Receiver(Desk(), store=store).receive(
        inbound.Call("GET", "/", query)
    )
    seen(told, received_at, raw, answer)
