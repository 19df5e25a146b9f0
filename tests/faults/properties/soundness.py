"""What may be kept of a reply, and what no error may show."""

from datetime import UTC, datetime
from typing import Final

from smsgw.errors import SmsgwError
from tests.faults.properties.five import LOGIN, PASSWORD, TEXT

__all__ = ["LONGEST_ID", "LONGEST_WORD", "assert_discreet", "assert_moment", "assert_word"]

LONGEST_ID: Final = 64
LONGEST_WORD: Final = 300
"""Of an operator, a region, a state or a code, as a gateway says it."""


def assert_discreet(error: SmsgwError) -> None:
    """An error is short, can be written to any file, and shows neither password nor login nor text."""
    for said in (str(error), repr(error), error.code or "", *map(str, error.args)):
        assert said.encode("utf-8", "strict") is not None
        assert len(said) <= 2 * LONGEST_WORD
        for secret in (PASSWORD, TEXT, LOGIN):
            assert secret not in said
    assert error.__cause__ is None
    assert error.__context__ is None
    assert error.retry_after is None or error.retry_after >= 0


def assert_word(word: str | None) -> None:
    """A gateway's word is bounded, and can be written to any file."""
    assert word is None or (0 < len(word) <= LONGEST_WORD and word.encode("utf-8", "strict"))


def assert_moment(moment: datetime | None) -> None:
    """A time can be told in any zone."""
    assert moment is None or moment.astimezone(UTC).utcoffset() is not None
