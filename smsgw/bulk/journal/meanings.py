"""What a database's error means to a user: words to follow the journal's name."""

from typing import Final

__all__ = ["meaning_of"]

_FULL: Final = "cannot be written: the disk is full"
_READ_ONLY: Final = "cannot be written: it is read-only"
_INCOMPLETE: Final = "is corrupt: some of its tables are missing; restore it from a copy"
_LOST: Final = "cannot be reached: the connection to the database was lost"

_SQLITE: Final = (
    ("file is not a database", "is not a journal: it is no SQLite database"),
    ("malformed", "is corrupt: keep it, and restore it from a copy"),
    ("disk is full", _FULL),
    ("readonly database", _READ_ONLY),
    ("unable to open", "cannot be opened: look at its folder and its permissions"),
    # Also where SQLite finds no room for a file that it maps into memory.
    ("disk i/o error", "cannot be read or written: the disk is full, or fails"),
    ("database is locked", "is locked by another program"),
    ("no such table", _INCOMPLETE),
)
"""What SQLite says."""

_POSTGRESQL: Final = {
    "08": _LOST,
    "25006": _READ_ONLY,
    "28": "cannot be opened: the server refuses this user or this password",
    "3D000": "cannot be opened: the server has no such database",
    "42501": "cannot be used: this user has not the right to",
    "42P01": _INCOMPLETE,
    "53100": _FULL,
    "53300": "cannot be opened: the server has too many connections",
    "55P03": "is locked by another program",
    "57P": "cannot be reached: the server is shutting down or starting",
    "58": "cannot be read or written: the server's disk fails",
    "XX001": "is corrupt: keep it, and restore it from a copy",
    "XX002": "is corrupt: keep it, and restore it from a copy",
}
"""PostgreSQL's SQLSTATE, or how it begins; the longest that fits. Its words are not used: they can quote values."""


def meaning_of(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error  # SQLAlchemy's errors wrap the driver's
    if isinstance(cause, OSError):
        return f"cannot be reached: {_plain(cause)}"
    if state := str(getattr(cause, "sqlstate", None) or ""):
        for length in (5, 3, 2):
            if words := _POSTGRESQL.get(state[:length]):
                return words
        return f"failed: the server says SQLSTATE {state}"
    if getattr(error, "connection_invalidated", False):
        return _LOST
    said = str(cause).lower()
    for words, meaning in _SQLITE:
        if words in said:
            return meaning
    return f"failed with {type(cause).__name__}"


def _plain(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "the database does not answer"
    return error.strerror or type(error).__name__
