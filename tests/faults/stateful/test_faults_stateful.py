"""Dedup, retry, breaker, keys and rate together, under any order of callers, answers and time."""

import pytest
from hypothesis.stateful import run_state_machine_as_test

from smsgw.drivers.settings import OnDuplicate
from tests.faults.stateful.machine import Attack
from tests.faults.stateful.profile import STATEFUL


@pytest.mark.parametrize("on_duplicate", ["reuse", "wait", "reject"])
def test_nothing_is_sent_twice_lost_or_claimed_whatever_happens_when(on_duplicate: OnDuplicate) -> None:
    """Each step leaves every promise kept, and the end leaves nothing behind; a failure prints its steps."""
    machine = type("Attack", (Attack,), {"on_duplicate": on_duplicate})
    run_state_machine_as_test(machine, settings=STATEFUL)
