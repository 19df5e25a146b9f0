"""Another provider is asked only on proof that nothing was taken, and never as a way round a refusal."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, NamedTuple

import pytest

from smsgw import State
from smsgw.errors import (
    AuthenticationFailed,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    DuplicateRequest,
    GatewayRejected,
    GatewayTimeout,
    GatewayUnavailable,
    InsufficientCredit,
    OutcomeUnknown,
    RecipientRejected,
    SenderRejected,
    SmsgwError,
    TextRejected,
    Throttled,
    UnreadableReply,
)
from smsgw.translit import to_latin

if TYPE_CHECKING:
    from tests.conftest import Line, Peers
    from tests.dispatcher.conftest import World

NUMBER = "79161234567"
ATTEMPTS = 3

GOES_ON = "goes on"
STAYS = "stays"
IN_DOUBT = "in doubt"


class Case(NamedTuple):
    driver: str
    reply: str
    error: type[SmsgwError]
    then: str
    requests: int = 1
    status: int = 200
    retry_after: str | None = None


def of_status(
    status: int, error: type[SmsgwError], then: str, requests: int = 1, retry_after: str | None = None
) -> list[Case]:
    return [
        Case(driver, "x", error, then, requests, status, retry_after) for driver in ("targetsms", "avist")
    ]


HELD = "Недостаточно средств для отправки SMS. SMS будет отправлена как только вы пополните счет по данному направлению."

CASES = [
    # The status line.
    *of_status(503, GatewayUnavailable, GOES_ON, requests=ATTEMPTS, retry_after="0"),
    *of_status(429, Throttled, GOES_ON, requests=ATTEMPTS, retry_after="0"),
    *of_status(429, Throttled, GOES_ON, requests=ATTEMPTS),
    *of_status(503, UnreadableReply, IN_DOUBT),
    *of_status(503, UnreadableReply, IN_DOUBT, retry_after="soon"),
    *of_status(500, UnreadableReply, IN_DOUBT),
    *of_status(502, UnreadableReply, IN_DOUBT),
    *of_status(504, UnreadableReply, IN_DOUBT),
    *of_status(500, UnreadableReply, IN_DOUBT, retry_after="0"),
    *of_status(401, AuthenticationFailed, GOES_ON),
    *of_status(403, GatewayRejected, GOES_ON),
    *of_status(404, ConfigurationError, GOES_ON),
    *of_status(405, ConfigurationError, GOES_ON),
    *of_status(302, ConfigurationError, GOES_ON),
    *of_status(400, GatewayRejected, STAYS),
    *of_status(408, GatewayRejected, STAYS),
    *of_status(414, GatewayRejected, STAYS),
    # Unavailable for now.
    Case("avist", "Error: service is unavailable now", GatewayUnavailable, GOES_ON, ATTEMPTS),
    Case("smsco", "2907", GatewayUnavailable, GOES_ON, ATTEMPTS),
    Case("smsco", "-2907", GatewayUnavailable, GOES_ON, ATTEMPTS),
    Case("smstele", '{"error": "-2", "description": ""}', GatewayUnavailable, GOES_ON, ATTEMPTS),
    Case(
        "targetsms",
        "У нас закончились SMS. Для разрешения проблемы свяжитесь с менеджером.",
        GatewayUnavailable,
        GOES_ON,
    ),
    # The account.
    Case("avist", "Error: auth failed", AuthenticationFailed, GOES_ON),
    Case("avist", "Error: your credit is null", InsufficientCredit, GOES_ON),
    Case("smstele", '{"error": "-23", "description": ""}', AuthenticationFailed, GOES_ON),
    Case("smstele", '{"error": "-43", "description": ""}', InsufficientCredit, GOES_ON),
    Case("smsco", "2905", AuthenticationFailed, GOES_ON),
    Case("smsco", "2906", InsufficientCredit, GOES_ON),
    Case("iba", "Неверный логин или пароль", AuthenticationFailed, GOES_ON),
    Case("targetsms", "Аккаунт заблокирован.", AuthenticationFailed, GOES_ON),
    Case("targetsms", "Закончились SMS.", InsufficientCredit, GOES_ON),
    # The recipient, where the gateway does not serve it.
    Case("avist", "Error: unsupported phone number", RecipientRejected, GOES_ON),
    Case("targetsms", "Данное направление закрыто.", RecipientRejected, GOES_ON),
    Case("targetsms", "Данное направление закрыто для вас.", RecipientRejected, GOES_ON),
    Case("smsco", "2904", GatewayRejected, GOES_ON),
    # The recipient, the message, the sender: no way round.
    Case("targetsms", "Номер телефона присутствует в стоп-листе.", RecipientRejected, STAYS),
    Case("iba", "Номер телефона присутствует в стоп-листе.", RecipientRejected, STAYS),
    Case("targetsms", "Укажите номер телефона.", RecipientRejected, STAYS),
    Case("targetsms", "Текст SMS отклонен модератором.", TextRejected, STAYS),
    Case("targetsms", "Такого отправителя Нет.", SenderRejected, STAYS),
    Case("avist", "Error: can't send this message", GatewayRejected, STAYS),
    Case("avist", "Error: something new", GatewayRejected, STAYS),
    Case("smstele", '{"error": "-26", "description": ""}', RecipientRejected, STAYS),
    Case("smstele", '{"error": "-32", "description": ""}', SenderRejected, STAYS),
    Case(
        "smstele", '{"error": "-24", "description": "Missing attribute: \'phones\'"}', GatewayRejected, STAYS
    ),
    Case("smsco", "2909", GatewayRejected, STAYS),
    Case("smsco", "2912", RecipientRejected, STAYS),
    # In doubt.
    Case(
        "targetsms",
        "error: Попытка отправки более одного одинакового запроса в течение минуты",
        DuplicateRequest,
        IN_DOUBT,
    ),
    Case("targetsms", "Данное сообщение уже было отправлено", DuplicateRequest, IN_DOUBT),
    Case("iba", "Данное сообщение уже было отправлено", DuplicateRequest, IN_DOUBT),
    Case("smstele", '{"error": "-1", "description": ""}', OutcomeUnknown, IN_DOUBT, 2),
    Case("smstele", "<html>", UnreadableReply, IN_DOUBT, 2),
    *[Case(driver, "", UnreadableReply, IN_DOUBT) for driver in ("iba", "targetsms", "smsco", "avist")],
    *[Case(driver, "?", UnreadableReply, IN_DOUBT) for driver in ("iba", "targetsms", "smsco", "avist")],
    Case("targetsms", "Сообщение с таким ID не принималось", UnreadableReply, IN_DOUBT),
    Case("avist", "Error: no such message", UnreadableReply, IN_DOUBT),
]


def named(case: Case) -> str:
    """In Latin: pytest escapes other letters once more each time that one process collects the tests."""
    return f"{case.driver}-{case.status if case.status != 200 else to_latin(case.reply[:40])}"


@pytest.mark.parametrize("pinned", [False, True], ids=["two providers", "pinned"])
@pytest.mark.parametrize("case", CASES, ids=named)
async def test_what_a_gateway_says_decides_who_is_asked_next(
    world: World, peer: Peers, case: Case, pinned: bool
) -> None:
    """The verdict, how often this gateway was asked, and whether the next one was; pinned, the next one never is."""
    headers = {} if case.retry_after is None else {"Retry_After": case.retry_after}
    first = await peer(world.says(case.reply, case.status, **headers))
    window = {"duplicate_window": 0} if case.driver == "targetsms" else {}
    sms = world.dispatcher(
        {"retry": {"attempts": ATTEMPTS}},
        main={"driver": case.driver, "url": world.at(first), **window},
        spare={"driver": "smstele"},
    )
    outcome = (await sms.send(NUMBER, "Hi", provider="main" if pinned else None)).outcome
    assert len(first.requests) == case.requests
    if case.then == GOES_ON and not pinned:
        assert (outcome.state, outcome.provider, outcome.error) == (State.ACCEPTED, "spare", None)
        assert len(world.ledger.requests) == len(world.ledger.taken()) == 1
        assert outcome.attempts == case.requests + 1
        return
    assert outcome.state is (State.UNKNOWN if case.then == IN_DOUBT else State.REJECTED)
    assert outcome.provider == "main"
    assert type(outcome.error) is case.error
    assert outcome.error.provider == "main"
    assert not world.ledger.requests


async def silence(line: Line) -> None:
    await line.silence()


async def drop(line: Line) -> None:
    line.close()


@pytest.mark.parametrize(("how", "error"), [(silence, GatewayTimeout), (drop, ConnectionLost)])
@pytest.mark.parametrize("driver", ["iba", "targetsms", "smsco", "avist"])
async def test_no_answer_is_no_reason_to_ask_another(
    world: World, peer: Peers, driver: str, how: object, error: type[SmsgwError]
) -> None:
    """A timeout or a drop after the request began: unknown, and the next provider is left alone."""
    first = await peer(silence if how is silence else drop)
    sms = world.dispatcher(
        main={"driver": driver, "url": world.at(first), "timeout": 0.1}, spare={"driver": "smstele"}
    )
    outcome = (await sms.send(NUMBER, "Hi")).outcome
    assert (outcome.state, type(outcome.error)) == (State.UNKNOWN, error)
    assert len(first.requests) == 1
    assert not world.ledger.requests


@pytest.mark.parametrize("pinned", [False, True])
@pytest.mark.parametrize("driver", ["iba", "targetsms", "smsco", "avist", "smstele"])
async def test_a_refused_connection_is_retried_and_then_another_is_asked(
    world: World, driver: str, pinned: bool
) -> None:
    """No connection is proof that nothing was sent."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    sms = world.dispatcher(
        {"retry": {"attempts": ATTEMPTS}},
        main={"driver": driver, "url": f"http://127.0.0.1:{port}/"},
        spare={"driver": "smstele"},
    )
    outcome = (await sms.send(NUMBER, "Hi", provider="main" if pinned else None)).outcome
    if pinned:
        assert (outcome.state, type(outcome.error)) == (State.REJECTED, ConnectionFailed)
        assert outcome.attempts == ATTEMPTS
        assert not world.ledger.requests
    else:
        assert (outcome.state, outcome.provider) == (State.ACCEPTED, "spare")
        assert outcome.attempts == ATTEMPTS + 1
        assert len(world.ledger.taken()) == 1


