"""Loads set off: each in a task, and each when a connection is free for it.

A task for each batch of a long list is 12 µs, and thousands of tasks that wait for a connection are 5 kB each, which
the garbage collector goes through again and again. So what waits for a connection waits as a value, and the task
whose request has just ended takes the next load of the same caller.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextvars import copy_context
from functools import partial

from smsgw.carriage import Carriage
from smsgw.entry import Entry
from smsgw.loads import Load
from smsgw.transport import Slots

__all__ = ["Departures"]


class Departures:
    """All loads of a dispatcher, and the tasks that carry them."""

    def __init__(self, carriage: Carriage, tasks: dict[asyncio.Task[None], None]) -> None:
        self.carriage = carriage
        self.tasks = tasks
        self._lines: dict[Slots, None] = {}
        """Where loads may be waiting."""
        self._let_in: deque[Load] = deque()
        """They have their place, and no task yet."""
        self._looks_in: asyncio.AbstractEventLoop | None = None
        """The loop that is about to give them tasks."""
        self._closed = False

    def send_off(self, load: Load) -> None:
        """At once, or when its first candidate has a connection for it."""
        slots = self._line(load)
        if slots is not None:
            if not slots.take():
                load.context = copy_context()
                self._lines[slots] = None
                slots.queue(partial(self._let, load))
                if self._let_in:
                    self._look_soon()
                return
            load.slots = slots
        self._begin(load)

    def _line(self, load: Load) -> Slots | None:
        """Where it stands in line before anything else. (While something else is waited for, no connection is held.)"""
        gate = load.candidates[0].lane.gate
        if (
            self._closed
            or load.scope.reason is not None
            or gate.window is not None
            or gate.throttle is not None
            or not gate.breaker.passable
        ):
            return None
        return gate.transport.slots

    def _let(self, load: Load, slots: Slots | None) -> None:
        """It is its turn: the task that let it in takes it on if it can, and otherwise a new one does."""
        load.slots = slots
        self._let_in.append(load)
        self._look_soon()

    def _look_soon(self) -> None:
        loop = asyncio.get_running_loop()
        if self._looks_in is not loop:  # (One that was closed before it looked never will.)
            self._looks_in = loop
            loop.call_soon(self._begin_all)

    def _begin_all(self) -> None:
        self._looks_in = None
        while self._let_in:
            self._begin(self._let_in.popleft())

    def _begin(self, load: Load) -> None:
        run = _Run(self, load)
        create = asyncio.get_running_loop().create_task
        # (Not `create_task(context=)`, which task factories that were written before Python 3.11 do not take.)
        task = create(run.go()) if load.context is None else load.context.run(create, run.go())
        self.tasks[task] = None
        task.add_done_callback(run.ended)

    def close(self) -> None:
        """Nothing waits in line any more: each load finds out for itself that its caller has gone."""
        self._closed = True
        for slots in self._lines:
            slots.dismiss()
        self._begin_all()

    def drop(self) -> None:
        """Our tasks are cancelled, as when the loop ends: so is what has no task, or it would begin in their places."""
        for slots in self._lines:
            slots.dismiss()
        while self._let_in:
            load = self._let_in.popleft()
            _cut_off(load, *(load.following or ()))

    def next_of(self, load: Load) -> Load | None:
        """What the task that carried this one carries next."""
        if (following := load.next()) is not None:
            self.send_off(following)
        # Another caller's has another context, so it gets a task of its own. Where requests fail, what else failed in
        # this turn of the loop is counted first: it may open the circuit.
        if self._let_in and self._let_in[0].scope is load.scope and load.first.lane.breaker.is_calm:
            return self._let_in.popleft()
        return None


class _Run:
    """One task, and the load that it carries."""

    __slots__ = ("_departures", "_load")

    def __init__(self, departures: Departures, load: Load) -> None:
        self._departures = departures
        self._load = load

    async def go(self) -> None:
        load: Load | None = self._load
        try:
            while load is not None:
                self._load = load
                await self._departures.carriage.carry(load)
                load = self._departures.next_of(load)
        except asyncio.CancelledError:
            # At once: the place that this request had is another load's already, which begins in the next turn.
            if (task := asyncio.current_task()) is not None and task.cancelling():
                self._departures.drop()
            raise

    def ended(self, task: asyncio.Task[None]) -> None:
        self._departures.tasks.pop(task)
        if task.cancelled():
            # Closing was itself cancelled, or the loop ends: nobody is left waiting for an outcome that will not come.
            load = self._load
            if task.cancelling():  # perhaps before its first step
                _cut_off(load, *(load.following or ()))
                self._departures.drop()
                return
            # What it waited for was cancelled, not itself: the rest of the list has nothing to do with that.
            _cut_off(load)
            if (following := load.next()) is not None:
                self._departures.send_off(following)


def _cut_off(load: Load, *others: Sequence[Entry]) -> None:
    load.give_back()
    for entries in (load.entries, *others):
        for entry in entries:
            entry.cut_off(load.scope.refusal())
