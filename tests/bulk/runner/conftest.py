"""How rows go through a dispatcher: rests are hundredths of a second here."""

from collections.abc import AsyncIterator

import pytest

from smsgw.bulk import stations
from tests.bulk.runner.gateway import Gateway


@pytest.fixture(autouse=True)
def short_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that took nothing three times in a row rests for 0.05 s at first."""
    monkeypatch.setattr(stations, "_FIRST_REST", 0.05)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """A gateway that speaks as IBA's does."""
    async with Gateway() as gateway:
        yield gateway


@pytest.fixture
async def other() -> AsyncIterator[Gateway]:
    """Another one."""
    async with Gateway() as other:
        yield other
