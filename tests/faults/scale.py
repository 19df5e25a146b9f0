"""How much of the attacks is run: a little with the suite, more in `nox -s faults`, most in `nox -s faults-long`."""

import os

SEEDS = range(int(os.environ.get("SMSGW_SEEDS", "1")))
"""Every fault point runs once for each: the seed chooses batch, text, sizes, delays and where exactly it strikes."""

EXAMPLES = int(os.environ.get("SMSGW_EXAMPLES", "20"))
"""Examples for each property."""

STEPS = int(os.environ.get("SMSGW_STEPS", "20"))
"""Steps of each example of a stateful test."""
