"""What a child process runs first: every log record of every logger is written down, with all that it carries."""

import asyncio
import logging
import os
from pathlib import Path


class _WriteDown(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        from tests.faults.canaries.surfaces import shown_by_record  # noqa: PLC0415 - not before it is needed

        with Path(os.environ["CANARY_LOG"]).open("ab") as log:
            log.writelines(
                f"{where}: {said!r}\0\n".encode("utf-8", "backslashreplace")
                for where, said in shown_by_record(record)
            )


if "CANARY_LOG" in os.environ:
    logging.getLogger().addHandler(_WriteDown())
    logging.getLogger().setLevel(logging.DEBUG)
    asyncio.base_events.BaseEventLoop.slow_callback_duration = property(  # type: ignore[assignment]
        lambda _: 60.0, lambda *_: None
    )
