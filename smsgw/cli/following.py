"""`smsgw status --watch`: a line for each change of each message, as it is learnt."""

from collections.abc import Sequence
from datetime import datetime

from smsgw.cli.failing import ALL_WELL, NOT_ALL
from smsgw.cli.output import because, print_json, print_text
from smsgw.cli.running import Sms, run
from smsgw.dispatcher import Dispatcher
from smsgw.models import DeliveryReport, Reference

__all__ = ["follow", "stamp"]


def follow(sms: Sms, references: Sequence[Reference], deadline: float | None, *, json: bool) -> int:
    """Print until all are final, the deadline is over, Ctrl-C, or nobody reads it: then with what is known.

    The exit status.
    """
    unanswered: list[DeliveryReport] = []

    async def work(sms: Dispatcher) -> None:
        stream = sms.track(references) if deadline is None else sms.track(references, deadline=deadline)
        async with stream:
            async for report in stream:
                if report.error is not None:
                    unanswered.append(report)
                if not (print_json(report) if json else print_text(_line(report))):
                    break  # nobody reads it any more

    _, interrupted = run(sms, work)
    return interrupted or (NOT_ALL if unanswered else ALL_WELL)


def _line(report: DeliveryReport) -> str:
    """The columns of `smsgw status`; lines come one by one, so nothing is aligned."""
    state = report.state if report.final or report.error else f"{report.state}…"
    known = (report.recipient, state, report.provider, report.message_id, stamp(report.changed_at))
    why = because(report.error)
    return "   ".join([*("-" if value is None else str(value) for value in known), *([why] if why else [])])


def stamp(moment: datetime | None) -> str | None:
    """Local time, without its zone."""
    return None if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")
