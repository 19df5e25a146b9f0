"""What is unknown, asked of the providers that can prove what they took: SMStele, by the ID of our own attempt.

What is not found there stays unknown: a request may still be on its way through the gateway.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Final

from smsgw.bulk.journal import Doubt, Journal, doubts, settle
from smsgw.delivery import Lane
from smsgw.engine import Engine
from smsgw.errors import SmsgwError

__all__ = ["ask"]

_log = logging.getLogger("smsgw.bulk.settling")

_TRIES: Final = 5
"""Times that a provider is asked about one attempt, until it answers."""
_FIRST_WAIT: Final = 0.2
"""Seconds before the second try; doubled each time."""


async def ask(engine: Engine, journal: Journal, stopped: Callable[[], bool]) -> int:
    """Settle what can be; how many rows turned out to be accepted. Once stopped, nobody is asked a second time."""
    able = {name: lane for name, lane in engine.lanes.items() if lane.driver.settles}
    after = found = 0
    while able and (page := await doubts(journal, tuple(able), after)):
        after = page[-1].number
        by_claim = [list(group) for _, group in groupby(sorted(page, key=_by_claim), key=_by_claim)]
        answers = await asyncio.gather(
            *(_taken(able[group[0].provider], group, stopped) for group in by_claim)
        )
        proved = [doubt for answer in answers for doubt in answer]
        if proved:
            await settle(journal, proved)
        found += len(proved)
    return found


def _by_claim(doubt: Doubt) -> tuple[str, str]:
    return doubt.provider, doubt.claim


async def _taken(lane: Lane, group: Sequence[Doubt], stopped: Callable[[], bool]) -> Sequence[Doubt]:
    """Those of one attempt that the provider proves to have taken."""
    wait = _FIRST_WAIT
    for attempt in range(1, _TRIES + 1):
        try:
            taken = await lane.find(group[0].claim)
        except SmsgwError as error:
            _log.info("%s did not tell what it took (%s)", lane.name, type(error).__name__)
            if attempt == _TRIES or stopped():
                return ()
            await asyncio.sleep(wait)
            wait *= 2
        else:
            return [doubt for doubt in group if doubt.recipient in taken]
    return ()
