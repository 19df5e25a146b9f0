"""A forecast for people and for programs."""

from collections.abc import Mapping, Sequence
from typing import Final

from smsgw.cli.output import Column, because, print_table, print_text
from smsgw.planning import MOST_TEXTS, Reason, Total

__all__ = ["forecast_json", "lacking_prices", "show_forecast"]

_MOST_OFFENDERS: Final = 20
_MOST_LINES: Final = 5
"""Line numbers that people are told of each reason."""
_MOST_PREFIXES: Final = 5


def forecast_json(total: Total) -> dict[str, object]:
    """The fields of the `total`."""
    return {
        "rows": total.rows,
        "texts": total.texts,
        "recipients": total.recipients,
        "duplicates": total.duplicates,
        "segments": total.segments,
        "requests": total.requests,
        "cost": total.cost,
        "encodings": total.encodings,
        "routes": total.routes,
        "offenders": total.offenders,
        "refused": total.refused,
        "reasons": [
            {"reason": _why(reason), "rows": reason.rows, "lines": reason.lines} for reason in total.reasons
        ],
        "unpriced": total.unpriced,
    }


def show_forecast(total: Total) -> None:
    """Tables."""
    facts: list[tuple[str, object]] = [
        ("rows", total.rows),
        ("distinct texts", f"more than {MOST_TEXTS}" if total.texts is None else total.texts),
        ("recipients", total.recipients),
        ("duplicates", total.duplicates),
        ("not to be carried", total.refused),
        ("segments", f"{total.segments} ({_listed(total.encodings)})" if total.segments else 0),
        ("requests", total.requests),
        ("cost", f"not known: {lacking_prices(total)}" if total.cost is None else total.cost),
    ]
    if total.offenders:
        some = " ".join(total.offenders[:_MOST_OFFENDERS])
        more = len(total.offenders) - _MOST_OFFENDERS
        facts.append(("force UCS-2", f"{some} and {more} more" if more > 0 else some))
    print_table((Column("what", keep=True), Column("how much")), facts)
    if total.routes:
        print_text("")
        columns: Sequence[Column] = (
            Column("asked first", keep=True),
            Column("recipients", right=True),
        )
        print_table(columns, list(total.routes.items()))
    if total.refused:
        print_text("")
        columns = (Column("rows"), Column("not to be carried because"))
        print_table(columns, [(_placed(reason), _why(reason)) for reason in total.reasons])


def lacking_prices(total: Total) -> str:
    """Why the cost is not known, in words; empty where it is."""
    if not total.unpriced:
        return ""
    if sum(sum(prefixes.values()) for prefixes in total.unpriced.values()) == total.recipients:
        return f"no prices are configured for these numbers ({_without_price(total.unpriced)})"
    return f"some prices are missing ({_without_price(total.unpriced)})"


def _without_price(unpriced: Mapping[str, Mapping[str, int]]) -> str:
    said: list[str] = []
    for provider, prefixes in unpriced.items():
        some = ", ".join(f"{prefix}…" for prefix in list(prefixes)[:_MOST_PREFIXES])
        more = len(prefixes) - _MOST_PREFIXES
        said.append(f"{provider}: {some} and {more} more" if more > 0 else f"{provider}: {some}")
    return "; ".join(said)


def _why(reason: Reason) -> str:
    return because(reason.error, several="one number in each row")


def _placed(reason: Reason) -> str:
    """How many, and where the first of them stand."""
    if not reason.lines:
        return str(reason.rows)
    some = ", ".join(map(str, reason.lines[:_MOST_LINES]))
    more = ", …" if reason.rows > _MOST_LINES else ""
    return f"{reason.rows} ({'line' if reason.rows == 1 else 'lines'} {some}{more})"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} for {times}" for name, times in counts.items())
