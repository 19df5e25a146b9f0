"""Tracked campaigns: the nursery of the survival tests, and waits of hundredths of a second."""

import pytest

from smsgw.tracking import waits
from tests.bulk.survival.conftest import nursery

__all__ = ["nursery"]


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions come hundredths of a second apart."""
    for name, seconds in {"FIRST": 0.02, "FIRST_IN_WINDOW": 0.03, "LEAST": 0.03, "MOST": 0.1}.items():
        monkeypatch.setattr(waits, name, seconds)
    monkeypatch.setattr(waits, "_AFTER_FAILURE", 0.05)
