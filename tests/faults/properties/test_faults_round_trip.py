"""Every text that a driver sends is the very text that its gateway reads, and no part of it becomes anything else."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from smsgw.dispatcher import Dispatcher
from smsgw.drivers.base import Batch, Driver
from smsgw.drivers.discovery import find_drivers
from smsgw.errors import ConfigurationError, InvalidMessage, InvalidSender, InvalidText, UnsupportedOption
from smsgw.models import Channel, Message, Reference
from smsgw.translit import to_latin
from smsgw.transport import Request
from tests.faults.properties.any_text import METACHARACTERS, TEXTS
from tests.faults.properties.attack import attack
from tests.faults.properties.five import BATCH_ID, LOGIN, NAMES, PASSWORD, RECIPIENTS, driver_for, result_of

MOSCOW, TBILISI = timezone(timedelta(hours=3)), timezone(timedelta(hours=4))


@frozen
class Protocol:
    """What a gateway's document calls the parameters of a send, in which zone its times are, and what else it has."""

    login: str
    password: str
    recipients: str
    text: str
    sender: str
    id: str | None = None
    send_at: str | None = None
    zone: timezone = MOSCOW
    fixed: tuple[tuple[str, str], ...] = ()


PROTOCOLS = {
    "avist": Protocol("user", "pass", "phone", "message", "from", fixed=(("action", "send_sms"),)),
    "smstele": Protocol("login", "psw", "phones", "mes", "sender", "id", "deferred"),
    "smsco": Protocol(
        "username", "password", "recipient", "message", "sender", send_at="schedule", zone=TBILISI
    ),
    "iba": Protocol("user", "pwd", "dadr", "text", "sadr"),
    "targetsms": Protocol("user", "pwd", "dadr", "text", "sadr"),
}
_ACCOUNT = {name for named in PROTOCOLS.values() for name in (named.login, named.password)}
SETUPS = [(name, charset) for name in NAMES for charset in find_drivers()[name].charsets]


def parameters(request: Request, charset: str) -> dict[str, str]:
    """As PHP would read them: the last of a name counts, so here none may come twice."""
    if request.body is not None:
        assert "?" not in request.url
        assert request.method == "POST"
    query = urlsplit(request.url).query if request.body is None else request.body.decode("ascii")
    assert query.isascii()
    assert "#" not in request.url
    # Whatever a server takes for the end of a parameter, it finds nothing but our own.
    assert ";" not in query
    assert query.isprintable()
    assert " " not in query
    found = parse_qs(query, keep_blank_values=True, strict_parsing=True, encoding="latin-1")
    assert all(len(values) == 1 for values in found.values())
    # The account is the same in whatever charset the texts are: login and password are always UTF-8.
    return {
        name: values[0].encode("latin-1").decode("utf-8" if name in _ACCOUNT else charset)
        for name, values in found.items()
    }


def expected(driver: Driver, charset: str, message: Message) -> dict[str, str]:
    """Exactly the parameters that the gateway's document asks for."""
    named = PROTOCOLS[driver.name]
    own = driver.name == "smstele"
    text = to_latin(message.text) if message.transliterate and not own else message.text
    wanted: dict[str, object] = {
        named.login: LOGIN,
        named.password: PASSWORD,
        named.recipients: ",".join(message.to),
        named.text: text,
        **dict(named.fixed),
    }
    if named.id is not None:
        wanted[named.id] = BATCH_ID
    if message.sender is not None:
        wanted[named.sender] = message.sender
    if message.send_at is not None and named.send_at is not None:
        local = message.send_at.astimezone(UTC) + (named.zone.utcoffset(None) or timedelta())
        wanted[named.send_at] = local.strftime("%Y-%m-%d %H:%M:%S")
    if own:
        wanted |= {"charset": charset}
        wanted |= {"translit": 1} if message.transliterate else {}
        wanted |= {"flash": 1} if message.flash else {}
        wanted |= {"viber": 1} if message.channel is Channel.VIBER else {}
        wanted |= {"validity": message.validity} if message.validity is not None else {}
        wanted |= {"viber_validity": message.viber_validity} if message.viber_validity is not None else {}
    return {name: str(value) for name, value in wanted.items()}


def writable(text: str, charset: str) -> bool:
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


SENDERS = st.none() | st.sampled_from(["SHOP", "79031234567", "MY SHOP", "A&b=1", "Магазин"]) | TEXTS
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "flash": st.just(True),
        "transliterate": st.just(True),
        "channel": st.just(Channel.VIBER),
        "validity": st.integers(0, 100_000),
        "viber_validity": st.integers(0, 90_000),
        "send_at": st.builds(
            datetime.fromtimestamp,
            st.integers(1_600_000_000, 3_800_000_000),
            st.sampled_from([UTC, MOSCOW, TBILISI]),
        ),
    },
)


