# ruff: noqa: S101 - a check asserts
"""Where no trustworthy answer came: `unknown`, and never a second request for it."""

from typing import Any

import pytest

from smsgw.errors import GatewayTimeout, OutcomeUnknown
from smsgw.models import Outcome, State
from smsgw.testing.conformance.exchange import Exchange, ExchangeKit

__all__ = ["DoubtChecks"]

_SHORT_TIMEOUT = 1.0  # seconds until a silent gateway is given up


class DoubtChecks(ExchangeKit):
    """Of sends whose reply is lost, and of the proof that something may be sent again."""

    @pytest.mark.parametrize("fault", ["drop", "truncated", "bad_gateway", "silent"])
    def test_a_message_whose_reply_was_lost_is_never_sent_again(self, fault: str) -> None:
        """The gateway took it, and the reply did not come through: `unknown`, after exactly one send."""

        async def check() -> None:
            settings: dict[str, Any] = {"timeout": _SHORT_TIMEOUT} if fault == "silent" else {}
            async with self.exchange(**settings) as exchange:
                exchange.faults.change(**{fault: 1})
                (outcome,) = await exchange.send(self.recipients[0], self.text)
                self._assert_in_doubt(exchange, outcome)
                assert len(exchange.taken) == 1, exchange.story([outcome])
                if fault == "silent" and outcome.state is State.UNKNOWN:
                    assert isinstance(outcome.error, GatewayTimeout), exchange.story([outcome])

        self.run(check())

    def test_a_message_that_may_not_have_arrived_is_never_sent_again(self) -> None:
        """The connection ended before the gateway took anything. Nobody here can know that: `unknown`."""

        async def check() -> None:
            async with self.exchange() as exchange:
                exchange.faults.drop_before = 1
                (outcome,) = await exchange.send(self.recipients[0], self.text)
                story = exchange.story([outcome])
                assert outcome.state is State.UNKNOWN, f"nothing proves `{outcome.state}`. {story}"
                assert len(exchange.sends) == 1, f"it was sent again. {story}"
                assert not exchange.taken, story

        self.run(check())

    def test_an_unavailable_gateway_is_asked_again(self) -> None:
        """Its documented "not now" is proof that nothing was taken: `GatewayUnavailable`, which is retryable."""

        async def check() -> None:
            async with self.exchange() as exchange:
                exchange.faults.unavailable = 1
                (outcome,) = await exchange.send(self.recipients[0], self.text)
                story = exchange.story([outcome])
                assert outcome.state is State.ACCEPTED, (
                    f"read_send has to read the gateway's own words for being unavailable as GatewayUnavailable. {story}"
                )
                assert len(exchange.taken) == 1, f"taken {len(exchange.taken)} times. {story}"
                assert len(exchange.sends) == 2, story

        self.run(check())

    def test_a_gateway_that_stays_unavailable_is_no_doubt(self) -> None:
        """Nothing was taken, and the outcome says so: `rejected`, so that the user may try elsewhere."""

        async def check() -> None:
            async with self.exchange() as exchange:
                exchange.faults.unavailable = 1000
                (outcome,) = await exchange.send(self.recipients[0], self.text)
                story = exchange.story([outcome])
                assert outcome.state is State.REJECTED, f"it is proof that nothing was taken. {story}"
                assert not exchange.taken, story

        self.run(check())

    def _assert_in_doubt(self, exchange: Exchange, outcome: Outcome) -> None:
        story = exchange.story([outcome])
        assert len(exchange.sends) == 1, f"it was sent again, and might be taken twice. {story}"
        if outcome.state is State.ACCEPTED and self.driver_type().settles:
            return  # the driver asked by our own ID, and the gateway had it
        assert outcome.state is State.UNKNOWN, f"nothing proves `{outcome.state}`. {story}"
        assert isinstance(outcome.error, OutcomeUnknown), f"{outcome.error!r} is no OutcomeUnknown. {story}"
