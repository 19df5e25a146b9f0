"""Replies that end with their connection, so that a last `0` may be half an ID: IBA Telecom and TargetSMS."""

from collections.abc import Callable
from typing import Any

import pytest

from smsgw.drivers.base import Batch, Driver
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


async def test_a_balance_is_not_as_long_as_a_book(driver_for: Callable[..., Driver]) -> None:
    """Reading and searching one would hold everybody up."""
    with pytest.raises(UnreadableReply, match="longer than a balance"):
        await driver_for("iba").balance(FakeWire(b"100 RUR\n" + b"Russia:1,\n" * 2000))
