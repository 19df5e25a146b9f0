"""A stand-in for the loss of power: of a frozen process nothing but the journal's files is kept."""

import signal
from pathlib import Path

import pytest

from tests.bulk.survival.campaigns import Campaign, Moments
from tests.bulk.survival.gateways import running_gateways
from tests.bulk.survival.journals import copy_journal
from tests.bulk.survival.processes import Nursery

ROWS = 250
LOSSES = 3


@pytest.mark.parametrize("seed", range(4))
def test_resumed_from_a_copy(seed: int, nursery: Nursery, tmp_path: Path) -> None:
    """The journal's own files, as they are at any moment, are all that the next run needs."""
    with running_gateways(seed) as gateways:
        campaign = Campaign(nursery, gateways, tmp_path, seed=seed, rows=ROWS)
        moments = Moments(seed)
        for number in range(LOSSES):
            process = campaign.start()
            if not moments.wait(process, campaign.pending):
                break
            process.send(signal.SIGSTOP)
            rescued = tmp_path / str(number)
            rescued.mkdir()
            campaign.journal = copy_journal(campaign.journal, rescued)
            process.send(signal.SIGKILL)
            process.ended()
            campaign.look()
        campaign.finish()