@pytest.mark.parametrize(("name", "charset"), SETUPS)
@attack
@given(text=TEXTS, sender=SENDERS, options=st.just({}) | OPTIONS, count=st.integers(1, 2))
def test_a_text_arrives_as_it_was_written_or_is_refused_here(
    *, name: str, charset: str, text: str, sender: str | None, options: dict[str, Any], count: int
) -> None:
    """Decoded by the gateway's rules, a request holds the very text, sender and recipients, and nothing else."""
    driver = driver_for(name, charset=charset)
    message = Message(to=RECIPIENTS[: min(count, driver.batch_limit)], text=text, sender=sender, **options)
    prepared = result_of(lambda: driver.prepare(message), InvalidMessage)
    if isinstance(prepared, InvalidMessage):
        assert isinstance(prepared, InvalidText | InvalidSender | UnsupportedOption)
        assert text not in str(prepared) or len(text) < 9
        return
    request = driver.send_request(Batch(prepared, message.to, BATCH_ID))
    assert parameters(request, charset) == expected(driver, charset, message)
    assert request.url.startswith("http://gateway.test/api/")
    assert driver.url_limit is None or len(request.url) <= driver.url_limit + len(RECIPIENTS[0]) + 1


@pytest.mark.parametrize(("name", "charset"), SETUPS)
@attack
@given(text=TEXTS)
def test_what_a_charset_cannot_write_is_refused_and_all_else_is_not(
    name: str, charset: str, text: str
) -> None:
    """A short text is refused exactly where the gateway's alphabet lacks one of its characters."""
    text = text[:40]
    driver = driver_for(name, charset=charset)
    can = writable(text, charset)
    if name == "smsco":
        can = text.isascii() and text.isprintable()
    prepared = result_of(lambda: driver.prepare(Message(to=RECIPIENTS[0], text=text)), InvalidText)
    assert can is not isinstance(prepared, InvalidText)


@pytest.mark.parametrize(("name", "charset"), SETUPS)
@pytest.mark.parametrize("place", ["text", "sender"])
def test_no_sign_smuggles_a_parameter(name: str, charset: str, place: str) -> None:
    """Each sign that means something to a query is either refused or arrives as itself, first, last and in between."""
    driver = driver_for(name, charset=charset)
    arrived = 0
    for sign in METACHARACTERS:
        for value in (sign, f"a{sign}", f"{sign}a", f"a{sign}b"):
            text, sender = (value, None) if place == "text" else ("Hi", value)
            message = Message(to=RECIPIENTS[0], text=text, sender=sender)
            try:
                prepared = driver.prepare(message)
            except InvalidMessage:
                continue
            request = driver.send_request(Batch(prepared, message.to, BATCH_ID))
            assert parameters(request, charset) == expected(driver, charset, message)
            arrived += 1
    strict_sender = place == "sender" and name in ("avist", "targetsms")
    assert arrived > (-1 if strict_sender else 40)


def questions(driver: Driver, message_id: str) -> Iterable[Request]:
    yield driver.status_request(Reference("main", message_id, RECIPIENTS[0]))
    if driver.has_lookup:
        yield driver.lookup_request(RECIPIENTS, BATCH_ID)


@pytest.mark.parametrize("name", NAMES)
@attack
@given(message_id=TEXTS.filter(lambda text: writable(text, "utf-8")))
def test_a_message_id_arrives_as_it_was_kept(name: str, message_id: str) -> None:
    """An ID that a gateway or a user made up asks for nothing but itself."""
    driver = driver_for(name)
    request, *others = questions(driver, message_id)
    asked = parameters(request, "utf-8")
    assert sorted(asked.values()).count(message_id) >= 1
    plain = parameters(next(iter(questions(driver, "7"))), "utf-8")
    assert {key: value for key, value in asked.items() if plain[key] != "7"} == {
        key: value for key, value in plain.items() if value != "7"
    }
    for other in others:
        assert parameters(other, "utf-8")["hlr"] == "1"


@pytest.mark.parametrize("name", NAMES)
async def test_a_message_id_that_no_request_can_hold_is_told_in_its_report(name: str) -> None:
    """Half a surrogate pair is written in no charset: nothing is asked, and nothing raised."""
    async with Dispatcher.from_config(
        {"providers": {name: {"login": "test", "password": "test", "url": "https://127.0.0.1:9/"}}}
    ) as sms:
        (report,) = await sms.status([Reference(name, "half \ud83d")])
        assert sms.stats[name].requests == 0
    assert isinstance(report.error, ConfigurationError)
    assert not report.final
