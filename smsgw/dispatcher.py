"""`Dispatcher`: the one object users hold."""

import asyncio
import os
from collections.abc import AsyncIterable, Iterable, Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

import aiohttp

from smsgw import queries
from smsgw.engine import Engine
from smsgw.faults import alone
from smsgw.models import (
    Balance,
    Channel,
    DeliveryReport,
    Lookup,
    Message,
    Outcome,
    Plan,
    Reference,
    Submission,
)
from smsgw.previewing import preview
from smsgw.sending import submit
from smsgw.settings import Settings
from smsgw.streaming import OutcomeStream
from smsgw.tracking import ReportStream
from smsgw.wire import Stats

__all__ = ["Dispatcher", "engine_of"]


def _loop_time() -> float:
    """The event loop's own clock, on which its timers run: monotonic, and a test's when it fakes the loop's time."""
    return asyncio.get_running_loop().time()


class Dispatcher:
    """Sends messages through several gateways; never twice, never lost, and `unknown` where nothing is proved.

    Use it as `async with Dispatcher.from_config("smsgw.toml") as sms:`. Leaving the block begins no new request,
    waits for those in flight (each for its provider's `timeout` at the most) and disconnects.

    `session` is an `aiohttp.ClientSession` to use instead of one of our own; it is never closed here. One that has
    middlewares, `trust_env` or a proxy could resend or divert a message, and is a `ConfigurationError`.
    """

    def __init__(self, settings: Settings, *, session: aiohttp.ClientSession | None = None) -> None:
        self._engine = Engine(settings, session, _loop_time)

    @classmethod
    @alone
    def from_config(
        cls,
        source: str | os.PathLike[str] | Mapping[str, Any],
        *,
        session: aiohttp.ClientSession | None = None,
    ) -> Self:
        """From a TOML file's path or a mapping of the same shape. Raises `ConfigurationError`."""
        from smsgw import config  # noqa: PLC0415 - 9 ms with cattrs and tomllib, when settings are read

        return cls(config.load(source), session=session)

    @classmethod
    @alone
    def from_env(cls, *, session: aiohttp.ClientSession | None = None) -> Self:
        """From `SMSGW_CONFIG` (a TOML file's path) or `SMSGW_DSN` (DSNs, separated by spaces).

        Raises `ConfigurationError`.
        """
        from smsgw import config  # noqa: PLC0415 - as above

        return cls(config.load_env(), session=session)

    @classmethod
    @alone
    def from_dsn(cls, *dsns: str, session: aiohttp.ClientSession | None = None) -> Self:
        """From DSNs such as `iba://login:password@host/path/?sender=TESTSMS`. Raises `ConfigurationError`."""
        from smsgw import config  # noqa: PLC0415 - as above

        return cls(config.load_dsn(*dsns), session=session)

    async def __aenter__(self) -> Self:
        self._engine.check_open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Begin nothing more, wait for what is in flight, disconnect. Calling it again does nothing more."""
        await self._engine.close()

    async def send(
        self,
        to: str | Iterable[str],
        text: str,
        *,
        sender: str | None = None,
        provider: str | None = None,
        key: str | None = None,
        send_at: datetime | None = None,
        validity: float | timedelta | None = None,
        flash: bool = False,
        transliterate: bool = False,
        channel: Channel = Channel.SMS,
        viber_validity: float | timedelta | None = None,
        timeout: float | None = None,
    ) -> Submission:
        """Send one text to one or many numbers, and tell what is known of each.

        timeout    seconds for the whole call: what never began is then `rejected` with `NotSubmitted`, what began
                   is `unknown`
        others     as in `Message`

        Raises only what no recipient could have survived, and before the first request: `ConfigurationError`,
        `TypeError` or `ValueError` for the call itself (no recipients, an empty text, a naive `send_at`, a `key`
        that is known with other content), `RuntimeError` once closed. All else is in the outcomes.
        """
        message = Message(
            to=to,
            text=text,
            sender=sender,
            provider=provider,
            key=key,
            send_at=send_at,
            validity=validity,
            flash=flash,
            transliterate=transliterate,
            channel=channel,
            viber_validity=viber_validity,
        )
        return await self.submit(message, timeout=timeout)

    async def submit(
        self,
        message: Message,
        *,
        timeout: float | None = None,
    ) -> Submission:
        """`send` from a value."""
        if not isinstance(message, Message):
            raise TypeError(f"submit takes a smsgw.Message, not {type(message).__name__}")
        if timeout is not None:
            if isinstance(timeout, bool) or not isinstance(timeout, int | float):
                raise TypeError("`timeout` is a number of seconds")
            if not timeout > 0:
                raise ValueError("`timeout` is a number of seconds above 0")
        return await submit(self._engine, message, timeout)

    def send_many(self, messages: Iterable[Message] | AsyncIterable[Message]) -> OutcomeStream:
        """Send any number of messages; iterate over their outcomes, in the order of completion.

        Messages of equal content that wait together share requests; none waits longer than 0.05 seconds for that.
        At most a few thousand recipients are read ahead of the outcomes taken. Each outcome's `message` is the very
        object that was given. While every provider that could carry a message has an open circuit, it waits for one
        to come back, as long as `retry.deadline` allows. What the source raises is raised after the outcomes in
        flight.
        """
        if not isinstance(messages, Iterable | AsyncIterable) or isinstance(messages, Message | str):
            raise TypeError("send_many takes an iterable or asynchronous iterable of smsgw.Message values")
        self._engine.check_open()
        return OutcomeStream(self._engine, messages)

    async def status(self, outcomes: Iterable[Outcome | Reference]) -> tuple[DeliveryReport, ...]:
        """Ask what became of messages: one report for each, in order.

        Never raises for what a gateway did: the report's `error` says it, its `state` is `unknown`, not final. Asked
        again within TargetSMS's window, the last reply comes again.
        """
        return await queries.status(self._engine, outcomes)

    def track(
        self,
        outcomes: Iterable[Outcome | Reference] | AsyncIterable[Outcome | Reference],
        *,
        deadline: float | timedelta = 86_400.0,
    ) -> ReportStream:
        """Follow messages to their final delivery state; iterate over each change of each, as it is learnt.

        outcomes    any number, from a synchronous or an asynchronous source; the latter is read while the first
                    messages are followed already. A message that is given again while it is followed is one message
        deadline    seconds from the first step; then it ends with what is known

        States only move forward, and each message's last report is `final`, with exceptions that end without one: a
        message of which nothing was ever told has one report at the end, whose `error` says why, and one that cannot
        be asked about (no ID) has its one report at once; one whose state is not final when the deadline comes has
        been told of already. What the gateways or the network do is never raised. Questions share `rate`,
        connections and TargetSMS's window with sending, and leave it room.
        """
        if not isinstance(outcomes, Iterable | AsyncIterable) or isinstance(outcomes, str):
            raise TypeError(
                "track takes an iterable or asynchronous iterable of outcomes or smsgw.Reference values"
            )
        seconds = deadline.total_seconds() if isinstance(deadline, timedelta) else deadline
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise TypeError("`deadline` is a number of seconds or a timedelta")
        if not seconds > 0:
            raise ValueError("`deadline` is above 0 seconds")
        self._engine.check_open()
        return ReportStream(self._engine, outcomes, deadline=seconds)

    async def balance(self, provider: str) -> Balance:
        """What is left on a provider's account. Raises `SmsgwError`."""
        return await queries.balance(self._engine, provider)

    async def lookup(self, numbers: str | Iterable[str]) -> tuple[Lookup, ...]:
        """HLR lookup: one answer for each number, in order. No SMS goes out.

        Raises `ConfigurationError` where no configured provider has lookups.
        """
        return await queries.lookup(self._engine, numbers)

    def preview(
        self,
        to: str | Iterable[str],
        text: str,
        *,
        sender: str | None = None,
        provider: str | None = None,
        send_at: datetime | None = None,
        validity: float | timedelta | None = None,
        flash: bool = False,
        transliterate: bool = False,
        channel: Channel = Channel.SMS,
        viber_validity: float | timedelta | None = None,
    ) -> Plan:
        """What `send` would do with the same arguments: no network, no state changed."""
        message = Message(
            to=to,
            text=text,
            sender=sender,
            provider=provider,
            send_at=send_at,
            validity=validity,
            flash=flash,
            transliterate=transliterate,
            channel=channel,
            viber_validity=viber_validity,
        )
        return preview(self._engine.router, message)

    @property
    def providers(self) -> tuple[str, ...]:
        """The configured providers' names, in order."""
        return tuple(self._engine.lanes)

    @property
    def stats(self) -> Mapping[str, Stats]:
        """Provider to what it was asked since this dispatcher was made; live."""
        return {name: lane.stats for name, lane in self._engine.lanes.items()}


def engine_of(sms: Dispatcher) -> Engine:
    """What is inside, for those rooms of this package that send in a way of their own."""
    return sms._engine  # noqa: SLF001 - of this very module
