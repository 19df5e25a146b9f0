"""What a user asks of `smsgw bulk`."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from attrs import frozen

__all__ = ["Order"]


@frozen(kw_only=True)
class Order:
    """The options, as they are checked without a look at any file."""

    file: Path
    text: str
    text_name: str
    """What the user calls the text."""
    journal: str
    """A path, or a URL."""
    results: Path | None
    kept: Mapping[str, Path]
    """The user's own files, by what the command line calls them: nothing is written over them."""
    sender: str | None
    provider: str | None
    transliterate: bool
    give_up_after: float
    track_for: float | None
    """Seconds; None where nothing is tracked."""
    resend_unknown: bool
    max_messages: int | None
    max_cost: Decimal | None
    config: Path | None
    json: bool
