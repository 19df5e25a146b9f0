"""How faults are shown: where they happened, and no value, since values hold passwords and texts."""

import traceback
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from smsgw.errors import ConfigurationError

__all__ = ["alone", "frames"]

P = ParamSpec("P")
T = TypeVar("T")


def frames(error: BaseException) -> str:
    """The error's type and the lines of code it came through, without its message."""
    return "".join(traceback.format_tb(error.__traceback__)) + type(error).__name__


def alone(read: Callable[P, T]) -> Callable[P, T]:
    """A reader of settings whose `ConfigurationError`s come alone: frames on their way would show what it read."""

    @wraps(read)
    def reading(*given: P.args, **more: P.kwargs) -> T:
        try:
            return read(*given, **more)
        except ConfigurationError as error:
            failure = error.with_traceback(None)
        del given, more
        try:
            raise failure
        finally:
            del failure  # which knows this frame

    return reading
