"""A campaign of the survival tests that is tracked, and what its journal and results say of deliveries."""

import csv
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from smsgw.models import DeliveryState
from smsgw.sandbox.fates import fate_of
from smsgw.sandbox.gateways.targetsms import TargetSMS
from tests.bulk.survival.campaigns import Campaign, toml
from tests.bulk.survival.journals import copy_journal
from tests.bulk.survival.processes import Forked, Nursery

__all__ = ["Delivery", "TrackedCampaign"]

FINAL: Final = 4
DEADLINE: Final = "6"
"""Seconds: some messages have no end."""
_WINDOW: Final = 0.8
"""Seconds of TargetSMS's; ours is a second longer."""
_FATES: Final = {"3": "undeliverable", "4": "expired", "5": "deleted", "6": "rejected", "7": "cancelled"}
"""By the number's last digit: half of the messages are not delivered. What ends in 18 is never reported."""
_NOT_DELIVERED: Final = DeliveryState.UNDELIVERABLE
_SMPP: Final = {
    "delivered": DeliveryState.DELIVERED,
    "undeliverable": DeliveryState.UNDELIVERABLE,
    "expired": DeliveryState.EXPIRED,
    "deleted": DeliveryState.DELETED,
    "rejected": DeliveryState.REJECTED,
    "cancelled": DeliveryState.DELETED,
    "unreported": None,
}
_PLATFORM: Final = {
    "delivered": DeliveryState.DELIVERED,
    "expired": DeliveryState.EXPIRED,
    "unreported": DeliveryState.UNKNOWN,
}
_AVIST: Final = {"delivered": DeliveryState.DELIVERED, "unreported": None}
_WORDS: Final[Mapping[str, Mapping[str, DeliveryState | None]]] = {
    "smstele": _SMPP,
    "smsco": _SMPP,
    "iba": _PLATFORM,
    "targetsms": _PLATFORM,
    "avist": _AVIST,
}
"""The final state of each fate at each provider (docs/sandbox.md); None where there is none."""


class Delivery(NamedTuple):
    """What stands of one row in the journal."""

    state: str
    rank: int


class TrackedCampaign(Campaign):
    """States change some time after a message was taken."""

    def prepare(self, delivery_after: float) -> None:
        for gateway in self.gateways.sandbox.gateways.values():
            gateway.delivery_after = delivery_after
            gateway.fates.update(_FATES)  # type: ignore[arg-type]
        self.known: dict[int, Delivery] = {}
        self.targetsms.repeat_window = _WINDOW
        settings = self.gateways.settings(15.0)
        settings["providers"]["targetsms"]["duplicate_window"] = _WINDOW
        self.config.write_text(toml(settings), encoding="utf-8")

    @property
    def targetsms(self) -> TargetSMS:
        gateway = self.gateways.sandbox.gateways["targetsms"]
        assert isinstance(gateway, TargetSMS)
        return gateway

    def start(self, nursery: Nursery | None = None) -> Forked:
        paths = (self.config, self.sheet.path, self.journal, self.results)
        return (nursery or self._nursery).start(*paths, DEADLINE)

    def look_at_deliveries(self) -> None:
        """Nothing that was known is gone or turned back, and what is final is true."""
        before, self.known = self.known, self._read()
        for row, was in before.items():
            now = self.known[row]
            assert now.rank >= was.rank, row
            assert now == was or was.rank < FINAL, row
        for row, found in self.known.items():
            if found.rank == FINAL:
                assert found.state == self.fate(row), row

    def fate(self, row: int) -> DeliveryState | None:
        """The state that it comes to; None where no final one ever comes."""
        outcome, recipient = self.last.outcomes[row], self.sheet.lines[row].recipient
        assert outcome.provider is not None
        assert recipient is not None
        fate = fate_of(recipient, self.gateways.sandbox.gateways[outcome.provider].fates)
        return _WORDS[outcome.provider].get(fate, _NOT_DELIVERED)

    def assert_all_known(self) -> None:
        """All that was taken has its fate, in the journal and in the results."""
        self.look_at_deliveries()
        with self.results.open(encoding="utf-8", newline="") as file:
            results = list(csv.DictReader(file))
        for row, (line, result) in enumerate(zip(self.sheet.lines, results, strict=True)):
            first = row if line.first is None else line.first
            if result["state"] != "accepted":
                assert first not in self.known
                assert result["delivery"] == ""
                continue
            fate = self.fate(first)
            assert (self.known[first].rank == FINAL) == (fate is not None), row
            assert result["delivery_final"] == ("no" if fate is None else "yes"), row
            assert result["delivery"] == self.known[first].state, row

    def assert_polite(self) -> None:
        """TargetSMS was never asked the same twice within its window."""
        last: dict[str, float] = {}
        for record in self.gateways.ledger.requests_of("targetsms"):
            assert record.clock_at - last.get(record.identity, -9.0) >= _WINDOW, record
            last[record.identity] = record.clock_at

    def _read(self) -> dict[int, Delivery]:
        with TemporaryDirectory() as folder:
            copy = copy_journal(self.journal, Path(folder))
            with closing(sqlite3.connect(copy)) as connection:
                found = connection.execute("SELECT number, state, rank FROM smsgw_deliveries").fetchall()
        return {number - 1: Delivery(*rest) for number, *rest in found}
