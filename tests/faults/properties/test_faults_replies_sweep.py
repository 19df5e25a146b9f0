"""Every documented reply with every kind of damage at every place, in turn: what chance would seldom meet."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import phpserialize
import pytest

from smsgw.models import State
from smsgw.transport import Reply
from tests.faults.properties.five import BATCH_ID, MESSAGE_ID, NAMES, RECIPIENTS
from tests.faults.properties.good_replies import GOOD, ROW, STAT
from tests.faults.properties.hostile_replies import BOMBS, JUNK, written
from tests.faults.properties.sound_answers import (
    account_is_sound,
    balance_is_sound,
    lookup_is_sound,
    search_is_sound,
    status_is_sound,
)
from tests.faults.properties.sound_verdicts import send_is_sound, settling_is_sound
from tests.faults.scale import EXAMPLES


def is_sound(name: str, body: bytes) -> set[State]:
    """As a reply to a send, and to every question."""
    reply = Reply(200, body)
    for asks in (
        status_is_sound,
        balance_is_sound,
        lookup_is_sound,
        search_is_sound,
        account_is_sound,
        settling_is_sound,
    ):
        asks(name, reply)
    return send_is_sound(name, 1, reply) | send_is_sound(name, 2, reply)


def damages(name: str) -> Iterator[bytes]:
    """Each good reply cut, doubled in part, with a bit turned, and with each kind of junk, at each place."""
    for body in GOOD[name]:
        for at in range(len(body) + 1):
            yield body[:at]
            yield body[at:]
            yield body[:at] + body[max(0, at - 1) :]
            yield body[:at] + bytes(byte ^ (1 << at % 8) for byte in body[at : at + 1]) + body[at + 1 :]
            for junk in JUNK:
                yield body[:at] + junk + body[at:]


@pytest.mark.parametrize("name", NAMES)
def test_a_reply_damaged_anywhere_is_sound(name: str) -> None:
    """So many of them as the scale allows, spread over all of them evenly."""
    everything = list(damages(name))
    step = max(1, len(everything) // (15 * EXAMPLES))
    for body in [*GOOD[name], *everything[:: step | 1]]:
        is_sound(name, body)


@pytest.mark.parametrize("bomb", range(len(BOMBS)))
@pytest.mark.parametrize("name", NAMES)
def test_no_bomb_goes_off(name: str, bomb: int) -> None:
    """Deep, huge, endless and infinite replies are read by every driver, whoever they were made for."""
    is_sound(name, BOMBS[bomb])


def test_every_row_of_smstele_is_judged_by_what_it_shows() -> None:
    """Two rows of every operator, count, code and number, under every count of the whole."""
    judged: set[State] = set()
    values: list[Any] = [True, False, None, 0, "", " ", "mMTS"]
    one = list(product(values, ["1", "2"], ["-99", "-43", "0"]))
    for (operator, cnt, error), phone, other in product(one, RECIPIENTS, ["", "mMTS", False]):
        first = {**ROW, "operator": operator, "cnt": cnt, "error": error}
        second = {**ROW, "operator": other, "phone": phone}
        for top in ("0", "1", "2", "3", 2, True, "x"):
            judged |= is_sound("smstele", written({"id": "x", "cnt": top, "messages": [first, second]}))
    assert judged == {State.ACCEPTED, State.REJECTED, State.UNKNOWN}


WEIRD: tuple[Any, ...] = (
    True, False, None, 0, -1, 10**400, 1.5, float("nan"), float("inf"), [], [[]], {}, {"id": 1}, "", "\0", "x" * 5000,
    "half \ud83d", "0001-01-01 00:00:00+03", "9999-12-31 23:59:59-03", "-99", "+79031234567", BATCH_ID, MESSAGE_ID,
)  # fmt: skip


@pytest.mark.parametrize("key", [*ROW, "stat", "err", "last_timestamp"])
def test_a_row_of_smstele_with_any_value_anywhere_is_sound(key: str) -> None:
    """Each value of each type in each place, instead of the right one, beside it before it and after it."""
    for value, (name, row) in product(
        WEIRD, [("messages", ROW), ("results", STAT), ("results", {**STAT, "id": BATCH_ID})]
    ):
        is_sound("smstele", written({"cnt": "1", name: [{**row, key: value}]}))
        is_sound("smstele", written({"cnt": value, "error": value, name: [row]}))
        twice = written({"cnt": "1", name: [row]}).replace(
            b'{"id"', b"{%s" % written({key: value})[1:-1] + b',"id"'
        )
        is_sound("smstele", twice)
        is_sound("smstele", twice.replace(b"}]", b",%s}]" % written({key: value})[1:-1]))


@pytest.mark.parametrize("key", ["id_sms", "time_change_state", "state_sms", "num_parts", "price"])
def test_a_detail_of_targetsms_with_any_value_anywhere_is_sound(key: str) -> None:
    """PHP's arrays, numbers, floats without end and nothing at all, in each place."""
    good = {
        "id_sms": MESSAGE_ID,
        "time_change_state": "",
        "state_sms": "deliver",
        "num_parts": 1,
        "price": 1.5,
    }
    for value in WEIRD:
        if not isinstance(value, str) or value.isprintable():
            is_sound("targetsms", phpserialize.dumps({**good, key: value}))
    for number in ("nan", "inf", "1e999", "-1", "9" * 5000, "1e-7", "1_0"):
        body = phpserialize.dumps({**good, key: 7})
        is_sound("targetsms", body.replace(b"i:7;", f"d:{number};".encode()))
        is_sound("targetsms", body.replace(b"i:7;", f"i:{number};".encode()))
