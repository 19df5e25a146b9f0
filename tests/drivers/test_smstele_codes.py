"""SMStele: what the codes prove, in a row and at the top (smstele.txt; PROTOCOLS.md, "SMStele")."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from smsgw.drivers.base import Batch, Driver
from smsgw.errors import (
    AuthenticationFailed,
    GatewayRejected,
    GatewayUnavailable,
    InsufficientCredit,
    OutcomeUnknown,
    RecipientRejected,
    SenderRejected,
    SmsgwError,
    TextRejected,
)
from smsgw.models import State
from smsgw.transport import Wire

MakeBatch = Callable[..., Batch]
MakeWire = Callable[[bytes], Wire]

BATCH_ID = "b0000000000000000001"
TWO = ("79160001234", "79072233645")
ACCEPTED, REJECTED, UNKNOWN = State.ACCEPTED, State.REJECTED, State.UNKNOWN


def row(phone: str, operator: str = "mMTS", **more: Any) -> dict[str, Any]:
    """As in the document: `-99` stands everywhere and says nothing."""
    filler = {"id": BATCH_ID, "status": "-99", "error": "-99", "cnt": "1", "region": "77", "mnc": "01"}
    return {**filler, "phone": phone, "operator": operator} | more


def reply(*rows: object, cnt: object = "2", **more: Any) -> bytes:
    return json.dumps({"id": BATCH_ID, "cnt": cnt, "messages": rows, **more}).encode()


def states(verdicts: Any) -> list[State]:
    return [verdict.state for verdict in verdicts]


# Codes

REQUEST = "message"
CODES: list[tuple[str, type[SmsgwError], str, bool]] = [
    ("-2", GatewayUnavailable, "provider", True),
    ("-6", GatewayRejected, "provider", False),
    ("-21", AuthenticationFailed, "account", False),
    ("-22", AuthenticationFailed, "account", False),
    ("-23", AuthenticationFailed, "account", False),
    ("-24", AuthenticationFailed, "account", False),
    ("-25", RecipientRejected, "recipient", False),
    ("-26", RecipientRejected, "recipient", False),
    ("-27", TextRejected, REQUEST, False),
    ("-28", GatewayRejected, REQUEST, False),
    ("-29", GatewayRejected, REQUEST, False),
    ("-30", GatewayRejected, REQUEST, False),
    ("-31", SenderRejected, REQUEST, False),
    ("-32", SenderRejected, REQUEST, False),
    ("-33", GatewayRejected, REQUEST, False),
    ("-34", GatewayRejected, REQUEST, False),
    ("-35", GatewayRejected, REQUEST, False),
    ("-41", TextRejected, REQUEST, False),
    ("-42", TextRejected, REQUEST, False),
    ("-43", InsufficientCredit, "account", False),
]


@pytest.mark.parametrize(("code", "kind", "scope", "retryable"), CODES)
def test_a_listed_code_in_a_row_refuses_that_recipient(
    *, smstele: Driver, batch_for: MakeBatch, code: str, kind: type[SmsgwError], scope: str, retryable: bool
) -> None:
    body = reply(row(TWO[0], error=code), row(TWO[1]))
    refused, taken = smstele.read_send(batch_for(smstele, *TWO), body)
    assert (refused.state, taken.state) == (REJECTED, ACCEPTED)
    assert type(refused.error) is kind
    assert (refused.error.code, refused.error.scope, refused.error.retryable) == (code, scope, retryable)
    assert not refused.unnamed


def test_a_system_error_in_a_row_leaves_that_recipient_unknown(smstele: Driver, batch_for: MakeBatch) -> None:
    body = reply(row(TWO[0], error="-1"), row(TWO[1]))
    doubtful, taken = smstele.read_send(batch_for(smstele, *TWO), body)
    assert (doubtful.state, doubtful.message_id, taken.state) == (UNKNOWN, BATCH_ID, ACCEPTED)
    assert type(doubtful.error) is OutcomeUnknown


@pytest.mark.parametrize(
    "written", ['{{"error": "{}"}}', '{{"error": "{}", "description": "any"', '{{"error": {}}}']
)
@pytest.mark.parametrize(("code", "kind", "scope", "retryable"), CODES)
async def test_a_top_level_code_refuses_the_whole_request(
    *,
    smstele: Driver,
    batch_for: MakeBatch,
    wire_for: MakeWire,
    written: str,
    code: str,
    kind: type[SmsgwError],
    scope: str,
    retryable: bool,
) -> None:
    """-25 and -26 do not say whom they mean, so the batch may be taken apart; nothing else may be."""
    verdicts = await smstele.send(wire_for(written.format(code).encode()), batch_for(smstele, *TWO))
    assert len(verdicts) == 2
    for verdict in verdicts:
        assert (verdict.state, verdict.message_id) == (REJECTED, None)
        assert type(verdict.error) is kind
        assert (verdict.error.code, verdict.error.scope, verdict.error.retryable) == (code, scope, retryable)
        assert verdict.unnamed is (code in ("-25", "-26"))
        assert not verdict.elsewhere


async def test_a_system_error_may_have_taken_the_message(
    smstele: Driver, batch_for: MakeBatch, wire_for: MakeWire
) -> None:
    """`unknown`, with our ID to look it up by."""
    verdicts = await smstele.send(wire_for(b'{"error": "-1"}'), batch_for(smstele, *TWO))
    assert [(verdict.state, verdict.message_id) for verdict in verdicts] == [(UNKNOWN, BATCH_ID)] * 2
    assert verdicts[0].error is not None
    assert not verdicts[0].error.retryable


async def test_a_negative_code_that_is_not_listed_refuses_too(
    smstele: Driver, batch_for: MakeBatch, wire_for: MakeWire
) -> None:
    [verdict] = await smstele.send(wire_for(b'{"error": "-77", "description": "x"}'), batch_for(smstele))
    assert (verdict.state, type(verdict.error)) == (REJECTED, GatewayRejected)


@pytest.mark.parametrize(
    ("code", "description", "recipients", "unnamed"),
    [
        ("-24", "Missing attribute: 'phones'", TWO, False),
        ("-25", "Invalid attribute: 'phones='", TWO[:1], False),
        ("-25", "Invalid attribute: 'phones=7916,7907'", TWO, True),
        ("-35", "Invalid attribute: 'id=custom-message-id-test-11-too-long'", TWO, False),
        ("-23", "Invalid attribute: 'login=x'", TWO, False),
        ("-43", "Missing attribute: 'mes'", TWO, False),
        ("-1", "Missing attribute: 'mes'", TWO, False),
        ("-2", "Invalid attribute: 'mes=x'", TWO, False),
    ],
)
async def test_a_wrong_attribute_is_the_requests_fault_whatever_the_code(
    *,
    smstele: Driver,
    batch_for: MakeBatch,
    wire_for: MakeWire,
    code: str,
    description: str,
    recipients: tuple[str, ...],
    unnamed: bool,
) -> None:
    """Neither the account nor the gateway is at fault, and nothing of the attribute's value is kept."""
    body = json.dumps({"error": code, "description": description}).encode()
    for verdict in await smstele.send(wire_for(body), batch_for(smstele, *recipients)):
        assert (verdict.state, verdict.unnamed) == (REJECTED, unnamed)
        assert type(verdict.error) is GatewayRejected
        assert (verdict.error.code, verdict.error.scope, verdict.error.retryable) == (code, "message", False)
        assert "7916" not in str(verdict.error)
        assert "too-long" not in str(verdict.error)


@pytest.mark.parametrize("zero", ["0", 0])
def test_a_top_level_zero_is_no_error(smstele: Driver, batch_for: MakeBatch, zero: object) -> None:
    body = reply(row(TWO[0]), cnt="1", error=zero)
    assert states(smstele.read_send(batch_for(smstele, TWO[0]), body)) == [ACCEPTED]


@pytest.mark.parametrize("error", ["", "22", "-", "-x", "--22", "-2.0", None, True, 1.5, [], {}])
async def test_a_top_level_error_that_is_no_code_proves_nothing(
    smstele: Driver, batch_for: MakeBatch, wire_for: MakeWire, error: object
) -> None:
    """Not even that the rows beside it can be trusted."""
    body = reply(*map(row, TWO), error=error, description="x")
    verdicts = await smstele.send(wire_for(body), batch_for(smstele, *TWO))
    assert states(verdicts) == [UNKNOWN] * 2
