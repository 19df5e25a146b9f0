"""Programs whose event loop ends in the middle: `python -m tests.faults.cancellation.endings URL FOLDER`.

Each runs in a fork of its own and prints a line for each outcome that it was told, into `FOLDER/NAME.out`. What else
there is to say, Python and asyncio say in `FOLDER/NAME.err`.
"""

# ruff: noqa: T201 - programs print

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from smsgw import Dispatcher, Message, Outcome

AFTER = 0.05
"""Seconds from the request's first byte to the end: the gateway takes longer to answer."""

Program = Callable[[Dispatcher], Awaitable[None]]


def tell(outcome: Outcome) -> None:
    text = outcome.message.text if outcome.message is not None else ""
    print(outcome.recipient, outcome.state, text, flush=True)


async def send(sms: Dispatcher, text: str = "Hi") -> None:
    for outcome in await sms.send(_NUMBERS[:3], text, key=text):
        tell(outcome)


def messages(text: str) -> Iterator[Message]:
    return (Message(to=number, text=text) for number in _NUMBERS)


async def main_ends(sms: Dispatcher) -> None:
    """A send is under way, and nobody waits for it."""
    for text in ("one", "two"):
        _TASKS.append(asyncio.create_task(send(sms, text)))  # noqa: PERF401 - one after the other
    await begun(sms)


async def block_fails(sms: Dispatcher) -> None:
    """The block raises while a send is under way."""
    async with sms:
        await main_ends(sms)
        raise LookupError


async def interrupted(sms: Dispatcher) -> None:
    """Ctrl-C while a send is under way."""
    _interrupt(sms)
    async with sms:
        await send(sms)


async def interrupted_twice(sms: Dispatcher) -> None:
    """Who will not wait for what is under way presses it again."""
    _interrupt(sms)
    _interrupt(sms, AFTER)
    async with sms:
        await send(sms)


async def interrupted_unclosed(sms: Dispatcher) -> None:
    """Ctrl-C where nobody closes the dispatcher."""
    _interrupt(sms)
    await send(sms)


async def interrupted_stream(sms: Dispatcher) -> None:
    """Ctrl-C in the middle of a list."""
    _interrupt(sms)
    async with sms:
        async for outcome in sms.send_many(messages("many")):
            tell(outcome)


async def broken_off(sms: Dispatcher) -> None:
    """A list that is left in the middle, without closing it."""
    async with sms:
        async for outcome in sms.send_many(messages("many")):
            tell(outcome)
            break


async def broken_off_unclosed(sms: Dispatcher) -> None:
    """The same, and nobody closes the dispatcher either."""
    async for outcome in sms.send_many(messages("many")):
        tell(outcome)
        break


async def generator_left(sms: Dispatcher) -> None:
    """Generators around a stream and below it, all left in the middle; the loop ends them."""

    async def below() -> AsyncIterator[Message]:
        for message in messages("many"):
            await asyncio.sleep(0)
            yield message

    async def around() -> AsyncIterator[Outcome]:
        async for outcome in sms.send_many(below()):
            yield outcome

    _LEFT.append(around())
    tell(await anext(_LEFT[0]))


async def tracking_left(sms: Dispatcher) -> None:
    """Messages that are still followed when the main function ends."""
    sent = await sms.send(_NUMBERS[:3], "Hi")
    for outcome in sent:
        tell(outcome)
    stream = sms.track(sent)
    _LEFT.append(stream)
    _TASKS.append(asyncio.create_task(anext(stream)))
    await begun(sms, 2)


PROGRAMS: dict[str, Program] = {
    program.__name__: program
    for program in (
        main_ends,
        block_fails,
        interrupted,
        interrupted_twice,
        interrupted_unclosed,
        interrupted_stream,
        broken_off,
        broken_off_unclosed,
        generator_left,
        tracking_left,
    )
}
_NUMBERS: list[str] = []
"""The program's own, so that one ledger tells them all apart."""
_TASKS: list[asyncio.Task[Any]] = []
_LEFT: list[Any] = []
"""What outlives the loop."""


def numbers(name: str) -> list[str]:
    return [f"7916{list(PROGRAMS).index(name):03d}{number:04d}" for number in range(60)]


async def begun(sms: Dispatcher, requests: int = 1) -> None:
    """Wait until so many requests have begun, and a little longer."""
    while sms.stats["iba"].requests < requests:  # noqa: ASYNC110 - a dispatcher tells nobody of it
        await asyncio.sleep(0.005)
    await asyncio.sleep(AFTER)


def _interrupt(sms: Dispatcher, further: float = 0.0) -> None:
    """As Ctrl-C would, once a request is under way."""
    loop = asyncio.get_running_loop()

    def look() -> None:
        if sms.stats["iba"].requests:
            loop.call_later(AFTER + further, os.kill, os.getpid(), signal.SIGINT)
        else:
            loop.call_later(0.005, look)

    look()


async def main(program: Program, url: str) -> None:
    asyncio.get_running_loop().slow_callback_duration = 60  # a busy machine is not what this is about
    provider = {"login": "test", "password": "test", "sender": "TESTSMS", "url": url, "timeout": 5}
    sms = Dispatcher.from_config({"providers": {"iba": {**provider, "max_connections": 1}}})
    await program(sms)


def run(name: str, url: str) -> None:
    """In a fork: what comes after is the end of the interpreter, of which it must not complain either."""
    _NUMBERS.extend(numbers(name))
    try:
        asyncio.run(main(PROGRAMS[name], url))
    except (KeyboardInterrupt, LookupError) as ended:
        print("ended by", type(ended).__name__, flush=True)
    else:
        print("ended", flush=True)


def nursery(url: str, folder: Path) -> None:
    """All at once: they wait more than they work."""
    children: dict[int, str] = {}
    for name in PROGRAMS:
        if not (pid := os.fork()):
            for descriptor, ending in ((1, "out"), (2, "err")):
                os.dup2(os.open(folder / f"{name}.{ending}", os.O_CREAT | os.O_WRONLY), descriptor)
            run(name, url)
            return
        children[pid] = name
    for pid, name in children.items():
        (folder / f"{name}.status").write_text(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])))


if __name__ == "__main__":
    nursery(sys.argv[1], Path(sys.argv[2]))
