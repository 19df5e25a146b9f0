"""Recipients become the fewest requests that their gateway takes, measured on the requests that are really built."""

from functools import cache
from itertools import pairwise
from typing import Final

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from smsgw.batching import pack
from smsgw.drivers.base import Batch, Driver, Prepared
from smsgw.drivers.discovery import find_drivers
from smsgw.errors import InvalidMessage
from smsgw.models import Message
from smsgw.transport import Request
from tests.faults.properties.attack import attack
from tests.faults.properties.five import BATCH_ID, NAMES, driver_for, form_of

MOST: Final = {"avist": 1, "smstele": 1000, "smsco": 500, "iba": 10, "targetsms": 150}
"""Recipients of a request: two of them the documents', three ours."""
LONGEST: Final = {"smsco": 7999, "iba": 1999, "targetsms": 2000}
"""Characters of a URL."""


@frozen
class Addressee:
    recipient: str


def request_for(driver: Driver, prepared: Prepared, run: list[Addressee]) -> Request:
    recipients = tuple(addressee.recipient for addressee in run)
    return driver.send_request(Batch(prepared, recipients, BATCH_ID))


def fits(driver: Driver, prepared: Prepared, run: list[Addressee]) -> bool:
    """Whether the gateway takes this run, by the request that it makes."""
    request = request_for(driver, prepared, run)
    return len(run) <= driver.batch_size and len(request.url) <= LONGEST.get(driver.name, len(request.url))


def fewest(driver: Driver, prepared: Prepared, everyone: list[Addressee]) -> int:
    """By trying every way to cut, in order."""

    @cache
    def from_(start: int) -> int:
        if start == len(everyone):
            return 0
        return 1 + min(
            from_(end)
            for end in range(start + 1, len(everyone) + 1)
            if fits(driver, prepared, everyone[start:end])
        )

    return from_(0)


def text_for(driver: Driver, room: int, sign: str) -> str:
    """A text that leaves this many characters for recipients, or few more; where no URL counts, so long a text."""
    limit = LONGEST.get(driver.name)
    if limit is None:
        return sign * min(1 + room, 70)
    one = len(driver.prepare(Message(to="7", text=sign)).head)
    each = len(driver.prepare(Message(to="7", text=sign * 2)).head) - one
    return sign * (1 + (limit - room - one) // each)


NUMBERS = st.lists(st.from_regex(r"[1-7][0-9]{6,14}", fullmatch=True), min_size=1, max_size=9, unique=True)
SIZES = st.integers(1, 12)
ROOMS = st.integers(7, 40) | st.integers(7, 160) | st.integers(7, 1400)
SIGNS = {
    "avist": "xя",
    "smstele": "xя😀",
    "smsco": "x&",
    "iba": "xя&😀",
    "targetsms": "xя&😀",
}


def cut(driver: Driver, prepared: Prepared, everyone: list[Addressee]) -> list[list[Addressee]]:
    return [list(run) for run in pack(everyone, driver.batch_size, prepared.room)]


@pytest.mark.parametrize("name", NAMES)
@attack
@given(data=st.data(), numbers=NUMBERS, size=SIZES, room=ROOMS)
def test_a_list_is_cut_into_the_fewest_requests_that_fit(
    name: str, data: st.DataObject, numbers: list[str], size: int, room: int
) -> None:
    """In order, each once, none too long or too many, and no other way to cut makes fewer."""
    driver = driver_for(name, batch_size=min(size, MOST[name]))
    text = text_for(driver, room, data.draw(st.sampled_from(SIGNS[name])))
    prepared = driver.prepare(Message(to="7", text=text))
    everyone = [Addressee(number) for number in numbers if fits(driver, prepared, [Addressee(number)])]
    runs = cut(driver, prepared, everyone)
    assert [addressee for run in runs for addressee in run] == everyone
    assert all(run and fits(driver, prepared, run) for run in runs)
    assert len(runs) == fewest(driver, prepared, everyone)
    for run, following in pairwise(runs):
        assert not fits(driver, prepared, [*run, following[0]])


@pytest.mark.parametrize("name", NAMES)
def test_every_length_of_a_text_leaves_the_room_that_it_says(name: str) -> None:
    """At each length up to the limit a run fills the room to its last character, and one character more does not fit."""
    driver = driver_for(name, batch_size=min(9, MOST[name]))
    limit = LONGEST.get(name)
    everyone = [Addressee(str(79030000000 + at)) for at in range(12)]
    found = set()
    for room in range(7, 7 + 12 * 12):
        prepared = driver.prepare(Message(to="7", text=text_for(driver, room, "x")))
        if limit is None:
            assert prepared.room is None
            continue
        url = request_for(driver, prepared, [Addressee("7")]).url
        assert prepared.room == limit - len(url) + 1 == room
        if room >= 11:
            found.add(max(len(run) for run in cut(driver, prepared, everyone)))
    assert found == (set() if limit is None else set(range(1, 10)))


@pytest.mark.parametrize("name", sorted(LONGEST))
def test_a_text_too_long_for_one_number_is_refused_and_one_shorter_is_not(name: str) -> None:
    """The shortest number there is has seven digits: what leaves less room than that can reach nobody."""
    driver = driver_for(name)
    longest = text_for(driver, 7, "x")
    url = request_for(driver, driver.prepare(Message(to="7", text=longest)), [Addressee("1234567")]).url
    assert len(url) == LONGEST[name]
    with pytest.raises(InvalidMessage, match="too long"):
        driver.prepare(Message(to="7", text=f"{longest}x"))


@pytest.mark.parametrize("name", NAMES)
def test_no_driver_puts_more_into_a_request_than_its_document_allows(name: str) -> None:
    """The limits that these tests are about are the drivers' own."""
    driver = find_drivers()[name]
    assert (driver.batch_limit, driver.url_limit) == (MOST[name], LONGEST.get(name))
    everyone = [Addressee(str(79030000000 + at)) for at in range(2 * MOST[name] + 1)]
    widest = driver_for(name, batch_size=MOST[name])
    prepared = widest.prepare(Message(to="7", text="Hi"))
    runs = cut(widest, prepared, everyone)
    assert sum(map(len, runs)) == len(everyone)
    for run in runs:
        assert fits(widest, prepared, run)
        assert form_of(request_for(widest, prepared, run)).count("7903") == len(run)
