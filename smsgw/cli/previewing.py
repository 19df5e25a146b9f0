"""`smsgw preview`: what sending a file would do; nothing is sent, and no gateway is asked."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from attrs import define, field

from smsgw.cli.failing import ALL_WELL, NOT_ALL
from smsgw.cli.options import Config, Json, Provider, Sender, Text, Transliterate, given_text
from smsgw.cli.output import Column, because, print_json, print_table, print_text
from smsgw.cli.rows import Sheet, Template, read_sheet
from smsgw.cli.running import open_dispatcher
from smsgw.models import Plan

__all__ = ["preview"]

_MOST_OFFENDERS = 20


@define
class _Total:
    """Plans of several texts, added up."""

    recipients: int = 0
    duplicates: int = 0
    segments: int = 0
    requests: int = 0
    cost: Decimal | None = Decimal(0)
    encodings: Counter[str] = field(factory=Counter)
    routes: Counter[str] = field(factory=Counter)
    reasons: Counter[str] = field(factory=Counter)
    offenders: dict[str, None] = field(factory=dict)

    def add(self, plan: Plan, phones: list[str]) -> None:
        carried = len(plan.recipients)
        self.recipients += carried
        self.duplicates += len(plan.duplicates)
        self.segments += plan.segments * carried
        self.requests += plan.requests
        if carried:
            self.encodings[plan.encoding] += carried
            self.cost = None if self.cost is None or plan.cost is None else self.cost + plan.cost
        self.routes.update({name: len(recipients) for name, recipients in plan.routes.items()})
        times = Counter(phones)
        for given, error in plan.invalid.items():
            self.reasons[because(error)] += times[given]
        self.offenders.update(dict.fromkeys(plan.offenders))


def preview(
    *,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE.csv", help="UTF-8, with a column `phone`; others fill {…} in the text."),
    ],
    text: Text,
    sender: Sender = None,
    provider: Provider = None,
    transliterate: Transliterate = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """Show what sending a file would do: who carries what, in how many requests and segments. Nothing is sent.

    Exit status: 0 every row can be carried; 1 some cannot; 2 usage or configuration.
    """
    sheet = read_sheet(file)
    texts, empty = _by_text(sheet, Template(given_text(text), sheet.columns))
    sms = open_dispatcher(config)
    total = _Total()
    for one, phones in texts.items():
        plan = sms.preview(phones, one, sender=sender, provider=provider, transliterate=transliterate)
        total.add(plan, phones)
        if json:
            print_json(plan)
    if empty:
        total.reasons["the text is empty"] += empty
    if not json:
        _show(total, len(sheet.rows), len(texts))
    return NOT_ALL if total.reasons else ALL_WELL


def _by_text(sheet: Sheet, template: Template) -> tuple[Mapping[str, list[str]], int]:
    """The phones of each distinct text, and how many rows have an empty one."""
    texts: dict[str, list[str]] = {}
    for row in sheet.rows:
        texts.setdefault(template.fill(row.cells), []).append(row.phone)
    return texts, len(texts.pop("", ()))


def _show(total: _Total, rows: int, texts: int) -> None:
    refused = sum(total.reasons.values())
    facts: list[tuple[str, object]] = [
        ("rows", rows),
        ("distinct texts", texts),
        ("recipients", total.recipients),
        ("duplicates", total.duplicates),
        ("not to be carried", refused),
        ("segments", f"{total.segments} ({_listed(total.encodings)})" if total.segments else 0),
        ("requests", total.requests),
        ("cost", "no prices are configured" if total.cost is None else total.cost),
    ]
    if total.offenders:
        some = " ".join(list(total.offenders)[:_MOST_OFFENDERS])
        more = len(total.offenders) - _MOST_OFFENDERS
        facts.append(("force UCS-2", f"{some} and {more} more" if more > 0 else some))
    print_table((Column("what", keep=True), Column("how much")), facts)
    if total.routes:
        print_text("")
        columns = (Column("asked first", keep=True), Column("recipients", right=True))
        print_table(columns, total.routes.most_common())
        if texts > 1:
            print_text("(Routes that take turns are counted anew for each text.)")
    if total.reasons:
        print_text("")
        columns = (Column("rows", right=True), Column("not to be carried because"))
        print_table(columns, [(times, why) for why, times in total.reasons.most_common()])


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} for {times}" for name, times in counts.most_common())
