"""SIGKILL at random moments while a campaign is tracked: nothing learnt is lost or turned back, nothing is sent twice."""

import os
import signal
from pathlib import Path
from random import Random

import pytest

from tests.bulk.survival.gateways import running_gateways
from tests.bulk.survival.processes import Nursery
from tests.bulk.tracking.tracked import TrackedCampaign

KILLS = int(os.environ.get("SMSGW_TRACKING_KILLS", "4"))
"""In each campaign."""
ROWS = 150


@pytest.mark.parametrize("seed", range(3))
def test_killed_and_resumed(seed: int, nursery: Nursery, tmp_path: Path) -> None:
    """In the end all that was taken has the fate that the sandbox has for it."""
    random = Random(f"tracking {seed}")
    with running_gateways(seed) as gateways:
        campaign = TrackedCampaign(nursery, gateways, tmp_path, seed=seed, rows=ROWS)
        campaign.prepare(delivery_after=1.0)
        for _ in range(KILLS):
            process = campaign.start()
            if process.reaches("tracking") and process.sleep(random.uniform(0, 2.5)):
                process.send(signal.SIGKILL)
            assert process.ended() in (-signal.SIGKILL, 0, 1), process.said
            campaign.look()
            campaign.look_at_deliveries()
        campaign.finish()
        campaign.assert_all_known()
        campaign.assert_polite()
