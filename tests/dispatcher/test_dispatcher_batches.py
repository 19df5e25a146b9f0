"""Recipients into requests, each with its own ID; and batches that are refused without saying whom that means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from smsgw import State
from smsgw.errors import (
    AuthenticationFailed,
    CircuitOpen,
    GatewayRejected,
    InvalidText,
    RecipientRejected,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smsgw import Submission
    from tests.conftest import Line, Peer, Peers
    from tests.dispatcher.conftest import World


def numbers(count: int, first: int = 79160000000) -> list[str]:
    return [str(first + i) for i in range(count)]


def assert_ids_are_the_ledgers(world: World, submission: Submission) -> None:
    """Each accepted outcome has the ID that the gateway gave for its recipient, and every recipient has one message."""
    taken = {message.recipient: message.message_id for message in world.ledger.taken()}
    assert len(taken) == len(world.ledger.taken())
    assert {o.recipient: o.message_id for o in submission.accepted} == taken


async def test_25_recipients_to_iba_make_requests_of_10_10_and_5(world: World) -> None:
    """IBA takes ten recipients a request, and each of them gets its own ID back, in the order given."""
    to = numbers(25)
    submission = await world.dispatcher(iba={}).send(to, "Скидки")
    sizes = [len(request.recipients) for request in world.ledger.requests]
    assert sorted(sizes, reverse=True) == [10, 10, 5]
    assert [outcome.recipient for outcome in submission] == to
    assert {outcome.state for outcome in submission} == {State.ACCEPTED}
    assert_ids_are_the_ledgers(world, submission)


@pytest.mark.parametrize("length", [40, 150, 250, 280])
@pytest.mark.parametrize("default", [None, 150])
async def test_120_cyrillic_recipients_fill_targetsms_urls_and_never_pass_2000(
    world: World, length: int, default: int | None
) -> None:
    """Each URL but the last would pass 2000 characters, or the batch size, with one recipient more."""
    to = numbers(120)
    sms = world.dispatcher(targetsms={"batch_size": default})
    submission = await sms.send(to, "ж" * length)
    requests = sorted(world.ledger.requests, key=lambda request: request.recipients)
    assert all(request.url_length <= 2000 for request in requests)
    for request in requests[:-1]:
        one_more = request.url_length + len(f",{to[0]}")
        assert one_more > 2000 or len(request.recipients) == (default or 50)
    assert {outcome.state for outcome in submission} == {State.ACCEPTED}
    assert_ids_are_the_ledgers(world, submission)


async def test_a_url_of_exactly_2000_characters_is_sent_and_one_more_is_refused_here(world: World) -> None:
    """The longest text that fits one recipient goes out; one letter more is refused without a request."""
    sms = world.dispatcher(targetsms={})
    await sms.send("79160000000", "x")
    spare = 2000 - world.ledger.requests[0].url_length + 1
    assert (await sms.send("79160000000", "x" * spare)).outcome.state is State.ACCEPTED
    assert world.ledger.requests[1].url_length == 2000
    outcome = (await sms.send("79160000000", "x" * (spare + 1))).outcome
    assert outcome.state is State.REJECTED
    assert isinstance(outcome.error, InvalidText)
    assert len(world.ledger.requests) == 2


@pytest.mark.parametrize("provider", ["iba", "targetsms"])
async def test_one_bad_number_in_a_batch_is_found_and_the_others_are_sent_once(
    world: World, provider: str
) -> None:
    """A refusal that names nobody: the batch is taken apart until only the bad number is refused."""
    to = numbers(10)
    world.sandbox.gateways[provider].faults.stop_list = {to[6]}
    submission = await world.dispatcher(**{provider: {}}).send(to, "Hi")
    assert [o.state for o in submission] == [State.ACCEPTED] * 6 + [State.REJECTED] + [State.ACCEPTED] * 3
    assert isinstance(submission.outcomes[6].error, RecipientRejected)
    assert not world.ledger.sent_twice()
    assert_ids_are_the_ledgers(world, submission)
    assert len(world.ledger.requests_of(provider, "send")) <= 9
    assert len(world.ledger.requests_of(provider, "balance")) <= 1


@pytest.mark.parametrize("provider", ["iba", "targetsms"])
async def test_a_stop_listed_number_does_not_go_to_another_provider(world: World, provider: str) -> None:
    """For TargetSMS's stop-list another gateway is no way round; IBA's 0 only says that it does not serve the number."""
    to = numbers(3)
    world.sandbox.gateways[provider].faults.stop_list = {to[1]}
    submission = await world.dispatcher(**{provider: {}, "smstele": {}}).send(to, "Hi")
    others = world.ledger.requests_of("smstele")
    if provider == "targetsms":
        assert not others
        assert submission.outcomes[1].state is State.REJECTED
    else:
        assert [request.recipients for request in others] == [(to[1],)]
        assert {outcome.state for outcome in submission} == {State.ACCEPTED}
    assert not world.ledger.sent_twice()


@pytest.mark.parametrize("provider", ["iba", "targetsms"])
async def test_a_batch_of_bad_numbers_only_costs_the_next_one_a_single_request(
    world: World, provider: str
) -> None:
    """Once a whole batch was refused one by one, another with the same sender and text is refused in one request."""
    bad, also_bad = numbers(8), numbers(8, 79170000000)
    world.sandbox.gateways[provider].faults.stop_list = {*bad, *also_bad}
    sms = world.dispatcher(**{provider: {}})
    assert {o.state for o in await sms.send(bad, "Hi")} == {State.REJECTED}
    seen = len(world.ledger.requests_of(provider, "send"))
    assert seen == 15
    submission = await sms.send(also_bad, "Hi")
    assert {(o.state, type(o.error)) for o in submission} == {(State.REJECTED, RecipientRejected)}
    assert len(world.ledger.requests_of(provider, "send")) == seen + 1
    # Another text or sender is another matter.
    good = numbers(2, 79180000000)
    submission = await sms.send([*good, also_bad[0]], "Hello")
    assert len(submission.accepted) == 2
    assert not world.ledger.sent_twice()


async def test_a_good_batch_of_a_refused_text_is_taken_apart_again(world: World) -> None:
    """What was refused for every recipient is forgotten as soon as the gateway takes it for one."""
    bad, good = numbers(4), numbers(4, 79180000000)
    world.sandbox.gateways["iba"].faults.stop_list = set(bad)
    sms = world.dispatcher(iba={})
    await sms.send(bad, "Hi")
    assert len((await sms.send(good[:2], "Hi")).accepted) == 2
    assert len((await sms.send([good[2], bad[0], good[3]], "Hi")).accepted) == 2
    assert not world.ledger.sent_twice()


async def test_ibas_bare_zero_for_a_wrong_password_is_the_account(world: World) -> None:
    """The balance is asked once, nothing is taken apart, and the provider rests."""
    to = numbers(10)
    sms = world.dispatcher(iba={"password": "wrong"})
    submission = await sms.send(to, "Hi")
    assert {(o.state, type(o.error)) for o in submission} == {(State.REJECTED, AuthenticationFailed)}
    assert [request.kind for request in world.ledger.requests] == ["send", "balance"]
    outcome = (await sms.send(to[0], "Hello")).outcome
    assert isinstance(outcome.error, CircuitOpen)
    assert len(world.ledger.requests) == 2


async def test_ibas_account_error_lets_another_provider_carry_the_batch(world: World) -> None:
    """What IBA refused for the account goes to the next provider, once."""
    to = numbers(10)
    submission = await world.dispatcher(iba={"password": "wrong"}, targetsms={}).send(to, "Hi")
    assert {(o.state, o.provider) for o in submission} == {(State.ACCEPTED, "targetsms")}
    assert_ids_are_the_ledgers(world, submission)
    assert [request.gateway for request in world.ledger.requests] == ["iba", "iba", "targetsms"]


async def test_a_lone_zero_asks_for_the_balance_too(world: World) -> None:
    """One recipient refused with 0 may mean the account as well."""
    outcome = (await world.dispatcher(iba={"password": "wrong"}).send(numbers(1), "Hi")).outcome
    assert isinstance(outcome.error, AuthenticationFailed)
    assert [request.kind for request in world.ledger.requests] == ["send", "balance"]


def phones_of(request: bytes) -> Sequence[str]:
    found = re.search(rb"phones=([0-9,%C]+)", request)
    return found[1].decode().replace("%2C", ",").split(",") if found else []


@pytest.mark.parametrize(
    "refusal",
    [
        '{"error": "-25", "description": "No recipients"}',
        '{"error": "-26", "description": "Invalid recipient"}',
        '{"error": "-25", "description": "Invalid attribute: \'phones=7916\'"}',
    ],
)
async def test_smsteles_refusal_of_some_recipient_takes_the_batch_apart(
    world: World, peer: Peers, refusal: str
) -> None:
    """-25 and -26 for a whole request say that some number was bad: the others are sent once each."""
    to, bad = numbers(7), "79160000004"
    taken: list[str] = []
    gateway: Peer

    async def answer(line: Line) -> None:
        phones = phones_of(gateway.requests[-1])
        if bad in phones:
            await line.send(world.says(refusal))
            return
        taken.extend(phones)
        row = '{{"id": "{0}", "phone": "{0}", "cnt": "1", "operator": "m", "region": "77", "mnc": "01"}}'
        rows = ",".join(row.format(phone) for phone in phones)
        await line.send(world.says(f'{{"id": "i", "cnt": "{len(phones)}", "messages": [{rows}]}}'))

    gateway = await peer(answer)
    sms = world.dispatcher(smstele={"url": world.at(gateway), "max_connections": 1}, iba={})
    submission = await sms.send(to, "Hi")
    assert sorted(taken) == sorted(set(to) - {bad})
    assert [o.state for o in submission] == [State.REJECTED if n == bad else State.ACCEPTED for n in to]
    assert isinstance(submission[bad].error, GatewayRejected)
    assert not world.ledger.requests


async def test_parts_of_a_batch_keep_what_is_lost_apart(world: World, peer: Peers) -> None:
    """When a part's reply is lost, its recipients are unknown and the other part's verdicts stand."""
    gateway: Peer
    to = numbers(4)

    async def answer(line: Line) -> None:
        asked = gateway.requests[-1]
        if b"balance" in asked:
            await line.send(world.says("5 RUR"))
        elif b",".join(n.encode() for n in to) in asked:
            await line.send(world.says("0"))
        elif to[0].encode() in asked:
            line.close()
        else:
            await line.send(world.says("501,502"))

    gateway = await peer(answer)
    submission = await world.dispatcher(iba={"url": world.at(gateway)}, targetsms={}).send(to, "Hi")
    assert [o.state for o in submission] == [State.UNKNOWN] * 2 + [State.ACCEPTED] * 2
    assert len(gateway.requests) == 4
    assert not world.ledger.requests


WRONG = ["501,502", "501", "501,502,503,504", "OK"]


@pytest.mark.parametrize("wrong", WRONG)
async def test_ids_that_do_not_fit_the_recipients_are_nobodys(world: World, peer: Peers, wrong: str) -> None:
    """Another number of IDs than of recipients, or another reply: every recipient is unknown."""
    gateway = await peer(world.says(wrong))
    submission = await world.dispatcher(iba={"url": world.at(gateway)}, targetsms={}).send(numbers(3), "Hi")
    assert [(o.state, o.message_id) for o in submission] == [(State.UNKNOWN, None)] * 3
    assert len(gateway.requests) == 1
    assert not world.ledger.requests
