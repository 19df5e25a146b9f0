# ruff: noqa: S101 - a check asserts
"""What a gateway refuses, and for whose fault."""

from smsgw.errors import AuthenticationFailed, GatewayRejected, InsufficientCredit, SmsgwError
from smsgw.models import Outcome, State
from smsgw.testing.conformance.exchange import Exchange, ExchangeKit

__all__ = ["AccountChecks"]


class AccountChecks(ExchangeKit):
    """Of refusals: nothing was taken, the outcome says why, and nobody else suffers from it."""

    def test_a_wrong_password_is_rejected_as_such(self) -> None:
        """`AuthenticationFailed`: the account's fault, and no retry mends it."""

        async def check() -> None:
            async with self.exchange(password="wrong") as exchange:  # noqa: S106 - which it shall be
                (outcome,) = await exchange.send(self.recipients[0], self.text)
                error = _refused(exchange, outcome)
                assert isinstance(error, AuthenticationFailed), (
                    f"{error!r} is no AuthenticationFailed. {exchange.story([outcome])}"
                )

        self.run(check())

    def test_a_blocked_account_is_rejected_as_such(self) -> None:
        """The account's fault: the breaker lets the provider rest, and others carry the messages."""

        async def check() -> None:
            async with self.exchange() as exchange:
                exchange.faults.blocked = True
                (outcome,) = await exchange.send(self.recipients[0], self.text)
                error = _refused(exchange, outcome)
                assert error.scope == "account", (
                    f"{error!r} has the scope {error.scope!r}. {exchange.story([outcome])}"
                )

        self.run(check())

    def test_an_account_out_of_credit_is_rejected_as_such(self) -> None:
        """`InsufficientCredit`, unless the gateway does not say why (`bare_refusals`)."""

        async def check() -> None:
            async with self.exchange() as exchange:
                exchange.faults.no_credit = True
                (outcome,) = await exchange.send(self.recipients[0], self.text)
                error = _refused(exchange, outcome)
                wanted = GatewayRejected if self.bare_refusals else InsufficientCredit
                assert isinstance(error, wanted), (
                    f"{error!r} is no {wanted.__name__}. {exchange.story([outcome])}"
                )

        self.run(check())

    def test_a_refused_number_does_not_stop_the_others(self) -> None:
        """A number on the gateway's stop-list is `rejected`; the others of the same send are accepted."""

        async def check() -> None:
            bad, *good = self.recipients
            async with self.exchange() as exchange:
                exchange.faults.stop_list = {bad}
                outcomes = await exchange.send([good[0], bad, *good[1:]], self.text)
                story = exchange.story(outcomes)
                for outcome in outcomes:
                    if outcome.recipient == bad:
                        assert outcome.state is State.REJECTED, f"{bad} is on the stop-list. {story}"
                        assert isinstance(outcome.error, GatewayRejected), f"{outcome.error!r}. {story}"
                        assert outcome.error.scope != "account", f"the account is in order. {story}"
                    else:
                        assert outcome.state is State.ACCEPTED, f"{outcome.recipient} is in order. {story}"
                taken = sorted(message.recipient for message in exchange.taken)
                assert len(taken) == len(good), f"not each of the others was taken once. {story}"

        self.run(check())


def _refused(exchange: Exchange, outcome: Outcome) -> SmsgwError:
    """The error of an outcome that is rejected, while nothing was taken."""
    story = exchange.story([outcome])
    assert not exchange.taken, (
        f"the fake took it: does its `answer` look at its account and `faults`? {story}"
    )
    assert outcome.state is State.REJECTED, (
        f"the gateway refused it, so this is no `{outcome.state}`. {story}"
    )
    assert outcome.error is not None, story
    assert not outcome.error.maybe_accepted, f"{outcome.error!r} leaves a doubt. {story}"
    assert not outcome.error.retryable, f"{outcome.error!r} is retryable: no repetition mends it. {story}"
    return outcome.error
