"""SIGINT and SIGTERM at random moments: what is in flight comes to its end, nothing is in doubt, the rest is pending."""

import signal
from pathlib import Path
from random import Random

import pytest

from tests.bulk.survival.campaigns import Campaign
from tests.bulk.survival.gateways import running_gateways
from tests.bulk.survival.journals import Journal, read_results
from tests.bulk.survival.processes import Nursery

ROWS = 250
PER_CAMPAIGN = 4
PHASES = ("ready", "reading", "asking", "sending", "sending", "sending", "writing")


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("storm", [False, True], ids=["calm", "storm"])
def test_stopped_and_resumed(seed: int, storm: bool, nursery: Nursery, tmp_path: Path) -> None:
    """Whenever it is told to stop, a run leaves nothing in doubt and true results, and the next one goes on."""
    random = Random(f"signals {seed} {storm}")
    with running_gateways(seed) as gateways:
        campaign = Campaign(nursery, gateways, tmp_path, seed=seed, rows=ROWS)
        if storm:
            campaign.storm()
        for _ in range(PER_CAMPAIGN):
            stop(campaign, random)
        campaign.finish()


def stop(campaign: Campaign, random: Random) -> None:
    """A run that is stopped at a random moment, by either signal."""
    process = campaign.start()
    phase = random.choice(PHASES)
    if process.reaches(phase):
        process.sleep(random.uniform(0, 0.15 if phase == "sending" else 0.02))
        process.send(random.choice((signal.SIGINT, signal.SIGTERM)))
    status = process.ended()
    journal = campaign.look()
    assert not process.said
    assert not journal.open_claims
    assert_written(campaign, journal, status)


def assert_written(campaign: Campaign, journal: Journal, status: int) -> None:
    """There is a line for each row; the status is 130 where any is pending."""
    results = read_results(campaign.results)
    assert len(results) == len(campaign.sheet.lines)
    for row, (line, result) in enumerate(zip(campaign.sheet.lines, results, strict=True)):
        found = journal.outcomes.get(row if line.first is None else line.first)
        assert result.state == ("pending" if found is None else found.state)
    if any(result.state == "pending" for result in results):
        assert status == 130
    else:
        assert status in (0, 1, 130)
