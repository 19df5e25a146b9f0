"""What a caller allows a run to send and to cost, looked at before it begins."""

from decimal import Decimal
from typing import Final

from attrs import frozen

from smsgw.bulk.errors import TooMuch
from smsgw.bulk.journal import Journal
from smsgw.bulk.source import Source
from smsgw.planning import Forecast, Total
from smsgw.routing import Router

__all__ = ["Limits", "forecast"]

_PAGE: Final = 1000


@frozen
class Limits:
    max_messages: int | None = None
    """Recipients."""
    max_cost: Decimal | None = None
    """In the unit of the configured prices."""

    async def check(self, router: Router, journal: Journal, source: Source) -> None:
        """Raises `TooMuch` where what is left to be sent is above a limit, or where its cost is not known."""
        if self.max_messages is None and self.max_cost is None:
            return
        total = await forecast(router, journal, source)
        if self.max_messages is not None and total.recipients > self.max_messages:
            raise TooMuch(
                f"{total.recipients} messages would be sent, more than the {self.max_messages} allowed: nothing was sent"
            )
        if self.max_cost is None:
            return
        if total.cost is None:
            raise TooMuch(
                f"what it would cost is not known, for {_unpriced(total)}: "
                "configure prices ([providers.x.prices]); nothing was sent"
            )
        if total.cost > self.max_cost:
            raise TooMuch(
                f"it would cost {total.cost}, more than the {self.max_cost} allowed: nothing was sent"
            )


async def forecast(router: Router, journal: Journal, source: Source) -> Total:
    """What sending the rest would do."""
    planned = Forecast(router, find_duplicates=False)
    after = 0
    while rows := await journal.pending(after, _PAGE):
        after = rows[-1].number
        for row in rows:
            planned.add(source.message(row.recipient, source.content_of(row.payload)))
    return planned.total


def _unpriced(total: Total) -> str:
    """Who has no price for what, in a few words."""
    words = [
        f"{name} has no price for numbers that begin with {', '.join(list(prefixes)[:3])}"
        for name, prefixes in total.unpriced.items()
    ]
    return "; ".join(words[:3])
