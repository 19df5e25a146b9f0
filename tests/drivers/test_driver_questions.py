"""What is written once for all drivers: each question is one request, and its reply is read for exactly who asked."""

import json
from collections.abc import Callable
from decimal import Decimal

import pytest

from smsgw.drivers.base import Batch, Driver, Verdict, decimal
from smsgw.errors import AuthenticationFailed, RecipientRejected, SmsgwError
from smsgw.models import DeliveryState, Message, Reference, State
from smsgw.transport import Reply, Request

MakeDriver = Callable[..., Driver]

TWO = ("79031234567", "79160001234")
REFERENCES = [Reference("main", "ID-7", recipient) for recipient in TWO]
RESULTS = b"""{"results": [
    {"id": "ID-7", "phone": "79031234567", "stat": "DELIVRD"},
    {"id": "ID-7", "phone": "79160001234", "stat": "EXPIRED"}
]}"""
MESSAGES = b"""{"messages": [
    {"id": "ID-7", "phone": "79160001234", "operator": "mMTS", "region": "r", "mnc": "25001"}
]}"""


class Notebook:
    """A wire that writes down what it is asked, and answers the same each time."""

    def __init__(self, body: bytes, status: int = 200) -> None:
        self.asked: list[Request] = []
        self._reply = Reply(status, body)

    async def request(self, request: Request) -> Reply:
        self.asked.append(request)
        return self._reply


async def test_a_status_is_asked_once_for_all_who_share_an_id(smstele: Driver) -> None:
    """The first reference's request goes out; each reference has its own report, in order."""
    assert len(await smstele.status(Notebook(RESULTS), REFERENCES[:1])) == 1
    wire = Notebook(RESULTS)
    reports = await smstele.status(wire, REFERENCES)
    assert wire.asked == [smstele.status_request(REFERENCES[0])]
    assert [(report.recipient, report.state) for report in reports] == [
        (TWO[0], DeliveryState.DELIVERED),
        (TWO[1], DeliveryState.EXPIRED),
    ]


def test_a_row_without_an_id_is_of_the_id_that_was_asked_for(smstele: Driver) -> None:
    """One of another ID is not."""
    for row, state in (
        ('{"phone": "79031234567"', "delivered"),
        ('{"id": "X", "phone": "79031234567"', "unknown"),
    ):
        [report] = smstele.read_status(
            REFERENCES[:1], f'{{"results": [{row}, "stat": "DELIVRD"}}]}}'.encode()
        )
        assert report.state == state


async def test_a_balance_is_one_request(iba: Driver) -> None:
    """Its reply is the balance."""
    wire = Notebook(b"445.6\nRUR")
    balance = await iba.balance(wire)
    assert wire.asked == [iba.balance_request()]
    assert (balance.provider, balance.amount, balance.unit) == ("main", Decimal("445.6"), "RUR")


async def test_the_account_is_asked_for_by_its_balance(iba: Driver) -> None:
    """An empty balance is an error of the account, which is returned; a number clears it."""
    for body, kind in ((b"", AuthenticationFailed), (b"7", type(None))):
        wire = Notebook(body)
        error = await iba.account_error(wire)
        assert wire.asked == [iba.balance_request()]
        assert type(error) is kind


async def test_a_balance_that_proves_nothing_clears_the_account(iba: Driver) -> None:
    """What is neither a balance nor the documented refusal is no proof against the account."""
    assert await iba.account_error(Notebook(b"<html>")) is None


async def test_a_lookup_is_one_request_under_our_id(smstele: Driver) -> None:
    """Each number has its own result, in the order asked."""
    wire = Notebook(MESSAGES)
    lookups = await smstele.lookup(wire, TWO[::-1], "our-id")
    assert wire.asked == [smstele.lookup_request(TWO[::-1], "our-id")]
    assert [(lookup.recipient, lookup.operator) for lookup in lookups] == [(TWO[1], "mMTS"), (TWO[0], None)]
    assert (lookups[0].message_id, lookups[0].region, lookups[0].mnc) == ("ID-7", "r", "25001")
    assert lookups[0].error is None


async def test_what_was_taken_is_asked_for_by_our_own_id(smstele: Driver) -> None:
    """A status request for the batch's ID tells whom the provider took."""
    wire = Notebook(RESULTS)
    assert set(await smstele.find(wire, "ID-7")) == set(TWO)
    assert wire.asked == [smstele.status_request(Reference("main", "ID-7"))]
    assert set(await smstele.find(Notebook(RESULTS), "another")) == set()


