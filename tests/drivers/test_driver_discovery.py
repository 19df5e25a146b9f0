"""discovery.py and settings.py: which drivers there are, and what a segment costs at one."""

from collections.abc import Iterator
from decimal import Decimal
from importlib.metadata import EntryPoint

import pytest

from smsgw.drivers import base, discovery, iba
from smsgw.drivers.settings import ProviderSettings
from smsgw.errors import ConfigurationError


class Named:
    """Has a name, and is no driver."""

    name = "named"


class Unnamed(base.Driver):
    """A base for others: without a name it is no driver yet."""


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """What was found before is forgotten, and what a test finds with it."""
    discovery.find_drivers.cache_clear()
    yield
    discovery.find_drivers.cache_clear()


def install(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """A third party's entry point `theirs` that leads there."""

    def entry_points(*, group: str) -> list[EntryPoint]:
        assert group == "smsgw.drivers"
        return [EntryPoint("theirs", value, group)]

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)


def test_the_package_has_five_drivers() -> None:
    """Each by its name; what they are built from has none."""
    assert sorted(discovery.find_drivers()) == ["avist", "iba", "smsco", "smstele", "targetsms"]
    assert discovery.find_drivers()["iba"] is iba.Iba


def test_a_third_partys_driver_is_found_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the entry point's name, beside our own."""
    install(monkeypatch, "smsgw.drivers.iba:Iba")
    found = discovery.find_drivers()
    assert found["theirs"] is iba.Iba
    assert len(found) == 6


@pytest.mark.parametrize("what", ["Named", "Unnamed", "install"])
def test_an_entry_point_that_is_no_driver_is_a_fault_of_the_settings(
    monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """A class that is no driver, a driver without a name, and what is no class: each is named."""
    install(monkeypatch, f"{__name__}:{what}")
    with pytest.raises(ConfigurationError) as caught:
        discovery.find_drivers()
    assert str(caught.value) == "entry point 'theirs' of smsgw.drivers is no smsgw driver"


@pytest.mark.parametrize(
    ("recipient", "price"), [("79031234567", "0.1"), ("79161234567", "2.5"), ("995599445448", "1")]
)
def test_the_longest_prefix_has_the_price(recipient: str, price: str) -> None:
    """A prefix of no digits stands for all others.

    (Of the prefixes of one number the longest is also the last in the alphabet, so `key=len` says it for readers.)
    """
    prices = {"7": Decimal("2.5"), "": Decimal(1), "7903": Decimal("0.1"), "99": Decimal(1)}
    settings = ProviderSettings(name="main", driver="iba", login="a", password="b", prices=prices)
    assert settings.price_for(recipient) == Decimal(price)


def test_without_a_price_that_fits_there_is_none() -> None:
    """Neither where there are none nor where none has the recipient's prefix."""
    for prices in ({}, {"995": Decimal(1)}):
        settings = ProviderSettings(name="main", driver="iba", login="a", password="b", prices=prices)
        assert settings.price_for("79031234567") is None
