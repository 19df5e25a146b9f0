"""SMStele: what the JSON after a send proves of each recipient (smstele.txt; PROTOCOLS.md, "SMStele")."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from smsgw.drivers.base import Batch, Driver, Verdict
from smsgw.errors import (
    RecipientRejected,
    UnreadableReply,
)
from smsgw.models import State
from smsgw.transport import Wire

MakeBatch = Callable[..., Batch]
MakeWire = Callable[[bytes], Wire]

BATCH_ID = "b0000000000000000001"
DOCUMENTED = ("79160001234", "79072233645", "79676771707", "79260004567")
TWO = DOCUMENTED[:2]
ACCEPTED, REJECTED, UNKNOWN = State.ACCEPTED, State.REJECTED, State.UNKNOWN


def row(phone: str, operator: str = "mMTS", **more: Any) -> dict[str, Any]:
    """As in the document: `-99` stands everywhere and says nothing."""
    filler = {"id": BATCH_ID, "status": "-99", "error": "-99", "cnt": "1", "region": "77", "mnc": "01"}
    return {**filler, "phone": phone, "operator": operator} | more


def reply(*rows: object, cnt: object = "2", **more: Any) -> bytes:
    return json.dumps({"id": BATCH_ID, "cnt": cnt, "messages": rows, **more}).encode()


def states(verdicts: Any) -> list[State]:
    return [verdict.state for verdict in verdicts]


# Rows


def test_a_row_with_an_operator_is_accepted(smstele: Driver, batch_for: MakeBatch) -> None:
    """With our ID, which `status` knows it by, and the segments that the gateway counted."""
    verdicts = smstele.read_send(batch_for(smstele, *TWO), reply(row(TWO[0]), row(TWO[1], cnt="3")))
    assert verdicts == [
        Verdict(ACCEPTED, BATCH_ID, segments=1),
        Verdict(ACCEPTED, BATCH_ID, segments=3),
    ]


def test_the_documents_example_of_two_bad_recipients_in_four(smstele: Driver, batch_for: MakeBatch) -> None:
    """Four rows, `cnt` "2", and two rows without an operator: those two were refused."""
    body = reply(
        row(DOCUMENTED[0]),
        row(DOCUMENTED[1], operator="", region="", mnc=""),
        row(DOCUMENTED[2], operator="", region="", mnc=""),
        row(DOCUMENTED[3], operator="mMEGAFON", mnc="02"),
    )
    verdicts = smstele.read_send(batch_for(smstele, *DOCUMENTED), body)
    assert states(verdicts) == [ACCEPTED, REJECTED, REJECTED, ACCEPTED]
    assert [type(verdict.error) for verdict in verdicts[1:3]] == [RecipientRejected] * 2
    assert not any(verdict.elsewhere or verdict.unnamed for verdict in verdicts)


def test_verdicts_come_in_the_order_of_the_batch(smstele: Driver, batch_for: MakeBatch) -> None:
    body = reply(row(TWO[1], operator=""), row(TWO[0]), cnt="1")
    assert states(smstele.read_send(batch_for(smstele, *TWO), body)) == [ACCEPTED, REJECTED]


@pytest.mark.parametrize("last_brace", ["", "\n", "}", " }\r\n"])
def test_a_missing_last_brace_is_forgiven(smstele: Driver, batch_for: MakeBatch, last_brace: str) -> None:
    body = reply(row(TWO[0]), cnt="1")[:-1] + last_brace.encode()
    assert states(smstele.read_send(batch_for(smstele, TWO[0]), body)) == [ACCEPTED]


@pytest.mark.parametrize("missing", [2, 3, 10])
async def test_more_than_one_brace_missing_is_unknown(
    smstele: Driver, batch_for: MakeBatch, wire_for: MakeWire, missing: int
) -> None:
    body = reply(row(TWO[0]), cnt="1")[:-missing]
    [verdict] = await smstele.send(wire_for(body), batch_for(smstele, TWO[0]))
    assert (verdict.state, verdict.message_id) == (UNKNOWN, BATCH_ID)
    assert type(verdict.error) is UnreadableReply


# The four readings of the top `cnt`: rows with an operator | sum of their `cnt` | all rows | sum of all `cnt`.
# The first two say that rows without an operator were refused, the last two that they were accepted.


@pytest.mark.parametrize(
    ("with_operator", "without", "top", "verdict"),
    [
        (["1", "1"], ["1", "1"], "2", REJECTED),  # the document's: first and second
        (["1", "1"], ["1", "1"], "4", ACCEPTED),  # third and fourth
        (["1", "1"], ["1", "1"], "3", UNKNOWN),  # none
        (["2"], ["2"], "1", REJECTED),  # first
        (["2"], ["2"], "2", UNKNOWN),  # second and third disagree
        (["2"], ["2"], "4", ACCEPTED),  # fourth
        (["3"], ["3"], "3", REJECTED),  # second
        (["3"], ["3"], "2", ACCEPTED),  # third
        (["3"], ["3"], "6", ACCEPTED),  # fourth
        (["3"], ["3"], "5", UNKNOWN),  # none
        (["3"], ["3"], "0", UNKNOWN),  # none
        (["1", "1"], ["0"], "2", UNKNOWN),  # first, second and fourth
        ([], ["1"], "0", REJECTED),  # first and second: nobody was taken
        ([], ["1"], "1", ACCEPTED),  # third and fourth: a foreign number may have no operator
        ([], ["2"], "2", ACCEPTED),  # fourth
        ([], ["2"], "1", ACCEPTED),  # third
        ([], ["2"], "3", UNKNOWN),  # none
        (["1"], ["1"], 1, REJECTED),  # a number is as good as a string
        (["1"], ["1"], "", UNKNOWN),
        (["1"], ["1"], None, UNKNOWN),
        (["1"], ["1"], "one", UNKNOWN),
        (["1"], ["1"], "-1", UNKNOWN),
        (["1"], ["1"], 1.0, UNKNOWN),
        (["1"], ["1"], True, UNKNOWN),
        (["1"], [""], "1", UNKNOWN),  # a row without a count: two readings cannot be had
        (["1"], [None], "2", UNKNOWN),
    ],
)
def test_a_row_without_an_operator_is_judged_where_all_readings_that_match_agree(
    *,
    smstele: Driver,
    batch_for: MakeBatch,
    with_operator: list[object],
    without: list[object],
    top: object,
    verdict: State,
) -> None:
    phones = [f"7916000{number:04}" for number in range(len(with_operator) + len(without))]
    rows = [row(phone, cnt=cnt) for phone, cnt in zip(phones, with_operator, strict=False)]
    rows += [row(phone, "", cnt=cnt) for phone, cnt in zip(phones[len(rows) :], without, strict=True)]
    verdicts = smstele.read_send(batch_for(smstele, *phones), reply(*rows, cnt=top))
    assert states(verdicts) == [ACCEPTED] * len(with_operator) + [verdict] * len(without)
    for given in verdicts:
        assert given.message_id == (None if given.state is REJECTED else BATCH_ID)
        assert (given.error is not None) is (given.state is not ACCEPTED)


# Rows that say more, or less


def test_a_requested_phone_that_is_missing_from_the_rows_is_unknown(
    smstele: Driver, batch_for: MakeBatch
) -> None:
    verdicts = smstele.read_send(batch_for(smstele, *TWO), reply(row(TWO[0]), row("79990000000"), cnt="2"))
    assert states(verdicts) == [ACCEPTED, UNKNOWN]
    assert verdicts[1].message_id == BATCH_ID
    assert verdicts[1].error is not None
    assert verdicts[1].error.maybe_accepted


@pytest.mark.parametrize("rows", [[], [{}], ["79160001234"], [None], [[row("79160001234")]], [{"phone": 1}]])
def test_rows_that_do_not_name_the_phone_leave_it_unknown(
    smstele: Driver, batch_for: MakeBatch, rows: list[object]
) -> None:
    assert states(smstele.read_send(batch_for(smstele, TWO[0]), reply(*rows, cnt="0"))) == [UNKNOWN]


def test_a_phone_that_is_named_twice_is_unknown(smstele: Driver, batch_for: MakeBatch) -> None:
    body = reply(row(TWO[0]), row(TWO[0], error="-26"), cnt="2")
    assert states(smstele.read_send(batch_for(smstele, TWO[0]), body)) == [UNKNOWN]


@pytest.mark.parametrize("written", ["+79160001234", 79160001234, " 79160001234 "])
def test_a_phone_is_known_again_however_it_is_written(
    smstele: Driver, batch_for: MakeBatch, written: object
) -> None:
    body = reply({**row(TWO[0]), "phone": written}, cnt="1")
    assert states(smstele.read_send(batch_for(smstele, TWO[0]), body)) == [ACCEPTED]


@pytest.mark.parametrize("error", ["-99", "0", "", None, "-98", "-3", "26", "foo", -99, 0])
def test_a_row_with_an_operator_and_no_listed_code_is_accepted(
    smstele: Driver, batch_for: MakeBatch, error: object
) -> None:
    body = reply(row(TWO[0], error=error, status=error), cnt="1")
    assert states(smstele.read_send(batch_for(smstele, TWO[0]), body)) == [ACCEPTED]


def test_the_rows_status_is_never_a_judge(smstele: Driver, batch_for: MakeBatch) -> None:
    body = reply(row(TWO[0], status="-26"), cnt="1")
    assert states(smstele.read_send(batch_for(smstele, TWO[0]), body)) == [ACCEPTED]


@pytest.mark.parametrize("given", ["\ud83d", "7\x001", "7\x1b[2J"])
async def test_what_is_no_text_in_an_id_does_not_outlive_the_reply(
    smstele: Driver, batch_for: MakeBatch, wire_for: MakeWire, given: str
) -> None:
    """JSON can hold what no file, no database and no request can."""
    body = reply(row(TWO[0], id=given), cnt="1")
    [verdict] = await smstele.send(wire_for(body), batch_for(smstele, TWO[0]))
    assert verdict.state is ACCEPTED
    assert verdict.message_id is not None
    verdict.message_id.encode()
    assert verdict.message_id.isprintable()


@pytest.mark.parametrize("operator", [0, 1, "0", "-", False, "\x00", "m\x07TS"])
def test_what_is_no_name_is_no_operator(smstele: Driver, batch_for: MakeBatch, operator: Any) -> None:
    """Where the counts say that nobody was taken, only an operator's name would prove the contrary."""
    body = reply(row(TWO[0], operator=operator), row(TWO[1], operator=""), cnt="0")
    assert ACCEPTED not in [verdict.state for verdict in smstele.read_send(batch_for(smstele, *TWO), body)]
