"""Quick ways through a driver that most messages take: each says what the thorough way says."""

import re
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsgw.drivers import platform
from smsgw.drivers.base import Batch, Driver, Verdict
from smsgw.drivers.echoes import Echoes
from smsgw.drivers.values import accepted
from smsgw.errors import SmsgwError
from smsgw.models import Message, State

MakeBatch = Callable[..., Batch]

NUMBERS = st.from_regex(r"[0-9]{1,32}", fullmatch=True) | st.sampled_from(["0", "00", "1" * 30, "1" * 31])
SIGNS = st.text("0123456789٣, \t\r\n;", max_size=40)
LISTS = st.lists(NUMBERS, min_size=1, max_size=4).map(",".join)
BODIES = (LISTS | SIGNS).map(str.encode) | st.binary(max_size=20)


@given(st.lists(st.text()))
def test_accepted_is_a_verdict_for_each(message_ids: list[str]) -> None:
    """They are verdicts in all respects."""
    verdicts = accepted(message_ids)
    assert verdicts == [Verdict(State.ACCEPTED, message_id) for message_id in message_ids]
    assert {type(verdict) for verdict in verdicts} <= {Verdict}
    assert repr(verdicts) == repr([Verdict(State.ACCEPTED, message_id) for message_id in message_ids])


def _read(driver: Driver, batch: Batch, body: bytes) -> list[tuple[object, ...]] | tuple[object, ...]:
    """What a reply came to, and what of it was an error, in words."""
    try:
        verdicts: Sequence[Verdict] = driver.read_send(batch, body)
    except SmsgwError as error:
        return (type(error), str(error), error.code)
    return [(*verdict._replace(error=None), type(verdict.error), str(verdict.error)) for verdict in verdicts]


@pytest.mark.parametrize("name", ["iba", "targetsms"])
def test_a_plain_list_of_ids_is_read_as_the_thorough_way_reads_it(
    name: str, driver_for: Callable[..., Driver], batch_for: MakeBatch
) -> None:
    """Whatever a gateway answers, for however many recipients."""
    driver = driver_for(name)
    batches = [batch_for(driver, *[str(79031234500 + n) for n in range(count)]) for count in (1, 2, 3, 4)]
    quick = 0

    @given(BODIES, st.sampled_from(batches))
    def alike(body: bytes, batch: Batch) -> None:
        nonlocal quick
        quick += platform._PLAIN_IDS.fullmatch(body) is not None
        said = _read(driver, batch, body)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(platform, "_PLAIN_IDS", re.compile(rb"(?!)"))
            assert said == _read(driver, batch, body)

    alike()
    assert quick


@given(
    st.lists(NUMBERS | st.text("0123456789ab-%", max_size=12), max_size=5),
    st.lists(st.from_regex(r"[0-9]{3,12}|[a-b]{4}", fullmatch=True), max_size=3),
    st.booleans(),
    st.data(),
)
def test_ids_are_looked_through_together_as_one_by_one(
    said: list[str], secrets: list[str], echoed: bool, data: st.DataObject
) -> None:
    """A secret of digits is found inside of a longer number, alone, or not at all, as it is in each ID."""
    if secrets and echoed:
        before, after = data.draw(st.text("0123456789", max_size=3)), data.draw(st.text("01", max_size=2))
        said = [*said, before + data.draw(st.sampled_from(secrets)) + after]
    echoes = Echoes(*secrets)
    assert echoes.hold_any(said) is any(map(echoes.hold, said))


def test_a_long_number_that_is_a_secret_is_found_in_a_longer_one() -> None:
    """As a password of eight digits, with more digits around it."""
    assert Echoes("88001234").hold_any(["1001", "9988001234"])


def test_a_batchs_id_is_drawn_once_and_for_it_alone(iba: Driver) -> None:
    """20 letters and digits, the same whenever it is asked for, and no other batch's, though it be alike."""
    prepared = iba.prepare(Message(to="79031234567", text="Hi"))
    batches = [Batch(prepared, ("79031234567",)) for _ in range(1000)]
    ids = [batch.id for batch in batches]
    assert ids == [batch.id for batch in batches]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[0-9a-z]{20}", own) for own in ids)


def test_an_id_that_was_given_stays(iba: Driver) -> None:
    """Who has one, as the conformance kit has, keeps it."""
    prepared = iba.prepare(Message(to="79031234567", text="Hi"))
    assert Batch(prepared, ("79031234567",), "x" * 20).id == "x" * 20
