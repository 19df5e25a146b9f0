"""What a driver says of settings, messages and HTTP statuses: whose error it is, and one sentence, word for word."""

from collections.abc import Callable
from typing import Any

import pytest

from smsgw.drivers import platform_texts
from smsgw.drivers.base import Driver, quote
from smsgw.drivers.http import read_status_line
from smsgw.errors import ConfigurationError, InvalidMessage, InvalidText, UnsupportedOption
from smsgw.models import Channel, Message
from smsgw.msisdn import SHORTEST
from smsgw.transport import Reply

MakeDriver = Callable[..., Driver]

PHONE = "79031234567"
TWO = (PHONE, "79160001234")


# The settings.


@pytest.mark.parametrize(
    ("name", "settings", "says"),
    [
        ("iba", {"charset": "koi8-r"}, "providers.main.charset: iba reads utf-8 or windows-1251"),
        ("targetsms", {"charset": "koi8-r"}, "providers.main.charset: targetsms reads utf-8"),
        (
            "iba",
            {"batch_size": 11},
            "providers.main.batch_size: iba takes 1 to 10 recipients a request",
        ),
        (
            "avist",
            {"batch_size": 0},
            "providers.main.batch_size: avist takes 1 to 1 recipients a request",
        ),
    ],
)
def test_a_setting_that_the_provider_cannot_have_is_named(
    driver_for: MakeDriver, name: str, settings: dict[str, Any], says: str
) -> None:
    """By its path in the settings, with what the provider takes."""
    with pytest.raises(ConfigurationError) as caught:
        driver_for(name, **settings)
    assert str(caught.value) == says


def test_a_limit_is_a_size_that_may_be_configured(driver_for: MakeDriver) -> None:
    """From one recipient a request to the provider's limit; a charset in any case."""
    assert [driver_for("iba", batch_size=size).batch_size for size in (1, 10)] == [1, 10]
    assert driver_for("iba", charset="Windows-1251").charset == "windows-1251"


def test_a_url_ends_in_one_slash(driver_for: MakeDriver) -> None:
    """With the final slash or without it."""
    for url in ("http://gateway.test/api", "http://gateway.test/api/"):
        assert driver_for("iba", url=url).url == "http://gateway.test/api/"


# What is refused before any request.

REFUSED: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("iba", {}, {"flash": True}, "iba has no option `flash`"),
    ("iba", {}, {"validity": 60}, "iba has no option `validity`"),
    ("iba", {}, {"channel": Channel.VIBER}, "iba has no option `viber`"),
    ("iba", {}, {"viber_validity": 60}, "iba has no option `viber`"),
    (
        "iba",
        {"charset": "windows-1251"},
        {"text": "Hi😀"},
        "character 3 of the text, U+1F600, cannot be written in windows-1251",
    ),
    (
        "iba",
        {"charset": "windows-1251"},
        {"text": "ў\x98"},
        "character 2 of the text, U+0098, cannot be written in windows-1251",
    ),
    (
        "iba",
        {},
        {"text": "я" * 330},
        "too long for iba: the request would be a URL of more than 1999 characters",
    ),
    (
        "iba",
        {},
        {"sender": "A" * 12},
        "a sender is at most 11 Latin characters, or at most 15 digits, at iba",
    ),
    (
        "avist",
        {},
        {"text": "x" * 161},
        "too long for avist: one segment, so 160 characters, or 70 where any needs UCS-2",
    ),
    ("avist", {}, {"sender": "A-B"}, "a sender is 1 to 11 Latin letters or digits at avist"),
    (
        "smsco",
        {},
        {"text": "No €"},
        "smsco.ge writes Latin only: character 4 of the text is U+20AC (transliterate=True may help)",
    ),
    (
        "smsco",
        {},
        {"text": "A\n"},
        "smsco.ge writes Latin only: character 2 of the text is U+000A (transliterate=True may help)",
    ),
    ("smsco", {}, {"sender": "A" * 12}, "a sender is at most 11 Latin characters at smsco.ge"),
    (
        "smstele",
        {},
        {"channel": Channel.VIBER, "viber_validity": 86_401},
        "a Viber message is valid for at most 86400 seconds",
    ),
    ("smstele", {}, {"sender": "A\n"}, "a sender has printable characters only"),
    (
        "smstele",
        {"charset": "koi8-r"},
        {"sender": "😀"},
        "the sender cannot be written in koi8-r",
    ),
]


