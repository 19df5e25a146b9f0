"""The store's tables. Times are microseconds since 1970, in UTC; a text that UTF-8 cannot hold is a BLOB."""

from typing import Final

__all__ = ["APPLICATION", "TABLES", "VERSION"]

APPLICATION: Final = 0x736D7367
"""In the file's header, where SQLite has a place to say whose it is."""
VERSION: Final = 1
"""Of these tables. A store of a later version is refused, an earlier one would be brought up to it."""

TABLES: Final = (
    """
    CREATE TABLE messages (
        number INTEGER PRIMARY KEY, gateway TEXT, message_id TEXT, recipient TEXT, sender TEXT, text TEXT,
        encoding TEXT, segments INTEGER, state TEXT, taken_at INTEGER,
        due_in REAL, -- seconds from taken_at
        request INTEGER,
        options TEXT -- JSON
    )
    """,
    """
    CREATE TABLE exchanges (
        number INTEGER PRIMARY KEY, gateway TEXT, kind TEXT, method TEXT, url TEXT,
        headers TEXT, -- JSON: pairs
        body TEXT, arrived_at INTEGER, status INTEGER,
        reply_headers TEXT, -- JSON: pairs
        reply TEXT, fault TEXT
    )
    """,
    """
    CREATE TABLE incoming (
        number INTEGER PRIMARY KEY, smsid TEXT, sender TEXT, receiver TEXT, text TEXT, prefix TEXT,
        written_at INTEGER, state TEXT,
        attempts TEXT, -- JSON: time, status, reply, error
        attempt_count INTEGER, next_at INTEGER
    )
    """,
    "CREATE TABLE gateways (name TEXT PRIMARY KEY, serial INTEGER, spent TEXT)",
    # The numbers that were given last, also if what had them is kept no longer.
    "CREATE TABLE last (message INTEGER, request INTEGER, incoming INTEGER)",
)
