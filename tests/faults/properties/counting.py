"""How much work the interpreter does, counted and not timed: a busy machine counts the same.

Counted is every opcode that any Python frame executes, and every character of each new text or bytes that a local
variable is bound to, so that a loop which copies the rest of a text at each step is seen, too. What C code does within
one opcode (a regular expression, `json`, `int`) is not seen; the expressions are looked at in a test of their own.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

from smsgw.errors import SmsgwError

__all__ = ["work_of"]


class _Counter:
    def __init__(self) -> None:
        self.work = 0
        self._bound: dict[tuple[int, str], object] = {}

    def __call__(self, frame: FrameType, event: str, arg: Any) -> "_Counter":
        frame.f_trace_opcodes = True
        if event == "opcode":
            self.work += 1
        elif event in ("line", "return"):
            self._copied(frame)
        return self

    def _copied(self, frame: FrameType) -> None:
        for name, value in frame.f_locals.items():
            if isinstance(value, str | bytes) and self._bound.get((id(frame), name)) is not value:
                self._bound[id(frame), name] = value
                self.work += len(value)


def work_of(read: Callable[[], object]) -> int:
    """Opcodes and copied characters while this is read; an error of ours is an answer, too."""
    counter = _Counter()
    before = sys.gettrace()
    sys.settrace(counter)
    try:
        with suppress(SmsgwError):
            read()
    finally:
        sys.settrace(before)
    return counter.work