@pytest.mark.parametrize(("name", "settings", "content", "says"), REFUSED)
def test_content_that_cannot_be_carried_is_explained(
    driver_for: MakeDriver, name: str, settings: dict[str, Any], content: dict[str, Any], says: str
) -> None:
    """Which character, which option, which limit."""
    driver = driver_for(name, **settings)
    with pytest.raises(InvalidMessage) as caught:
        driver.prepare(Message(to=PHONE, **{"text": "Hi", **content}))
    assert str(caught.value) == f"main: {says}"


def test_a_number_that_is_not_served_is_explained(driver_for: MakeDriver) -> None:
    """By the two that do not serve every number."""
    said = {name: str(driver_for(name).check_recipient("995599445448123")) for name in ("avist", "targetsms")}
    assert said == {
        "avist": "main: avist serves only numbers of 11 digits that begin with 7",
        "targetsms": "main: targetsms serves only numbers of fewer than 15 digits",
    }
    for name in ("iba", "smsco", "smstele"):
        assert driver_for(name).check_recipient("995599445448123") is None


@pytest.mark.parametrize("name", ["avist", "iba", "smsco", "targetsms"])
def test_who_has_no_lookup_says_so(driver_for: MakeDriver, name: str) -> None:
    """The request is refused, and so is a reply."""
    driver = driver_for(name)
    for ask in (lambda: driver.lookup_request(TWO, "id"), lambda: driver.read_lookup(TWO, b"{}")):
        with pytest.raises(UnsupportedOption) as caught:
            ask()
        assert str(caught.value) == f"main: {name} has no HLR lookup"


def test_who_has_no_balance_says_so(driver_for: MakeDriver) -> None:
    """The request is refused, and so is a reply."""
    driver = driver_for("smstele")
    for ask in (driver.balance_request, lambda: driver.read_balance(b"{}")):
        with pytest.raises(UnsupportedOption) as caught:
            ask()
        assert str(caught.value) == "main: smstele does not tell balances"


@pytest.mark.parametrize(
    ("status", "retry_after", "says"),
    [
        (429, 7.0, "the gateway asks for fewer requests"),
        (503, 7.0, "the gateway is unavailable for now"),
        (401, None, "the gateway refused the login (HTTP 401)"),
        (403, None, "the gateway forbade the request (HTTP 403)"),
        (404, None, "`url` of this provider is wrong: its script answered HTTP 404"),
        (302, None, "`url` of this provider is wrong: its script answered HTTP 302"),
        (400, None, "the gateway refused the request (HTTP 400)"),
        (503, None, "the gateway failed (HTTP 503)"),
    ],
)
def test_an_http_status_is_explained(status: int, retry_after: float | None, says: str) -> None:
    """With its number, whoever the provider is."""
    error = read_status_line(Reply(status, b"", retry_after), "main")
    assert error is not None
    assert (str(error), error.code, error.retry_after) == (f"main: {says}", f"HTTP {status}", retry_after)


def test_a_url_with_room_for_one_short_number_is_enough(driver_for: MakeDriver) -> None:
    """Seven digits fit exactly; one letter more is too long. Where URLs have no limit, there is no room to measure."""
    driver = driver_for("iba")
    spare = (driver.prepare(Message(to=PHONE, text="x")).room or 0) - SHORTEST
    assert driver.prepare(Message(to=PHONE, text="x" * (spare + 1))).room == SHORTEST
    with pytest.raises(InvalidText):
        driver.prepare(Message(to=PHONE, text="x" * (spare + 2)))
    assert [driver_for(name).prepare(Message(to=PHONE, text="x")).room for name in ("avist", "smstele")] == [
        None,
        None,
    ]


def test_every_sign_of_a_url_is_escaped() -> None:
    """The slash, too."""
    assert quote("a/b ?&=#%+") == "a%2Fb%20%3F%26%3D%23%25%2B"


@pytest.mark.parametrize(("length", "known"), [(199, True), (200, False)])
def test_a_documented_beginning_is_one_of_a_short_reply(length: int, known: bool) -> None:
    """A page that happens to begin so is no documented reply."""
    reply = "отправитель не должен превышать 15 символов".ljust(length, "x")
    assert (platform_texts.find(reply) is not None) is known


# What no test here can tell of the drivers (`nox -s mutation`): `strict=True` over lists that are of one length; a
# charset's name in capitals; the provider of a reference that no request writes; one more or less white space around
# JSON; a row's description, of which only a request's own error has one; and None or "" for what is only asked whether
# it is there, or for what stands between the words of a list of one.
