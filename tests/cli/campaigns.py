"""Files of campaigns, and commands over them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from smsgw.sandbox import Sandbox

TEXT = "Hi {name}"


class Campaign:
    """A folder with people.csv, RUN.db and OUT.csv, and what the command line says of them."""

    def __init__(self, folder: Path) -> None:
        self.people = folder / "people.csv"
        self.journal = folder / "RUN.db"
        self.results = folder / "OUT.csv"

    def write(self, content: str | bytes) -> None:
        self.people.write_bytes(content.encode() if isinstance(content, str) else content)

    def fill(self, rows: int) -> None:
        """So many people, no two of them alike."""
        self.write("phone,name\n" + "".join(f"7903{row:07d},n{row}\n" for row in range(rows)))

    def command(self, config: str, *more: str, text: str = TEXT) -> tuple[str, ...]:
        """`smsgw bulk …` as the README has it."""
        return (
            *("bulk", str(self.people), "--text", text, "--config", config),
            *("--journal", str(self.journal), "--results", str(self.results), *more),
        )

    @property
    def rows(self) -> list[dict[str, str]]:
        """The results."""
        with self.results.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    @property
    def states(self) -> Counter[str]:
        return Counter(row["state"] for row in self.rows)


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    return Campaign(tmp_path)


def facts(out: str) -> dict[str, str]:
    """A table of two columns."""
    lines = (line.rpartition("   ") for line in out.splitlines())
    return {what.strip(): how_much.strip() for what, _, how_much in lines if what}


def texts(sandbox: Sandbox) -> dict[str, str]:
    """Recipient to the text that a gateway took; nobody twice."""
    taken: dict[str, str] = {}
    for message in sandbox.ledger.messages:
        assert message.recipient not in taken, "sent twice"
        taken[message.recipient] = message.text
    return taken


Until = Callable[[Callable[[], object]], None]
