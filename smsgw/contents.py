"""Contents that are kept prepared: what is sent again and again is checked and encoded once."""

from collections import OrderedDict
from typing import Final

from attrs import evolve

from smsgw.message import Message
from smsgw.routing import Content, Router

__all__ = ["Contents"]

_KEPT: Final = 256
"""Texts of their own for each recipient do not come again."""


class Contents:
    """The last ones used, by all that makes two messages the same but for whom they go to."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._kept: OrderedDict[tuple[object, ...], Content] = OrderedDict()

    def of(self, message: Message) -> Content:
        """Raises `ConfigurationError` when the message is pinned to a provider that there is none of."""
        kept, key = self._kept, message.content
        try:
            content = kept.get(key)
        except TypeError:  # an option that cannot be looked up, as `flash=[]`
            return self._router.content(message)
        if content is not None:
            kept.move_to_end(key)
            return content
        if len(message.to) > 1:  # a list of millions is not kept in memory for its text
            message = evolve(message, to=message.to[0])
        content = kept[key] = self._router.content(message)
        if len(kept) > _KEPT:
            kept.popitem(last=False)
        return content
