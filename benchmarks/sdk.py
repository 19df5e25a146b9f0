"""The same job with `smsgw`, in each of the ways that it offers."""

import asyncio
from collections.abc import Iterable, Sequence

from bare import CONNECTIONS, TEXT

import smsgw

__all__ = ["all_of", "dispatcher", "send_list", "send_many", "singles"]


def dispatcher(url: str, batch: int = 10, connections: int = CONNECTIONS) -> smsgw.Dispatcher:
    """IBA Telecom's protocol at `url`; no rate is set."""
    provider = {
        "login": "test",
        "password": "test",
        "sender": "TESTSMS",
        "url": url,
        "batch_size": batch,
        "max_connections": connections,
    }
    return smsgw.Dispatcher.from_config({"providers": {"iba": provider}})


async def all_of(sms: smsgw.Dispatcher, numbers: Iterable[str]) -> int:
    """Each recipient a `Message` of its own in, an `Outcome` of its own out; nothing of them is kept."""
    accepted = 0
    async for outcome in sms.send_many(smsgw.Message(to=number, text=TEXT) for number in numbers):
        accepted += outcome.state is smsgw.State.ACCEPTED
    return accepted


async def send_many(url: str, numbers: Sequence[str], batch: int, connections: int = CONNECTIONS) -> int:
    async with dispatcher(url, batch, connections) as sms:
        return await all_of(sms, numbers)


async def send_list(url: str, numbers: Sequence[str], batch: int, connections: int = CONNECTIONS) -> int:
    async with dispatcher(url, batch, connections) as sms:
        return len((await sms.send(numbers, TEXT)).accepted)


async def singles(url: str, numbers: Sequence[str], batch: int = 1, connections: int = CONNECTIONS) -> int:
    """As many workers as connections, each awaiting `send` of one number after the other, as web handlers do."""
    waiting = iter(numbers)
    accepted = 0
    async with dispatcher(url, batch, connections) as sms:

        async def work() -> None:
            nonlocal accepted
            for number in waiting:
                submission = await sms.send(number, TEXT)
                accepted += submission.outcome.state is smsgw.State.ACCEPTED

        await asyncio.gather(*(work() for _ in range(connections)))
    return accepted
