"""The names and shapes that users type (DESIGN.md, "What users type"): `mypy` reads the second half, nobody runs it."""

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import smsgw


def test_all_is_sorted_and_true() -> None:
    """Every public name is there, once, in order."""
    assert smsgw.__all__ == sorted(set(smsgw.__all__))
    assert all(hasattr(smsgw, name) for name in smsgw.__all__)


def test_every_error_is_public() -> None:
    """Whatever can come out can be named in an `except`."""

    def below(kind: type[BaseException]) -> Iterator[type[BaseException]]:
        for sub in kind.__subclasses__():
            yield sub
            yield from below(sub)

    ours = {kind.__name__ for kind in below(smsgw.SmsgwError) if kind.__module__ == "smsgw.errors"}
    assert ours <= set(smsgw.__all__)


def seen(*values: object) -> None:
    """Typing only: what is assigned is used."""


async def shapes(sms: smsgw.Dispatcher, numbers: list[str]) -> None:
    """Typing only."""
    submission: smsgw.Submission = await sms.send("+7 903 123-45-67", "Code 1234")
    submission = await sms.send(
        numbers,
        "Sale",
        sender="SHOP",
        provider="iba",
        key="promo-7",
        send_at=datetime(2030, 1, 1, tzinfo=UTC),
        validity=timedelta(hours=1),
        flash=False,
        transliterate=False,
        channel=smsgw.Channel.SMS,
        viber_validity=3600,
        timeout=20,
    )
    submission = await sms.submit(smsgw.Message(to=numbers, text="Sale", validity=60), timeout=20)
    outcome: smsgw.Outcome = submission.outcome
    groups: tuple[tuple[smsgw.Outcome, ...], ...] = (
        submission.accepted,
        submission.held,
        submission.rejected,
        submission.unknown,
    )
    outcome = submission["79031234567"]
    cost: Decimal | None = outcome.cost
    error: smsgw.SmsgwError | None = outcome.error

    async def slow() -> AsyncIterator[smsgw.Message]:
        yield smsgw.Message(to="79031234567", text="Sale")

    async for outcome in sms.send_many(slow()):
        seen(outcome.message)
    async with sms.send_many([smsgw.Message(to="79031234567", text="Sale")]) as outcomes:
        async for outcome in outcomes:
            seen(outcome.state is smsgw.State.ACCEPTED)
    reports: tuple[smsgw.DeliveryReport, ...] = await sms.status(submission.outcomes)
    reports = await sms.status([smsgw.Reference("iba", "83759227")])
    async for report in sms.track(submission.outcomes, deadline=3600):
        seen(report.final)
    async with sms.track(sms.send_many(slow()), deadline=timedelta(hours=1)) as changes:
        async for report in changes:
            seen(report.error)
    balance: smsgw.Balance = await sms.balance("targetsms")
    packages: Mapping[str, int] = balance.packages
    lookups: tuple[smsgw.Lookup, ...] = await sms.lookup(numbers)
    plan: smsgw.Plan = sms.preview(numbers, "text")
    routes: Mapping[str, tuple[str, ...]] = plan.routes
    seen(groups, cost, error, reports, packages, lookups, routes)
