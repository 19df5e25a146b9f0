"""What the faults do to a connection, and what is taken all the same, for every gateway alike."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from random import Random

import aiohttp
import pytest

from smsgw.sandbox import Call, Faults, Gateway, Reply, Sandbox

Ask = Callable[..., Coroutine[None, None, tuple[int, str]]]
RawSend = Callable[..., Coroutine[None, None, bytes]]
Until = Callable[[Callable[[], object]], Awaitable[None]]

GATEWAYS = ["avist", "iba", "smsco", "smstele", "targetsms"]
every_gateway = pytest.mark.parametrize("gateway", GATEWAYS)


@every_gateway
@pytest.mark.parametrize(("fault", "taken"), [("drop", 1), ("drop_before", 0)])
async def test_a_dropped_connection_brings_not_one_byte(
    sandbox: Sandbox, raw_send: RawSend, gateway: str, fault: str, taken: int
) -> None:
    """Taken or not, the client sees the same: nothing."""
    setattr(sandbox.gateways[gateway].faults, fault, 1)
    assert await raw_send(gateway) == b""
    assert len(sandbox.ledger.messages) == taken
    (record,) = sandbox.ledger.requests
    assert (record.fault, record.status) == (fault, None)


@every_gateway
async def test_a_truncated_reply_stops_short_of_its_length(
    sandbox: Sandbox, raw_send: RawSend, gateway: str
) -> None:
    """The head announces more than the body brings, and the connection is closed; the message is taken."""
    sandbox.gateways[gateway].faults.truncated = 1
    head, _, body = (await raw_send(gateway, "keep-alive")).partition(b"\r\n\r\n")
    (length,) = [
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length")
    ]
    assert head.startswith(b"HTTP/1.1 200 ")
    assert len(body) == length // 2
    assert len(sandbox.ledger.messages) == 1


@every_gateway
async def test_a_bad_gateway_has_taken_the_message(sandbox: Sandbox, raw_send: RawSend, gateway: str) -> None:
    """HTTP 502 from a front server after the script has run."""
    sandbox.gateways[gateway].faults.bad_gateway = 1
    assert (await raw_send(gateway)).startswith(b"HTTP/1.1 502 ")
    assert len(sandbox.ledger.messages) == 1
    assert (sandbox.ledger.requests[0].status, sandbox.ledger.requests[0].fault) == (502, "bad_gateway")


@every_gateway
async def test_a_silent_gateway_takes_the_message_and_never_answers(
    sandbox: Sandbox, raw_send: RawSend, until: Until, gateway: str
) -> None:
    """Until the client gives up, and then its handler is gone too."""
    sandbox.gateways[gateway].faults.silent = 1
    before = asyncio.all_tasks()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(raw_send(gateway), 0.05)
    assert len(sandbox.ledger.messages) == 1
    await until(lambda: not (asyncio.all_tasks() - before))


@every_gateway
async def test_a_count_goes_down_and_the_fault_with_it(
    sandbox: Sandbox, raw_send: RawSend, gateway: str
) -> None:
    """The next two sends meet it, the third does not."""
    faults = sandbox.gateways[gateway].faults
    faults.drop_before = 2
    replies = [await raw_send(gateway) for _ in range(3)]
    assert replies[:2] == [b"", b""]
    assert b"200 OK" in replies[2]
    assert faults.drop_before == 0


async def test_only_unavailable_meets_what_is_not_a_send(sandbox: Sandbox, ask: Ask) -> None:
    """A balance passes the other faults by and leaves their counts alone."""
    faults = sandbox.gateways["smsco"].faults
    faults.drop = faults.silent = faults.truncated = faults.bad_gateway = faults.drop_before = 1
    assert await ask("smsco", "smsapi2.php", balance="true") == (200, "10000")
    assert faults.drop == 1
    faults.unavailable = 1
    assert await ask("smsco", "smsapi2.php", balance="true") == (200, "2907")
    assert await ask("smsco", "smsapi2.php", balance="true") == (200, "10000")


async def test_faults_of_one_gateway_leave_the_others_alone(sandbox: Sandbox, raw_send: RawSend) -> None:
    """Each has its own."""
    sandbox.gateways["iba"].faults.drop = 1
    assert b"200 OK" in await raw_send("targetsms")


async def test_a_delay_comes_after_the_message_has_been_taken(sandbox: Sandbox, raw_send: RawSend) -> None:
    """A client that gives up meanwhile has sent its message."""
    sandbox.gateways["iba"].faults.delay = 30.0
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(raw_send("iba"), 0.05)
    assert len(sandbox.ledger.messages) == 1


async def test_a_reply_that_nobody_waited_for_is_written_down_as_none(
    sandbox: Sandbox, raw_send: RawSend, until: Until
) -> None:
    """The records say that a delay was met, and that no reply went out."""
    sandbox.gateways["iba"].faults.delay = 30.0
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(raw_send("iba"), 0.05)
    await until(lambda: sandbox.ledger.requests[0].status is None)
    (exchange,) = sandbox.ledger.newest_exchanges()
    assert (exchange.status, exchange.fault, exchange.reply) == (None, "delay", "83759227")


async def test_a_gateway_that_fails_itself_says_why(
    sandbox: Sandbox, raw_send: RawSend, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes one sees it in the reply, in the requests, and in the log."""

    def broken(self: Gateway, call: Call) -> Reply:
        raise LookupError("no price")

    monkeypatch.setattr(type(sandbox.gateways["iba"]), "answer", broken)
    reply = await raw_send("iba")
    assert b" 500 " in reply
    assert b"the fake gateway failed: LookupError: no price" in reply
    (exchange,) = sandbox.ledger.newest_exchanges()
    assert (exchange.status, "no price" in exchange.reply) == (500, True)
    assert "the gateway iba failed" in caplog.text


