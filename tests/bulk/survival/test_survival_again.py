"""A campaign that is run again when it is done, and one that two run at the same time."""

import signal
from pathlib import Path
from random import Random

import pytest

from tests.bulk.survival.campaigns import Campaign
from tests.bulk.survival.gateways import Gateways, running_gateways
from tests.bulk.survival.processes import Forked, Nursery

ROWS = 200


def sends(gateways: Gateways) -> int:
    """Requests that asked for a message to be sent."""
    return sum(record.kind == "send" for record in gateways.ledger.requests)


@pytest.mark.parametrize("storm", [False, True], ids=["calm", "storm"])
def test_second_run(storm: bool, nursery: Nursery, tmp_path: Path) -> None:
    """The second run of a finished campaign sends nothing, and ends and writes as the first did."""
    with running_gateways(7) as gateways:
        campaign = Campaign(nursery, gateways, tmp_path, seed=7, rows=ROWS)
        if storm:
            campaign.storm()
        first = campaign.start().ended()
        before, written = sends(gateways), campaign.results.read_bytes()
        gateways.calm()
        second = campaign.start().ended()
        assert (first, second) == (1, 1)  # some numbers are bad
        assert sends(gateways) == before
        if not storm:  # else SMStele may be found to have taken what was unknown
            assert campaign.results.read_bytes() == written
        campaign.verify_end(second)
        written = campaign.results.read_bytes()
        assert campaign.start().ended() == second
        assert sends(gateways) == before
        assert campaign.results.read_bytes() == written


@pytest.mark.parametrize("seed", range(6))
def test_two_at_once(seed: int, nursery: Nursery, other_nursery: Nursery, tmp_path: Path) -> None:
    """Of two runs that start together one sends and the other is refused in one line; or they follow each other."""
    random = Random(f"two {seed}")
    with running_gateways(seed) as gateways:
        campaign = Campaign(nursery, gateways, tmp_path, seed=seed, rows=ROWS)
        first = campaign.start()
        first.sleep(random.choice((0, random.uniform(0, 0.05), random.uniform(0, 0.6))))
        second = campaign.start(other_nursery)
        runs = [first, second]
        statuses = sorted(run.ended() for run in runs)
        assert statuses in ([1, 1], [1, 2])
        for run in runs:
            assert_refused_or_silent(run)
        campaign.verify_end(1)


@pytest.mark.parametrize("seed", range(3))
def test_two_at_once_and_one_dies(
    seed: int, nursery: Nursery, other_nursery: Nursery, tmp_path: Path
) -> None:
    """A run that begins as another one dies takes over or is refused; nothing is sent twice."""
    random = Random(f"dies {seed}")
    with running_gateways(seed) as gateways:
        campaign = Campaign(nursery, gateways, tmp_path, seed=seed, rows=ROWS)
        for _ in range(3):
            first = campaign.start()
            first.sleep(random.uniform(0.05, 0.3))
            second = campaign.start(other_nursery)
            second.sleep(random.uniform(0, 0.06))
            first.send(signal.SIGKILL)
            first.ended()
            second.sleep(random.uniform(0, 0.1))
            second.send(signal.SIGKILL)
            second.ended()
            assert_refused_or_silent(second)
            campaign.look()
        campaign.verify_end(campaign.start().ended(), doubts_are_known=False)


def assert_refused_or_silent(run: Forked) -> None:
    if run.status == 2:
        (line,) = run.said
        assert line.startswith("refused ")
        assert "another run" in line
    else:
        assert not run.said
