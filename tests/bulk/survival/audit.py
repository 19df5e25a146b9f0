"""What a journal and its results claim, compared with what the gateways know. Each complaint is a line of its own."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from smsgw.sandbox import Ledger, TakenMessage
from tests.bulk.survival.gateways import BATCHES, CONNECTIONS
from tests.bulk.survival.journals import Journal, ResultLine
from tests.bulk.survival.spreadsheets import REFUSED, Line, Spreadsheet

__all__ = ["Truth", "audit_end", "audit_stop"]

_TAKEN = ("accepted", "held")


@frozen
class Truth:
    """What the gateways took, and what they were asked for, at one moment."""

    taken: Mapping[tuple[str, str], Sequence[TakenMessage]]
    """By number and text."""
    asked: Counter[tuple[str, tuple[str, ...]]]
    """Sends by gateway and numbers."""

    @classmethod
    def of(cls, ledger: Ledger) -> "Truth":
        taken: dict[tuple[str, str], list[TakenMessage]] = {}
        for message in ledger.messages:
            taken.setdefault((message.recipient, message.text), []).append(message)
        sends = [record for record in ledger.requests if record.kind == "send"]
        return cls(taken, Counter((record.gateway, tuple(sorted(record.recipients))) for record in sends))

    def of_row(self, line: Line) -> Sequence[TakenMessage]:
        return self.taken.get(line.pair, ())


def audit_stop(
    sheet: Spreadsheet,
    truth: Truth,
    before: Journal,
    now: Journal,
    results: Sequence[ResultLine],
    *,
    calm: bool,
) -> list[str]:
    """After a run that ended anyhow. `before` is the journal that it began with."""
    return [
        *_sent(sheet, truth),
        *_known(sheet, truth, now),
        *_kept(before, now),
        *_claimed(sheet, truth, now),
        *_in_flight(now, calm=calm),
        *_results_so_far(sheet, truth, results),
    ]


def audit_end(
    sheet: Spreadsheet, truth: Truth, now: Journal, results: Sequence[ResultLine], doubted: set[int] | None
) -> list[str]:
    """After a run that came to its end, in calm. `doubted` is every row that was ever in doubt, if that is known."""
    return [
        *(f"claim {claim.id} of {claim.provider} is open" for claim in now.open_claims),
        *(
            f"row {row} has no outcome"
            for row in range(len(sheet.lines))
            if _outcome(sheet, now, row) is None
        ),
        *_whole_results(sheet, now, results),
        *_reasons(sheet, truth, now, doubted),
        *_proved(sheet, truth, now),
    ]


def _sent(sheet: Spreadsheet, truth: Truth) -> Iterator[str]:
    """No message is taken twice, and none that nobody ordered."""
    ordered = {line.pair: row for row, line in enumerate(sheet.lines) if line.is_message}
    for pair, messages in truth.taken.items():
        if len(messages) > 1:
            yield f"row {ordered.get(pair)} was SENT TWICE, by {[message.gateway for message in messages]}"
        if pair not in ordered:
            yield f"nobody ordered the message to {pair[0]}"


def _known(sheet: Spreadsheet, truth: Truth, now: Journal) -> Iterator[str]:
    """What a gateway has is known to be accepted, or not known; what is said of it is true."""
    for row, line in enumerate(sheet.lines):
        if not line.is_message:
            continue
        taken, outcome = truth.of_row(line), now.outcomes.get(row)
        if outcome is None:
            if taken and row not in now.in_doubt:
                yield f"row {row} is pending, and {taken[0].gateway} took it: it would be SENT TWICE"
        elif outcome.state in _TAKEN:
            if not taken:
                yield f"row {row} is {outcome.state}, and NOBODY TOOK it"
            elif (outcome.provider, outcome.message_id) != (taken[0].gateway, taken[0].message_id):
                yield f"row {row}: {outcome} is not how it was taken: {taken[0]}"
        elif outcome.state == "rejected" and taken:
            yield f"row {row} is REJECTED, and {taken[0].gateway} took it"


def _kept(before: Journal, now: Journal) -> Iterator[str]:
    """An outcome stays, but for an unknown one that turns out to be accepted.

    Nothing is sent before the input has been read to its end; until then each run begins anew.
    """
    if not before.loaded:
        return
    for row, outcome in before.outcomes.items():
        later = now.outcomes.get(row)
        if later != outcome and not (outcome.state == "unknown" and later and later.state == "accepted"):
            yield f"row {row} was {outcome}, and is {later}"
    if gone := {claim.id for claim in before.claims} - {claim.id for claim in now.claims}:
        yield f"claims {sorted(gone)} have gone"


def _claimed(sheet: Spreadsheet, truth: Truth, now: Journal) -> Iterator[str]:
    """Nothing was ever asked for that is not written down as a claim."""
    claims = Counter(
        (claim.provider, tuple(sorted(sheet.lines[row].recipient or "" for row in claim.numbers)))
        for claim in now.claims
    )
    for (gateway, numbers), times in (truth.asked - claims).items():
        yield f"{gateway} was asked {times} times more than was claimed for {numbers}: NOT CLAIMED"


def _in_flight(now: Journal, *, calm: bool) -> Iterator[str]:
    """No more is in doubt than was in flight: a claim for each connection, and in a storm the rows of a hand-over,
    for a lost reply of SMStele's is asked for on a connection of its own while its claim is open."""
    for provider, count in Counter(claim.provider for claim in now.open_claims).items():
        if count > CONNECTIONS * (1 if calm else 2 * BATCHES[provider]):
            yield f"{count} claims of {provider} are in doubt, on {CONNECTIONS} connections"
    for claim in now.open_claims:
        if len(claim.numbers) > BATCHES[claim.provider]:
            yield f"claim {claim.id} of {claim.provider} has {len(claim.numbers)} rows"


