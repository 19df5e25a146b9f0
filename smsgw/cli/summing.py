"""What a run of a campaign came to: for people and for programs. Texts and recipients are not in it."""

from pathlib import Path
from typing import Any, Final

from smsgw.bulk import Ending, Summary
from smsgw.cli.delivering import delivery_facts
from smsgw.cli.output import Column, Unwritable, complain, plain, print_json, print_table, print_text, remark

__all__ = ["tell_nothing_sent", "tell_summary"]

_STATES: Final = ("accepted", "held", "rejected", "unknown", "pending")
_ADVICE: Final = {
    "held": "held: the gateway has it and sends it once the account is paid; do not send it again.",
    "unknown": "unknown: the gateway may have taken it; it is not sent again (--resend-unknown would, perhaps twice).",
    "pending": "pending: not sent; run the same command again to go on.",
}


def tell_summary(summary: Summary, journal: str, results: Path | None, *, json: bool) -> None:
    """Print it; on standard error where standard output takes it no more."""
    for values in summary.unwritten:
        remark(plain(_known(values)))
    _tell(summary, journal, results, json=json)
    if summary.failure is not None:
        complain(summary.failure)


def tell_nothing_sent(summary: Summary, journal: str, *, json: bool) -> None:
    """The run was stopped while it still read its input: there is nothing to count, and no results are written."""
    if json:
        print_json(_fields(summary, journal, None))
    else:
        print_text("Nothing was sent. Run the same command again to begin anew.")


def _tell(summary: Summary, journal: str, results: Path | None, *, json: bool) -> None:
    try:
        if json:
            print_json(_fields(summary, journal, results))
        else:
            _show(summary, journal, results)
    except Unwritable as error:
        counts = ", ".join(f"{getattr(summary, state)} {state}" for state in _STATES)
        remark(f"{summary.rows} rows: {counts}")
        complain(error)


def _known(values: Any) -> str:
    """An outcome that stands nowhere else."""
    place = values["provider"] or ""
    if values["message_id"]:
        place += f":{values['message_id']}"
    return f"row {values['number']} {values['state']} {place}".rstrip()


def _rate(summary: Summary) -> float:
    return summary.sent / summary.seconds if summary.seconds else 0.0


def _fields(summary: Summary, journal: str, results: Path | None) -> dict[str, object]:
    return {
        "rows": summary.rows,
        **{state: getattr(summary, state) for state in _STATES},
        "duplicates": summary.duplicates,
        "segments": summary.segments,
        "costs": summary.costs,
        "ending": summary.ending,
        "sent": summary.sent,
        "seconds": round(summary.seconds, 3),
        "recipients_per_second": round(_rate(summary), 1),
        "tracked": summary.tracked,
        "deliveries": summary.deliveries,
        "in_delivery": summary.in_delivery,
        "failure": summary.failure,
        "results": None if results is None else str(results),
        "journal": journal,
    }


def _show(summary: Summary, journal: str, results: Path | None) -> None:
    if not summary.rows:
        print_text("The file has no rows but its line of column names.")
        return
    facts: list[tuple[str, object]] = [("rows", summary.rows)]
    facts += [(state, getattr(summary, state)) for state in _STATES]
    facts += [("duplicates", summary.duplicates), ("segments", summary.segments)]
    facts += [(f"cost at {provider}", cost) for provider, cost in summary.costs.items()]
    if summary.tracked:
        facts += delivery_facts(summary.deliveries, summary.in_delivery)
    facts += [("this run", _this_run(summary))]
    print_table((Column("what", keep=True), Column("how much")), facts)
    said = [advice for state, advice in _ADVICE.items() if getattr(summary, state)]
    if summary.tracked and summary.in_delivery:
        said.append("no final delivery state: run the same command again with --track to go on.")
    if results is not None:
        said.append(f"Row by row: {results}")
    print_text("", *said, f"Journal: {journal}")


def _this_run(summary: Summary) -> str:
    if not summary.sent:
        why = "; nothing was left to send" if summary.ending is Ending.DONE else ""
        return f"0 recipients{why}"
    return f"{summary.sent} recipients in {summary.seconds:.1f} s, {_rate(summary):.0f} a second"
