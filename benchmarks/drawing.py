"""Draws results for the README: CPU time, times the bare aiohttp loop's, and recipients a second beside peers'.

    python benchmarks/drawing.py results.json benchmarks.svg

`results.json` is what `run.py --json` wrote. Two panels of bars. It follows the reader's light or dark theme,
and says in words what it shows.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["draw"]

WIDTH = 840
_LEFT, _RIGHT = 250, 90
_LINE, _BAR, _HEAD = 26, 16, 54

_STYLE = """
text { font: 14px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 16px }
.faint { fill: #59636e; font-size: 12px }
.bar { fill: #afb8c1 }
.mine { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .faint { fill: #9198a1 }
  .bar { fill: #57606a }
  .mine { fill: #4493f8 }
}
"""


class Bar(NamedTuple):
    what: str
    value: float
    mine: bool


class Panel(NamedTuple):
    title: str
    unit: str
    bars: Sequence[Bar]


def draw(results: Mapping[str, Any]) -> str:
    """The picture of what `run.py --json` wrote; a panel whose table is missing is left out."""
    tables = {table["name"]: table for table in results["tables"]}
    panels = [panel for panel in (_overhead(tables), _peers(tables)) if panel is not None]
    if not panels:
        raise SystemExit("there is nothing to draw: neither `overhead` nor `peers` is among the tables")
    parts: list[str] = []
    top = 0
    for panel in panels:
        parts += _drawn(panel, top)
        top += _HEAD + len(panel.bars) * _LINE + 20
    versions = {name: value for name, value in results["about"].items() if name in _TOLD}
    facts = ", ".join(f"{name} {value}" for name, value in versions.items())
    parts.append(f'<text class="faint" x="0" y="{top + 8}">{escape(facts)}</text>')
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + 16}" width="{WIDTH}"',
            f'  height="{top + 16}" role="img" aria-labelledby="title desc">',
            '<title id="title">How fast smsgw is: beside a bare aiohttp loop, and beside other libraries</title>',
            f'<desc id="desc">{escape(" ".join(map(_in_words, panels)))}</desc>',
            f"<style>{_STYLE}</style>",
            *parts,
            "</svg>\n",
        ]
    )


_TOLD = ("smsgw", "aiohttp", "httpx", "requests", "twilio", "apprise", "python", "machine")


def _overhead(tables: Mapping[str, Any]) -> Panel | None:
    bars = [
        Bar(f"{row['what']}, batches of {size}", row["ratio"], mine=True)
        for size in (10, 1)
        if f"overhead-{size}" in tables
        for row in tables[f"overhead-{size}"]["rows"]
        if not row["what"].startswith(("bare", "raw"))
    ]
    if not bars:
        return None
    title = "Beside a hand-written aiohttp loop with the same requests"
    unit = "times its CPU time a recipient; shorter is better"
    return Panel(title, unit, [Bar("the bare aiohttp loop", 1.0, mine=False), *bars])


def _peers(tables: Mapping[str, Any]) -> Panel | None:
    if "peers" not in tables:
        return None
    bars = [
        Bar(row["what"], row["a_second"], row["what"].startswith("smsgw")) for row in tables["peers"]["rows"]
    ]
    title = "Beside what people use instead"
    return Panel(title, "recipients a second; longer is better", sorted(bars, key=lambda bar: -bar.value))


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}" if value >= 10 else f"{value:.2f}"


def _in_words(panel: Panel) -> str:
    figures = "; ".join(f"{bar.what}: {_figure(bar.value)}" for bar in panel.bars)
    return f"{panel.title}, {panel.unit}: {figures}."


def _drawn(panel: Panel, top: int) -> list[str]:
    scale = (WIDTH - _LEFT - _RIGHT) / max(bar.value for bar in panel.bars)
    parts = [
        f'<text class="title" x="0" y="{top + 18}">{escape(panel.title)}</text>',
        f'<text class="faint" x="0" y="{top + 36}">{escape(panel.unit)}</text>',
    ]
    for place, bar in enumerate(panel.bars):
        y, width = top + _HEAD + place * _LINE, max(1.0, bar.value * scale)
        parts += [
            f'<text x="{_LEFT - 10}" y="{y + 13}" text-anchor="end">{escape(bar.what)}</text>',
            f'<rect class="{"mine" if bar.mine else "bar"}" x="{_LEFT}" y="{y}" width="{width:.1f}" height="{_BAR}" rx="2"/>',
            f'<text x="{_LEFT + width + 8:.1f}" y="{y + 13}">{_figure(bar.value)}</text>',
        ]
    return parts


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path, help="JSON of `run.py`")
    parser.add_argument("picture", type=Path, help="the SVG to write")
    options = parser.parse_args()
    try:
        results = json.loads(options.results.read_text("utf-8"))
    except (OSError, ValueError) as error:
        parser.error(f"{options.results}: {error}")
    options.picture.write_text(draw(results), "utf-8")


if __name__ == "__main__":
    main()
