"""Replies that end with their connection, so that a last `0` may be half an ID: IBA Telecom and TargetSMS."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from smsgw.drivers.base import Batch, Driver
from smsgw.drivers.words import dated
from smsgw.errors import UnreadableReply
from smsgw.models import State
from smsgw.transport import Reply
from tests.drivers.conftest import FakeWire

TWO = ("79031234567", "79035550102")
ACCEPTED, REJECTED, UNKNOWN = State.ACCEPTED, State.REJECTED, State.UNKNOWN


@pytest.mark.parametrize("name", ["iba", "targetsms"])
@pytest.mark.parametrize(
    ("body", "cut", "whole"),
    [
        (b"1001,0", (ACCEPTED, UNKNOWN), (ACCEPTED, REJECTED)),
        (b"0,1001", (REJECTED, ACCEPTED), (REJECTED, ACCEPTED)),
        (b"0", (UNKNOWN, UNKNOWN), (REJECTED, REJECTED)),
        (b"1001,0803", (ACCEPTED, ACCEPTED), (ACCEPTED, ACCEPTED)),
        (b"1001,00", (ACCEPTED, UNKNOWN), (ACCEPTED, UNKNOWN)),
    ],
)
async def test_a_last_0_proves_a_refusal_only_where_the_length_was_told(
    driver_for: Callable[..., Driver],
    batch_for: Callable[..., Batch],
    *,
    name: str,
    body: bytes,
    cut: Any,
    whole: Any,
) -> None:
    """Otherwise another gateway would be asked to send what this one may have taken."""
    driver = driver_for(name)
    batch = batch_for(driver, *TWO)
    for framed, expected in ((False, cut), (True, whole)):
        verdicts = await driver.send(FakeWire(Reply(200, body, framed=framed)), batch)
        assert tuple(verdict.state for verdict in verdicts) == expected
        assert not any(verdict.elsewhere for verdict in verdicts if verdict.state is UNKNOWN)


@pytest.mark.parametrize(
    ("body", "framed", "said", "scope"),
    [
        (b"1001,00", True, "a row of zeros is neither an ID nor the documented refusal", "recipient"),
        (
            b"1001,0",
            False,
            "the reply ends with a 0 that may be half an ID: its length was not told",
            "provider",
        ),
    ],
)
async def test_what_proves_nothing_says_why(
    driver_for: Callable[..., Driver],
    batch_for: Callable[..., Batch],
    *,
    body: bytes,
    framed: bool,
    said: str,
    scope: str,
) -> None:
    """In a sentence, with the provider's name, and whom it is about."""
    driver = driver_for("iba")
    first, last = await driver.send(FakeWire(Reply(200, body, framed=framed)), batch_for(driver, *TWO))
    assert (first.state, first.message_id, first.error) == (ACCEPTED, "1001", None)
    assert isinstance(last.error, UnreadableReply)
    assert (last.message_id, last.error.description, last.error.provider) == (None, said, "main")
    assert (last.error.scope, last.error.code) == (scope, None)


async def test_words_that_refuse_stay_a_refusal(
    driver_for: Callable[..., Driver], batch_for: Callable[..., Batch]
) -> None:
    """No acceptance begins with them, so wherever they end they prove it."""
    driver = driver_for("iba")
    reply = Reply(200, "Нет отправителя".encode(), framed=False)
    verdicts = await driver.send(FakeWire(reply), batch_for(driver, *TWO))
    assert {verdict.state for verdict in verdicts} == {REJECTED}


@pytest.mark.parametrize(("year", "kept"), [(1999, False), (2000, True), (2100, True), (2101, False)])
def test_a_year_that_no_message_is_of_is_none(year: int, kept: bool) -> None:
    """The first and the last years overflow in another zone."""
    moment = datetime(year, 6, 1, tzinfo=UTC)
    assert dated(moment) == (moment if kept else None)


async def test_a_balance_is_not_as_long_as_a_book(driver_for: Callable[..., Driver]) -> None:
    """Reading and searching one would hold everybody up."""
    with pytest.raises(UnreadableReply, match="longer than a balance"):
        await driver_for("iba").balance(FakeWire(b"100 RUR\n" + b"Russia:1,\n" * 2000))
