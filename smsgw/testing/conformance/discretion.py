# ruff: noqa: S101 - a check asserts
"""What is written to logs, and into errors, while messages go out: neither a password nor a text."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest

from smsgw.drivers.echoes import NOT_SHOWN
from smsgw.models import Reference
from smsgw.testing.conformance.exchange import ACCOUNT_PASSWORD, ExchangeKit
from smsgw.testing.conformance.kit import PROVIDER

__all__ = ["DiscretionChecks"]


class DiscretionChecks(ExchangeKit):
    """Of logs, at every level and of every logger, and of errors, which end in logs."""

    def test_no_log_shows_the_password_or_the_text(self) -> None:
        """A driver logs nothing at all; what the dispatcher logs of its errors and verdicts is discreet, too."""

        async def check() -> None:
            async with self.exchange() as exchange:
                outcomes = await exchange.send(self.recipients[0], self.text)
                await exchange.sms.status(outcomes)
                exchange.faults.drop = 1
                await exchange.send(self.recipients[1], self.text)
                exchange.faults.blocked = True
                await exchange.send(self.recipients[2], self.text)

        with _everything() as lines:
            self.run(check())
        for line in lines:
            self._assert_discreet("a log", line)

    @pytest.mark.parametrize("fault", ["blocked", "no_credit", "unavailable", "drop", "stop_list"])
    def test_no_error_shows_the_password_or_the_text(self, fault: str) -> None:
        """Those of outcomes and of reports: their words are the gateway's and the driver's, not the request's."""
        switch = {"unavailable": 1000, "drop": 1, "stop_list": {self.recipients[0]}}.get(fault, True)

        async def check() -> None:
            async with self.exchange() as exchange:
                exchange.faults.change(**{fault: switch})
                (outcome,) = await exchange.send(self.recipients[0], self.text)
                (report,) = await exchange.sms.status([Reference(PROVIDER, "987654321", self.recipients[0])])
                for error in (outcome.error, report.error):
                    self._assert_discreet("an error", f"{error} {error!r}")

        self.run(check())

    def _assert_discreet(self, name: str, line: str) -> None:
        for what, secret in (
            ("password", ACCOUNT_PASSWORD),
            ("password", quote(ACCOUNT_PASSWORD, safe="")),
            ("text", self.text),
            ("text", quote(self.text, safe="")),
        ):
            assert secret not in line, f"{name} shows the {what}: {line}"
        assert NOT_SHOWN not in line, (
            f"{name} of this driver repeats the password or the text, and was hidden"
        )


class _Handler(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(f"{record.name}: {self.format(record)} {record.args!r}")


@contextmanager
def _everything() -> Iterator[list[str]]:
    """All that is logged meanwhile, as it would be written."""
    lines: list[str] = []
    handler = _Handler(lines)
    loggers = [logging.getLogger(), logging.getLogger("smsgw")]
    levels = [logger.level for logger in loggers]
    loggers[0].addHandler(handler)
    try:
        for logger in loggers:
            logger.setLevel(logging.DEBUG)
        yield lines
    finally:
        loggers[0].removeHandler(handler)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
