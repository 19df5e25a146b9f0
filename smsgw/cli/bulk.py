"""`smsgw bulk`: what the command line says, read and checked; `campaign.py` does it.

What sends a campaign needs the extra `bulk`, and takes a fifth of a second to import: other commands do neither.
"""

import math
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final

import typer

from smsgw.cli.failing import CommandFailed
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
from smsgw.cli.order import Order
from smsgw.cli.previewing import preview

__all__ = ["bulk"]

_OF_THE_EXTRA: Final = ("sqlalchemy", "aiosqlite", "greenlet")
_TRACK_FOR: Final = 3600.0
"""Most messages are final within an hour; those to phones that are off take a day, and another run."""
_MOST: Final = 366 * 86_400.0


def bulk(
    *,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE.csv", help="UTF-8, with a column `phone`; others fill {…} in the text."),
    ] = None,
    text: TextOrFile = None,
    text_file: TextFile = None,
    journal: Annotated[
        str | None,
        typer.Option(
            "--journal",
            metavar="RUN.db",
            help="What was sent is written down here, so that the same command goes on where it stopped; "
            "a file, or the URL of a database.",
        ),
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option("--results", metavar="OUT.csv", help="What became of each row, in the input's order."),
    ] = None,
    sender: Sender = None,
    provider: Provider = None,
    transliterate: Transliterate = False,
    give_up_after: Annotated[
        float,
        typer.Option(
            "--give-up-after",
            metavar="SECONDS",
            help="End when no provider has taken anything for so long; the rest stays pending.",
        ),
    ] = 600.0,
    track: Annotated[
        bool,
        typer.Option(
            "--track",
            help="Once all is sent, follow what was taken to its delivery, and write that down, too; "
            "the same command goes on with what is not final.",
        ),
    ] = False,
    track_for: Annotated[
        float | None,
        typer.Option(
            "--track-for", metavar="SECONDS", help="End tracking then, with what is known. [default: 3600]"
        ),
    ] = None,
    resend_unknown: Annotated[
        bool,
        typer.Option("--resend-unknown", help="Send again what is unknown: it may arrive a second time."),
    ] = False,
    max_messages: Annotated[
        int | None,
        typer.Option("--max-messages", metavar="N", min=0, help="Send nothing if more would be sent."),
    ] = None,
    max_cost: Annotated[
        str | None,
        typer.Option(
            "--max-cost", metavar="DECIMAL", help="Send nothing if it would cost more, by configured prices."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="What `smsgw preview` shows, and nothing else.")
    ] = False,
    status: Annotated[
        str | None,
        typer.Option(
            "--status",
            metavar="RUN.db",
            help="Show how the campaign of this journal stands; needs no FILE.csv.",
        ),
    ] = None,
    config: Config = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")] = False,
) -> int:
    """Send a text to every row of a file. Run again, the same command goes on; nobody gets a message twice.

    Exit status: 0 all accepted, whether they were delivered or not; 1 some were not; 2 usage or configuration;
    130 interrupted.
    """
    with _ended_by_sigterm():
        if status is not None:
            if file is not None or journal is not None or text is not None or text_file is not None:
                raise CommandFailed(
                    "--status RUN.db: only shows how a campaign stands: give nothing to send with it"
                )
            return _standing(status, json=json)
        if file is None:
            raise CommandFailed(
                "there is no FILE.csv: name the file with the recipients (or give --status RUN.db)"
            )
        if not (math.isfinite(give_up_after) and give_up_after > 0):
            raise CommandFailed("--give-up-after: a number of seconds above 0")
        if track_for is not None and not (math.isfinite(track_for) and 0 < track_for <= _MOST):
            raise CommandFailed("--track-for: a number of seconds above 0, and no more than a year")
        if track_for is not None and not track:
            raise CommandFailed("--track-for: says for how long --track goes on: give that, too")
        cost = None if max_cost is None else _amount(max_cost)
        if dry_run:
            return preview(
                file=file,
                text=text,
                text_file=text_file,
                sender=sender,
                provider=provider,
                transliterate=transliterate,
                config=config,
                json=json,
            )
        if not journal:
            raise CommandFailed(
                "there is no --journal RUN.db: what was sent is written down there, "
                "so that the same command goes on where it stopped and sends nothing twice"
            )
        order = Order(
            file=file,
            text=message_text(text, text_file),
            text_name=name_of_text(text_file),
            journal=journal,
            results=results,
            kept={
                name: path
                for name, path in (("FILE.csv", file), ("--text-file", text_file), ("--config", config))
                if path is not None
            },
            sender=sender,
            provider=provider,
            transliterate=transliterate,
            give_up_after=give_up_after,
            track_for=(track_for or _TRACK_FOR) if track else None,
            resend_unknown=resend_unknown,
            max_messages=max_messages,
            max_cost=cost,
            config=config,
            json=json,
        )
        return _conducted(order)


def _conducted(order: Order) -> int:
    _check_extra()
    from smsgw.cli.campaign import conduct  # noqa: PLC0415 - an extra of its own, and slow to import

    return conduct(order)


def _standing(journal: str, *, json: bool) -> int:
    _check_extra()
    from smsgw.cli.standing import show_standing  # noqa: PLC0415 - the same

    return show_standing(journal, json=json)


def _check_extra() -> None:
    if any(find_spec(name) is None for name in _OF_THE_EXTRA):
        raise CommandFailed("smsgw bulk needs the extra bulk: pip install 'smsgw[cli,bulk]'")


def _amount(word: str) -> Decimal:
    try:
        amount = Decimal(word)
    except InvalidOperation:
        amount = Decimal(-1)
    if not (amount.is_finite() and amount >= 0):
        raise CommandFailed("--max-cost: a number such as 150 or 99.90")
    return amount


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """While nothing is under way that has to be ended in good order, SIGTERM is what Ctrl-C is."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
