"""Where a campaign's rows come from: a CSV file and a text, or any messages."""

import json
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Final, NamedTuple, Protocol, runtime_checkable

from smsgw.message import Channel, Message
from smsgw.sheets import Sheet, Template

__all__ = ["CsvSource", "MessageSource", "Source", "SourceRow"]

_SEPARATOR: Final = "\x1f"
"""ASCII's own separator of units, which hardly any cell has in it."""
_JSON: Final = "\x1e"
"""At the start of a payload: JSON follows."""


class SourceRow(NamedTuple):
    """One recipient of one message, as it comes."""

    line: int | None
    """Where it ends in its file."""
    phone: str
    """As given."""
    content: str
    """What makes two messages to one number the same; empty where there is no text to send."""
    payload: str
    """What `content` and `cells` are made of again."""


@runtime_checkable
class Source(Protocol):
    """Rows to send. It is read once to fill a journal; later runs send from the journal."""

    @property
    def name(self) -> str:
        """For people."""

    @property
    def header(self) -> Sequence[str]:
        """The names of the input's own columns, but for `phone`."""

    @property
    def identity(self) -> str:
        """Digest of what makes this campaign another than the next with the same input: its text."""

    def fingerprint(self) -> str | None:
        """Digest of the input; None where it has to be read for that."""

    def rows(self) -> AsyncIterator[SourceRow]: ...

    def content_of(self, payload: str) -> str:
        """The row's `content` once more."""

    def message(self, recipient: str, content: str) -> Message:
        """What is sent. The content is all that tells one row's message from another's, but for its recipient."""

    def cells(self, payload: str) -> Sequence[str]:
        """The row's cells in the input's own columns."""


def _digest(*parts: object) -> str:
    return blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class CsvSource:
    """A sheet whose columns fill a text.

    sender, provider, transliterate  as in `smsgw.Message`. A later run may name another sender or provider for what
                                     is left; another text is another campaign.
    """

    def __init__(
        self,
        sheet: Sheet,
        text: str,
        *,
        sender: str | None = None,
        provider: str | None = None,
        transliterate: bool = False,
    ) -> None:
        """Raises `SheetError` for a placeholder that no column fills."""
        self._sheet = sheet
        self._template = Template(text, sheet.columns)
        self._phone = [name.casefold() for name in sheet.columns].index("phone")
        self._sender = sender
        self._provider = provider
        self._transliterate = transliterate
        self.name = str(sheet.path)
        self.header: Sequence[str] = _but(sheet.columns, self._phone)
        self.identity = _digest("csv", text, transliterate)

    def fingerprint(self) -> str:
        return self._sheet.digest()

    async def rows(self) -> AsyncIterator[SourceRow]:
        """Raises `SheetError` where the file cannot be read."""
        fill = self._template.fill
        for row in self._sheet:
            yield SourceRow(row.line, row.phone, fill(row.cells), _pack(row.cells))

    def content_of(self, payload: str) -> str:
        return self._template.fill(_unpack(payload))

    def message(self, recipient: str, content: str) -> Message:
        return Message(
            to=recipient,
            text=content,
            sender=self._sender,
            provider=self._provider,
            transliterate=self._transliterate,
        )

    def cells(self, payload: str) -> Sequence[str]:
        return _but(_unpack(payload), self._phone)


def _pack(cells: Sequence[str]) -> str:
    """A row's cells as one string: ten times as fast as JSON, which stands for cells with a separator in them."""
    packed = _SEPARATOR.join(cells)
    if packed.count(_SEPARATOR) != len(cells) - 1 or packed.startswith(_JSON):
        return _JSON + json.dumps(cells, ensure_ascii=False)
    return packed


def _unpack(payload: str) -> Sequence[str]:
    if payload.startswith(_JSON):
        cells: Sequence[str] = json.loads(payload.removeprefix(_JSON))
        return cells
    return payload.split(_SEPARATOR)


def _but(cells: Sequence[str], position: int) -> Sequence[str]:
    left = list(cells)
    del left[position]
    return left


class MessageSource:
    """Any messages; each recipient of each is a row.

    A later run of the same journal is given the same messages again, in the same order.
    """

    header: Sequence[str] = ()

    def __init__(self, messages: Iterable[Message] | AsyncIterable[Message], name: str = "messages") -> None:
        self._messages = messages
        self.name = name
        self.identity = _digest("messages")

    def fingerprint(self) -> None:
        return None

    async def rows(self) -> AsyncIterator[SourceRow]:
        """Raises `TypeError` or `ValueError` for what cannot be in a bulk run."""
        if isinstance(self._messages, AsyncIterable):
            async for message in self._messages:
                for row in _rows_of(message):
                    yield row
        else:
            for message in self._messages:
                for row in _rows_of(message):
                    yield row

    def content_of(self, payload: str) -> str:
        return payload

    def message(self, recipient: str, content: str) -> Message:
        text, sender, provider, send_at, validity, flash, transliterate, channel, viber = json.loads(content)
        return Message(
            to=recipient,
            text=text,
            sender=sender,
            provider=provider,
            send_at=None if send_at is None else datetime.fromisoformat(send_at),
            validity=validity,
            flash=flash,
            transliterate=transliterate,
            channel=Channel(channel),
            viber_validity=viber,
        )

    def cells(self, payload: str) -> Sequence[str]:
        return ()


def _rows_of(message: Message) -> Iterable[SourceRow]:
    if not isinstance(message, Message):
        raise TypeError(f"a bulk run takes smsgw.Message values, not {type(message).__name__}")
    if message.key is not None:
        raise ValueError("a message of a bulk run has no `key`: the journal is what sends each row once")
    payload = json.dumps(
        [value.isoformat() if isinstance(value, datetime) else value for value in message.content],
        ensure_ascii=False,
    )
    for phone in message.to:
        yield SourceRow(None, phone, payload, payload)
