"""The input into the journal, before anything is sent: numbers read, repetitions found, the whole file seen."""

from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from smsgw import msisdn
from smsgw.bulk.journal import InputRow, Journal, load
from smsgw.bulk.progress import Progress
from smsgw.bulk.recording import words_of
from smsgw.bulk.source import Source, SourceRow
from smsgw.errors import InvalidMessage, InvalidRecipient, InvalidText

__all__ = ["digest_of", "fill"]

_PORTION: Final = 500
"""Rows in one transaction. More of them at once only make work for the garbage collector."""


async def fill(
    journal: Journal, source: Source, progress: Progress, stopped: Callable[[], bool]
) -> str | None:
    """Read the whole input into the journal and return its digest; None where it was stopped.

    Raises what the source raises; nothing was sent then, and the next run begins anew.
    """
    known = source.fingerprint()
    digest = _Digest()
    portion: list[InputRow] = []
    number = 0
    async for row in source.rows():
        number += 1
        if known is None:
            digest.add(row)
        portion.append(_input_row(number, row))
        if len(portion) == _PORTION:
            if stopped():
                return None
            progress.duplicates += await load(journal, portion)
            progress.rows = number
            portion = []
    if portion:
        progress.duplicates += await load(journal, portion)
    progress.rows = number
    return known or str(digest)


async def digest_of(source: Source) -> str:
    """What `fill` returns for the same input."""
    if (known := source.fingerprint()) is not None:
        return known
    digest = _Digest()
    async for row in source.rows():
        digest.add(row)
    return str(digest)


class _Digest:
    """Of an input that has none of its own."""

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=16)

    def add(self, row: SourceRow) -> None:
        self._hash.update(
            f"{len(row.phone)} {row.phone}{len(row.content)} {row.content}".encode("utf-8", "surrogatepass")
        )

    def __str__(self) -> str:
        return self._hash.hexdigest()


def _input_row(number: int, row: SourceRow) -> InputRow:
    refusal: InvalidMessage
    try:
        recipient = int(msisdn.normalise(row.phone))
    except InvalidRecipient as error:
        refusal = error
    else:
        if row.content:
            return InputRow(number, row.line, row.phone, recipient, _short_digest(row.content), row.payload)
        refusal = InvalidText("the text is empty")
    return InputRow(number, row.line, row.phone, None, 0, row.payload, words_of(refusal))


@lru_cache(64)  # of a text for all it is the same each time, 0.6 µs
def _short_digest(content: str) -> int:
    """64 bits, as a database has them. Only rows of the same number are told apart by it."""
    return int.from_bytes(
        blake2b(content.encode("utf-8", "surrogatepass"), digest_size=8).digest(), signed=True
    )
