"""What was measured, as a document: tables with their targets, and on what. As text, Markdown or JSON.

{"about": {name: value}, "tables": [{"name", "title", "columns": {key: heading}, "rows": [...], "targets": [...]}]}
"""

import argparse
import json
import os
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

__all__ = ["about", "deliver", "document", "table", "target"]


def target(what: str, figure: float, limit: float, *, more: bool = False) -> dict[str, Any]:
    """A figure beside what it should be: at most `limit`, or `more` than that."""
    reached = figure > limit if more else figure <= limit
    return {"what": what, "figure": round(figure, 3), "limit": limit, "more": more, "reached": reached}


def table(
    name: str,
    title: str,
    columns: Mapping[str, str],
    rows: Iterable[Mapping[str, object]],
    targets: Iterable[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """`title` says what is measured."""
    kept = [{key: row.get(key) for key in columns} for row in rows]
    return {
        "name": name,
        "title": title,
        "columns": dict(columns),
        "rows": kept,
        "targets": [dict(item) for item in targets],
    }


def about(*packages: str, **settings: object) -> dict[str, object]:
    """The machine, the versions of these packages, and the settings of this run."""
    known: dict[str, object] = {
        "python": platform.python_version(),
        "machine": f"{platform.system()}, {platform.machine()}, {os.cpu_count()} cores",
    }
    for name in ("smsgw", *packages):
        try:
            known[name] = version(name)
        except PackageNotFoundError:
            known[name] = "not installed"
    return known | settings


def document(facts: Mapping[str, object], *tables: Mapping[str, Any]) -> dict[str, Any]:
    return {"about": dict(facts), "tables": [dict(item) for item in tables]}


def deliver(options: argparse.Namespace, made: Mapping[str, Any]) -> None:
    """Print it in the form that was asked for."""
    if options.json:
        print(json.dumps(made, ensure_ascii=False))
    else:
        print(in_markdown(made) if options.markdown else in_text(made))


def in_text(made: Mapping[str, Any]) -> str:
    return "\n\n".join([_facts(made), *(_text_table(item) for item in made["tables"])])


def in_markdown(made: Mapping[str, Any]) -> str:
    return "\n\n".join([*(_markdown_table(item) for item in made["tables"]), f"({_facts(made)}.)"])


def _facts(made: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in made["about"].items())


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _verdict(item: Mapping[str, Any]) -> str:
    relation = "more than" if item["more"] else "at most"
    reached = "reached" if item["reached"] else "not reached"
    return f"{item['what']}: {item['figure']}, target {relation} {item['limit']}: {reached}"


def _text_table(item: Mapping[str, Any]) -> str:
    lines = [
        list(item["columns"].values()),
        *([_cell(row[key]) for key in item["columns"]] for row in item["rows"]),
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = [
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    return "\n".join([item["title"], *rows, *(f"→ {_verdict(one)}" for one in item["targets"])])


def _markdown_table(item: Mapping[str, Any]) -> str:
    lines = [
        f"**{item['title']}**",
        "",
        f"| {' | '.join(item['columns'].values())} |",
        f"|{'|'.join(['---', *['---:'] * (len(item['columns']) - 1)])}|",
        *(f"| {' | '.join(_cell(row[key]) for key in item['columns'])} |" for row in item["rows"]),
    ]
    if item["targets"]:
        lines += ["", *(f"- {_verdict(one)}" for one in item["targets"])]
    return "\n".join(lines)
