"""delivery.py: batches that are refused without a name, and the account that may be behind it."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from smsgw import delivery
from smsgw.errors import (
    AuthenticationFailed,
    CircuitOpen,
    ConnectionLost,
    GatewayUnavailable,
    RecipientRejected,
    SmsgwError,
    TextRejected,
)
from smsgw.models import State
from smsgw.transport import Request
from tests.lanes import MANY, TAKES, Bench, now, states, the_error

pytestmark = pytest.mark.looptime(idle_timeout=1)  # who would wait for ever fails after a second

TAKEN, REFUSED, UNKNOWN = State.ACCEPTED, State.REJECTED, State.UNKNOWN


def listing(*bad: str, account: bytes = b"5 RUR") -> Callable[[Request], bytes]:
    """An IBA that refuses every request with one of these numbers by a bare 0."""

    def answer(request: Request) -> bytes:
        if "balance=1" in request.url:
            return account
        numbers = request.url.rpartition("&dadr=")[2].split(",")
        return b"0" if set(numbers) & set(bad) else ",".join(number[-3:] for number in numbers).encode()

    return answer


def sent(bench: Bench) -> list[list[str]]:
    """The recipients of each request that was a send."""
    return [
        request.url.rpartition("&dadr=")[2].split(",")
        for request in bench.gateway.asked
        if "balance=1" not in request.url
    ]


# Refused without a name.


async def test_a_batch_is_halved_until_only_the_bad_number_is_refused() -> None:
    """The account is asked for once, the halves go side by side, and everybody else is taken once."""
    bench = Bench("iba", listing(MANY[2]))
    assert states(await bench.deliver(*MANY)) == [TAKEN, TAKEN, REFUSED, TAKEN]
    assert bench.gateway.kinds.count("balance") == 1
    assert sorted(sent(bench)) == sorted([MANY, MANY[:2], MANY[2:], [MANY[2]], [MANY[3]]])
    assert now() == pytest.approx(4 * TAKES)


async def test_an_odd_batch_is_halved_too() -> None:
    """Three become one and two."""
    bench = Bench("iba", listing(MANY[0]))
    assert states(await bench.deliver(*MANY[:3])) == [REFUSED, TAKEN, TAKEN]
    assert sent(bench) == [MANY[:3], MANY[:1], MANY[1:3]]


async def test_each_part_is_known_while_the_other_is_still_asked_about() -> None:
    """A caller who leaves meanwhile is told what is known by then."""
    bench = Bench("iba", listing(MANY[0], MANY[1]))
    task = asyncio.create_task(bench.deliver(*MANY))
    await asyncio.sleep(
        3.5 * TAKES
    )  # the batch, the account, the halves; the first half's halves are under way
    known = [entry.verdict and entry.verdict.state for entry in bench.entries]
    assert known == [None, None, TAKEN, TAKEN]
    assert states(await task) == [REFUSED, REFUSED, TAKEN, TAKEN]


async def test_a_lone_number_is_not_taken_apart() -> None:
    """It is the one that is meant."""
    bench = Bench("iba", listing(MANY[0]))
    assert the_error(await bench.deliver(MANY[0]), RecipientRejected).code == "0"
    assert bench.gateway.kinds == ["send", "balance"]


async def test_contents_that_were_refused_for_all_are_not_taken_apart_again() -> None:
    """Until one recipient is taken with them; another text or sender is another matter."""
    bench = Bench("iba", listing(*MANY))
    await bench.deliver(*MANY)
    assert len(sent(bench)) == 7
    assert states(await bench.deliver(*MANY)) == [REFUSED] * 4
    assert len(sent(bench)) == 8
    await bench.deliver(*MANY, text="Hello")
    assert len(sent(bench)) == 15
    await bench.deliver(*MANY, sender="OTHER")
    assert len(sent(bench)) == 22
    assert states(await bench.deliver("79170000001", text="Good morning")) == [TAKEN]
    await bench.deliver(*MANY)
    assert len(sent(bench)) == 24
    assert states(await bench.deliver("79170000001")) == [TAKEN]
    await bench.deliver(*MANY)
    assert len(sent(bench)) == 32


async def test_a_refusal_of_another_kind_forgets_no_contents() -> None:
    """That they were refused for all is forgotten only when one recipient is taken with them."""
    refused, moderated = listing(*MANY), "Текст SMS отклонен модератором.".encode()
    bench = Bench(
        "iba", lambda request: moderated if request.url.endswith("79170000000") else refused(request)
    )
    await bench.deliver(*MANY)
    the_error(await bench.deliver("79170000000"), TextRejected)
    before = len(sent(bench))
    await bench.deliver(*MANY)
    assert len(sent(bench)) == before + 1


async def test_one_taken_recipient_of_a_batch_is_no_refused_content() -> None:
    """What was refused for some only is taken apart the next time, too."""
    bench = Bench("iba", listing(*MANY[:3]))
    await bench.deliver(*MANY)
    before = len(sent(bench))
    await bench.deliver(*MANY)
    assert len(sent(bench)) == 2 * before


async def test_the_oldest_refused_contents_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more of them are remembered than fit."""
    monkeypatch.setattr(delivery, "_REFUSED_CONTENTS", 2)
    bench = Bench("iba", listing(*MANY))
    for text in ("1", "2", "3"):
        await bench.deliver(*MANY[:2], text=text)
    assert len(sent(bench)) == 9
    for text, requests in (("3", 10), ("2", 11), ("1", 14)):
        await bench.deliver(*MANY[:2], text=text)
        assert len(sent(bench)) == requests


