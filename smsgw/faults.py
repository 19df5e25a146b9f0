"""How a fault of ours is logged: where it happened, and no value, since values hold passwords and texts."""

import traceback

__all__ = ["frames"]


def frames(error: BaseException) -> str:
    """The error's type and the lines of code it came through, without its message."""
    return "".join(traceback.format_tb(error.__traceback__)) + type(error).__name__
