"""What is said while a run lasts: by loggers, by Python's warnings and by the event loop in its debug mode."""

import asyncio
import contextlib
import logging
import warnings
from collections.abc import Iterator, Mapping
from math import inf
from typing import Any
from unittest import mock

__all__ = ["Watch"]

_THE_SERVERS_OWN = "transport creation for incoming connection"
"""asyncio's complaint, in debug mode, of a TLS handshake that its server did not complete."""


class Watch:
    """Keeps it, and says nothing itself."""

    def __init__(self) -> None:
        self.records: list[logging.LogRecord] = []
        """Of all loggers, at DEBUG."""
        self.complaints: list[str] = []

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        loop, root = asyncio.get_running_loop(), logging.getLogger()
        level, debug, others = root.level, loop.get_debug(), root.handlers
        loop.set_debug(True)
        loop.slow_callback_duration = inf  # the clock may jump within one
        loop.set_exception_handler(self._complain)
        root.handlers = [_Keep(self.records)]  # pytest's would format each record, for nobody
        root.setLevel(logging.DEBUG)
        try:
            # Nobody looks at where each callback was made, and noting it is half of what debug mode costs.
            shallow = mock.patch("asyncio.constants.DEBUG_STACK_DEPTH", 1)
            with shallow, warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                yield
            self.complaints += [f"{w.category.__name__}: {w.message}" for w in warned]
        finally:
            root.handlers = others
            root.setLevel(level)
            loop.set_exception_handler(None)
            loop.set_debug(debug)

    def _complain(self, _: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        if _THE_SERVERS_OWN not in context["message"]:
            self.complaints.append(f"{context['message']}: {context.get('exception')!r}")


class _Keep(logging.Handler):
    """Keeps words and no values: a record that held a connection would hide that nobody else does."""

    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__()
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        self.format(record)  # a traceback becomes `exc_text`
        record.__dict__["arguments"] = repr(record.args)
        record.msg, record.args, record.exc_info = record.getMessage(), None, None
        self._records.append(record)