@pytest.mark.parametrize("driver", ["iba", "targetsms"])
async def test_what_is_held_is_never_sent_again(world: World, driver: str) -> None:
    """The gateway has the message and will send it: no retry, no other provider, and the provider rests."""
    world.sandbox.gateways[driver].faults.held = True
    sms = world.dispatcher(main={"driver": driver}, spare={"driver": "smstele"})
    submission = await sms.send([NUMBER, "79161234568"], "Hi")
    assert {(o.state, o.error, o.provider) for o in submission} == {(State.HELD, None, "main")}
    assert [request.gateway for request in world.ledger.requests] == [driver]
    submission.raise_for_failures()
    # The next message finds the provider resting.
    assert (await sms.send(NUMBER, "Another")).outcome.provider == "spare"
    assert len(world.ledger.requests_of(driver)) == 1


async def test_a_retry_that_succeeds_is_accepted_once(world: World) -> None:
    """Unavailable twice, then there: one message, three requests, no other provider."""
    world.sandbox.gateways["smsco"].faults.unavailable = 2
    sms = world.dispatcher(smsco={}, iba={})
    outcome = (await sms.send(NUMBER, "Hi")).outcome
    assert (outcome.state, outcome.provider, outcome.attempts) == (State.ACCEPTED, "smsco", 3)
    assert [request.gateway for request in world.ledger.requests] == ["smsco"] * 3
    assert len(world.ledger.taken()) == 1


