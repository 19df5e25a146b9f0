"""The command as a user types it: killed, interrupted, and run again."""

import csv
import json
import signal
import subprocess
import time
from pathlib import Path
from random import Random

import pytest

from tests.bulk.survival.campaigns import Campaign
from tests.bulk.survival.gateways import running_gateways
from tests.bulk.survival.processes import Nursery, command

ROWS = 250


def run(campaign: Campaign, number: int | None = None, after: float = 0.0) -> tuple[int, str, str]:
    """`smsgw bulk`, sent a signal so many seconds after its start; its status and output."""
    with command(campaign.config, campaign.sheet.path, campaign.journal, campaign.results) as process:
        if number is not None:
            try:
                process.wait(after)
            except subprocess.TimeoutExpired:
                process.send_signal(number)
        out, err = process.communicate(timeout=30)
    return process.returncode, out, err


def test_killed_and_resumed(nursery: Nursery, tmp_path: Path) -> None:
    """Killed at any moments and given again, the command reaches each row once."""
    random = Random("command")
    with running_gateways(70) as gateways:
        campaign = Campaign(nursery, gateways, tmp_path, seed=70, rows=ROWS)
        began = time.monotonic()
        while not campaign.journal.exists() or not campaign.look().claims:
            run(campaign, signal.SIGKILL, random.uniform(0.3, 1.5))
            assert time.monotonic() < began + 30
        for _ in range(3):
            run(campaign, signal.SIGKILL, random.uniform(0.3, 1.2))
            campaign.look()
        status, out, err = run(campaign)
        campaign.verify_end(status)
        assert json.loads(out)["rows"] == ROWS
        assert "Traceback" not in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_and_resumed(number: signal.Signals, nursery: Nursery, tmp_path: Path) -> None:
    """Interrupted while it sends, the command ends with 130 and leaves nothing in doubt."""
    with running_gateways(71) as gateways:
        campaign = Campaign(nursery, gateways, tmp_path, seed=71, rows=ROWS)
        with command(campaign.config, campaign.sheet.path, campaign.journal, campaign.results) as process:
            began = time.monotonic()
            while not gateways.ledger.requests:
                assert time.monotonic() < began + 20
                time.sleep(0.001)
            process.send_signal(number)
            _, err = process.communicate(timeout=30)
        assert process.returncode == 130
        assert "Traceback" not in err
        assert not campaign.look().open_claims
        with campaign.results.open(encoding="utf-8", newline="") as file:
            states = [line["state"] for line in csv.DictReader(file)]
        assert len(states) == ROWS
        assert states.count("pending") > ROWS / 4
        status, _, err = run(campaign)
        campaign.verify_end(status)
