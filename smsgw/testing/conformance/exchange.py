# ruff: noqa: S101 - a check asserts
"""The driver under test in a real `Dispatcher`, its fake in a real `Sandbox`, and real sockets between them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import patch

from smsgw.dispatcher import Dispatcher
from smsgw.drivers.base import Driver
from smsgw.drivers.discovery import find_drivers
from smsgw.models import Outcome
from smsgw.sandbox import Faults, Gateway, RequestRecord, Sandbox, TakenMessage
from smsgw.testing.conformance.kit import PROVIDER, Kit

__all__ = ["ACCOUNT_PASSWORD", "Exchange", "ExchangeKit", "digits"]

_TIMEOUT = 10.0  # seconds for a request: a fake on loopback takes thousandths
_QUICK_RETRIES = {"attempts": 2, "initial": 0.01, "maximum": 0.02}
ACCOUNT_LOGIN = "te st&=+%"
ACCOUNT_PASSWORD = "Canary-1&pa=ss+word%20"  # noqa: S105 - of a fake account: every sign that has to be escaped


def digits(number: str) -> str:
    """A number as gateways write it, without a plus or spaces."""
    return "".join(sign for sign in number if sign.isdigit())


class Exchange:
    """A dispatcher whose one provider, `main`, is the fake; and what the fake saw."""

    def __init__(self, sms: Dispatcher, sandbox: Sandbox, gateway: Gateway) -> None:
        self.sms = sms
        self.gateway = gateway
        self._sandbox = sandbox

    @property
    def faults(self) -> Faults:
        return self.gateway.faults

    @property
    def taken(self) -> tuple[TakenMessage, ...]:
        """What the fake took."""
        return self._sandbox.ledger.taken(self.gateway.name)

    @property
    def sends(self) -> tuple[RequestRecord, ...]:
        """The sends that the fake saw."""
        return self._sandbox.ledger.requests_of(self.gateway.name, "send")

    async def send(self, to: str | Sequence[str], text: str, **options: Any) -> Sequence[Outcome]:
        """One outcome for each recipient, in order."""
        submission = await self.sms.send(to, text, provider=PROVIDER, **options)
        asked = (to,) if isinstance(to, str) else tuple(to)
        assert [outcome.recipient for outcome in submission.outcomes] == list(asked), (
            "the outcomes are not those of the recipients, one for each, in order"
        )
        return submission.outcomes

    def story(self, outcomes: Sequence[Outcome] = ()) -> str:
        """What happened, for the message of a failed check."""
        lines = ["What happened:"]
        lines += [
            f"{outcome.recipient}: {outcome.state}, ID {outcome.message_id!r}, {outcome.error!r}"
            for outcome in outcomes
        ]
        for record in self._sandbox.ledger.requests:
            fault = f" (fault: {record.fault})" if record.fault else ""
            lines.append(
                f"the fake saw a {record.kind} for {', '.join(record.recipients) or 'nobody'}: "
                f"{'no reply' if record.status is None else f'HTTP {record.status}'}{fault}"
            )
        lines += [
            f"the fake took {m.message_id!r} for {m.recipient} from {m.sender!r}: {m.text!r}"
            for m in self.taken
        ]
        return "\n  ".join(lines)


class ExchangeKit(Kit):
    """Opens exchanges."""

    @asynccontextmanager
    async def exchange(self, *, delivery_after: float = 0.0, **settings: Any) -> AsyncIterator[Exchange]:
        """One that lasts as long as the block."""
        kind, fake = self.driver_type(), self.gateway_type()
        sandbox = Sandbox(
            login=ACCOUNT_LOGIN, password=ACCOUNT_PASSWORD, delivery_after=delivery_after, gateways=[fake]
        )
        async with sandbox:
            provider = {
                "driver": kind.name,
                "login": ACCOUNT_LOGIN,
                "password": ACCOUNT_PASSWORD,
                "url": sandbox.url_for(fake.name),
                "sender": self.sender,
                "timeout": _TIMEOUT,
                # Waiting for a window to end is the dispatcher's business, and takes a minute.
                **({"duplicate_window": 0} if kind.duplicate_window else {}),
                **self.settings,
                **settings,
            }
            async with _dispatcher(kind, provider) as sms:
                yield Exchange(sms, sandbox, sandbox.gateways[fake.name])


@asynccontextmanager
async def _dispatcher(kind: type[Driver], provider: Mapping[str, Any]) -> AsyncIterator[Dispatcher]:
    config = {"providers": {PROVIDER: provider}, "retry": _QUICK_RETRIES}
    known = {**find_drivers(), kind.name: kind}
    # A class that no entry point leads to is found all the same, while the settings are read.
    with (
        patch("smsgw.config.find_drivers", lambda: known),
        patch("smsgw.engine.find_drivers", lambda: known),
    ):
        dispatcher = Dispatcher.from_config(config)
    async with dispatcher:
        yield dispatcher