def test_a_stop_list_is_written_as_people_write_numbers() -> None:
    """By its digits; what has others is no number."""
    faults = Faults(stop_list={"+7 (916) 000-12-34"})
    assert faults.stop_list == {"79160001234"}
    faults.stop_list = ["+995 599 44.54.48"]  # type: ignore[assignment]
    assert faults.stop_list == {"995599445448"}
    for wrong in (["abc"], [""], ["7916٠"]):
        with pytest.raises(ValueError, match="no number"):
            faults.change(stop_list=wrong)


async def test_a_short_delay_is_waited_for_and_answered(sandbox: Sandbox, raw_send: RawSend) -> None:
    """The reply is whole, and late."""
    sandbox.gateways["iba"].faults.delay = 0.05
    began = time.monotonic()
    assert b"200 OK" in await raw_send("iba")
    assert time.monotonic() - began >= 0.05


async def test_a_resend_by_the_http_client_is_seen_in_the_ledger(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    """aiohttp resends a dropped GET by itself: here that is a second SMS, which is what the ledger is for."""
    sandbox.gateways["iba"].faults.drop = 1
    query = {"user": "test", "pwd": "test", "sadr": "S", "dadr": "79160001234", "text": "Hi"}
    async with session.get(sandbox.url_for("iba") + "sendsms.php", params=query) as response:
        assert response.status == 200
    assert sandbox.ledger.sent_twice() == {("79160001234", "Hi"): 2}


async def drawn(seed: int) -> list[str | None]:
    async with Sandbox(seed=seed) as sandbox, aiohttp.ClientSession() as session:
        gateway = sandbox.gateways["avist"]
        gateway.faults.share = {"bad_gateway": 0.3, "unavailable": 0.2}
        form = {
            "user": "test",
            "pass": "test",
            "action": "send_sms",
            "phone": "79160001234",
            "message": "Hi",
            "from": "S",
        }
        for _ in range(60):
            async with session.post(sandbox.url_for("avist") + "sms.php", data=form):
                pass
        return [record.fault for record in sandbox.ledger.requests]


async def test_shares_are_drawn_repeatably() -> None:
    """The same seed, the same faults."""
    first, again, other = await drawn(1), await drawn(1), await drawn(2)
    assert first == again != other
    assert set(first) == {"bad_gateway", "unavailable", None}


def test_each_fault_comes_as_often_as_its_share_says() -> None:
    """Of ten thousand sends within two in a hundred; of other requests never."""
    faults, random = Faults(share={"bad_gateway": 0.3, "unavailable": 0.2}), Random(1)
    drawn_faults = [faults.next_for("send", random) for _ in range(10_000)]
    assert drawn_faults.count("bad_gateway") == pytest.approx(3000, abs=200)
    assert drawn_faults.count("unavailable") == pytest.approx(2000, abs=200)
    assert drawn_faults.count(None) == pytest.approx(5000, abs=200)
    assert {faults.next_for("status", random) for _ in range(100)} == {None}


@pytest.mark.parametrize(
    ("share", "complaint"),
    [
        ({"dorp": 0.1}, "no such fault: dorp"),
        ({"drop": 1.1}, "shares are from 0 to 1"),
        ({"drop": -0.1}, "shares are from 0 to 1"),
        ({"drop": 0.6, "silent": 0.6}, "together at most 1"),
    ],
)
def test_a_share_that_cannot_be_is_refused_as_it_is_set(share: dict[str, float], complaint: str) -> None:
    """A misspelt fault would otherwise be no fault, and a test that finds nothing wrong."""
    with pytest.raises(ValueError, match=complaint):
        Faults().share = share


@pytest.mark.parametrize(("name", "value"), [("drop", -1), ("delay", -1.0), ("dorp", 1)])
def test_a_fault_that_cannot_be_is_refused_as_it_is_set(name: str, value: object) -> None:
    """Neither negative counts, nor names that there are not."""
    with pytest.raises((ValueError, AttributeError)):
        setattr(Faults(), name, value)