def _results_so_far(sheet: Spreadsheet, truth: Truth, results: Sequence[ResultLine]) -> Iterator[str]:
    for row, (line, result) in enumerate(zip(sheet.lines, results, strict=False)):
        taken = truth.of_row(line)
        if (result.phone, result.row, result.text) != (line.phone, row, line.text):
            yield f"the results have another row in the place of row {row}: {result}"
        if result.state in _TAKEN and not taken:
            yield f"the results say that row {row} is {result.state}, and NOBODY TOOK it"
        if result.state == "rejected" and taken:
            yield f"the results say that row {row} is REJECTED, and {taken[0].gateway} took it"


def _whole_results(sheet: Spreadsheet, now: Journal, results: Sequence[ResultLine]) -> Iterator[str]:
    """A line for each row of the input, which says what the journal says."""
    if len(results) != len(sheet.lines):
        yield f"the results have {len(results)} rows, and not {len(sheet.lines)}"
    for row, (line, result) in enumerate(zip(sheet.lines, results, strict=False)):
        if bool(result.duplicate) != (line.first is not None):
            yield f"row {row}: duplicate is {result.duplicate!r}"
        if (state := _outcome(sheet, now, row)) != result.state:
            yield f"row {row} is {state} in the journal, and {result.state} in the results"


def _reasons(sheet: Spreadsheet, truth: Truth, now: Journal, doubted: set[int] | None) -> Iterator[str]:
    """Whatever is not accepted has its reason: a bad number, a refused one, or an attempt that was cut off."""
    for row, line in enumerate(sheet.lines):
        state = _outcome(sheet, now, row)
        place = row if line.first is None else line.first
        if line.recipient is None or line.recipient.endswith(REFUSED):
            if state not in ("rejected", "unknown"):
                yield f"row {row} is {state}, and should be rejected"
        elif state == "rejected":
            yield f"row {row} is rejected, and nothing is wrong with it: LOST"
        if state == "unknown" and doubted is not None and place not in doubted:
            yield f"row {row} is unknown, and was never in doubt"


def _proved(sheet: Spreadsheet, truth: Truth, now: Journal) -> Iterator[str]:
    """SMStele proves what it took: all of that is accepted."""
    for row, line in enumerate(sheet.lines):
        for message in truth.of_row(line):
            outcome = now.outcomes.get(row)
            if message.gateway != "smstele" or outcome is None:
                continue
            if outcome.state != "accepted":
                yield f"row {row} is {outcome.state}, and smstele took it as {message.message_id}"
            claims = [claim for claim in now.claims if claim.id == message.message_id]
            if [row in claim.numbers for claim in claims] != [True]:
                yield f"row {row} was taken as {message.message_id}, which is no claim with it"


def _outcome(sheet: Spreadsheet, now: Journal, row: int) -> str | None:
    first = sheet.lines[row].first
    found = now.outcomes.get(row if first is None else first)
    return None if found is None else found.state
