"""Everything that a dispatcher can be asked, of one gateway that answers each in one way; and all that came of it."""

import asyncio
import contextlib
import logging
import warnings
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from random import Random
from typing import Any

import aiohttp
from attrs import define, field, frozen

from smsgw import Dispatcher, Message, Outcome, Reference, Submission
from smsgw.errors import SmsgwError
from tests.faults.canaries.canary import MARKS, PASSWORD, RECIPIENT, TEXT, Search
from tests.faults.canaries.surfaces import shown_by_error, shown_by_record, shown_by_value
from tests.faults.server.clock import Clock
from tests.faults.server.gateway import Conduct, Gateway, Serve
from tests.faults.server.ledger import Ledger

__all__ = ["Heard", "asked", "dispatcher_at", "everything", "failure_of", "listening", "opened", "text_for"]

_ID = "4711"


def text_for(driver: str) -> str:
    """The marked text, as far as this gateway can write it."""
    return TEXT.word if driver != "smsco" else TEXT.word.replace(TEXT.hearts[1], "-")


@frozen
class _Conduct:
    serve: Serve
    before: None = None
    greet: None = None
    interrupt: None = None
    idle: None = None


@define
class Heard:
    """What was said meanwhile by loggers, warnings and the event loop, and what came out as values and errors."""

    # Not in its repr, which stands among the variables of the tests' own frames.
    records: list[logging.LogRecord] = field(factory=list, repr=False)
    complaints: list[str] = field(factory=list, repr=False)
    values: list[object] = field(factory=list, repr=False)
    errors: list[BaseException] = field(factory=list, repr=False)

    def secrets(self) -> Search:
        """Passwords and texts: nowhere."""
        search = Search.of(PASSWORD, TEXT)
        self._look(search)
        for value in self.values:
            search.look_at_all(shown_by_value(value))
        for error in self.errors:
            search.look_at_all(shown_by_error(error))
        return search

    def recipients(self) -> Search:
        """In values alone: in no log, no error's words, no traceback."""
        search = Search.of(RECIPIENT)
        self._look(search)
        for error in [*self.errors, *(getattr(value, "error", None) for value in self.values)]:
            search.look_at_all(shown_by_error(error, locals_of_frames=False))
        return search

    def _look(self, search: Search) -> None:
        for record in self.records:
            search.look_at_all(shown_by_record(record))
        for complaint in self.complaints:
            search.look("a complaint", complaint)

    def findings(self) -> list[str]:
        return [*self.secrets().findings, *self.recipients().findings]


class _Keep(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__()
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record)


@contextlib.contextmanager
def listening() -> Iterator[Heard]:
    """Every logger at DEBUG, the event loop in debug mode, every warning."""
    heard, loop, root = Heard(), asyncio.get_running_loop(), logging.getLogger()
    handler, level, debug = _Keep(heard.records), root.level, loop.get_debug()
    loop.set_debug(True)
    loop.set_exception_handler(lambda _, context: heard.complaints.append(repr(context)))
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield heard
        heard.complaints += [f"{w.category.__name__}: {w.message}" for w in warned]
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        loop.set_exception_handler(None)
        loop.set_debug(debug)


@contextlib.asynccontextmanager
async def opened(driver: str, serve: Serve, seed: int) -> AsyncIterator[Gateway]:
    """One gateway, which misbehaves from the start, with questions, too."""
    conduct: Conduct = _Conduct(serve)
    gateway = Gateway("main", driver, conduct, Ledger(), random=Random(seed), clock=Clock(), truthful=False)
    await gateway.open()
    gateway.strike()
    try:
        yield gateway
    finally:
        await gateway.close()


def settings_for(driver: str, url: str, **more: Any) -> Mapping[str, Any]:
    """With the marked password."""
    window = {"duplicate_window": 0} if driver == "targetsms" else {}
    table = {
        "driver": driver,
        "login": "login",
        "password": PASSWORD.word,
        "url": url,
        "timeout": 0.5,
        **window,
        **more,
    }
    return {
        "providers": {"main": table},
        "retry": {"attempts": 2, "initial": 0.001, "maximum": 0.002},
        "breaker": {"failures": 1000, "account_rest": 0.001},
    }


def dispatcher_at(gateway: Gateway, session: aiohttp.ClientSession | None = None, **more: Any) -> Dispatcher:
    url = f"http://127.0.0.1:{gateway.port}/"
    return Dispatcher.from_config(settings_for(gateway.driver, url, **more), session=session)


async def everything(sms: Dispatcher, heard: Heard, driver: str, follow: float = 0.001) -> None:
    """Send in both ways, ask in every way; keep what comes of it."""
    text, first, second, third = text_for(driver), *MARKS.recipients[:3]
    submission = await sms.send([first, second], text, key="a key", sender="SHOP")
    heard.values += [submission, submission.message, *submission]
    heard.errors += failure_of(submission)
    outcomes: list[Outcome] = [*submission]
    async for outcome in sms.send_many([Message(to=third, text=text)]):
        outcomes.append(outcome)
        heard.values.append(outcome)
    heard.values += await sms.status([*outcomes, Reference("main", _ID, first)])
    stream = sms.track([Reference("main", _ID, first)], deadline=follow)
    heard.values += [stream, *[report async for report in stream]]
    await asked(heard, sms.balance("main"))
    await asked(heard, sms.lookup([first, second]))
    heard.values += [sms, sms.stats, sms.preview([first], text)]


def failure_of(submission: Submission) -> list[BaseException]:
    """What it raises. The only frames that it comes through are the package's and this one, which knows no secret."""
    try:
        submission.raise_for_failures()
    except (SmsgwError, ExceptionGroup) as error:
        return [error]
    return []


async def asked(heard: Heard, answer: Awaitable[object]) -> None:
    """What was answered, or raised."""
    try:
        value = await answer
    except (SmsgwError, ExceptionGroup) as error:
        heard.errors.append(error)
    else:
        heard.values += value if isinstance(value, tuple) else (value,)
