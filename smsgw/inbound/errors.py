"""What can go wrong with messages that arrive, as one line each.

SmsgwError
└ InboundError
  ├ UnreadableCall (ValueError)   it is no incoming message: `smsid` is missing, or what came is oversize or broken
  └ InboundStoreError             what was handled cannot be remembered, or not be looked up
"""

from smsgw.errors import SmsgwError

__all__ = ["InboundError", "InboundStoreError", "UnreadableCall"]


class InboundError(SmsgwError):
    """An incoming message was not taken."""


class UnreadableCall(InboundError, ValueError):
    """What came is no incoming message; its text and numbers are not in this error."""


class InboundStoreError(InboundError):
    """The store of handled messages cannot be used (unwritable, disk full, not ours): nothing is acknowledged."""

    _scope = "provider"
