"""One run of a campaign as a command: refused in one line before it begins, watched, stopped in good order, summed up.

It imports `smsgw.bulk`, which needs the extra `bulk`: import it only where a campaign is run.
"""

import asyncio
from pathlib import Path
from typing import Final

from smsgw.bulk import BulkError, BulkRun, CsvSource, Phase, Summary
from smsgw.bulk.journal.database import Database
from smsgw.cli.failing import ALL_WELL, INTERRUPTED, NOT_ALL, CommandFailed
from smsgw.cli.order import Order
from smsgw.cli.output import complain, in_options
from smsgw.cli.running import Signals, Sms, end_at_once, open_dispatcher
from smsgw.cli.summing import tell_nothing_sent, tell_summary
from smsgw.cli.watching import Watch
from smsgw.models import Message
from smsgw.sheets import Sheet, Template

__all__ = ["conduct"]

_AGAIN: Final = "again Ctrl-C ends at once"
_BESIDE: Final = ("", "-wal", "-shm", "-journal", "-lock")
"""What SQLite and we add to the name of a journal for what stands beside it."""


def conduct(order: Order) -> int:
    """Send, or go on; the exit status. Raises `CommandFailed`, `SheetError` and `ConfigurationError`."""
    try:
        sms = open_dispatcher(order.config)
        source = _source(order, sms)
        database = Database(order.journal)
        _check_files(order, database.path)
        run = BulkRun(
            sms,
            source,
            journal=order.journal,
            results=order.results,
            max_messages=order.max_messages,
            max_cost=order.max_cost,
            resend_unknown=order.resend_unknown,
            give_up_after=order.give_up_after,
            track=order.track_for,
        )
        return asyncio.run(_conducted(order, sms, run, database.name))
    except BulkError as error:
        raise CommandFailed(str(error)) from None


def _source(order: Order, sms: Sms) -> CsvSource:
    sheet = Sheet(order.file)
    Template(order.text, sheet.columns, order.text_name)  # for its errors, in the user's words
    try:
        sample = Message(
            to="-",
            text="-",
            sender=order.sender,
            provider=order.provider,
            transliterate=order.transliterate,
        )
    except ValueError as error:
        raise CommandFailed(in_options(str(error))) from None
    sms.forecast().check(sample)
    return CsvSource(
        sheet,
        order.text,
        sender=order.sender,
        provider=order.provider,
        transliterate=order.transliterate,
    )


def _check_files(order: Order, journal: Path | None) -> None:
    """Nothing may be written over what is still needed. `journal` is None where it is no file."""
    for name, path in order.kept.items():
        if journal is not None and _same(journal, path):
            raise CommandFailed(f"--journal: is the same file as {name}")
        if order.results is not None and _same(order.results, path):
            raise CommandFailed(f"--results: is the same file as {name}")
    if order.results is None:
        return
    if journal is not None and any(_same(order.results, Path(f"{journal}{suffix}")) for suffix in _BESIDE):
        raise CommandFailed("--results: is the same file as --journal, or one that belongs to it")
    if _is_odd(order.results):
        # It is opened more than once, and written from its start each time.
        raise CommandFailed(f"--results {order.results}: is not a regular file")


def _is_odd(path: Path) -> bool:
    """Whether something is there that is neither a file nor a folder; what cannot be looked at is told later."""
    try:
        return path.exists() and not path.is_file() and not path.is_dir()
    except (OSError, ValueError):
        return False


def _same(one: Path, other: Path) -> bool:
    """Whether they are one file, or would be."""
    try:
        return one.samefile(other)
    except OSError:
        return one.resolve() == other.resolve()


async def _conducted(order: Order, sms: Sms, run: BulkRun, journal: str) -> int:
    watch = Watch(run.progress)
    interrupted_in: Phase | None = None
    over = False

    def stop() -> None:
        nonlocal interrupted_in
        if over:
            return
        interrupted_in = run.progress.phase
        run.stop()
        watch.stop()
        complain(f"interrupted: {_HANGS_ON[interrupted_in]}; {_AGAIN}", "warning")

    def end(_: int) -> None:
        watch.abandon()
        if over:
            end_at_once(INTERRUPTED, "interrupted")
        end_at_once(INTERRUPTED, _ENDED[interrupted_in is Phase.TRACKING])

    with Signals(stop, end) as signals:
        async with sms, watch:
            summary = await run.run()
        over = True
        if interrupted_in is Phase.READING and not summary.sent:
            tell_nothing_sent(summary, journal, json=order.json)
        else:
            tell_summary(summary, journal, order.results, json=order.json)
    return INTERRUPTED if signals.status else _status(summary)


_HANGS_ON: Final = {
    Phase.READING: "the input was still being read, and nothing is sent",
    Phase.ASKING: "waiting for the answer about what is in doubt",
    Phase.SENDING: "nothing more is begun, waiting for what is in flight",
    Phase.TRACKING: "nothing more is asked, and what is known is written down",
    Phase.WRITING: "the results are still being written",
}

_ENDED: Final = {
    False: "ended at once; what was in flight is in doubt: run the same command again",
    True: "ended at once; what was learnt of delivery is in the journal, the results are not complete",
}
"""By whether it was tracking."""


def _status(summary: Summary) -> int:
    return ALL_WELL if summary.rows and summary.all_accepted and summary.failure is None else NOT_ALL
