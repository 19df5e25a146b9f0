"""SMStele: delivery states, lookups of lost batches, HLR (smstele.txt; PROTOCOLS.md, "SMStele")."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from smsgw.drivers.base import Batch, Driver, Verdict
from smsgw.errors import (
    AuthenticationFailed,
    ConnectionLost,
    GatewayRejected,
    GatewayTimeout,
    RecipientRejected,
    SmsgwError,
    UnreadableReply,
)
from smsgw.models import DeliveryReport, DeliveryState, Lookup, Reference, State
from smsgw.transport import Reply, Wire

MakeBatch = Callable[..., Batch]
MakeWire = Callable[[Reply | SmsgwError | bytes], Wire]

MOSCOW = timezone(timedelta(hours=3))
BATCH_ID = "b0000000000000000001"
FIRST, SECOND = "79160001234", "79260004567"


def result(phone: str, stat: str = "DELIVRD", **more: Any) -> dict[str, Any]:
    """As in the document."""
    return {
        "id": BATCH_ID,
        "phone": phone,
        "sender": "REX400.RU",
        "status": "-99",
        "err": "-99",
        "stat": stat,
        "type": "1",
        "send_timestamp": "2018-06-04 18:41:09+03",
        "last_timestamp": "2018-06-04 18:41:10+03",
        "operator": "mMTS",
        "region": "77",
        "mnc": "01",
        **more,
    }


def results(*rows: object) -> bytes:
    return json.dumps({"results": rows}).encode()


def asking(*recipients: str | None) -> list[Reference]:
    return [Reference("main", BATCH_ID, recipient) for recipient in recipients]


def test_one_reply_answers_for_a_whole_batch(smstele: Driver) -> None:
    """The document's example: every field, with leading zeros, and the time in its zone."""
    body = results(result(FIRST), result(SECOND, operator="mMEGAFON", mnc="02", region="07"))
    delivered = DeliveryReport(
        FIRST,
        "main",
        BATCH_ID,
        DeliveryState.DELIVERED,
        final=True,
        provider_state="DELIVRD",
        changed_at=datetime(2018, 6, 4, 18, 41, 10, tzinfo=MOSCOW),
        operator="mMTS",
        region="77",
        mnc="01",
    )
    reports = smstele.read_status(asking(SECOND, FIRST), body)
    assert reports[1] == delivered
    assert (reports[0].recipient, reports[0].operator, reports[0].region, reports[0].mnc) == (
        SECOND,
        "mMEGAFON",
        "07",
        "02",
    )


def test_a_status_without_its_last_brace_is_read(smstele: Driver) -> None:
    [report] = smstele.read_status(asking(FIRST), results(result(FIRST))[:-1])
    assert report.state is DeliveryState.DELIVERED


@pytest.mark.parametrize(
    ("stat", "state", "final"),
    [
        ("ENROUTE", DeliveryState.ENROUTE, False),
        ("DELIVRD", DeliveryState.DELIVERED, True),
        ("delivrd", DeliveryState.DELIVERED, True),
        ("EXPIRED", DeliveryState.EXPIRED, True),
        ("DELETED", DeliveryState.DELETED, True),
        ("UNDELIV", DeliveryState.UNDELIVERABLE, True),
        ("ACCEPTD", DeliveryState.ACCEPTED, False),
        ("UNKNOWN", DeliveryState.UNKNOWN, False),
        ("REJECTD", DeliveryState.REJECTED, True),
        ("DELIVERED", DeliveryState.UNKNOWN, False),
        ("SOMETHING", DeliveryState.UNKNOWN, False),
    ],
)
def test_stat_is_the_judge(smstele: Driver, stat: str, state: DeliveryState, final: bool) -> None:
    """A name that is not SMPP's is unknown and not final."""
    [report] = smstele.read_status(asking(FIRST), results(result(FIRST, stat)))
    assert (report.state, report.final, report.provider_state) == (state, final, stat)
    assert report.error is None


@pytest.mark.parametrize(
    ("err", "code"), [("-99", None), ("0", None), ("", None), ("11", "11"), ("-26", "-26")]
)
def test_err_is_kept_where_it_says_something(smstele: Driver, err: str, code: str | None) -> None:
    [report] = smstele.read_status(asking(FIRST), results(result(FIRST, "UNDELIV", err=err, status=err)))
    assert (report.error_code, report.state) == (code, DeliveryState.UNDELIVERABLE)


