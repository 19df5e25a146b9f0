"""`smsgw send`."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated

import typer

from smsgw.cli.failing import ALL_WELL, NOT_ALL, CommandFailed
from smsgw.cli.options import Config, Json, Provider, Sender, Text, Transliterate, given_text
from smsgw.cli.output import (
    Column,
    Unwritable,
    because,
    complain,
    in_options,
    print_json,
    print_table,
    print_text,
    remark,
)
from smsgw.cli.running import open_dispatcher, run
from smsgw.models import Message, Outcome, State

__all__ = ["send"]

_COLUMNS = (
    Column("recipient", keep=True, key=True),
    Column("state", keep=True),
    Column("provider", keep=True),
    Column("id", keep=True),
    Column("segments", right=True),
    Column("error", aside=True),
)
_ADVICE = {
    State.HELD: "held: the gateway has it and sends it once the account is paid; do not send it again.",
    State.UNKNOWN: "unknown: the gateway may have taken it; find out before you send it again.",
}


def send(
    *,
    to: Annotated[
        list[str], typer.Option("--to", metavar="NUMBER", help="A recipient; may be given several times.")
    ],
    text: Text,
    sender: Sender = None,
    provider: Provider = None,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="KEY", help="Idempotency key, for messages within this run."),
    ] = None,
    transliterate: Transliterate = False,
    flash: Annotated[
        bool, typer.Option("--flash", help="Shown at once on the screen, and not kept.")
    ] = False,
    validity: Annotated[
        float | None, typer.Option("--validity", metavar="SECONDS", help="How long delivery is tried.")
    ] = None,
    send_at: Annotated[
        str | None,
        typer.Option("--send-at", metavar="TIME", help="When, with a zone: 2026-12-31T09:00:00+03:00."),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout",
            metavar="SECONDS",
            help="For the whole sending: the result is printed then; the command still waits for what is in flight.",
        ),
    ] = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """Send a text to one or more numbers, and tell what became of each.

    Exit status: 0 all accepted; 1 some were not; 2 usage or configuration; 130 interrupted.
    """
    if timeout is not None and not (math.isfinite(timeout) and timeout > 0):
        raise CommandFailed("--timeout: a number of seconds above 0")
    when = None if send_at is None else _moment(send_at)
    text = given_text(text)
    try:
        message = Message(
            to=to,
            text=text,
            sender=sender,
            provider=provider,
            key=key,
            send_at=when,
            validity=validity,
            flash=flash,
            transliterate=transliterate,
        )
    except ValueError as error:
        raise CommandFailed(in_options(str(error))) from None
    glimpse: list[Callable[[], Sequence[Outcome]]] = []
    submission, interrupted = run(
        open_dispatcher(config),
        lambda sms: sms.submit_watched(message, timeout, glimpse.append),
        lambda submission: _tell(submission.outcomes, json=json),
        lambda: _tell([outcome for known in glimpse for outcome in known()], json=json),
    )
    return interrupted or (ALL_WELL if len(submission.accepted) == len(submission.outcomes) else NOT_ALL)


def _tell(outcomes: Sequence[Outcome], *, json: bool) -> None:
    """Print what became of each; on standard error where standard output takes it no more."""
    try:
        if json:
            for outcome in outcomes:
                print_json(outcome)
        else:
            _show(outcomes)
    except Unwritable as error:
        for outcome in outcomes:
            provider = outcome.provider or ""
            place = f"{provider}:{outcome.message_id}" if outcome.message_id else provider
            remark(f"{outcome.recipient} {outcome.state} {place}".rstrip())
        complain(error)


def _moment(stamp: str) -> datetime:
    try:
        return datetime.fromisoformat(stamp)
    except ValueError:
        raise CommandFailed(
            "--send-at: not a time in ISO 8601 with a zone, such as 2026-12-31T09:00:00+03:00"
        ) from None


def _show(outcomes: Sequence[Outcome]) -> None:
    print_table(
        _COLUMNS,
        [
            (
                outcome.recipient,
                outcome.state,
                outcome.provider,
                outcome.message_id,
                outcome.segments,
                _remark(outcome),
            )
            for outcome in outcomes
        ],
    )
    counts = Counter(outcome.state for outcome in outcomes)
    if len(outcomes) > 1:
        print_text("", ", ".join(f"{counts[state]} {state}" for state in State if counts[state]))
    for state, advice in _ADVICE.items():
        if counts[state]:
            print_text(advice)


def _remark(outcome: Outcome) -> str:
    why = because(outcome.error)
    if not outcome.duplicate:
        return why
    return f"given twice, tried once: {why}" if why else "given twice, sent once"
