"""What is told: each change of each message, forward only, and what is known at the end."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from smsgw import DeliveryState, Outcome, Reference, State
from smsgw.dispatcher import engine_of
from smsgw.errors import (
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    GatewayRejected,
    GatewayUnavailable,
    OutcomeUnknown,
    RecipientRejected,
    UnreadableReply,
)
from tests.tracking.conftest import DRIVERS, NUMBERS, all_of, now, states, track

if TYPE_CHECKING:
    from tests.tracking.conftest import Town

pytestmark = pytest.mark.looptime


async def test_all_gateways_at_once(town: Town) -> None:
    """Every message of every provider has its changes, and its final state last."""
    town.delivers_after(40)
    for gateway in town.gateways.values():
        gateway.fates["13"] = "undeliverable"
    sms = town.dispatcher()
    outcomes = [outcome for name in DRIVERS for outcome in await town.sent(sms, name, NUMBERS[:20])]
    last: dict[tuple[str | None, ...], tuple[str, bool]] = {}
    async for report in sms.track(outcomes, deadline=timedelta(hours=1)):
        key = (report.provider, report.message_id, report.recipient)
        assert key not in last or not last[key][1]
        last[key] = (report.state, report.final)
    assert set(last) == {(o.provider, o.message_id, o.recipient) for o in outcomes}
    assert all(final for _, final in last.values())
    ends = {state for (_, _, recipient), (state, _) in last.items() if (recipient or "").endswith("13")}
    assert ends == {"undeliverable"}
    assert town.no_repeats()


async def test_late_and_contradictory_replies_tell_nothing(town: Town) -> None:
    """A state that comes again, or from before, is no change."""
    sms = town.dispatcher("smstele")
    rows = '{{"results": [{{"id": "{}", "phone": "79160000101", "stat": "{}"}}]}}'
    town.says(
        "smstele",
        *[rows.format("x", stat) for stat in ("UNKNOWN", "ACCEPTD", "ENROUTE", "ACCEPTD", "UNKNOWN")],
        *[rows.format("x", stat) for stat in ("ENROUTE", "NEW WORD", "DELIVRD", "UNDELIV")],
    )
    reports = await all_of(track(sms, [Reference("smstele", "x", "79160000101")]))
    assert states(reports) == [
        ("unknown", False),
        ("accepted", False),
        ("enroute", False),
        ("delivered", True),
    ]


async def test_a_state_without_a_report_is_final(town: Town) -> None:
    """TargetSMS's `partly_deliver`: nothing more will be told."""
    town.gateways["targetsms"].fates[NUMBERS[0]] = "unreported"
    sms = town.dispatcher("targetsms")
    reports = await all_of(track(sms, await town.sent(sms, "targetsms")))
    assert states(reports) == [("unknown", True)]
    assert reports[0].provider_state == "partly_deliver"
    assert reports[0].error is None


async def test_what_is_rejected_is_final_at_once(town: Town) -> None:
    """And what cannot be asked about has one report that says so; no gateway is asked about either."""
    sms = town.dispatcher("iba")
    error = RecipientRejected("no")
    lost = ConnectionLost("gone")
    subjects: list[Outcome | Reference] = [
        Outcome("79160000001", State.REJECTED, "iba", error=error),
        Outcome("79160000002", State.UNKNOWN, "iba", error=lost),
        Outcome("79160000003", State.HELD, "iba"),
        Reference("nowhere", "1"),
        Reference("iba", ""),
    ]
    began = now()
    reports = await all_of(track(sms, subjects))
    assert now() == began
    assert states(reports) == [("rejected", True), *[("unknown", False)] * 4]
    assert [report.error for report in reports[:2]] == [error, lost]
    assert [type(report.error) for report in reports[2:]] == [
        OutcomeUnknown,
        ConfigurationError,
        ConfigurationError,
    ]
    assert not town.ledger.requests
    assert await all_of(track(sms, [])) == []


async def test_what_is_held_is_followed(town: Town) -> None:
    """The gateway will send it later."""
    sms = town.dispatcher("iba")
    (outcome,) = await town.sent(sms, "iba")
    reports = await all_of(track(sms, [evolve(outcome, state=State.HELD)]))
    assert states(reports)[-1] == ("delivered", True)


