"""The reader enters each pending row exactly once, whoever rests and however full the queues are."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsgw.bulk import queues
from smsgw.bulk.journal import PendingRow
from smsgw.bulk.queues import Reader, RowEntry
from smsgw.errors import InvalidMessage, SmsgwError

FULL, LOW, WINDOW = 8, 4, 2
"""In place of thousands."""


class FakeLane:
    def __init__(self, name: str) -> None:
        self.name = name


class FakeCandidate:
    def __init__(self, name: str) -> None:
        self.lane = FakeLane(name)


class FakeStation:
    def __init__(self, name: str) -> None:
        self.name = name
        self.is_down = False


class FakeJournal:
    """Pending rows, by number."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self.numbers = list(numbers)
        self.looked = 0

    async def pending(self, after: int, limit: int) -> Sequence[PendingRow]:
        self.looked += 1
        return [PendingRow(at, f"79{at:09d}", "") for at in self.numbers if at > after][:limit]


class Scene:
    """A reader over rows, each of which those named in `carriers` may carry, or nobody."""

    def __init__(self, carriers: Sequence[str], names: str = "abc") -> None:
        self.carriers = carriers
        self.stations = {name: FakeStation(name) for name in names}
        self.journal = FakeJournal(range(1, len(carriers) + 1))
        self.given_out: Counter[int] = Counter()
        self.refused: Counter[int] = Counter()
        journal: Any = self.journal
        stations: Any = self.stations.values()
        self.reader = Reader(journal, stations, self.enter, self.refuse)

    def enter(self, row: PendingRow) -> RowEntry | SmsgwError:
        names = self.carriers[row.number - 1]
        if not names:
            return InvalidMessage("nobody carries it")
        carriers: Any = (None, tuple([FakeCandidate(name) for name in names]))
        message: Any = None
        sink: Any = None
        return RowEntry(row.number, row.recipient, message, sink, carriers)

    def refuse(self, row: PendingRow, error: SmsgwError) -> None:
        self.refused[row.number] += 1
        self.journal.numbers.remove(row.number)

    def drain(self, names: tuple[str, ...], most: int) -> None:
        """Take rows out of a queue whose providers are not all down; they have their outcome."""
        queue = self.reader.queues.get(names)
        if queue is None or queue.is_shut:
            return
        for _ in range(min(most, len(queue.waiting))):
            entry = queue.waiting.popleft()
            self.given_out[entry.number] += 1
            self.journal.numbers.remove(entry.number)

    def give_back(self, names: tuple[str, ...]) -> None:
        """One more row than the queue has room for comes back."""
        queue = self.reader.queues.get(names)
        if queue is not None and queue.waiting:
            queue.waiting.append(queue.waiting.popleft())

    async def to_the_end(self) -> None:
        for station in self.stations.values():
            station.is_down = False
        for _ in range(20 * len(self.carriers) + 20):
            for names in list(self.reader.queues):
                self.drain(names, 10**6)
            if not await self.reader.read() and self.is_done:
                return
        raise AssertionError("the reader never comes to its end")

    @property
    def is_done(self) -> bool:
        return self.reader.at_end and all(queue.is_empty for queue in self.reader.queues.values())

    def assert_each_once(self) -> None:
        everyone = range(1, len(self.carriers) + 1)
        assert self.given_out == Counter(at for at in everyone if self.carriers[at - 1])
        assert self.refused == Counter(at for at in everyone if not self.carriers[at - 1])

    def behind(self) -> set[tuple[str, ...]]:
        """Queues that have a place of their own."""
        return {names for names, queue in self.reader.queues.items() if queue.place is not None}

    @property
    def most_waiting(self) -> int:
        return max([0, *(len(queue.waiting) for queue in self.reader.queues.values())])


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Queues of a few rows."""
    for name, value in (("_FULL", FULL), ("_LOW", LOW), ("_WINDOW", WINDOW), ("_LOOK_AHEAD", 20)):
        monkeypatch.setattr(queues, name, value)


STEPS = st.lists(
    st.tuples(st.sampled_from(["read", "drain", "flip", "back"]), st.integers(0, 10**6)), max_size=120
)


@settings(max_examples=300, deadline=None)
@given(
    carriers=st.lists(st.sampled_from(["a", "b", "c", "ab", "ba", "bc", ""]), max_size=120),
    steps=STEPS,
    window=st.integers(1, 7),
)
def test_each_row_is_entered_once(carriers: list[str], steps: list[tuple[str, int]], window: int) -> None:
    """Over the reader's own place and those of the queues that fell behind, in whatever order things happen."""

    async def play() -> None:
        scene = Scene(carriers)
        for step, luck in steps:
            random = Random(luck)
            names = list(scene.reader.queues)
            if step == "read":
                await scene.reader.read()
            elif step == "flip":
                station = random.choice(list(scene.stations.values()))
                station.is_down = not station.is_down
            elif names and step == "drain":
                scene.drain(random.choice(names), random.randrange(1, 2 * FULL))
            elif names:
                scene.give_back(random.choice(names))
            assert scene.most_waiting <= FULL
        await scene.to_the_end()
        scene.assert_each_once()

    with patch.object(queues, "_WINDOW", window):
        asyncio.run(play())


