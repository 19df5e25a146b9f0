"""Sessions that are passed in, and secrets: no error, no repr and no log record gives a password or a text away."""

from __future__ import annotations

import asyncio
import logging
import traceback
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from smsgw import Dispatcher, Message, Outcome, Reference, State
from smsgw.errors import ConfigurationError, ConnectionLost, SmsgwError

if TYPE_CHECKING:
    from tests.conftest import Line, Peers
    from tests.dispatcher.conftest import World

NUMBER = "79161234567"
PASSWORD = "CANARYpassword"  # letters only: it passes for the name of an attribute
TEXT = "CANARYtext"
DRIVERS = ["avist", "smstele", "smsco", "iba", "targetsms"]


async def drop(line: Line) -> None:
    line.close()


async def reset_in_headers(line: Line) -> None:
    await line.send(f"HTTP/1.1 200 OK\r\nX-{PASSWORD}: {TEXT}\r\nContent-".encode())
    line.reset()


async def silence(line: Line) -> None:
    await line.silence()


async def too_large(line: Line) -> None:
    await line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + PASSWORD.encode() * 150_000)


async def no_http(line: Line) -> None:
    await line.send(f"{PASSWORD} {TEXT}\r\n\r\n".encode())
    line.close()


async def bad_chunks(line: Line) -> None:
    await line.send(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{PASSWORD}\r\n".encode())


ECHO = f"https://gateway/sendsms.php?user=me&pwd={PASSWORD}&text={TEXT}"
STEPS = [drop, reset_in_headers, silence, too_large, no_http, bad_chunks]
TEXTS = [
    ECHO,
    f"Error: {ECHO}",
    f"Error: auth failed {PASSWORD}",
    f"Отправитель не должен превышать 15 символов {PASSWORD} {TEXT}",
    f"Message successfully sent! {PASSWORD}",
    f"2905 = {PASSWORD}",
    f"OK {PASSWORD}",
    f'{{"error": "{PASSWORD}", "description": "{TEXT}"}}',
    f'{{"error": "-25", "description": "Invalid attribute: \'mes={TEXT}\'"}}',
    f'{{"error": "-25", "description": "Invalid attribute: \'{PASSWORD}={TEXT}\'"}}',
    f'{{"error": "-77", "description": "{PASSWORD} {TEXT}"}}',
    f'{{"{PASSWORD}": "{TEXT}"',
    f'{{"messages": "{PASSWORD}"}}',
]
STATUSES = [301, 400, 401, 403, 404, 429, 500, 502, 503]


class Watch:
    """Collects all that was said, and knows the secrets."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog

    def error(self, error: BaseException | None) -> None:
        while error is not None:
            shown = traceback.TracebackException.from_exception(error, capture_locals=True)
            for said in (str(error), repr(error), repr(error.args), repr(vars(error)), *shown.format()):
                assert "CANARY" not in said
            error = error.__cause__ or error.__context__

    def outcome(self, outcome: Outcome) -> None:
        self.value(outcome)
        self.error(outcome.error)

    def value(self, value: object) -> None:
        assert "CANARY" not in repr(value) + str(value)

    def logs(self) -> None:
        for record in self._caplog.records:
            said = f"{record.getMessage()} {record.args!r} {record.exc_info!r} {record.exc_text}"
            assert "CANARY" not in said


@pytest.fixture
def watch(caplog: pytest.LogCaptureFixture) -> Watch:
    caplog.set_level(logging.DEBUG)
    return Watch(caplog)


async def ask_everything(sms: Dispatcher, watch: Watch) -> None:
    submission = await sms.send([NUMBER, "79161234568"], TEXT, key="k", sender="SHOP")
    watch.value(submission)
    watch.value(submission.message)
    for outcome in submission:
        watch.outcome(outcome)
    try:
        submission.raise_for_failures()
    except (SmsgwError, ExceptionGroup) as error:
        for each in error.exceptions if isinstance(error, ExceptionGroup) else [error]:
            watch.error(each)
        watch.value(error)
    async for outcome in sms.send_many([Message(to=NUMBER, text=f"{TEXT} 2")]):
        watch.outcome(outcome)
    (report,) = await sms.status([Reference("main", "4711", NUMBER)])
    watch.value(report)
    watch.error(report.error)
    try:
        await sms.balance("main")
    except SmsgwError as error:
        watch.error(error)
    watch.value(sms)
    watch.value(sms.stats)
    for lane in sms._engine.lanes.values():
        watch.value(lane.driver.settings)
        watch.value(lane.driver.prepare(submission.message))
    watch.logs()


def gateway_of(world: World, driver: str, url: str) -> Dispatcher:
    window = {"duplicate_window": 0} if driver == "targetsms" else {}
    return world.dispatcher(
        {"retry": {"attempts": 2}, "breaker": {"failures": 99, "account_rest": 0.001}},
        main={"driver": driver, "url": url, "password": PASSWORD, "timeout": 0.1, "sender": None, **window},
    )


@pytest.mark.parametrize("driver", DRIVERS)
async def test_no_fault_of_the_connection_gives_a_secret_away(
    world: World, peer: Peers, watch: Watch, driver: str
) -> None:
    """Drops, silence, garbage, and nobody there at all."""
    for step in STEPS:
        gateway = await peer(step)
        await ask_everything(gateway_of(world, driver, world.at(gateway)), watch)
    await ask_everything(gateway_of(world, driver, "http://127.0.0.1:1/"), watch)
    await ask_everything(gateway_of(world, driver, "https://127.0.0.1:1/"), watch)


@pytest.mark.parametrize("driver", DRIVERS)
async def test_no_reply_gives_a_secret_away(world: World, peer: Peers, watch: Watch, driver: str) -> None:
    """A gateway that repeats what it was told, in any of the documented forms."""
    for text in TEXTS:
        gateway = await peer(world.says(text))
        await ask_everything(gateway_of(world, driver, world.at(gateway)), watch)
    for status in STATUSES:
        gateway = await peer(world.says(ECHO, status, Location=ECHO, Retry_After="0"))
        await ask_everything(gateway_of(world, driver, world.at(gateway)), watch)


async def test_a_drivers_fault_is_logged_without_its_values(
    world: World, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it happened is logged; what its error says, which may be a text, is not."""
    sms = gateway_of(world, "iba", world.sandbox.url_for("iba"))

    def faulty(*_: object) -> Any:
        raise RuntimeError(f"{PASSWORD} {TEXT}")

    for name in ("send_request", "read_send", "head", "check_recipient"):
        with monkeypatch.context() as patch:
            patch.setattr(sms._engine.lanes["main"].driver, name, faulty)
            outcome = (await sms.send(NUMBER, TEXT)).outcome
            watch.outcome(outcome)
            assert outcome.state is (State.UNKNOWN if name == "read_send" else State.REJECTED)
    watch.logs()


# Sessions.


async def test_a_session_passed_in_is_used_and_never_closed(world: World, peer: Peers) -> None:
    """Its headers and connections are used; closing the dispatcher leaves it open."""
    gateway = await peer(world.says("4711"))
    async with aiohttp.ClientSession(headers={"X-Ours": "yes"}) as session:
        async with world.dispatcher(None, session, iba={"url": world.at(gateway)}) as sms:
            assert (await sms.send(NUMBER, "Hi")).outcome.state is State.ACCEPTED
        assert not session.closed
        async with world.dispatcher(None, session, iba={"url": world.at(gateway)}) as sms:
            assert (await sms.send(NUMBER, "Hi")).outcome.state is State.ACCEPTED
    assert all(b"X-Ours: yes" in request for request in gateway.requests)
    assert len(gateway.requests) == 2


@pytest.mark.parametrize("fresh", [True, False])
async def test_a_session_passed_in_resends_nothing(world: World, peer: Peers, fresh: bool) -> None:
    """aiohttp's own resending is off for it, too."""
    gateway = await peer(*([] if fresh else [world.says("4711")]), drop)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(keepalive_timeout=1)) as session:
        sms = world.dispatcher(None, session, iba={"url": world.at(gateway)})
        if not fresh:
            await sms.send(NUMBER, "first")
        outcome = (await sms.send(NUMBER, "second")).outcome
        assert (outcome.state, type(outcome.error)) == (State.UNKNOWN, ConnectionLost)
        assert len(gateway.requests) == (1 if fresh else 2)
        await sms.aclose()


