"""A journal as a process left it, and results as far as they were written: read without touching either."""

import csv
import json
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import frozen

__all__ = ["Claim", "Found", "ResultLine", "copy_journal", "read_journal", "read_results"]


@frozen
class Claim:
    """An attempt that was written down."""

    id: str
    provider: str
    numbers: Sequence[int]
    is_open: bool


@frozen
class Found:
    """What stands of one row in the journal."""

    state: str
    provider: str | None
    message_id: str | None
    claim: str | None


@frozen
class Journal:
    """Rows are counted from 0 here, as in `Spreadsheet.lines`."""

    loaded: bool = False
    outcomes: Mapping[int, Found] = {}
    claims: Sequence[Claim] = ()

    @property
    def open_claims(self) -> Sequence[Claim]:
        return [claim for claim in self.claims if claim.is_open]

    @property
    def in_doubt(self) -> set[int]:
        """The rows of attempts that may have begun, and of which nothing is known."""
        return {number for claim in self.open_claims for number in claim.numbers} - set(self.outcomes)


def copy_journal(journal: Path, folder: Path) -> Path:
    """The files that make a journal, as they are now; nobody may write meanwhile."""
    for ending in ("", "-wal", "-journal"):
        source = journal.with_name(journal.name + ending)
        if source.exists():
            shutil.copyfile(source, folder / source.name)
    return folder / journal.name


def read_journal(journal: Path) -> Journal:
    """A copy is opened: to read the very one would recover it, and that is for the next run to do."""
    with TemporaryDirectory() as folder:
        copy = copy_journal(journal, Path(folder))
        if not copy.exists():
            return Journal()
        with closing(sqlite3.connect(copy)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
            if not {"smsgw_campaign", "smsgw_outcomes", "smsgw_claims"} <= tables:
                return Journal()
            loaded = connection.execute("SELECT loaded FROM smsgw_campaign").fetchone()
            outcomes = connection.execute(
                "SELECT number, state, provider, message_id, claim FROM smsgw_outcomes"
            ).fetchall()
            claims = connection.execute(
                "SELECT id, provider, numbers, completed_at IS NULL FROM smsgw_claims"
            ).fetchall()
    return Journal(
        loaded=loaded is not None and bool(loaded[0]),
        outcomes={number - 1: Found(*rest) for number, *rest in outcomes},
        claims=[
            Claim(claim, provider, [number - 1 for number in json.loads(numbers)], bool(is_open))
            for claim, provider, numbers, is_open in claims
        ],
    )


@frozen
class ResultLine:
    """A line of the results."""

    phone: str
    state: str
    provider: str
    message_id: str
    duplicate: str
    row: int
    text: str


def read_results(path: Path) -> Sequence[ResultLine]:
    """The lines that were written to their end."""
    if not path.exists():
        return []
    whole = path.read_bytes().rpartition(b"\n")[0].decode()
    lines = list(csv.DictReader(whole.splitlines()))
    return [
        ResultLine(
            line["phone"],
            line["state"],
            line["provider"],
            line["message_id"],
            line["duplicate"],
            int(line["row"]),
            line["text"],
        )
        for line in lines
    ]
