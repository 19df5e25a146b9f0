"""What each provider makes of a row's message: prepared once for all rows of the same content."""

from collections import OrderedDict
from typing import Final

from smsgw.bulk.journal import PendingRow
from smsgw.bulk.source import Source
from smsgw.routing import Content, Router

__all__ = ["Contents"]

_KEPT: Final = 256
"""Texts of their own for each recipient do not come again."""


class Contents:
    """Contents by what makes them the same, the last ones used."""

    def __init__(self, router: Router, source: Source) -> None:
        self._router = router
        self._source = source
        self._kept: OrderedDict[str, Content] = OrderedDict()

    def of(self, row: PendingRow) -> Content:
        """Raises `ConfigurationError` where it is pinned to a provider that there is none of."""
        key = self._source.content_of(row.payload)
        content = self._kept.get(key)
        if content is None:
            content = self._kept[key] = self._router.content(self._source.message(row.recipient, key))
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return content