async def again(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """A middleware that a careful user might have: it sends each request twice."""
    await handler(request)
    return await handler(request)


@pytest.mark.parametrize(
    "wrong", [{"middlewares": (again,)}, {"trust_env": True}], ids=["middlewares", "trust_env"]
)
async def test_a_session_that_could_resend_or_divert_is_refused(world: World, wrong: dict[str, Any]) -> None:
    """`ConfigurationError`, before anything is sent; all ways to make a dispatcher refuse it alike."""
    async with aiohttp.ClientSession(**wrong) as session:
        with pytest.raises(ConfigurationError, match="session"):
            world.dispatcher(None, session, iba={})
        url = world.sandbox.url_for("iba").removeprefix("http://")
        with pytest.raises(ConfigurationError, match="session"):
            Dispatcher.from_dsn(f"iba://test:test@{url}?http=1", session=session)
    assert not world.ledger.requests


async def test_a_session_that_was_closed_sends_nothing(world: World) -> None:
    """Rejected: proof enough."""
    async with aiohttp.ClientSession() as session:
        sms = world.dispatcher({"retry": {"attempts": 1}}, session, iba={})
    outcome = (await sms.send(NUMBER, "Hi")).outcome
    assert outcome.state is State.REJECTED
    assert not world.ledger.requests


async def test_a_session_that_is_closed_meanwhile_leaves_no_doubt_unsaid(world: World) -> None:
    """Whoever closes it under a request makes that unknown, and nobody waits for ever."""
    world.sandbox.gateways["iba"].faults.delay = 0.1
    async with aiohttp.ClientSession() as session:
        sms = world.dispatcher(None, session, iba={"max_connections": 1})
        callers = [asyncio.create_task(sms.send(NUMBER, f"Hi {i}")) for i in range(3)]
        await asyncio.sleep(0.05)
    async with asyncio.timeout(2):
        outcomes = [(await caller).outcome for caller in callers]
    assert [o.state for o in outcomes] == [State.UNKNOWN, State.REJECTED, State.REJECTED]
    assert len(world.ledger.taken()) == 1
