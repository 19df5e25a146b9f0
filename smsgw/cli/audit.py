"""What the demo claims beside what the sandbox's gateways have: nothing twice, nothing lost."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

from smsgw.models import Message, Outcome, State

__all__ = ["Audit", "audit"]

Pair = tuple[str, str]
"""A recipient and a text."""


@frozen
class Audit:
    """All but `unknown_taken` have to be 0."""

    sent_twice: int
    """Messages that the gateways have beyond those that were asked for."""
    without_outcome: int
    """Rows that do not have exactly one outcome."""
    not_taken: int
    """`accepted` or `held`, and no gateway has it."""
    taken_after_all: int
    """`rejected`, and a gateway has it."""
    unknown_taken: int
    """`unknown`, and a gateway has it."""

    @property
    def lost(self) -> int:
        return self.without_outcome + self.not_taken + self.taken_after_all


def audit(messages: Sequence[Message], outcomes: Iterable[Outcome], taken: Mapping[Pair, int]) -> Audit:
    """Compare. `messages` have one recipient each; `taken` is how often gateways took a text for a recipient."""
    given: Counter[int] = Counter()
    asked: Counter[Pair] = Counter()
    confirmed: Counter[Pair] = Counter()
    unknown: Counter[Pair] = Counter()
    for outcome in outcomes:
        if outcome.message is None:
            continue
        given[id(outcome.message)] += 1
        pair = (outcome.recipient, outcome.message.text)
        asked[pair] += 1
        if outcome.state in (State.ACCEPTED, State.HELD) and not outcome.duplicate:
            confirmed[pair] += 1
        elif outcome.state is State.UNKNOWN:
            unknown[pair] += 1
    spare = {pair: min(times, asked[pair]) - confirmed[pair] for pair, times in taken.items()}
    return Audit(
        sent_twice=sum(max(0, times - asked[pair]) for pair, times in taken.items()),
        without_outcome=sum(given[id(message)] != 1 for message in messages),
        not_taken=sum(max(0, times - taken.get(pair, 0)) for pair, times in confirmed.items()),
        taken_after_all=sum(max(0, left - unknown[pair]) for pair, left in spare.items()),
        unknown_taken=sum(max(0, min(left, unknown[pair])) for pair, left in spare.items()),
    )
