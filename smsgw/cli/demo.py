"""`smsgw demo`: thousands of recipients through five fake gateways, two of them troubled, and the books compared."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from smsgw.cli.audit import Audit, audit
from smsgw.cli.failing import ALL_WELL, NOT_ALL, CommandFailed
from smsgw.cli.options import Json, NoConfig
from smsgw.cli.output import print_text
from smsgw.cli.report import Books, print_report, print_summary
from smsgw.cli.running import supervised
from smsgw.dispatcher import Dispatcher
from smsgw.errors import InvalidRecipient
from smsgw.models import Message
from smsgw.msisdn import normalise
from smsgw.sandbox import Sandbox
from smsgw.sheets import Sheet

__all__ = ["demo"]

_ROUTES: Final = [
    {"prefixes": ["995"], "providers": ["smsco", "targetsms", "iba"]},
    {
        "prefixes": ["79"],
        "providers": ["targetsms", "iba", "avist", "smstele"],
        "strategy": "round_robin",
    },
    {"providers": ["iba", "targetsms"], "strategy": "round_robin"},
]
_RETRY: Final = {"initial": 0.05, "maximum": 0.5, "deadline": 20.0}
_BREAKER: Final = {"failures": 40, "rest": 0.1}
_DOWN: Final = "avist"
_DOWN_FOR: Final = 24
"""Requests that meet the outage."""
_DROPS: Final = "iba"
_DROPPED: Final = 0.05
"""Share of its sends that it takes without an answer."""
_STOPS: Final = "targetsms"
_EVERY: Final = 100
"""Each so-manieth number stands on a stop list."""
_PACE: Final = 2000
"""Recipients read a second, so that the outage ends before the list does."""
_NAP: Final = 0.02


def demo(
    recipients: Annotated[
        Path | None, typer.Option("--recipients", metavar="FILE", help="CSV with columns `phone` and `text`.")
    ] = None,
    config: NoConfig = None,  # noqa: ARG001 - every command takes it
    json: Json = False,
) -> int:
    """Send a list through five fake gateways, some of them in trouble, then compare with what they took.

    Exit status: 0 nothing was sent twice and nothing lost; 1 something was; 2 usage; 130 interrupted.
    """
    path = recipients or _shipped()
    messages = _messages(path)
    if not json:
        print_text(*_introduction(path, len(messages)), "")
    books, verdict, interrupted = asyncio.run(_played(messages))
    if interrupted:
        return interrupted
    if json:
        print_summary(books, verdict)
    else:
        print_report(books, verdict)
    return NOT_ALL if verdict.sent_twice or verdict.lost else ALL_WELL


def _shipped() -> Path:
    """The list in the package, else that of the checkout, else that of the working directory."""
    here = Path(__file__).resolve()
    places = (
        here.with_name("recipients.csv"),
        here.parents[2] / "examples" / "recipients.csv",
        Path("examples/recipients.csv"),
    )
    for place in places:
        if place.is_file():
            return place
    raise CommandFailed("there is no examples/recipients.csv: name a file with --recipients")


def _messages(path: Path) -> list[Message]:
    messages: list[Message] = []
    sheet = Sheet(path)
    at = sheet.position("text")
    for line, phone, cells in sheet:
        if not cells[at]:
            raise CommandFailed(f"{path}: line {line}: the text is empty")
        messages.append(Message(to=phone, text=cells[at]))
    if not messages:
        raise CommandFailed(f"{path}: has no recipients")
    return messages


def _introduction(path: Path, rows: int) -> list[str]:
    return [
        f"{rows} recipients of {path.name} go by routes to five fake gateways, over HTTP.",
        (
            f"{_DOWN} is unavailable for its first {_DOWN_FOR} requests, {_DROPS} drops {_DROPPED:.0%} of the "
            f"connections after taking the messages, and every {_EVERY}th number stands on the stop list of {_STOPS}."
        ),
        (
            f"Set for the demo: {_PACE} recipients are read a second, "
            f"the first retry comes within {_RETRY['initial']} s, a circuit opens after {_BREAKER['failures']} failures in a row."
        ),
    ]


async def _played(messages: list[Message]) -> tuple[Books, Audit, int]:
    """Our books, what is wrong with them, and the exit status of an interruption."""
    books = Books(messages)
    async with Sandbox() as sandbox:
        _trouble(sandbox, messages)
        settings = {**sandbox.config(), "routes": _ROUTES, "retry": _RETRY, "breaker": _BREAKER}
        _, interrupted = await supervised(Dispatcher.from_config(settings), lambda sms: _send(sms, books))
    taken = Counter((message.recipient, message.text) for message in sandbox.ledger.messages)
    return books, audit(messages, books.outcomes, taken), interrupted


def _trouble(sandbox: Sandbox, messages: list[Message]) -> None:
    sandbox.gateways[_DOWN].faults.unavailable = _DOWN_FOR
    sandbox.gateways[_DROPS].faults.share = {"drop": _DROPPED}
    stopped = sandbox.gateways[_STOPS].faults.stop_list
    for message in messages[::_EVERY]:
        try:
            stopped.add(normalise(message.to[0]))
        except InvalidRecipient:
            continue


async def _send(sms: Dispatcher, books: Books) -> None:
    console = Console(stderr=True)
    columns = (TextColumn("sending"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("sending", total=len(books.messages))
        started = time.monotonic()
        async for outcome in sms.send_many(_paced(books.messages)):
            books.outcomes.append(outcome)
            progress.advance(task)
        books.seconds = time.monotonic() - started
    books.requests = {name: stats.requests for name, stats in sms.stats.items()}
    books.retries = {name: stats.retries for name, stats in sms.stats.items()}


async def _paced(messages: list[Message]) -> AsyncIterator[Message]:
    started = time.monotonic()
    for count, message in enumerate(messages):
        if (early := started + count / _PACE - time.monotonic()) > _NAP:
            await asyncio.sleep(early)
        yield message
