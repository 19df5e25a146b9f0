# ruff: noqa: S101 - a check asserts
"""What came back in place of a gateway's own words: HTTP statuses, and what the wire raises."""

import pytest

from smsgw.drivers.base import Batch, Driver
from smsgw.errors import (
    AuthenticationFailed,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    GatewayRejected,
    GatewayTimeout,
    GatewayUnavailable,
    NotSubmitted,
    SmsgwError,
    Throttled,
    UnreadableReply,
    UnsupportedOption,
)
from smsgw.models import Reference, State
from smsgw.testing.conformance.kit import PROVIDER, Kit
from smsgw.testing.conformance.verdicts import AnsweringWire, assert_sound
from smsgw.transport import Reply

__all__ = ["ReplyChecks"]

REJECTED, UNKNOWN = State.REJECTED, State.UNKNOWN


class ReplyChecks(Kit):
    """Of `send`, `status`, `balance` and `lookup`, over a wire that is none."""

    @pytest.mark.parametrize(
        ("status", "retry_after", "state", "kind", "scope", "retryable"),
        [
            (401, None, REJECTED, AuthenticationFailed, "account", False),
            (403, None, REJECTED, GatewayRejected, "provider", False),
            (404, None, REJECTED, ConfigurationError, "provider", False),
            (405, None, REJECTED, ConfigurationError, "provider", False),
            (301, None, REJECTED, ConfigurationError, "provider", False),
            (302, None, REJECTED, ConfigurationError, "provider", False),
            (307, None, REJECTED, ConfigurationError, "provider", False),
            (400, None, REJECTED, GatewayRejected, "message", False),
            (414, None, REJECTED, GatewayRejected, "message", False),
            (429, None, REJECTED, Throttled, "provider", True),
            (429, 12.0, REJECTED, Throttled, "provider", True),
            (503, 30.0, REJECTED, GatewayUnavailable, "provider", True),
            (503, 0.0, REJECTED, GatewayUnavailable, "provider", True),
            (503, None, UNKNOWN, UnreadableReply, "provider", False),
            (500, None, UNKNOWN, UnreadableReply, "provider", False),
            (502, 30.0, UNKNOWN, UnreadableReply, "provider", False),
            (504, None, UNKNOWN, UnreadableReply, "provider", False),
        ],
    )
    def test_an_http_status_is_one_verdict_for_each_recipient(
        self,
        *,
        status: int,
        retry_after: float | None,
        state: State,
        kind: type[SmsgwError],
        scope: str,
        retryable: bool,
    ) -> None:
        """`smsgw.drivers.http` reads statuses for all drivers alike; `read_send` is asked for 2xx only."""
        driver, batch = self.new_pair()
        wire = AnsweringWire(Reply(status, b"1", retry_after))
        verdicts = self.run(driver.send(wire, batch))
        assert_sound(batch, verdicts, f"for HTTP {status}")
        assert wire.requests == 1, "a driver asks once, and retries never"
        error = verdicts[0].error
        assert type(error) is kind
        assert (error.scope, error.retryable, error.maybe_accepted) == (scope, retryable, state is UNKNOWN)
        assert error.retry_after == (retry_after if retryable else None)
        assert (error.provider, error.code) == (PROVIDER, f"HTTP {status}")
        for verdict in verdicts:
            _assert_is(driver, batch, verdict.state, verdict.message_id, state)
            assert verdict.error is error or repr(verdict.error) == repr(error)
            assert not verdict.elsewhere
            assert not verdict.unnamed

    @pytest.mark.parametrize(
        ("kind", "state"),
        [
            (ConnectionFailed, REJECTED),
            (NotSubmitted, REJECTED),
            (GatewayTimeout, UNKNOWN),
            (ConnectionLost, UNKNOWN),
            (UnreadableReply, UNKNOWN),
        ],
    )
    def test_what_the_wire_raises_is_a_verdict_and_no_exception(
        self, kind: type[SmsgwError], state: State
    ) -> None:
        """Where a byte of the request is out and no reply came, nothing is proved: `unknown`, and no second try."""
        driver, batch = self.new_pair()
        wire = AnsweringWire(kind("the wire's own words", provider=PROVIDER))
        verdicts = self.run(driver.send(wire, batch))
        assert_sound(batch, verdicts, f"for a wire that raises {kind.__name__}")
        assert wire.requests == 1, f"the driver asked {wire.requests} times: a driver retries never"
        for verdict in verdicts:
            _assert_is(driver, batch, verdict.state, verdict.message_id, state)
            assert verdict.error is wire.answer
            assert not verdict.elsewhere
            assert not verdict.unnamed

    def test_status_balance_and_lookup_raise_what_the_wire_raises(self) -> None:
        """Nobody has paid for these, so their errors are exceptions; the dispatcher turns them into reports."""
        driver = self.new_driver()
        wire = AnsweringWire(ConnectionLost("reset", provider=PROVIDER))
        with pytest.raises(ConnectionLost):
            self.run(driver.status(wire, [Reference(PROVIDER, "ID-7", self.recipients[0])]))
        with pytest.raises((ConnectionLost, UnsupportedOption)):
            self.run(driver.balance(wire))
        with pytest.raises((ConnectionLost, UnsupportedOption)):
            self.run(driver.lookup(wire, self.recipients[:1], "b1"))


def _assert_is(driver: Driver, batch: Batch, state: State, message_id: str | None, wanted: State) -> None:
    assert state is wanted, f"this proves `{wanted}`, not `{state}`"
    if state is UNKNOWN:
        # Only where the gateway can be asked by our own ID whether it has it.
        assert message_id == (batch.id if driver.settles else None)