@pytest.mark.parametrize(
    ("stamp", "moment"),
    [
        ("2018-06-04 18:41:09+03", datetime(2018, 6, 4, 18, 41, 9, tzinfo=MOSCOW)),
        ("2018-06-04 18:41:09", datetime(2018, 6, 4, 18, 41, 9, tzinfo=MOSCOW)),
        ("2018-06-04 15:41:09+00", datetime(2018, 6, 4, 18, 41, 9, tzinfo=MOSCOW)),
        ("", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_a_stamp_without_zone_is_moscows(smstele: Driver, stamp: object, moment: datetime | None) -> None:
    [report] = smstele.read_status(asking(FIRST), results(result(FIRST, last_timestamp=stamp)))
    assert report.changed_at == moment
    assert report.changed_at is None or report.changed_at.tzinfo is not None


def test_a_recipient_that_is_not_listed_is_an_error_and_not_final(smstele: Driver) -> None:
    found, missing = smstele.read_status(asking(FIRST, SECOND), results(result(FIRST)))
    assert found.error is None
    assert (missing.state, missing.final) == (DeliveryState.UNKNOWN, False)
    assert type(missing.error) is GatewayRejected


def test_a_row_of_another_message_says_nothing_of_ours(smstele: Driver) -> None:
    [report] = smstele.read_status(asking(FIRST), results(result(FIRST, id="somebody-elses")))
    assert type(report.error) is GatewayRejected


def test_without_a_recipient_the_only_row_is_meant(smstele: Driver) -> None:
    [report] = smstele.read_status(asking(None), results(result(FIRST)))
    assert (report.recipient, report.state) == (FIRST, DeliveryState.DELIVERED)


def test_without_a_recipient_several_rows_are_ambiguous(smstele: Driver) -> None:
    [report] = smstele.read_status(asking(None), results(result(FIRST), result(SECOND)))
    assert report.error is not None
    assert "give the recipient" in str(report.error)
    assert not report.final


@pytest.mark.parametrize("body", [b"{}", b'{"results": {}}', b'{"messages": []}', b"[]"])
def test_a_status_without_results_is_unreadable(smstele: Driver, body: bytes) -> None:
    with pytest.raises(UnreadableReply):
        smstele.read_status(asking(FIRST), body)


def test_an_error_in_place_of_a_status_is_raised(smstele: Driver) -> None:
    with pytest.raises(AuthenticationFailed):
        smstele.read_status(asking(FIRST), b'{"error": "-23", "description": "Invalid login"}')


# A batch whose reply was lost


@pytest.fixture
def lost(smstele: Driver, batch_for: MakeBatch) -> tuple[Batch, list[Verdict]]:
    batch = batch_for(smstele, FIRST, SECOND)
    return batch, list(smstele.verdict_for_all(batch, ConnectionLost("reset")))


@pytest.mark.parametrize("stat", ["DELIVRD", "ENROUTE", "REJECTD", "ANYTHING"])
async def test_what_the_gateway_shows_under_our_id_was_accepted(
    smstele: Driver, wire_for: MakeWire, lost: tuple[Batch, list[Verdict]], stat: str
) -> None:
    batch, verdicts = lost
    wire = wire_for(results(result(FIRST, stat), result(SECOND, stat)))
    settled = await smstele.settle(wire, batch, verdicts)
    assert settled == [Verdict(State.ACCEPTED, BATCH_ID)] * 2


async def test_what_the_gateway_does_not_show_stays_unknown(
    smstele: Driver, wire_for: MakeWire, lost: tuple[Batch, list[Verdict]]
) -> None:
    """Absence, asked once, proves nothing."""
    batch, verdicts = lost
    first, second = await smstele.settle(wire_for(results(result(SECOND))), batch, verdicts)
    assert first == verdicts[0]
    assert second == Verdict(State.ACCEPTED, BATCH_ID)
    assert await smstele.settle(wire_for(results()), batch, verdicts) == verdicts


async def test_rows_under_another_id_prove_nothing(
    smstele: Driver, wire_for: MakeWire, lost: tuple[Batch, list[Verdict]]
) -> None:
    batch, verdicts = lost
    wire = wire_for(results(result(FIRST, id="older"), result(SECOND, id="older")))
    assert await smstele.settle(wire, batch, verdicts) == verdicts


@pytest.mark.parametrize(
    "answer",
    [
        GatewayTimeout("no answer"),
        Reply(503, b"", 5.0),
        Reply(404, b""),
        b'{"error": "-25"}',
        b'{"error": "-1"}',
        b"",
        b"{}",
    ],
)
async def test_a_lookup_that_fails_itself_changes_nothing(
    smstele: Driver,
    wire_for: MakeWire,
    lost: tuple[Batch, list[Verdict]],
    answer: Reply | SmsgwError | bytes,
) -> None:
    batch, verdicts = lost
    assert await smstele.settle(wire_for(answer), batch, verdicts) == verdicts


# HLR


def test_a_lookup_tells_of_each_number(smstele: Driver) -> None:
    body = json.dumps(
        {
            "id": "i",
            "cnt": "3",
            "messages": [
                {"id": "i", "phone": SECOND, "error": "-99", "operator": "mMTS", "region": "07", "mnc": "01"},
                {"id": "i", "phone": FIRST, "error": "-26", "operator": "", "region": "", "mnc": ""},
                {"id": "i", "phone": "995599445448", "error": "-99", "operator": "", "region": "", "mnc": ""},
            ],
        }
    ).encode()
    refused, known, foreign, missing = smstele.read_lookup((FIRST, SECOND, "995599445448", "79"), body)
    assert known == Lookup(SECOND, "main", "i", "mMTS", "07", "01")
    assert foreign == Lookup("995599445448", "main", "i")
    assert type(refused.error) is RecipientRejected
    assert (missing.recipient, type(missing.error)) == ("79", GatewayRejected)


def test_an_error_in_place_of_a_lookup_is_raised(smstele: Driver) -> None:
    with pytest.raises(AuthenticationFailed):
        smstele.read_lookup((FIRST,), b'{"error": "-22", "description": "No password"}')


async def test_a_lookup_is_one_request(smstele: Driver, wire_for: MakeWire) -> None:
    wire = wire_for(b'{"id":"i","cnt":"1","messages":[{"id":"i","phone":"79160001234","operator":"mMTS"}]')
    assert await smstele.lookup(wire, (FIRST,), BATCH_ID) == [Lookup(FIRST, "main", "i", "mMTS")]
