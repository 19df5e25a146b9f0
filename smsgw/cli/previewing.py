"""`smsgw preview`: what sending a file would do; nothing is sent, and no gateway is asked."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from attrs import define, field

from smsgw.cli.failing import ALL_WELL, NOT_ALL, CommandFailed
from smsgw.cli.options import Config, Provider, Sender, Text, Transliterate, given_text
from smsgw.cli.output import Column, because, print_json, print_table, print_text
from smsgw.cli.rows import Row, Sheet, Template, read_sheet
from smsgw.cli.running import open_dispatcher
from smsgw.models import Plan

__all__ = ["preview"]

_MOST_OFFENDERS = 20
_MOST_LINES = 5
"""Line numbers that are told of each reason."""


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
    lines: dict[str, list[int]] = field(factory=dict)
    """Why rows cannot be carried, and where they stand."""
    offenders: dict[str, None] = field(factory=dict)

    def add(self, plan: Plan, rows: Sequence[Row]) -> None:
        carried = len(plan.recipients)
        self.recipients += carried
        self.duplicates += len(plan.duplicates)
        self.segments += plan.segments * carried
        self.requests += plan.requests
        if carried:
            self.encodings[plan.encoding] += carried
            self.cost = None if self.cost is None or plan.cost is None else self.cost + plan.cost
        self.routes.update({name: len(recipients) for name, recipients in plan.routes.items()})
        for row in rows:
            if (error := plan.invalid.get(row.phone)) is not None:
                self.refuse(because(error, several="one number in each row"), row)
        self.offenders.update(dict.fromkeys(plan.offenders))

    def refuse(self, why: str, row: Row) -> None:
        self.lines.setdefault(why, []).append(row.line)

    @property
    def refused(self) -> int:
        return sum(map(len, self.lines.values()))

    def reasons(self) -> list[tuple[str, list[int]]]:
        """The commonest first, the lines of each in order."""
        return sorted(
            ((why, sorted(lines)) for why, lines in self.lines.items()), key=lambda pair: -len(pair[1])
        )

    def fields(self, rows: int, texts: int) -> dict[str, object]:
        return {
            "rows": rows,
            "texts": texts,
            "recipients": self.recipients,
            "duplicates": self.duplicates,
            "segments": self.segments,
            "requests": self.requests,
            "cost": self.cost,
            "encodings": self.encodings,
            "routes": self.routes,
            "offenders": list(self.offenders),
            "refused": self.refused,
            "reasons": [{"reason": why, "lines": lines} for why, lines in self.reasons()],
        }


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
    json: Annotated[
        bool,
        typer.Option(
            "--json", help='One JSON object a line: one for each distinct text, at the end {"total": …}.'
        ),
    ] = False,
) -> int:
    """Show what sending a file would do: who carries what, in how many requests and segments. Nothing is sent.

    Exit status: 0 every row can be carried; 1 some cannot; 2 usage or configuration.
    """
    text = given_text(text)
    if not text:
        raise CommandFailed("--text: the text is empty")
    sheet = read_sheet(file)
    texts, empty = _by_text(sheet, Template(text, sheet.columns))
    sms = open_dispatcher(config)
    total = _Total()
    for one, rows in texts.items():
        plan = sms.preview(
            [row.phone for row in rows], one, sender=sender, provider=provider, transliterate=transliterate
        )
        total.add(plan, rows)
        if json:
            print_json(plan)
    for row in empty:
        total.refuse("the text is empty", row)
    if json:
        print_json({"total": total.fields(len(sheet.rows), len(texts))})
    elif not sheet.rows:
        print_text("The file has no rows but its line of column names.")
    else:
        _show(total, len(sheet.rows), len(texts))
    return NOT_ALL if total.refused or not sheet.rows else ALL_WELL


def _by_text(sheet: Sheet, template: Template) -> tuple[Mapping[str, list[Row]], list[Row]]:
    """The rows of each distinct text, and those with an empty one."""
    texts: dict[str, list[Row]] = {}
    for row in sheet.rows:
        texts.setdefault(template.fill(row.cells), []).append(row)
    empty = texts.pop("", [])
    return texts, empty


def _show(total: _Total, rows: int, texts: int) -> None:
    facts: list[tuple[str, object]] = [
        ("rows", rows),
        ("distinct texts", texts),
        ("recipients", total.recipients),
        ("duplicates", total.duplicates),
        ("not to be carried", total.refused),
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
    if total.refused:
        print_text("")
        columns = (Column("rows"), Column("not to be carried because"))
        print_table(columns, [(_placed(lines), why) for why, lines in total.reasons()])


def _placed(lines: list[int]) -> str:
    """How many, and where the first of them stand."""
    some = ", ".join(map(str, lines[:_MOST_LINES]))
    more = ", …" if len(lines) > _MOST_LINES else ""
    return f"{len(lines)} ({'line' if len(lines) == 1 else 'lines'} {some}{more})"


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} for {times}" for name, times in counts.most_common())
