"""What a message asks for reaches the gateway that has it, and goes round those that do not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from smsgw import Channel, Message, State
from smsgw.errors import InvalidMessage, InvalidRecipient, InvalidSender, InvalidText, UnsupportedOption

if TYPE_CHECKING:
    from tests.dispatcher.conftest import World

NUMBER = "79161234567"
WITHOUT: dict[str, Any] = {"iba": {}, "targetsms": {}, "avist": {}}
NOON = datetime(2031, 2, 3, 12, 4, 5, tzinfo=UTC)

SMSTELES: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"send_at": NOON}, {"deferred": "2031-02-03 15:04:05"}),
    ({"validity": 90}, {"validity": "90"}),
    ({"validity": timedelta(minutes=2)}, {"validity": "120"}),
    ({"validity": 0}, {"validity": "0"}),
    ({"flash": True}, {"flash": "1"}),
    ({"channel": Channel.VIBER}, {"viber": "1"}),
    ({"channel": "viber", "viber_validity": 600}, {"viber": "1", "viber_validity": "600"}),
]


@pytest.mark.parametrize(("asked", "sent"), SMSTELES, ids=[str(list(sent.items())) for _, sent in SMSTELES])
@pytest.mark.parametrize("many", [False, True])
async def test_smsteles_options_arrive_and_nobody_else_is_asked(
    world: World, asked: dict[str, Any], sent: dict[str, str], many: bool
) -> None:
    """Providers without the option are passed over, not sent the message without it."""
    sms = world.dispatcher(**WITHOUT, smstele={})
    if many:
        message = Message(to=NUMBER, text="Hi", **asked)
        (outcome,) = [outcome async for outcome in sms.send_many([message])]
    else:
        outcome = (await sms.send(NUMBER, "Hi", **asked)).outcome
    assert (outcome.state, outcome.provider) == (State.ACCEPTED, "smstele")
    (taken,) = world.ledger.taken()
    assert {**taken.options, "id": ""} == {**sent, "id": ""}
    assert taken.options["id"] == taken.message_id
    assert (taken.text, taken.sender) == ("Hi", "TESTSMS")


async def test_without_options_none_is_sent(world: World) -> None:
    """Only our own ID goes along."""
    await world.dispatcher(smstele={}).send(NUMBER, "Hi")
    assert set(world.ledger.taken()[0].options) == {"id"}


async def test_a_schedule_is_in_each_gateways_own_zone(world: World) -> None:
    """Moscow for SMStele, Tbilisi for smsco.ge, whatever zone was given."""
    sms = world.dispatcher(**WITHOUT, smsco={}, smstele={})
    await sms.send(NUMBER, "Hi", send_at=NOON)
    await sms.send(NUMBER, "Привет", send_at=NOON.astimezone())
    first, second = world.ledger.taken()
    assert (first.gateway, first.options["schedule"]) == ("smsco", "2031-02-03 16:04:05")
    assert (second.gateway, second.options["deferred"]) == ("smstele", "2031-02-03 15:04:05")


@pytest.mark.parametrize("asked", [asked for asked, _ in SMSTELES], ids=str)
async def test_an_option_that_nobody_has_is_refused_here(world: World, asked: dict[str, Any]) -> None:
    """Loudly: the error names each provider, and nothing is sent without it."""
    sms = world.dispatcher(**WITHOUT)
    outcome = (await sms.send(NUMBER, "Hi", **asked)).outcome
    assert (outcome.state, type(outcome.error)) == (State.REJECTED, UnsupportedOption)
    assert all(name in str(outcome.error) for name in WITHOUT)
    outcome = (await sms.send(NUMBER, "Hi", provider="iba", **asked)).outcome
    assert type(outcome.error) is UnsupportedOption
    assert not world.ledger.requests


async def test_transliteration_is_the_gateways_or_ours(world: World) -> None:
    """SMStele is asked to do it; the others get Latin, and segments are counted after that."""
    text = "Привет, " * 12
    sms = world.dispatcher(iba={}, targetsms={}, smsco={}, avist={}, smstele={})
    for name in sms.providers:
        outcome = (await sms.send(NUMBER, text, provider=name, transliterate=True)).outcome
        assert (outcome.state, outcome.segments) == (State.ACCEPTED, 1 if name != "smstele" else 2)
    latin = {message.gateway: message.text for message in world.ledger.taken()}
    assert latin.pop("smstele") == text
    assert world.ledger.taken("smstele")[0].options["translit"] == "1"
    assert set(latin) == {"iba", "targetsms", "smsco", "avist"}
    assert all(sent.isascii() and sent.startswith("Privet, ") for sent in latin.values())


async def test_a_sender_of_the_message_wins_over_the_configured_one(world: World) -> None:
    """And one that a gateway has no room for goes to a gateway that has."""
    sms = world.dispatcher(iba={}, targetsms={}, smsco={}, avist={}, smstele={})
    for name in sms.providers:
        await sms.send(NUMBER, "Hi", provider=name, sender="SHOP")
    assert {message.sender for message in world.ledger.taken()} == {"SHOP"}
    world.ledger.clear()
    assert (await sms.send(NUMBER, "Hi", sender="My-Shop")).outcome.provider == "iba"
    sms = world.dispatcher(targetsms={}, avist={})
    outcome = (await sms.send(NUMBER, "Hi", sender="My-Shop")).outcome
    assert (outcome.state, type(outcome.error)) == (State.REJECTED, InvalidSender)


TEXT = "Привет, ёлка № 5: 100 % «да» — 2+2=4 & 1#?"


@pytest.mark.parametrize(
    ("provider", "charset"),
    [
        ("iba", "utf-8"),
        ("iba", "windows-1251"),
        ("smstele", "utf-8"),
        ("smstele", "windows-1251"),
        ("smstele", "koi8-r"),
        ("avist", "utf-8"),
        ("avist", "windows-1251"),
        ("avist", "koi8-r"),
        ("targetsms", "utf-8"),
    ],
)
async def test_texts_arrive_in_every_charset(world: World, provider: str, charset: str) -> None:
    """Character for character, percent signs, plus signs and ampersands too."""
    text = TEXT.replace("№", "N").replace("«да»", '"да"').replace("—", "-") if charset == "koi8-r" else TEXT
    if provider == "avist":
        world.sandbox.gateways[provider].charset = charset
    sms = world.dispatcher(**{provider: {"charset": charset}})
    outcome = (await sms.send(NUMBER, text)).outcome
    assert outcome.state is State.ACCEPTED
    assert [message.text for message in world.ledger.taken()] == [text]


async def test_a_text_that_a_charset_lacks_goes_elsewhere_or_is_refused(world: World) -> None:
    """Never a question mark in place of a letter."""
    georgian = "გამარჯობა"
    sms = world.dispatcher(iba={"charset": "windows-1251"}, smstele={"charset": "koi8-r"}, targetsms={})
    outcome = (await sms.send(NUMBER, georgian)).outcome
    assert outcome.provider == "targetsms"
    assert world.ledger.taken()[0].text == georgian
    outcome = (await sms.send(NUMBER, georgian, provider="iba")).outcome
    assert (outcome.state, type(outcome.error)) == (State.REJECTED, InvalidText)


@pytest.mark.parametrize(
    ("to", "text", "carrier"),
    [
        ("995599000001", "Hello", "smsco"),
        ("995599000001", "გამარჯობა", "iba"),
        (NUMBER, "Hello", "avist"),
        (NUMBER, "x" * 161, "smsco"),
        (NUMBER, "ж" * 70, "avist"),
        (NUMBER, "ж" * 71, "iba"),
        (NUMBER, "ж" * 2000, "smstele"),
    ],
)
async def test_each_message_goes_to_the_first_that_can_carry_it(
    world: World, to: str, text: str, carrier: str
) -> None:
    """By number, by letters, by length."""
    sms = world.dispatcher(avist={}, smsco={}, iba={}, smstele={})
    if to.startswith("995"):
        world.sandbox.gateways["smstele"].faults.blocked = True
    outcome = (await sms.send(to, text)).outcome
    assert (outcome.state, outcome.provider) == (State.ACCEPTED, carrier)
    assert [(m.gateway, m.recipient, m.text) for m in world.ledger.taken()] == [(carrier, to, text)]


async def test_numbers_that_are_none_are_rejected_and_the_others_go(world: World) -> None:
    """Two numbers in one, letters, too short: each has its outcome in its place."""
    to = ["+7 (916) 123-45-67", "79161234567,79161234568", "79161234568&text=x", "12", "", "8 916 123-45-69"]
    submission = await world.dispatcher(iba={}).send(to, "Hi")
    assert submission.outcomes[0].state is State.ACCEPTED
    assert {type(o.error) for o in submission.outcomes[1:5]} == {InvalidRecipient}
    assert [o.recipient for o in submission.outcomes[1:5]] == to[1:5]
    with pytest.raises(ExceptionGroup):
        submission.raise_for_failures()
    assert {m.recipient for m in world.ledger.taken()} <= {"79161234567", "89161234569"}


@pytest.mark.parametrize(
    ("mistake", "error"),
    [
        ({"to": []}, ValueError),
        ({"text": ""}, ValueError),
        ({"send_at": NOON.replace(tzinfo=None)}, ValueError),
        ({"validity": -1}, ValueError),
        ({"key": ""}, ValueError),
        ({"channel": "pigeon"}, ValueError),
        ({"to": 79161234567}, TypeError),
        ({"text": b"Hi"}, TypeError),
        ({"sender": 5}, TypeError),
    ],
)
async def test_a_mistake_in_the_call_is_raised_before_any_request(
    world: World, mistake: dict[str, Any], error: type[Exception]
) -> None:
    """It is the caller's, so no outcome could tell it."""
    sms = world.dispatcher(iba={})
    with pytest.raises(error) as caught:
        await sms.send(**{"to": NUMBER, "text": "Hi", **mistake})
    assert not isinstance(caught.value, InvalidMessage)
    assert not world.ledger.requests
