"""`smsgw status`, `balance` and `lookup`: questions that send nothing."""

import asyncio
from typing import Annotated

import typer
from attrs import field, frozen

from smsgw.cli.failing import ALL_WELL, NOT_ALL, CommandFailed
from smsgw.cli.following import follow, stamp
from smsgw.cli.options import Config, Json
from smsgw.cli.output import Column, as_json, because, print_json, print_table
from smsgw.cli.running import open_dispatcher, run
from smsgw.dispatcher import Dispatcher
from smsgw.errors import InvalidRecipient, SmsgwError, UnsupportedOption
from smsgw.models import Balance, Reference
from smsgw.msisdn import normalise
from smsgw.strict import shown

__all__ = ["balance", "lookup", "status"]


def status(
    references: Annotated[
        list[str],
        typer.Argument(
            metavar="PROVIDER:ID[:RECIPIENT]",
            help="As `smsgw send` printed them; the recipient where an ID stands for several.",
        ),
    ],
    watch: Annotated[
        bool, typer.Option("--watch", help="Follow them until all are final, a line for each change.")
    ] = False,
    deadline: Annotated[
        float | None,
        typer.Option(
            "--deadline", metavar="SECONDS", help="With --watch: when to end; by default after a day."
        ),
    ] = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """Ask what became of messages; "…" follows a state that may still change.

    Exit status: 0 all answered; 1 some were not; 2 usage or configuration; 130 interrupted.
    """
    if deadline is not None and not (watch and deadline > 0):
        raise CommandFailed("--deadline is a number of seconds above 0, and goes with --watch")
    sms = open_dispatcher(config)
    subjects = [_reference(word, sms.providers) for word in references]
    if watch:
        return follow(sms, subjects, deadline, json=json)
    reports, interrupted = run(sms, lambda sms: sms.status(subjects))
    if json:
        for report in reports:
            print_json(report)
    else:
        columns = (
            Column("recipient", keep=True, key=True),
            Column("state", keep=True),
            Column("provider", keep=True, key=True),
            Column("id", keep=True, key=True),
            Column("changed at"),
            Column("error", aside=True),
        )
        print_table(
            columns,
            [
                (
                    report.recipient,
                    report.state if report.final or report.error else f"{report.state}…",
                    report.provider,
                    report.message_id,
                    stamp(report.changed_at),
                    because(report.error),
                )
                for report in reports
            ],
        )
    return interrupted or (NOT_ALL if any(report.error is not None for report in reports) else ALL_WELL)


def _reference(word: str, providers: tuple[str, ...]) -> Reference:
    """Names may have colons, and an ID may; a recipient has none."""
    named = [name for name in providers if word.startswith(f"{name}:")]
    if not named:
        raise CommandFailed(
            f"{shown(word.partition(':')[0])}: no provider is called so, or no :ID follows; "
            f"there are: {', '.join(map(shown, providers))}"
        )
    provider = max(named, key=len)
    message_id, _, recipient = word[len(provider) + 1 :].rpartition(":")
    if not message_id:
        message_id, recipient = recipient, ""
    if not message_id:
        raise CommandFailed(f"{shown(provider)}: the message ID is empty: write PROVIDER:ID[:RECIPIENT]")
    try:
        return Reference(provider, message_id, normalise(recipient) if recipient else None)
    except InvalidRecipient as error:
        raise CommandFailed(f"PROVIDER:ID:RECIPIENT: {error.description}") from None


@frozen
class _Answer:
    """A provider's balance, or why there is none."""

    provider: str
    balance: Balance | None = None
    error: SmsgwError | None = field(default=None)

    def fields(self) -> dict[str, object]:
        known: dict[str, object] = as_json(self.balance) if self.balance is not None else {}
        empty: dict[str, object] = {"provider": self.provider, "amount": None, "unit": None}
        return {**empty, "packages": {}, "raw": None, **known, "error": as_json(self.error)}


def balance(
    providers: Annotated[
        list[str] | None, typer.Argument(metavar="PROVIDER", help="Without any, all of them.")
    ] = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """Ask what is left on accounts.

    Exit status: 0 all answered; 1 some did not; 2 usage or configuration; 130 interrupted. Where all providers are
    asked, one that tells no balances counts as answered.
    """
    sms = open_dispatcher(config)
    names = list(dict.fromkeys(providers or sms.providers))
    for name in names:
        if name not in sms.providers:
            raise CommandFailed(
                f"no provider is called {shown(name)}; there are: {', '.join(map(shown, sms.providers))}"
            )
    answers, interrupted = run(sms, lambda sms: _balances(sms, names))
    if json:
        for answer in answers:
            print_json(answer.fields())
    else:
        columns = (
            Column("provider", keep=True, key=True),
            Column("amount", keep=True, right=True),
            Column("unit", keep=True),
            Column("packages"),
            Column("error", aside=True),
        )
        print_table(columns, [_balance_row(answer) for answer in answers])
    excused = () if providers else (UnsupportedOption,)
    failed = [answer for answer in answers if answer.error and not isinstance(answer.error, excused)]
    return interrupted or (NOT_ALL if failed else ALL_WELL)


async def _balances(sms: Dispatcher, names: list[str]) -> list[_Answer]:
    async def ask(name: str) -> _Answer:
        try:
            return _Answer(name, await sms.balance(name))
        except SmsgwError as error:
            return _Answer(name, error=error)

    return await asyncio.gather(*(ask(name) for name in names))


def _balance_row(answer: _Answer) -> tuple[object, ...]:
    left = answer.balance
    if left is None:
        return answer.provider, None, None, "", because(answer.error)
    packages = ", ".join(f"{name}:{number}" for name, number in left.packages.items())
    return answer.provider, left.amount, left.unit, packages, ""


def lookup(
    numbers: Annotated[list[str], typer.Argument(metavar="NUMBER", help="Phone numbers.")],
    config: Config = None,
    json: Json = False,
) -> int:
    """Ask which operators serve numbers (HLR); no SMS goes out.

    Exit status: 0 all answered; 1 some were not; 2 usage or configuration; 130 interrupted.
    """
    lookups, interrupted = run(open_dispatcher(config), lambda sms: sms.lookup(numbers))
    if json:
        for found in lookups:
            print_json(found)
    else:
        columns = (
            Column("recipient", keep=True, key=True),
            Column("operator"),
            Column("region"),
            Column("mnc", keep=True),
            Column("provider", keep=True),
            Column("error", aside=True),
        )
        print_table(
            columns,
            [
                (
                    found.recipient,
                    found.operator,
                    found.region,
                    found.mnc,
                    found.provider,
                    because(found.error, several="one argument for each"),
                )
                for found in lookups
            ],
        )
    return interrupted or (NOT_ALL if any(found.error is not None for found in lookups) else ALL_WELL)
