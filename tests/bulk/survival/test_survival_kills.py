"""SIGKILL at random moments of a campaign's life, again and again: nothing twice, nothing lost, nothing untrue."""

import logging
import os
from pathlib import Path

import pytest

from tests.bulk.survival.campaigns import Campaign, Moments, Tally
from tests.bulk.survival.gateways import running_gateways
from tests.bulk.survival.processes import Nursery

KILLS = int(os.environ.get("SMSGW_KILLS", "50"))
"""In all; `--log-cli-level=INFO` tells what they came to."""
SEEDS = 10
PER_CAMPAIGN = 5
ROWS = 250


def shares(total: int, parts: int) -> list[int]:
    """The total in so many almost equal parts."""
    return [total * (part + 1) // parts - total * part // parts for part in range(parts)]


@pytest.mark.parametrize(("seed", "kills"), list(enumerate(shares(KILLS, SEEDS))))
def test_killed_and_resumed(seed: int, kills: int, nursery: Nursery, tmp_path: Path) -> None:
    """Killed at any moments and run again, a campaign reaches each row once, and says nothing that is not true."""
    tally = Tally()
    while (left := kills - tally.kills.total()) > 0:
        number = 1000 * seed + tally.campaigns
        with running_gateways(number) as gateways:
            campaign = Campaign(
                nursery, gateways, tmp_path / str(number), seed=number, rows=ROWS, tally=tally
            )
            moments = Moments(number)
            for _ in range(min(left, PER_CAMPAIGN)):
                if not campaign.kill(moments):
                    break
            campaign.finish()
    logging.getLogger("survival").info("%s", tally)
