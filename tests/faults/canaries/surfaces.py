"""All that errors, values and log records show of themselves."""

import logging
import pickle
import traceback
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

__all__ = ["errors_of", "shown_by_error", "shown_by_record", "shown_by_value"]

_FORMATTER = logging.Formatter("%(name)s %(levelname)s %(message)s")


def errors_of(error: BaseException | None) -> Iterator[BaseException]:
    """The error, its causes, its contexts (suppressed ones, too) and the members of groups: each once."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions


def shown_by_error(
    error: BaseException | None, *, locals_of_frames: bool = True
) -> Iterator[tuple[str, str | bytes]]:
    """Texts, arguments, notes, attributes, tracebacks with the variables of every frame, and its pickle."""
    for one in errors_of(error):
        name = type(one).__name__
        yield f"the text of {name}", f"{one} {one!r} {one.args!r}"
        yield f"the attributes of {name}", f"{vars(one)!r} {getattr(one, '__notes__', ())!r}"
        shown = traceback.TracebackException.from_exception(one, capture_locals=locals_of_frames)
        yield f"the traceback of {name}", "".join(shown.format())
        try:
            yield f"the pickle of {name}", pickle.dumps(one)
        except (TypeError, pickle.PicklingError, AttributeError):
            continue  # not every error can be


def shown_by_value(value: Any) -> Iterator[tuple[str, str | bytes]]:
    """`repr` and `str`, of the value and of what it holds."""
    name = type(value).__name__
    yield f"the repr of {name}", f"{value!r} {value} {value:}"
    if attrs.has(type(value)):
        for field in attrs.fields(type(value)):
            held = getattr(value, field.name)
            if isinstance(held, BaseException):
                yield from shown_by_error(held)


def shown_by_record(record: logging.LogRecord) -> Iterator[tuple[str, str | bytes]]:
    """The line, its arguments, its error, and whatever else it carries."""
    where, ours = f"a log of {record.name}", record.name.partition(".")[0] == "smsgw"
    yield where, _FORMATTER.format(record)
    yield where, repr(vars(record))
    arguments: Iterable[Any] = record.args.values() if isinstance(record.args, Mapping) else record.args or ()
    for argument in arguments:
        if isinstance(argument, BaseException):
            yield from ((f"{where}, {part}", said) for part, said in shown_by_error(argument))
    if record.exc_info and record.exc_info[1] is not None:
        yield from (
            (f"{where}, {part}", said)
            for part, said in shown_by_error(record.exc_info[1], locals_of_frames=ours)
        )