async def read_all(scene: Scene) -> int:
    """Read until there is nothing to be read, and return how often that was."""
    times = 0
    while await scene.reader.read():
        times += 1
        assert times < 1000
    return times


async def test_a_queue_that_is_low_is_all_that_is_read_for() -> None:
    """One provider: as many rows as keep it busy, and no more."""
    scene = Scene(["a"] * 100, "a")
    await read_all(scene)
    assert LOW <= len(scene.reader.queues["a",].waiting) < LOW + WINDOW
    assert scene.journal.looked == LOW / WINDOW


async def test_rows_of_a_queue_that_is_full_are_passed_by() -> None:
    """Its place is before the first row that it had no room for."""
    scene = Scene(["a"] * 50 + ["b"] * 10, "ab")
    scene.stations["a"].is_down = True
    await read_all(scene)
    behind = scene.reader.queues["a",]
    assert (len(behind.waiting), behind.place) == (FULL, FULL)
    assert [entry.number for entry in scene.reader.queues["b",].waiting] == [51, 52, 53, 54]


async def test_a_queue_that_becomes_full_with_the_last_row_that_was_passed_by_is_not_lost() -> None:
    """Full exactly where the reader is: it looks once more, later, and finds nothing."""
    scene = Scene(["a"] * (2 * FULL), "ab")
    await read_all(scene)
    assert scene.reader.at_end
    queue = scene.reader.queues["a",]
    assert queue.place == FULL
    scene.drain(("a",), FULL)
    assert await scene.reader.read()
    assert (len(queue.waiting), queue.place) == (FULL, 2 * FULL)
    scene.drain(("a",), FULL)
    assert scene.behind() == {("a",)}
    assert await scene.reader.read()
    assert scene.is_done
    scene.assert_each_once()


async def test_a_queue_that_has_caught_up_reads_along_again() -> None:
    """From then on the reader's own place is its own."""
    scene = Scene(["a"] * 14 + ["b"] * 4 + ["a"] * 30, "ab")
    scene.stations["a"].is_down = True
    await read_all(scene)
    assert scene.behind() == {("a",)}
    scene.stations["a"].is_down = False
    scene.drain(("a",), FULL)
    await scene.reader.read()
    assert scene.behind() == set()
    await scene.to_the_end()
    scene.assert_each_once()


async def test_nothing_is_read_while_all_are_down() -> None:
    """There is nobody to read for."""
    scene = Scene(["a"] * 50, "ab")
    for station in scene.stations.values():
        station.is_down = True
    assert not await scene.reader.read()
    assert not scene.journal.looked


async def test_it_looks_ahead_for_an_idle_provider_only_so_far() -> None:
    """Where no row comes for one of the providers, the rest is read as it is needed, not all of it at once."""
    scene = Scene(["a"] * 500, "ab")
    await read_all(scene)
    assert 20 <= scene.reader._place <= 20 + WINDOW + FULL


async def test_it_looks_ahead_further_while_there_is_nothing_else_to_do() -> None:
    """All whose rows were seen are down; somebody's rows may stand far behind."""
    scene = Scene(["a"] * 500 + ["b"], "ab")
    scene.stations["a"].is_down = True
    await read_all(scene)
    assert [entry.number for entry in scene.reader.queues["b",].waiting] == [501]


async def test_it_does_not_look_ahead_for_one_that_is_down() -> None:
    """Its rows could not be sent."""
    scene = Scene(["a"] * 500, "ab")
    scene.stations["b"].is_down = True
    await read_all(scene)
    assert scene.reader._place < LOW + WINDOW


async def test_for_a_provider_that_no_route_names_nothing_is_read_ahead() -> None:
    """Each page is read once, though a provider is idle."""
    scene = Scene(["a"] * 60, names="ab")
    expected = Reader(
        scene.reader._journal, scene.reader._stations.values(), scene.enter, scene.refuse, expected={"a"}
    )
    with patch.multiple(queues, _FULL=FULL, _LOW=LOW, _WINDOW=WINDOW):
        while await expected.read():
            pass
    assert expected.queues["a",].place is None
    assert scene.journal.looked <= FULL // WINDOW
