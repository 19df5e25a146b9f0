"""`smsgw preview`: what sending a file would do; nothing is sent, and no gateway is asked."""

from pathlib import Path
from typing import Annotated

import typer

from smsgw.cli.failing import ALL_WELL, NOT_ALL, CommandFailed
from smsgw.cli.forecasting import forecast_json, show_forecast
from smsgw.cli.options import (
    Config,
    Provider,
    Sender,
    TextFile,
    TextOrFile,
    Transliterate,
    message_text,
    name_of_text,
)
from smsgw.cli.output import in_options, print_json, print_text
from smsgw.cli.running import open_dispatcher
from smsgw.errors import InvalidText
from smsgw.models import Message
from smsgw.sheets import Sheet, Template

__all__ = ["preview"]


def preview(
    *,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE.csv", help="UTF-8, with a column `phone`; others fill {…} in the text."),
    ],
    text: TextOrFile = None,
    text_file: TextFile = None,
    sender: Sender = None,
    provider: Provider = None,
    transliterate: Transliterate = False,
    config: Config = None,
    json: Annotated[bool, typer.Option("--json", help='One JSON object: {"total": …}.')] = False,
) -> int:
    """Show what sending a file would do: who carries what, in how many requests and segments. Nothing is sent.

    Exit status: 0 every row can be carried; 1 some cannot; 2 usage or configuration.
    """
    words = message_text(text, text_file)
    sheet = Sheet(file)
    template = Template(words, sheet.columns, name_of_text(text_file))
    try:
        sample = Message(to="-", text="-", sender=sender, provider=provider, transliterate=transliterate)
    except ValueError as error:
        raise CommandFailed(in_options(str(error))) from None
    forecast = open_dispatcher(config).forecast()
    forecast.check(sample)
    empty = InvalidText("the text is empty")
    for line, phone, cells in sheet:
        if filled := template.fill(cells):
            message = Message(
                to=phone, text=filled, sender=sender, provider=provider, transliterate=transliterate
            )
            forecast.add(message, line)
        else:
            forecast.refuse(empty, line)
    total = forecast.total
    if json:
        print_json({"total": forecast_json(total)})
    elif not total.rows:
        print_text("The file has no rows but its line of column names.")
    else:
        show_forecast(total)
    return NOT_ALL if total.refused or not total.rows else ALL_WELL
