"""The journal's tables. SQLAlchemy Core; the same on SQLite and PostgreSQL.

Nothing in them is overwritten but to add what has been learnt: a row of the input, each attempt to send it, what is
known of it, and what is known of its delivery stand in tables of their own.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

__all__ = ["METADATA", "VERSION", "campaign", "claims", "deliveries", "outcomes", "rows", "storable"]

VERSION: Final = 3
"""Of these tables. A journal of another version is refused."""

METADATA: Final = MetaData()

campaign: Final = Table(
    "smsgw_campaign",
    METADATA,
    Column("id", Integer, primary_key=True),  # the only one is 1
    Column("version", Integer, nullable=False),
    Column("name", Text, nullable=False),  # of the input, for people
    Column("source", String(64), nullable=False),  # digest of the input
    Column("content", String(64), nullable=False),  # digest of what is made of it: the text
    Column("loaded", Boolean, nullable=False),  # the input was read to its end; nothing is sent before
    Column("run", Integer, nullable=False),  # counts the runs; a transaction of any but the last is refused
    Column("runner", Text, nullable=False),  # whose the last run is, for people
    Column("created_at", Float, nullable=False),  # Unix time, in seconds, as all times here
    Column("started_at", Float, nullable=False),  # when the last run began
    Column("ended_at", Float),  # when it ended in good order
    Column("header", Text, nullable=False),  # JSON: the names of the input's own columns
    Column("tracked_at", Float),  # when a run last began to follow messages to their delivery
)

rows: Final = Table(
    "smsgw_rows",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),  # in the input's order, from 1
    Column("line", Integer),  # where it ends in the file
    Column("phone", Text, nullable=False),  # as given
    Column("recipient", BigInteger),  # MSISDN; NULL where nothing is sent for this row
    Column("content", BigInteger),  # digest of all that a message to this recipient is but its recipient
    Column("duplicate_of", Integer),  # the number of the row that it repeats
    Column("payload", Text, nullable=False),  # JSON: what the message is made of, and the input's own columns
    # A number and a text once; this is what finds the duplicates of any input in bounded memory.
    UniqueConstraint("recipient", "content", name="smsgw_rows_once"),
)

claims: Final = Table(
    "smsgw_claims",
    METADATA,
    # In the order in which they are written, so that those of one commit stand on the same page.
    Column("run", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 1 in each run
    Column("id", String(32), nullable=False),  # the attempt's own ID, which SMStele is sent, too
    Column("provider", Text, nullable=False),
    Column("numbers", Text, nullable=False),  # JSON: the rows in this attempt
    Column("claimed_at", Float, nullable=False),
    Column("completed_at", Float),  # NULL: the attempt may have begun, and nobody knows what came of it
    # No index finds the open ones: they are looked for when a run begins and when it failed, and written all the time.
    sqlite_with_rowid=False,
)

outcomes: Final = Table(
    "smsgw_outcomes",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),  # the row's
    Column("state", String(16), nullable=False),
    Column("provider", Text),
    Column("message_id", Text),
    Column("segments", Integer),
    Column("cost", Text),  # decimal, as the gateway says it
    Column("error", Text),
    Column("attempts", Integer, nullable=False),
    Column("claim", String(32)),  # the attempt that told it
)

deliveries: Final = Table(
    "smsgw_deliveries",
    METADATA,
    Column(
        "number", Integer, primary_key=True, autoincrement=False
    ),  # the row's; only of rows that were taken
    Column("state", String(16), nullable=False),
    Column("rank", Integer, nullable=False),  # how far it has come: 4 is final; it only grows
    Column("provider_state", Text),  # the provider's own word
    Column("error_code", Text),  # the provider's own
    Column("changed_at", Float),  # as the provider says
    Column("learnt_at", Float, nullable=False),
)


def storable(text: str) -> str:
    """As it is, but for what no database takes: a NUL, and half a surrogate pair, which JSON and `\\ud83d` can hold.

    Such a half is written as JSON does it, so that JSON stays the same.
    """
    if "\0" in text:
        text = text.replace("\0", "\\x00")
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
