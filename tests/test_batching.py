"""batching.py: recipients into as few requests as their number and the URL's length allow."""

from functools import cache
from itertools import pairwise

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from smsgw.batching import pack


@frozen
class Addressee:
    recipient: str


def addressees(*lengths: int) -> list[Addressee]:
    """Recipients of these lengths, each of its own."""
    return [Addressee(str(i).rjust(length, "7")) for i, length in enumerate(lengths)]


def written(run: list[Addressee]) -> int:
    """Characters that a run takes in a URL."""
    return len(",".join(addressee.recipient for addressee in run))


def cut(items: list[Addressee], most: int, room: int | None = None) -> list[list[Addressee]]:
    return [list(run) for run in pack(items, most, room)]


def fewest(items: list[Addressee], most: int, room: int | None) -> int:
    """By trying every way to cut."""

    @cache
    def from_(start: int) -> int:
        if start == len(items):
            return 0
        ends = (
            end
            for end in range(start + 1, min(start + most, len(items)) + 1)
            if room is None or written(items[start:end]) <= room
        )
        return 1 + min(from_(end) for end in ends)

    return from_(0)


lists = st.lists(st.integers(7, 15), max_size=40).map(lambda lengths: addressees(*lengths))


@given(lists, st.integers(1, 12), st.none() | st.integers(15, 120))
def test_the_fewest_runs_in_order(items: list[Addressee], most: int, room: int | None) -> None:
    """Every recipient is in exactly one run, in order; each run fits; no cut makes fewer."""
    runs = cut(items, most, room)
    assert [addressee for run in runs for addressee in run] == items
    assert all(1 <= len(run) <= most for run in runs)
    assert room is None or all(written(run) <= room for run in runs)
    assert len(runs) == fewest(items, most, room)


@given(lists, st.integers(1, 12), st.integers(15, 120))
def test_each_run_is_as_full_as_can_be(items: list[Addressee], most: int, room: int) -> None:
    """The first recipient of a run would not have fitted into the one before."""
    runs = cut(items, most, room)
    for run, following in pairwise(runs):
        longer = [*run, following[0]]
        assert len(longer) > most or written(longer) > room


def test_25_recipients_at_10_a_request() -> None:
    """IBA's limit makes 10, 10 and 5."""
    assert [len(run) for run in cut(addressees(*[11] * 25), 10)] == [10, 10, 5]
    assert [len(run) for run in cut(addressees(*[11] * 25), 10, 2000)] == [10, 10, 5]


@pytest.mark.parametrize(("room", "lengths"), [(35, [3, 1]), (34, [2, 2]), (23, [2, 2]), (22, [1, 1, 1, 1])])
def test_commas_take_room(room: int, lengths: list[int]) -> None:
    """Three numbers of 11 digits are 35 characters: two commas, and none after the last."""
    assert [len(run) for run in cut(addressees(11, 11, 11, 11), 50, room)] == lengths


@pytest.mark.parametrize("room", [None, 100])
def test_nobody_makes_no_request(room: int | None) -> None:
    """Without recipients there is no run, not an empty one."""
    assert cut([], 10, room) == []


def test_one_recipient_that_just_fits() -> None:
    """A run of one needs no comma."""
    assert [len(run) for run in cut(addressees(15, 15), 10, 15)] == [1, 1]


@pytest.mark.parametrize("room", [None, 500])
def test_a_long_list_is_cut_in_linear_time(room: int | None) -> None:
    """A hundred thousand recipients take no longer than a blink."""
    assert sum(len(run) for run in cut(addressees(*[11] * 100_000), 50, room)) == 100_000
