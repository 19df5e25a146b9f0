"""What stops a bulk run, as one line each.

SmsgwError
└ BulkError
  ├ TooMuch                 more would be sent than the caller allows: nothing was
  └ JournalError            the journal cannot be read or written: nothing more was sent
    ├ JournalMismatch       it belongs to another input, another text, or a later version of smsgw
    └ JournalBusy           another run works on it
"""

from smsgw.errors import SmsgwError

__all__ = ["BulkError", "JournalBusy", "JournalError", "JournalMismatch", "TooMuch"]


class BulkError(SmsgwError):
    """A bulk run cannot begin, or cannot go on; what was sent is in its journal."""

    _scope = "provider"


class TooMuch(BulkError):
    """The run would send, or cost, more than its caller allows: nothing was sent."""


class JournalError(BulkError):
    """The journal cannot be read or written (corrupt, read-only, disk full): nothing more was sent."""


class JournalMismatch(JournalError):
    """The journal belongs to another input or text, or a later version of smsgw wrote it."""


class JournalBusy(JournalError):
    """Another run works on this journal."""
