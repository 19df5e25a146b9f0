"""A nursery of processes for each module, and gateways for each campaign."""

from collections.abc import Iterator

import pytest

from tests.bulk.survival.processes import Nursery


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as made:
        yield made


@pytest.fixture(scope="module")
def other_nursery() -> Iterator[Nursery]:
    """For what runs at the same time."""
    with Nursery() as made:
        yield made
