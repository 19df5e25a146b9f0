"""Bulk sends that survive anything: a CSV file or messages in, a journal, results out. The extra `bulk`."""

from smsgw.bulk.campaign import BulkRun, run
from smsgw.bulk.errors import BulkError, JournalBusy, JournalError, JournalMismatch, TooMuch
from smsgw.bulk.progress import Ending, Phase, Progress, Summary
from smsgw.bulk.source import CsvSource, MessageSource, Source, SourceRow

__all__ = [
    "BulkError",
    "BulkRun",
    "CsvSource",
    "Ending",
    "JournalBusy",
    "JournalError",
    "JournalMismatch",
    "MessageSource",
    "Phase",
    "Progress",
    "Source",
    "SourceRow",
    "Summary",
    "TooMuch",
    "run",
]
