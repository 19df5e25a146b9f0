"""What a run writes down, so that the next one knows: on SQLite, or another database of SQLAlchemy's."""

from smsgw.bulk.journal.deliveries import START, Change, Followed, followed, learn
from smsgw.bulk.journal.doubts import Doubt, doubtful, doubts, forget_unknown, give_up_claims, settle
from smsgw.bulk.journal.journal import Campaign, Journal
from smsgw.bulk.journal.loading import load
from smsgw.bulk.journal.reading import Counts
from smsgw.bulk.journal.records import InputRow, PendingRow, ResultRow, Told
from smsgw.bulk.journal.writer import Writer

__all__ = [
    "START",
    "Campaign",
    "Change",
    "Counts",
    "Doubt",
    "Followed",
    "InputRow",
    "Journal",
    "PendingRow",
    "ResultRow",
    "Told",
    "Writer",
    "doubtful",
    "doubts",
    "followed",
    "forget_unknown",
    "give_up_claims",
    "learn",
    "load",
    "settle",
]
