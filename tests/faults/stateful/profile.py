"""How hypothesis looks for trouble: always at the same places in the suite and CI, at others each night."""

from hypothesis import Phase, settings

from tests.faults.scale import EXAMPLES, STEPS

__all__ = ["PROFILE", "STATEFUL"]

PROFILE = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES < 1000,
    database=None,
    print_blob=True,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)

STATEFUL = settings(PROFILE, stateful_step_count=STEPS)
