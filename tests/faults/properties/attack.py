"""How a property is run: as many examples as the scale says, the same ones each time but for the long session."""

from hypothesis import HealthCheck, settings

from tests.faults.scale import EXAMPLES

__all__ = ["attack"]

attack = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES < 1000,
    database=None,
    # A busy machine draws slowly, and a hostile reply is large by intention.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    print_blob=True,
)