@pytest.mark.parametrize(("column", "taken"), [("error", False), ("err", False), ("mnc", True)])
def test_a_row_that_is_a_refusal_proves_nothing_was_taken(smstele: Driver, column: str, taken: bool) -> None:
    """Where a send's rows have their code, and where a status's rows have it."""
    row = f'{{"results": [{{"id": "ID-7", "phone": "{TWO[0]}", "{column}": "-26"}}]}}'.encode()
    assert (TWO[0] in smstele.read_settled("ID-7", row)) is taken


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"?", "the reply is not the JSON object that is documented"),
        (b"{}", "the reply has no `results`"),
        (b'{"error": "-23"}', "the gateway refused the login or the password"),
    ],
)
def test_what_was_taken_cannot_be_read_from_an_error(smstele: Driver, body: bytes, says: str) -> None:
    """It is raised in the provider's name."""
    with pytest.raises(SmsgwError) as caught:
        smstele.read_settled("ID-7", body)
    assert str(caught.value) == f"main: {says}"


async def test_settling_accepts_who_was_found_and_leaves_the_others(
    smstele: Driver, batch_for: Callable[..., Batch]
) -> None:
    """Found under our own ID is accepted under it; the rest stays as it was, also where asking fails."""
    batch = batch_for(smstele, *TWO)
    lost = [Verdict(State.UNKNOWN, batch.id)] * 2
    row = f'{{"results": [{{"id": "{batch.id}", "phone": "{TWO[1]}"}}]}}'.encode()
    assert await smstele.settle(Notebook(row), batch, lost) == [lost[0], Verdict(State.ACCEPTED, batch.id)]
    assert await smstele.settle(Notebook(b"", status=500), batch, lost) == lost


async def test_a_status_line_that_is_an_error_is_read_before_the_body(iba: Driver) -> None:
    """A balance in the body of a refusal is none."""
    with pytest.raises(AuthenticationFailed) as caught:
        await iba.balance(Notebook(b"445.6", status=401))
    assert (caught.value.provider, caught.value.code) == ("main", "HTTP 401")


def test_what_a_driver_does_not_say_of_itself_is_no(avist: Driver) -> None:
    """Without a word of its own a driver suspects no account, reads none, and settles nothing."""
    refused = Verdict(State.REJECTED, None, RecipientRejected("no"), unnamed=True)
    assert avist.suspects_account(refused) is False
    assert avist.read_account(b"0") is None
    assert tuple(avist.read_settled("id", b"x")) == ()


@pytest.mark.parametrize("name", ["avist", "iba", "smstele", "targetsms"])
def test_what_is_prepared_is_the_messages_own(driver_for: MakeDriver, name: str) -> None:
    """Text, sender and the number of segments are those of the message, or of the settings."""
    driver = driver_for(name, sender="SHOP")
    message = Message(to=TWO[0], text="Код 1")
    prepared = driver.prepare(message)
    assert prepared.message is message
    assert (prepared.text, prepared.sender, prepared.segments) == ("Код 1", "SHOP", 1)
    assert driver.prepare(Message(to=TWO[0], text="Код 1", sender="MINE")).sender == "MINE"


@pytest.mark.parametrize(
    ("text", "number"),
    [("9" * 30, Decimal("9" * 30)), ("9" * 31, None), ("-0.5", Decimal("-0.5")), ("1.", None), (".5", None)],
)
def test_a_number_is_plain_and_has_30_characters_at_most(text: str, number: Decimal | None) -> None:
    """With digits on both sides of its point, if it has one."""
    assert decimal(text) == number


@pytest.mark.parametrize(
    ("count", "segments"), [(7, 7), ("999999999", 999_999_999), ("1000000000", None), ("x", None)]
)
def test_a_count_has_nine_digits_at_most(
    smstele: Driver, batch_for: Callable[..., Batch], count: object, segments: int | None
) -> None:
    """What is longer, or no number, is left out."""
    row = {"phone": TWO[0], "operator": "m", "cnt": count}
    [verdict] = smstele.read_send(batch_for(smstele, TWO[0]), json.dumps({"messages": [row]}).encode())
    assert (verdict.state, verdict.segments) == (State.ACCEPTED, segments)
