"""Who may use a connection: never more than there are, first come first served, and none is lost."""

import asyncio
from functools import partial
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsgw.transport import Slots

pytestmark = pytest.mark.looptime(idle_timeout=1)  # who would wait for ever fails after a second


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


class Line:
    """All that stand in line before some slots, and who had a turn."""

    def __init__(self, count: int) -> None:
        self.slots = Slots(count)
        self.served: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def waits(self, name: str) -> None:
        """In a task."""

        async def wait() -> None:
            await self.slots.acquire()
            self.served.append(name)

        self.tasks[name] = asyncio.create_task(wait())
        await asyncio.sleep(0)

    def queues(self, name: str) -> None:
        """Without one."""
        self.slots.queue(partial(self._called, name))

    def _called(self, name: str, slots: Slots | None) -> None:
        assert slots in (self.slots, None)
        self.served.append(name if slots is not None else f"{name} dismissed")


async def test_there_are_as_many_as_there_are() -> None:
    """`take` takes one while one is free, and then none."""
    slots = Slots(2)
    assert [slots.take(), slots.locked(), slots.take(), slots.locked(), slots.take()] == [
        True,
        False,
        True,
        True,
        False,
    ]
    slots.release()
    assert (slots.free, slots.locked()) == (1, False)


async def test_one_line_for_tasks_and_for_those_without() -> None:
    """Whoever came first is served first, in a task or not, and one release serves one."""
    line = Line(1)
    assert line.slots.take()
    await line.waits("a")
    line.queues("b")
    await line.waits("c")
    line.queues("d")
    for served in range(1, 5):
        line.slots.release()
        await turns()
        assert line.served == ["a", "b", "c", "d"][:served]
        assert line.slots.locked()
    line.slots.release()
    assert line.slots.free == 1


async def test_nobody_overtakes_who_was_handed_one() -> None:
    """One that was handed over is not free, though its task has not run yet."""
    line = Line(1)
    assert line.slots.take()
    await line.waits("a")
    line.slots.release()
    assert not line.slots.take()
    await turns()
    assert line.served == ["a"]


async def test_who_gives_up_waiting_is_passed_over() -> None:
    """A task cancelled in line leaves it, and the next in line has the turn."""
    line = Line(1)
    assert line.slots.take()
    await line.waits("a")
    line.queues("b")
    line.tasks["a"].cancel()
    line.slots.release()  # before the task has heard of it
    await turns()
    assert line.served == ["b"]
    assert line.tasks["a"].cancelled()
    line.slots.release()
    assert line.slots.free == 1
    assert not line.slots._waiting


async def test_who_leaves_the_line_is_forgotten() -> None:
    """Nothing is kept of a task that was cancelled in line, though no slot ever comes back."""
    line = Line(1)
    assert line.slots.take()
    await line.waits("a")
    line.tasks["a"].cancel()
    await turns()
    assert not line.slots._waiting


async def test_who_is_cancelled_as_the_turn_comes_passes_it_on() -> None:
    """One that was handed over to a task that is cancelled at the same moment goes to the next, and is not lost."""
    line = Line(1)
    assert line.slots.take()
    await line.waits("a")
    await line.waits("b")
    line.slots.release()
    line.tasks["a"].cancel()
    await turns()
    assert line.served == ["b"]
    line.slots.release()
    assert line.slots.free == 1


async def test_those_without_a_task_can_be_dismissed() -> None:
    """They go without a slot, in their order; tasks stay in line."""
    line = Line(1)
    assert line.slots.take()
    line.queues("a")
    await line.waits("b")
    line.queues("c")
    line.slots.dismiss()
    assert line.served == ["a dismissed", "c dismissed"]
    line.slots.release()
    await turns()
    assert line.served[2:] == ["b"]
    assert line.slots.locked()


@given(st.integers(1, 3), st.lists(st.sampled_from("tqarcd"), max_size=40), st.randoms(use_true_random=False))
async def test_whatever_comes_none_is_lost_and_none_too_many(
    count: int, events: list[str], chance: Random
) -> None:
    """Takes, waits, cancels, dismissals and releases in any order: never more than there are, and in the end as many."""
    line = Line(count)
    ours = 0

    def held() -> int:
        return ours + len([name for name in line.served if "dismissed" not in name])

    for n, event in enumerate(events):
        if event == "t":
            ours += line.slots.take()
        elif event == "q" and line.slots.locked():
            line.queues(f"{n}")
        elif event == "a":
            await line.waits(f"{n}")
        elif event == "r" and held():
            ours -= 1
            line.slots.release()
        elif event == "c" and line.tasks:
            line.tasks[chance.choice(sorted(line.tasks))].cancel()
        elif event == "d":
            line.slots.dismiss()
        if chance.random() < 0.5:  # what is handed over and what is cancelled may meet
            await turns()
        assert held() + line.slots.free <= count
    await turns()
    assert held() + line.slots.free == count
    line.slots.dismiss()
    for task in line.tasks.values():
        task.cancel()
    await turns()
    assert not line.slots._waiting
    assert held() + line.slots.free == count
