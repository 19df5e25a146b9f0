# ruff: noqa: S101 - a check asserts
"""What became of messages, and of the account: statuses, balances, lookups."""

from decimal import Decimal
from functools import partial

import pytest

from smsgw.errors import SmsgwError, UnsupportedOption
from smsgw.models import Balance, DeliveryState, Reference
from smsgw.sandbox.fates import FATES
from smsgw.testing.conformance.exchange import ExchangeKit
from smsgw.testing.conformance.hostile import GARBAGE
from smsgw.testing.conformance.kit import PROVIDER

__all__ = ["ReportChecks"]


class ReportChecks(ExchangeKit):
    """Of questions, of which no answer raises."""

    def test_a_delivered_message_is_reported_as_delivered(self) -> None:
        """`status` of an outcome: its state, final; for the recipient and the ID that were asked for."""
        self._ends_as(self.recipients[0], DeliveryState.DELIVERED)

    def test_an_undeliverable_message_is_reported_as_undeliverable(self) -> None:
        """In the sandbox that is a number that ends in 13."""
        self._ends_as(f"{self.recipients[0][:-2]}13", DeliveryState.UNDELIVERABLE)

    @pytest.mark.parametrize("ending", [ending for ending in FATES if ending != "13"])
    def test_a_message_that_came_to_another_end_is_not_reported_as_delivered(self, ending: str) -> None:
        """In the sandbox numbers that end in 14 to 18: expired, deleted, rejected, cancelled, never reported."""

        async def check() -> None:
            async with self.exchange() as exchange:
                outcomes = await exchange.send(f"{self.recipients[0][:-2]}{ending}", self.text)
                (report,) = await exchange.sms.status(outcomes)
                story = exchange.story(outcomes)
                assert report.error is None, f"{report.error!r}. {story}"
                assert report.state is not DeliveryState.DELIVERED, (
                    f"{report.provider_state!r} is none. {story}"
                )

        self.run(check())

    def test_a_message_on_its_way_is_not_final(self) -> None:
        """Whoever follows messages asks again until a state is final, and not longer."""

        async def check() -> None:
            async with self.exchange(delivery_after=600) as exchange:
                outcomes = await exchange.send(self.recipients[0], self.text)
                (report,) = await exchange.sms.status(outcomes)
                assert report.error is None, exchange.story(outcomes)
                assert not report.final, f"{report.provider_state!r} is not final. {exchange.story(outcomes)}"
                assert report.state in (DeliveryState.ENROUTE, DeliveryState.ACCEPTED), report

        self.run(check())

    def test_several_messages_each_have_their_own_report(self) -> None:
        """One report for each outcome, in order, also where several share a request."""

        async def check() -> None:
            numbers = [*self.recipients, f"{self.recipients[0][:-2]}13"]
            async with self.exchange(batch_size=1) as exchange:
                outcomes = await exchange.send(numbers, self.text)
                reports = await exchange.sms.status(outcomes)
                assert [report.recipient for report in reports] == numbers, exchange.story(outcomes)
                assert [report.state for report in reports] == [
                    *[DeliveryState.DELIVERED] * len(self.recipients),
                    DeliveryState.UNDELIVERABLE,
                ], exchange.story(outcomes)

        self.run(check())

    def test_an_unknown_id_is_an_error_in_the_report(self) -> None:
        """No exception, and no final state: nothing is known of it."""

        async def check() -> None:
            async with self.exchange() as exchange:
                (report,) = await exchange.sms.status([Reference(PROVIDER, "987654321", self.recipients[0])])
                assert not report.final, f"{report!r}: the gateway does not know this ID"
                assert report.error is None or isinstance(report.error, SmsgwError)
                assert "the driver failed" not in str(report.error), f"`read_status` raised: {report.error}"

        self.run(check())

    @pytest.mark.parametrize("fault", ["unavailable", "blocked"])
    def test_a_status_that_is_refused_is_an_error_in_the_report(self, fault: str) -> None:
        """`read_status` raises an `SmsgwError`, which the dispatcher puts into the report."""

        async def check() -> None:
            async with self.exchange() as exchange:
                outcomes = await exchange.send(self.recipients[0], self.text)
                exchange.faults.change(**{fault: 1000 if fault == "unavailable" else True})
                (report,) = await exchange.sms.status(outcomes)
                story = exchange.story(outcomes)
                assert isinstance(report.error, SmsgwError), f"{report!r} has no error. {story}"
                assert "the driver failed" not in str(report.error), (
                    f"{report.error}, no `SmsgwError`. {story}"
                )
                assert not report.final, f"{report!r}: nothing was learnt. {story}"

        self.run(check())

    def test_garbage_for_a_status_or_a_balance_is_an_error_of_ours(self) -> None:
        """`read_status`, `read_balance` and `read_lookup` raise `SmsgwError` and nothing else."""
        driver = self.new_driver()
        references = [Reference(PROVIDER, "ID-7", self.recipients[0])]
        for name, body in GARBAGE.items():
            for question, ask in (
                ("read_status", partial(driver.read_status, references)),
                ("read_balance", driver.read_balance),
                ("read_lookup", partial(driver.read_lookup, self.recipients[:1])),
            ):
                try:
                    found = ask(body)
                except SmsgwError:
                    continue
                except Exception as error:
                    error.add_note(f"{question} got {name}: let it raise UnreadableReply")
                    raise
                pytest.fail(f"{question} got {name} and read it as {found!r}: let it raise UnreadableReply")

    def test_a_balance_is_a_number_or_refused(self) -> None:
        """`read_balance` has the amount as a `Decimal`; a gateway that tells none: `UnsupportedOption`."""

        async def check() -> None:
            async with self.exchange() as exchange:
                try:
                    balance = await exchange.sms.balance(PROVIDER)
                except UnsupportedOption:
                    return
                assert isinstance(balance, Balance)
                assert isinstance(balance.amount, Decimal), f"{balance.amount!r} is no Decimal"
                assert balance.amount == exchange.gateway.balance(), (
                    f"the fake has {exchange.gateway.balance()}, not {balance.amount}"
                )
                assert balance.provider == PROVIDER

        self.run(check())

    def test_a_lookup_has_an_answer_for_each_number(self) -> None:
        """Where `has_lookup` is True: in the order of the numbers, and nothing is sent."""

        async def check() -> None:
            async with self.exchange() as exchange:
                lookups = await exchange.sms.lookup(self.recipients)
                assert [lookup.recipient for lookup in lookups] == list(self.recipients)
                assert [lookup.error for lookup in lookups] == [None] * len(self.recipients)
                assert not exchange.taken, f"a lookup sends no message. {exchange.story()}"

        if self.driver_type().has_lookup:
            self.run(check())

    def _ends_as(self, recipient: str, state: DeliveryState) -> None:
        async def check() -> None:
            async with self.exchange() as exchange:
                outcomes = await exchange.send(recipient, self.text)
                story = exchange.story(outcomes)
                (report,) = await exchange.sms.status(outcomes)
                assert report.error is None, f"{report.error!r}. {story}"
                assert report.state is state, f"{report.provider_state!r} was read as {report.state}. {story}"
                assert report.final, f"{report.provider_state!r} is final. {story}"
                assert report.provider_state, f"the gateway's own word for it is missing. {story}"
                assert (report.recipient, report.message_id) == (recipient, outcomes[0].message_id), story

        self.run(check())