async def test_retry_after_wins_over_our_own_backoff(world: World, peer: Peers) -> None:
    """A gateway that asks for a second gets it, though our own waits are shorter; where that is too long, we go on."""
    loop = asyncio.get_running_loop()
    gateway = await peer(world.says("", 503, Retry_After="1"), world.says("4711"))
    sms = world.dispatcher({"retry": {"deadline": 5}}, iba={"url": world.at(gateway)})
    before = loop.time()
    assert (await sms.send(NUMBER, "Hi")).outcome.state is State.ACCEPTED
    assert loop.time() - before >= 1
    gateway = await peer(world.says("", 503, Retry_After="60"))
    sms = world.dispatcher({"retry": {"deadline": 5}}, iba={"url": world.at(gateway)}, smstele={})
    assert (await sms.send(NUMBER, "Hi")).outcome.provider == "smstele"
    assert len(gateway.requests) == 1


async def test_when_everyone_refuses_the_last_refusal_is_told(world: World, peer: Peers) -> None:
    """Each provider is asked once, in order, and the outcome is rejected."""
    first, second = await peer(world.says("2904")), await peer(world.says("Error: auth failed"))
    sms = world.dispatcher(smsco={"url": world.at(first)}, avist={"url": world.at(second)})
    outcome = (await sms.send(NUMBER, "Hi")).outcome
    assert (outcome.state, outcome.provider, outcome.attempts) == (State.REJECTED, "avist", 2)
    assert isinstance(outcome.error, AuthenticationFailed)
    assert (len(first.requests), len(second.requests)) == (1, 1)