async def test_an_unknown_outcome_is_settled_by_our_own_id(town: Town) -> None:
    """What SMStele shows under the ID of our attempt, it took: its report has no error, and is followed to the end."""
    town.delivers_after(30)
    sms = town.dispatcher("smstele")
    outcomes = await town.sent(sms, "smstele", NUMBERS[:2])
    doubtful = [
        evolve(outcome, state=State.UNKNOWN, error=ConnectionLost("gone"), segments=None)
        for outcome in outcomes
    ]
    absent = evolve(doubtful[0], recipient="79160009999")
    reports = await all_of(track(sms, [*doubtful, absent], deadline=600))
    found = [report for report in reports if report.recipient != absent.recipient]
    assert states(found) == [*[("enroute", False)] * 2, *[("delivered", True)] * 2]
    assert all(report.error is None for report in found)
    # Absence proves nothing, however often it was asked.
    (missing,) = (report for report in reports if report.recipient == absent.recipient)
    assert missing is reports[-1]
    assert (missing.state, missing.final) == (DeliveryState.UNKNOWN, False)
    assert missing.error is absent.error


async def test_a_row_without_our_id_proves_nothing(town: Town) -> None:
    """Nor does one that was refused: an unknown outcome stays so."""
    sms = town.dispatcher("smstele")
    lost = ConnectionLost("gone")
    unknown = Outcome(NUMBERS[0], State.UNKNOWN, "smstele", "ours", error=lost)
    for row in (
        f'{{"id": "", "phone": "{NUMBERS[0]}", "stat": "DELIVRD"}}',
        f'{{"id": "ours", "phone": "{NUMBERS[0]}", "stat": "REJECTD", "error": "-26"}}',
    ):
        town.says("smstele", f'{{"results": [{row}]}}')
        reports = await all_of(track(sms, [unknown], deadline=60))
        assert [report.error for report in reports] == [lost]
        assert states(reports) == [("unknown", False)]


async def test_a_shared_id_proves_nothing_of_any_one(town: Town) -> None:
    """smsco.ge tells one state for a request: of several recipients, some may not have been taken."""
    sms = town.dispatcher("smsco", batch_size=5)
    submission = await sms.send(NUMBERS[:3], "Hi")
    assert len(submission.unknown) == 3
    reports = await all_of(track(sms, submission))
    assert len(town.asked("smsco")) == 1
    assert states(reports) == [("unknown", True)] * 3
    assert {report.provider_state for report in reports} == {"1"}
    assert all("several recipients" in str(report.error) for report in reports)
    # Nor does it where the others are not followed.
    assert states(await all_of(track(sms, submission.outcomes[:1]))) == [("unknown", True)]
    # Of one alone it does.
    alone = await town.sent(sms, "smsco")
    assert states(await all_of(track(sms, alone))) == [("delivered", True)]


async def test_a_message_given_twice_is_told_of_once(town: Town) -> None:
    """It is one message, asked about and told of as one, however it is given."""
    sms = town.dispatcher("iba")
    submission = await sms.send([NUMBERS[0], f"+{NUMBERS[0]}"], "Hi")
    assert submission.outcomes[1].duplicate
    first = submission.outcomes[0]
    again = Reference("iba", first.message_id or "", first.recipient)
    reports = await all_of(track(sms, [*submission, again]))
    assert states(reports) == [("delivered", True)]
    assert len(town.asked("iba")) == 1


async def test_one_bad_reply_neither_ends_nor_delays_the_rest(town: Town) -> None:
    """Whatever it is: the others are told of at their time, and it is asked about again."""
    for bad in (ConnectionLost("gone"), UnreadableReply("?"), "<html>", "", RuntimeError("driver")):
        sms = town.dispatcher("iba")
        outcomes = await town.sent(sms, "iba", NUMBERS[:30])
        town.says("iba", *[bad] * 4, None)
        sent = now()
        stream = track(sms, outcomes)
        reports = [await anext(stream) for _ in range(26)]
        assert now() - sent < 3.5
        reports += [report async for report in stream]
        assert now() - sent < 12
        assert len({report.message_id for report in reports if report.final}) == 30


