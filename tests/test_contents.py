"""contents.py: what is prepared once for all sends belongs to all of them, and to none of them alone."""

import gc
import weakref
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from smsgw.config import BreakerSettings, RetrySettings
from smsgw.contents import Contents
from smsgw.delivery import Lane
from smsgw.drivers.discovery import find_drivers
from smsgw.drivers.settings import ProviderSettings
from smsgw.entry import Signal
from smsgw.errors import ConfigurationError, UnsupportedOption
from smsgw.models import Channel, Message
from smsgw.routing import Router
from smsgw.transport import Transport

TO = "79031234567"
BERLIN = ZoneInfo("Europe/Berlin")
TWICE = datetime(2027, 10, 31, 2, 30, tzinfo=BERLIN)
"""An hour that comes twice there: summer time ends."""


class Number(str):
    """A number that can be seen to be kept."""

    __slots__ = ("__weakref__",)


@pytest.fixture
def contents() -> Contents:
    return of_provider("iba")


def of_provider(driver: str) -> Contents:
    settings = ProviderSettings(name=driver, driver=driver, login="test", password="test", sender="SHOP")
    lane = Lane(
        find_drivers()[driver](settings),
        Transport(provider=driver),
        retry=RetrySettings(),
        breaker=BreakerSettings(),
        window=None,
        signal=Signal(),
        clock=lambda: 0.0,
    )
    return Contents(Router({driver: lane}, ()))


def message(**fields: Any) -> Message:
    return Message(**{"to": TO, "text": "Hi", **fields})


def test_messages_that_differ_in_whom_they_go_to_are_prepared_once(contents: Contents) -> None:
    """Also with a key: it is no part of what is sent."""
    first = contents.of(message())
    assert contents.of(message(to=["79161234567", TO])) is first
    assert contents.of(message(key="k")) is first


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", "Ho"),
        ("sender", "OTHER"),
        ("provider", "iba"),
        ("send_at", datetime(2027, 1, 1, tzinfo=UTC)),
        ("validity", 60),
        ("flash", True),
        ("transliterate", True),
        ("channel", Channel.VIBER),
        ("viber_validity", 60),
    ],
)
def test_each_option_is_a_content_of_its_own(contents: Contents, field: str, value: object) -> None:
    """No message gets another one's option, whichever of them came first."""
    plain, other = contents.of(message()), contents.of(message(**{field: value}))
    assert plain is not other
    assert getattr(plain.message, field) != value
    assert getattr(other.message, field) == value
    assert contents.of(message()) is plain


def test_the_two_hours_of_one_name_are_two() -> None:
    """Where clocks are set back, two moments look alike: neither message is sent at the other one's time."""
    contents = of_provider("smstele")
    first, second = (contents.of(message(send_at=TWICE.replace(fold=fold))) for fold in (0, 1))
    heads = [content.candidates(TO)[0].prepared.head for content in (first, second)]
    assert heads[0] != heads[1]


def test_one_moment_in_two_zones_is_one() -> None:
    """What the gateway is told is the same."""
    contents = of_provider("smstele")
    moment = datetime(2027, 1, 1, 12, tzinfo=UTC)
    here, there = message(send_at=moment), message(send_at=moment.astimezone(BERLIN))
    assert contents.of(here) is contents.of(there)
    alone = [of_provider("smstele").of(each).candidates(TO)[0].prepared.head for each in (here, there)]
    assert alone[0] == alone[1]


def test_an_option_that_cannot_be_looked_up_is_prepared_each_time(contents: Contents) -> None:
    """`flash=[]` is as good as False to a driver, and no reason to fail here."""
    odd = message(flash=[])
    assert contents.of(odd) is not contents.of(odd)
    assert contents.of(odd).candidates(TO)


def test_a_provider_that_there_is_none_of_is_kept_by_nobody(contents: Contents) -> None:
    """It is an error of each call."""
    for _ in range(2):
        with pytest.raises(ConfigurationError):
            contents.of(message(provider="nowhere"))


def test_the_last_ones_used_are_kept(contents: Contents) -> None:
    """256 of them: texts of their own for each recipient do not fill the memory, and a common one stays."""
    common = contents.of(message(text="common"))
    first = contents.of(message(text="0"))
    for number in range(1, 600):
        contents.of(message(text=str(number)))
        assert contents.of(message(text="common")) is common
    assert contents.of(message(text="0")) is not first
    assert contents.of(message(text="599")) is contents.of(message(text="599"))
    assert len(contents._kept) == 256


def test_a_long_list_is_not_kept_for_its_text(contents: Contents) -> None:
    """All but one of its numbers are gone with the message, without the garbage collector."""
    gc.disable()
    try:
        to = [Number(79160000000 + number) for number in range(10)]
        numbers = [weakref.ref(number) for number in to]
        content = contents.of(message(to=to))
        del to
        assert sum(number() is not None for number in numbers) <= 1
        assert contents.of(message()) is content
    finally:
        gc.enable()


def test_why_it_was_refused_is_each_callers_own(contents: Contents) -> None:
    """Whoever raises the error ties their frames and their own error to it: nobody else may see or keep them."""
    refused = message(flash=True)

    def refuse(private: object) -> UnsupportedOption:
        try:
            raise LookupError(private)  # noqa: TRY301 - what a caller may be handling
        except LookupError:
            with pytest.raises(UnsupportedOption) as caught:
                contents.of(refused).candidates(TO)
        return caught.value

    one, other = refuse("one"), refuse("other")
    assert one is not other
    assert (str(one), vars(one)) == (str(other), vars(other))
    assert repr(other.__context__) == "LookupError('other')"
    gc.disable()
    try:
        private = Number("79160000000")
        kept = weakref.ref(private)
        one = refuse(private)
        del one, private
        gc.collect()  # frames and their exceptions are circles
        assert kept() is None
    finally:
        gc.enable()
