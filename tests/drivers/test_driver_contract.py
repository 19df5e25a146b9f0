"""What every driver promises. A new driver is covered by being found."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from smsgw.drivers.base import Batch, Driver
from smsgw.drivers.discovery import find_drivers
from smsgw.errors import (
    AuthenticationFailed,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    GatewayRejected,
    GatewayTimeout,
    GatewayUnavailable,
    InvalidText,
    NotSubmitted,
    SmsgwError,
    Throttled,
    UnreadableReply,
    UnsupportedOption,
)
from smsgw.models import Channel, Message, Reference, State
from smsgw.msisdn import SHORTEST
from smsgw.transport import Reply, Request, Wire

RECIPIENTS = ("79031234567", "79160001234", "79260004567")
TEXT = "Hidden words 42"  # Latin, so that every driver can carry it
SENDER = "SHOP"


@pytest.fixture(params=sorted(find_drivers()))
def driver(request: pytest.FixtureRequest, driver_for: Callable[..., Driver]) -> Driver:
    made = driver_for(request.param)
    return driver_for(request.param, batch_size=min(made.batch_limit, len(RECIPIENTS)))


@pytest.fixture
def batch(driver: Driver, batch_for: Callable[..., Batch]) -> Batch:
    """As many recipients as go into one request, three at most."""
    return batch_for(driver, *RECIPIENTS[: driver.batch_size], text=TEXT, sender=SENDER)


def test_the_five_gateways_are_found() -> None:
    assert {"avist", "smstele", "smsco", "iba", "targetsms"} <= set(find_drivers())


# Requests


def every_request(driver: Driver, batch: Batch) -> Iterator[Request]:
    yield driver.send_request(batch)
    yield driver.status_request(Reference("main", "ID-7", RECIPIENTS[0]))
    with suppress(UnsupportedOption):
        yield driver.balance_request()
    with suppress(UnsupportedOption):
        yield driver.lookup_request(batch.recipients, batch.id)


def test_recipients_are_appended_to_the_prepared_head(driver: Driver, batch: Batch) -> None:
    request = driver.send_request(batch)
    written = request.url if request.body is None else request.body.decode("ascii")
    assert batch.prepared.head.endswith("=")
    assert written.startswith(batch.prepared.head + ",".join(batch.recipients))


def test_a_request_is_ascii_and_has_a_body_exactly_where_it_is_a_post(driver: Driver, batch: Batch) -> None:
    for request in every_request(driver, batch):
        assert request.method == ("GET" if request.body is None else "POST")
        assert request.url.isascii()
        assert " " not in request.url
        assert request.body is None or request.body.isascii()


def test_every_request_goes_to_the_configured_folder(
    driver_for: Callable[..., Driver], driver: Driver, batch: Batch
) -> None:
    """With or without the final slash."""
    bare = driver_for(driver.name, url="http://gateway.test/api", batch_size=driver.batch_size)
    for request in (*every_request(driver, batch), *every_request(bare, batch)):
        assert request.url.startswith("http://gateway.test/api/")


def test_login_and_password_stand_once_and_never_in_the_url_of_a_post(driver: Driver, batch: Batch) -> None:
    login, password = quote(driver.settings.login, safe=""), quote(driver.settings.password, safe="")
    for request in every_request(driver, batch):
        if request.body is not None:
            assert "?" not in request.url
        written = request.url + (request.body or b"").decode("ascii")
        assert written.count(f"={login}&") == 1
        assert written.count(f"={password}&") == 1


def test_only_a_send_holds_the_text(driver: Driver, batch: Batch) -> None:
    send, *others = every_request(driver, batch)
    assert quote(TEXT) in send.url + (send.body or b"").decode("ascii")
    for request in others:
        assert "Hidden" not in request.url + (request.body or b"").decode("ascii")


def test_no_repr_shows_the_password_or_the_text(driver: Driver, batch: Batch) -> None:
    shown = " ".join(
        map(
            repr,
            (
                driver,
                driver.settings,
                batch,
                batch.prepared,
                batch.prepared.message,
                *every_request(driver, batch),
            ),
        )
    )
    for secret in (driver.settings.password, quote(driver.settings.password, safe=""), "Hidden"):
        assert secret not in shown
        assert secret not in shown.lower()


def test_a_message_id_is_escaped(driver: Driver) -> None:
    """An ID comes from a gateway or a user: it adds no parameter of its own."""
    request = driver.status_request(Reference("main", "1&x=2 3/4", RECIPIENTS[0]))
    written = request.url + (request.body or b"").decode("ascii")
    assert "1%26x%3D2%203%2F4" in written


# What is refused before any request


@pytest.mark.parametrize(
    ("option", "wanted"),
    [
        ("send_at", {"send_at": datetime(2030, 1, 1, tzinfo=UTC)}),
        ("validity", {"validity": 60}),
        ("flash", {"flash": True}),
        ("viber", {"channel": Channel.VIBER}),
        ("viber", {"viber_validity": 60}),
        ("viber", {"viber_validity": 0}),
    ],
)
def test_an_option_that_a_provider_lacks_is_refused_and_never_dropped(
    driver: Driver, option: str, wanted: dict[str, Any]
) -> None:
    message = Message(to=RECIPIENTS, text=TEXT, **wanted)
    if option in driver.options:
        plain = driver.prepare(Message(to=RECIPIENTS, text=TEXT))
        assert driver.prepare(message).head != plain.head
    else:
        with pytest.raises(UnsupportedOption, match=option):
            driver.prepare(message)


def test_a_lookup_is_refused_where_there_is_none(driver: Driver) -> None:
    if not driver.has_lookup:
        with pytest.raises(UnsupportedOption):
            driver.lookup_request(RECIPIENTS[:1], "b1")
        with pytest.raises(UnsupportedOption):
            driver.read_lookup(RECIPIENTS[:1], b"{}")


@pytest.mark.parametrize("text", ["\ud83d", "Hi \udc00 there", "Код \ud83d"])
def test_a_lone_surrogate_cannot_be_written(driver: Driver, text: str) -> None:
    with pytest.raises(InvalidText) as raised:
        driver.prepare(Message(to=RECIPIENTS, text=text))
    assert raised.value.provider == "main"


@pytest.mark.parametrize("batch_size", [-1, 0, 10_000])
def test_a_batch_is_never_larger_than_the_providers_limit(
    driver_for: Callable[..., Driver], driver: Driver, batch_size: int
) -> None:
    with pytest.raises(ConfigurationError, match=r"providers\.main\.batch_size"):
        driver_for(driver.name, batch_size=batch_size)


def test_an_unknown_charset_is_refused(driver_for: Callable[..., Driver], driver: Driver) -> None:
    with pytest.raises(ConfigurationError, match=r"providers\.main\.charset"):
        driver_for(driver.name, charset="utf-7")


def test_room_is_what_recipients_may_take_of_the_url(driver: Driver, batch_for: Callable[..., Batch]) -> None:
    """With a full room the URL is exactly as long as the provider's limit."""
    batch = batch_for(driver, RECIPIENTS[0])
    if driver.url_limit is None:
        assert batch.prepared.room is None
        return
    assert batch.prepared.room is not None
    used = len(driver.send_request(batch).url) - len(RECIPIENTS[0])
    assert used + batch.prepared.room == driver.url_limit


