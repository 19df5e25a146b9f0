"""What was told, compared with what the gateways' own ledger knows. Each complaint is a line of its own."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from urllib.parse import unquote_plus

from smsgw import Outcome, State
from tests.faults.evidence import Evidence
from tests.faults.server.ledger import Arrival

__all__ = ["audit"]

Pair = tuple[str, str]
"""A recipient and a text: one SMS."""


def audit(evidence: Evidence) -> list[str]:
    """Everything that breaks the promise; nothing where it was kept."""
    asked = _asked(evidence)
    return [
        *_each_told_once(evidence),
        *_never_again(evidence, asked),
        *_counted(evidence, asked),
        *_proved(evidence, asked),
        *_nothing_left(evidence),
    ]


def _pair(outcome: Outcome) -> Pair:
    return outcome.recipient, "" if outcome.message is None else outcome.message.text


def _asked(evidence: Evidence) -> Mapping[Pair, Sequence[Arrival]]:
    """The sends that ask, or may ask, for each SMS, in the order of their coming."""
    asked: dict[Pair, list[Arrival]] = {(to, message.text): [] for message, to in evidence.given}
    for arrival in evidence.ledger.sends():
        if arrival.complete:
            for recipient in arrival.recipients:
                asked.setdefault((recipient, arrival.text), []).append(arrival)
        else:
            read = unquote_plus(arrival.data.decode("latin-1"))
            for (recipient, text), arrivals in asked.items():
                if recipient in read and text in read:
                    arrivals.append(arrival)
    return asked


def _each_told_once(evidence: Evidence) -> Iterator[str]:
    given = Counter((to, message.text) for message, to in evidence.given)
    told = Counter(_pair(outcome) for outcome in evidence.outcomes)
    for pair in given.keys() | told.keys():
        if given[pair] != told[pair]:
            yield f"{pair} was given {given[pair]} times and has {told[pair]} outcomes"


def _never_again(evidence: Evidence, asked: Mapping[Pair, Sequence[Arrival]]) -> Iterator[str]:
    """Nobody is asked again for what may have been taken: not here, and not anywhere else."""
    for pair, arrivals in asked.items():
        for first, again in pairwise(arrivals):
            if not first.refused:
                yield f"{again.gateway} was asked for {pair} AGAIN, after {first.gateway} with no proof of refusal"
        if sum(arrival.taken for arrival in arrivals) > 1:
            yield f"{pair} was TAKEN TWICE"
    ordered = {message.text for message, _ in evidence.given}
    for arrival in evidence.ledger.sends():
        if arrival.complete and arrival.text not in ordered:
            yield f"{arrival.gateway} was asked for a text that nobody ordered"


def _counted(evidence: Evidence, asked: Mapping[Pair, Sequence[Arrival]]) -> Iterator[str]:
    """No attempt makes two requests."""
    for outcome in evidence.outcomes:
        times = len(asked.get(_pair(outcome), ()))
        if times > outcome.attempts and not outcome.duplicate:
            yield f"{_pair(outcome)} was asked for {times} times in {outcome.attempts} attempts"
    seen = Counter(arrival.gateway for arrival in evidence.ledger.arrivals)
    for gateway, count in seen.items():
        if count > evidence.requests.get(gateway, 0):
            yield f"{gateway} saw {count} requests, and {evidence.requests.get(gateway, 0)} were made"
    for visit in evidence.ledger.visits:
        known = sum(len(arrival.data) for arrival in evidence.ledger.arrivals if arrival.visit is visit)
        more = bytes(visit.received)[known:]
        if b" HTTP/1.1\r\n" in more:
            yield f"{visit.gateway} has bytes of a request that it was not waiting for"
    yield from evidence.ledger.trespasses


def _proved(evidence: Evidence, asked: Mapping[Pair, Sequence[Arrival]]) -> Iterator[str]:
    """Every state is what the ledger says, or leaves room for it."""
    for outcome in evidence.outcomes:
        pair = _pair(outcome)
        arrivals = asked.get(pair, ())
        taken = [arrival for arrival in arrivals if arrival.taken]
        if outcome.state is State.ACCEPTED:
            proofs = [
                arrival.accepted
                for arrival in arrivals
                if arrival.gateway == outcome.provider and outcome.recipient in arrival.accepted
            ]
            if not proofs:
                yield f"{pair} is ACCEPTED WITHOUT PROOF by {outcome.provider}"
            elif outcome.message_id not in [proof[outcome.recipient] for proof in proofs]:
                yield f"{pair} is accepted as {outcome.message_id}, which is not what {outcome.provider} said"
        elif outcome.state is State.HELD:
            if not taken:
                yield f"{pair} is held, and nobody has it"
            elif not any(arrival.held and arrival.gateway == outcome.provider for arrival in arrivals):
                yield f"{pair} is HELD WITHOUT PROOF by {outcome.provider}"
        elif outcome.state is State.REJECTED:
            unproved = [arrival for arrival in arrivals if arrival.complete and not arrival.refused]
            if taken:
                yield f"{pair} is REJECTED, and {taken[0].gateway} took it"
            elif unproved:
                yield f"{pair} is REJECTED WITHOUT PROOF by {unproved[0].gateway}"
        if outcome.state is not State.ACCEPTED and outcome.state is not State.HELD and outcome.error is None:
            yield f"{pair} is {outcome.state} without a reason"


def _nothing_left(evidence: Evidence) -> Iterator[str]:
    """The run ended in time, quietly, and took everything with it."""
    if evidence.seconds > evidence.deadline:
        yield f"the run took {evidence.seconds:.1f} s, and its deadline was {evidence.deadline:.1f} s"
    yield from (f"{what} was left" for what in evidence.left)
    yield from evidence.complaints
    for record in evidence.records:
        if record.name == "asyncio" and record.levelname in ("WARNING", "ERROR", "CRITICAL"):
            yield f"asyncio logged: {record.getMessage()}"