@pytest.mark.parametrize(("to", "requests"), [(MANY[:2], 3), (MANY, 7)])
async def test_no_part_is_tried_again_after_the_time_given(to: list[str], requests: int) -> None:
    """The end holds for halves and for quarters as for the batch."""
    whole = len(to) - 1
    bench = Bench("smstele", *[b'{"error": "-25"}'] * whole, b'{"error": "-2"}')
    verdicts = await bench.deliver(*to, within=(len(to) / 2 + 0.5) * TAKES)
    assert {type(verdict.error) for verdict in verdicts} == {GatewayUnavailable}
    assert len(bench.gateway.asked) == requests


# The account.


async def test_a_wrong_password_rests_the_provider_and_takes_nothing_apart() -> None:
    """IBA's bare 0 and an empty balance: all are refused for the account."""
    bench = Bench("iba", listing(*MANY, account=b""))
    verdicts = await bench.deliver(*MANY)
    assert the_error(verdicts, AuthenticationFailed).provider == "main"
    assert [(verdict.state, verdict.message_id, verdict.unnamed) for verdict in verdicts] == [
        (REFUSED, None, False)
    ] * 4
    assert bench.gateway.kinds == ["send", "balance"]
    assert bench.lane.breaker.reopens_in == pytest.approx(300)
    the_error(await bench.deliver(MANY[0]), CircuitOpen)


@pytest.mark.parametrize(
    ("answer", "kind", "logged"),
    [
        (AuthenticationFailed("HTTP 401"), AuthenticationFailed, []),
        (ConnectionLost("CANARY"), RecipientRejected, ["main would not tell its balance (ConnectionLost)"]),
    ],
)
async def test_a_balance_that_fails_is_the_account_only_where_it_says_so(
    caplog: pytest.LogCaptureFixture, answer: SmsgwError, kind: type[SmsgwError], logged: list[str]
) -> None:
    """A login refused there is; anything else proves nothing, and is logged without its words."""
    caplog.set_level(logging.INFO)
    bench = Bench("iba", b"0", answer)
    the_error(await bench.deliver(MANY[0]), kind)
    ours = [record for record in caplog.records if record.name == "smsgw.delivery"]
    assert [record.getMessage() for record in ours] == logged
    assert all(record.levelno == logging.INFO for record in ours)


async def test_a_refusal_that_cannot_mean_the_account_asks_for_no_balance() -> None:
    """TargetSMS names the login itself."""
    bench = Bench("targetsms", "Номер телефона присутствует в стоп-листе.".encode())
    the_error(await bench.deliver(MANY[0]), RecipientRejected)
    assert bench.gateway.kinds == ["send"]
