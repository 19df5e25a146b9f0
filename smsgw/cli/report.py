"""What the demo says in the end: for people and for programs."""

from collections import Counter
from typing import Any, Final

from attrs import define, field

from smsgw.cli.audit import Audit
from smsgw.cli.output import Column, print_json, print_table, print_text
from smsgw.models import Message, Outcome, State

__all__ = ["Books", "Tally", "print_report", "print_summary"]

_NOBODY: Final = "(refused here)"
_GONE_ON: Final = {
    "georgian_letters": "Georgian texts, which smsco cannot write, went to others",
    "too_long_for_avist": "Russian texts of several segments, which avist does not take, went to others",
    "tried_again": "recipients took more than one try, here or elsewhere, and were accepted",
}


@define
class Tally:
    """What came of the recipients that one gateway had the last word on."""

    states: Counter[State] = field(factory=Counter)
    reasons: Counter[str] = field(factory=Counter)
    """Why recipients were rejected."""

    def add(self, outcome: Outcome) -> None:
        self.states[outcome.state] += 1
        if outcome.state is State.REJECTED and outcome.error is not None:
            self.reasons[f"{type(outcome.error).__name__}: {outcome.error.description}"] += 1


@define
class Books:
    """What the demo's run came to, on our side."""

    messages: list[Message]
    outcomes: list[Outcome] = field(factory=list)
    seconds: float = 0.0
    requests: dict[str, int] = field(factory=dict)
    retries: dict[str, int] = field(factory=dict)

    def tallies(self) -> dict[str, Tally]:
        """By gateway; what went to none comes last."""
        tallies = {name: Tally() for name in (*self.requests, _NOBODY)}
        for outcome in self.outcomes:
            tallies[outcome.provider or _NOBODY].add(outcome)
        return tallies

    def rate(self, recipients: int) -> int:
        return round(recipients / self.seconds) if self.seconds else 0

    def gone_on(self) -> Counter[str]:
        """Recipients whose first gateway could not or did not carry the message, and another or a later try did."""
        counts: Counter[str] = Counter()
        for outcome in self.outcomes:
            if outcome.state is not State.ACCEPTED:
                continue
            counts["georgian_letters"] += outcome.recipient.startswith("995") and outcome.provider != "smsco"
            counts["too_long_for_avist"] += outcome.recipient.startswith("79") and (outcome.segments or 1) > 1
            counts["tried_again"] += outcome.attempts > 1
        return counts


def print_summary(books: Books, verdict: Audit) -> None:
    """One JSON object."""
    tallies = books.tallies()
    refused_here = tallies.pop(_NOBODY)
    providers = {
        name: {
            "requests": books.requests[name],
            **{state.value: tally.states[state] for state in State},
            "reasons": dict(tally.reasons.most_common()),
            "retries": books.retries[name],
            "recipients_per_second": books.rate(tally.states.total()),
        }
        for name, tally in tallies.items()
    }
    summary: dict[str, Any] = {
        "rows": len(books.messages),
        "seconds": round(books.seconds, 3),
        "recipients_per_second": books.rate(len(books.outcomes)),
        **{state.value: _sum(books, state) for state in State},
        "providers": providers,
        "refused_here": {
            "rejected": refused_here.states[State.REJECTED],
            "reasons": dict(refused_here.reasons.most_common()),
        },
        "gone_on": {name: books.gone_on()[name] for name in _GONE_ON},
        "unknown_taken": verdict.unknown_taken,
        "sent_twice": verdict.sent_twice,
        "lost": verdict.lost,
        "without_outcome": verdict.without_outcome,
        "not_taken": verdict.not_taken,
        "taken_after_all": verdict.taken_after_all,
    }
    print_json(summary)


def print_report(books: Books, verdict: Audit) -> None:
    tallies = books.tallies()
    headers = ("requests", *(str(state) for state in State), "retries", "rcpt/s")
    rows: list[tuple[object, ...]] = [
        (
            name,
            books.requests.get(name, 0),
            *(tally.states[state] for state in State),
            books.retries.get(name, 0),
            books.rate(tally.states.total()),
        )
        for name, tally in tallies.items()
    ]
    sums = [_sum(books, state) for state in State]
    asked, again = sum(books.requests.values()), sum(books.retries.values())
    rows.append(("all", asked, *sums, again, books.rate(len(books.outcomes))))
    print_table((Column("gateway", keep=True), *(Column(header, right=True) for header in headers)), rows)
    print_text("")
    print_table(
        (Column("gateway", keep=True), Column("rejected", right=True), Column("because")),
        [(name, times, why) for name, tally in tallies.items() for why, times in tally.reasons.most_common()],
    )
    gone_on = books.gone_on()
    print_text("", *(f"{gone_on[name]} {what}." for name, what in _GONE_ON.items()))
    print_text(
        "",
        f"{len(books.outcomes)} outcomes in {books.seconds:.1f} s, compared with the gateways' own ledger:",
        f"  unknown     {_sum(books, State.UNKNOWN)} (the gateways took {verdict.unknown_taken} of them; "
        "nobody was told either way)",
        f"  sent twice  {verdict.sent_twice}",
        f"  lost        {verdict.lost}",
    )
    if verdict.lost:
        print_text(
            f"    rows without exactly one outcome: {verdict.without_outcome}",
            f"    accepted or held, and not there:  {verdict.not_taken}",
            f"    rejected, and there all the same: {verdict.taken_after_all}",
        )


def _sum(books: Books, state: State) -> int:
    return sum(outcome.state is state for outcome in books.outcomes)
