"""Kills in a storm: resets, replies that are lost, cut short, silent or of a front server, gateways that are away."""

import logging
import os
from pathlib import Path

import pytest

from tests.bulk.survival.campaigns import Campaign, Moments, Tally
from tests.bulk.survival.gateways import running_gateways
from tests.bulk.survival.processes import Nursery

KILLS = int(os.environ.get("SMSGW_KILLS", "50")) // 4
"""In all; `--log-cli-level=INFO` tells what they came to."""
SEEDS = 4
PER_CAMPAIGN = 4
ROWS = 200


@pytest.mark.parametrize("seed", range(SEEDS))
def test_killed_in_a_storm(seed: int, nursery: Nursery, tmp_path: Path) -> None:
    """What a storm and a kill leave unknown is never sent again, and what SMStele took is accepted in the end."""
    tally, resets = Tally(), 0
    while tally.kills.total() * SEEDS < KILLS:
        number = 1000 * seed + tally.campaigns
        with running_gateways(number) as gateways:
            campaign = Campaign(
                nursery, gateways, tmp_path / str(number), seed=number, rows=ROWS, tally=tally
            )
            campaign.storm()
            moments = Moments(number)
            for _ in range(PER_CAMPAIGN):
                if not campaign.kill(moments):
                    break
            campaign.finish()
            resets += gateways.proxy.resets
    logging.getLogger("survival").info("%s; %d connections reset", tally, resets)