@pytest.mark.parametrize("fault", [None, "a time without a zone"])
async def test_a_driver_that_gives_no_report_is_asked_again(
    town: Town, monkeypatch: pytest.MonkeyPatch, fault: str | None
) -> None:
    """What a driver of somebody else's hands over is looked at; its message is not forgotten."""
    sms = town.dispatcher("iba")
    outcomes = await town.sent(sms, "iba", NUMBERS[:2])
    kind = type(engine_of(sms).lanes["iba"].driver)
    status, asked = kind.status, 0

    async def faulty(self: Any, *given: Any) -> Any:
        nonlocal asked
        asked += 1
        reports = await status(self, *given)
        naive = datetime(2026, 1, 1)  # noqa: DTZ001 - the fault
        return reports if asked > 2 else [fault and evolve(report, changed_at=naive) for report in reports]

    monkeypatch.setattr(kind, "status", faulty)
    reports = await all_of(track(sms, outcomes, deadline=100))
    assert states(reports) == [("delivered", True)] * 2
    assert now() < 20


async def test_the_gateways_wish_to_wait_is_respected(town: Town) -> None:
    """`Retry-After` holds for the message that was asked about."""
    sms = town.dispatcher("iba")
    outcomes = await town.sent(sms, "iba")
    later = [GatewayUnavailable("later", retry_after=seconds) for seconds in (300, 500)]
    town.says("iba", *later, None)
    await all_of(track(sms, outcomes))
    first, second, third = town.asked("iba")
    assert 300 <= second - first < 301
    assert 500 <= third - second < 501


async def test_a_deadline_ends_it_with_what_is_known(town: Town) -> None:
    """What was told is not told again; what was never heard of has one report, with the last error."""
    town.delivers_after(10_000)
    sms = town.dispatcher("iba", "avist")
    heard = await town.sent(sms, "iba", NUMBERS[:3])
    nonsense = Reference("avist", "nonsense")
    began = now()
    reports = await all_of(track(sms, [*heard, nonsense], deadline=100))
    assert now() - began == pytest.approx(100)
    assert states(reports) == [*[("enroute", False)] * 3, ("unknown", False)]
    assert isinstance(reports[-1].error, GatewayRejected)
    assert reports[-1].message_id == "nonsense"
    assert len(town.asked("avist")) > 3


async def test_a_deadline_ends_what_is_under_way(town: Town) -> None:
    """A gateway that is silent does not hold it up."""
    sms = town.dispatcher("iba")
    outcomes = await town.sent(sms, "iba")
    town.lines["iba"].takes = 1000
    began = now()
    (report,) = await all_of(track(sms, outcomes, deadline=10))
    assert now() - began == pytest.approx(10)
    assert "deadline" in str(report.error)
    assert not town.lines["iba"].at_once


@pytest.mark.parametrize("provider", DRIVERS)
async def test_a_short_deadline_has_one_question(town: Town, provider: str) -> None:
    """Even where the usual first one would come later."""
    sms = town.dispatcher(provider)
    outcomes = await town.sent(sms, provider)
    reports = await all_of(track(sms, outcomes, deadline=1))
    assert states(reports) == [("enroute", False)]


async def test_errors_in_an_outage_are_one(town: Town) -> None:
    """A hundred thousand messages that fail alike do not keep a hundred thousand errors."""
    sms = town.dispatcher("iba")
    outcomes = await town.sent(sms, "iba", NUMBERS[:40])
    town.lines["iba"].instead = lambda _line, _request: ConnectionFailed("refused")
    reports = await all_of(track(sms, outcomes, deadline=300))
    assert len(reports) == 40
    assert len({id(report.error) for report in reports if type(report.error) is ConnectionFailed}) == 1


async def test_a_hundred_random_lives(town: Town) -> None:
    """Gateways that fail at random in every way: each message is told of in order, once, and to its end."""
    from random import Random  # noqa: PLC0415

    random = Random(11)
    town.delivers_after(90)
    sms = town.dispatcher()
    outcomes = [outcome for name in DRIVERS for outcome in await town.sent(sms, name, NUMBERS[:60])]

    for name in DRIVERS:
        line = town.lines[name]
        line.instead = lambda _line, _request: random.choice(
            [None, None, None, ConnectionLost("gone"), ConnectionFailed("refused"), UnreadableReply("?")]
        )
    order: dict[tuple[str | None, ...], list[tuple[str, bool]]] = {}
    async for report in track(sms, outcomes, deadline=86_400):
        key = (report.provider, report.message_id, report.recipient)
        order.setdefault(key, []).append((report.state, report.final))
        await asyncio.sleep(random.random() / 50)
    assert len(order) == 300
    for told in order.values():
        assert told[-1][1]
        assert told[:-1] in ([], [("enroute", False)])
    assert town.no_repeats()