def test_a_text_that_leaves_no_room_for_the_shortest_number_is_refused(driver: Driver) -> None:
    if driver.url_limit is None:
        return
    without = driver.prepare(Message(to=RECIPIENTS, text="x"))
    assert without.room is not None
    longest = "x" * (without.room - SHORTEST + 1)
    assert driver.prepare(Message(to=RECIPIENTS, text=longest)).room == SHORTEST
    with pytest.raises(InvalidText, match="too long"):
        driver.prepare(Message(to=RECIPIENTS, text=longest + "x"))


# What came back


def assert_verdicts(driver: Driver, batch: Batch, verdicts: Any, state: State, error: SmsgwError) -> None:
    assert len(verdicts) == len(batch.recipients)
    for verdict in verdicts:
        assert verdict.state is state
        assert verdict.error is error or repr(verdict.error) == repr(error)
        assert verdict.error.__traceback__ is None
        assert verdict.error.__context__ is None
        assert verdict.error.__cause__ is None
        assert not verdict.elsewhere
        assert not verdict.unnamed
        if state is State.UNKNOWN:
            # Only where it can be asked for by our own ID.
            assert verdict.message_id == (batch.id if driver.settles else None)


REJECTED, UNKNOWN = State.REJECTED, State.UNKNOWN


@pytest.mark.parametrize(
    ("status", "retry_after", "state", "kind", "scope", "retryable"),
    [
        (401, None, REJECTED, AuthenticationFailed, "account", False),
        (403, None, REJECTED, GatewayRejected, "provider", False),
        (404, None, REJECTED, ConfigurationError, "provider", False),
        (405, None, REJECTED, ConfigurationError, "provider", False),
        (301, None, REJECTED, ConfigurationError, "provider", False),
        (302, None, REJECTED, ConfigurationError, "provider", False),
        (307, None, REJECTED, ConfigurationError, "provider", False),
        (400, None, REJECTED, GatewayRejected, "message", False),
        (414, None, REJECTED, GatewayRejected, "message", False),
        (429, None, REJECTED, Throttled, "provider", True),
        (429, 12.0, REJECTED, Throttled, "provider", True),
        (503, 30.0, REJECTED, GatewayUnavailable, "provider", True),
        (503, 0.0, REJECTED, GatewayUnavailable, "provider", True),
        (503, None, UNKNOWN, UnreadableReply, "provider", False),
        (500, None, UNKNOWN, UnreadableReply, "provider", False),
        (502, 30.0, UNKNOWN, UnreadableReply, "provider", False),
        (504, None, UNKNOWN, UnreadableReply, "provider", False),
    ],
)
async def test_an_http_status_is_one_verdict_for_each_recipient(
    *,
    driver: Driver,
    batch: Batch,
    wire_for: Callable[[Reply], Wire],
    status: int,
    retry_after: float | None,
    state: State,
    kind: type[SmsgwError],
    scope: str,
    retryable: bool,
) -> None:
    verdicts = await driver.send(wire_for(Reply(status, b"1", retry_after)), batch)
    error = verdicts[0].error
    assert type(error) is kind
    assert_verdicts(driver, batch, verdicts, state, error)
    assert (error.scope, error.retryable, error.maybe_accepted) == (scope, retryable, state is UNKNOWN)
    assert error.retry_after == (retry_after if retryable else None)
    assert (error.provider, error.code) == ("main", f"HTTP {status}")


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (ConnectionFailed("no connection"), REJECTED),
        (NotSubmitted("the session is closed"), REJECTED),
        (GatewayTimeout("no answer"), UNKNOWN),
        (ConnectionLost("reset"), UNKNOWN),
        (UnreadableReply("cut short"), UNKNOWN),
    ],
)
async def test_what_the_wire_raises_is_a_verdict_and_no_exception(
    driver: Driver,
    batch: Batch,
    wire_for: Callable[[SmsgwError], Wire],
    error: SmsgwError,
    state: State,
) -> None:
    verdicts = await driver.send(wire_for(error), batch)
    assert_verdicts(driver, batch, verdicts, state, error)
    assert verdicts[0].error is error


async def test_status_balance_and_lookup_raise_what_the_wire_raises(
    driver: Driver, wire_for: Callable[[SmsgwError], Wire]
) -> None:
    wire = wire_for(ConnectionLost("reset"))
    with pytest.raises(ConnectionLost):
        await driver.status(wire, [Reference("main", "ID-7", RECIPIENTS[0])])
    with pytest.raises((ConnectionLost, UnsupportedOption)):
        await driver.balance(wire)
    with pytest.raises((ConnectionLost, UnsupportedOption)):
        await driver.lookup(wire, RECIPIENTS[:1], "b1")
