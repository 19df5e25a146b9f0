"""What every driver promises: the kit that third parties run, over our own five, and what is ours alone."""

from collections.abc import Callable
from typing import ClassVar
from urllib.parse import quote

import pytest

from smsgw.drivers.base import Batch, Driver
from smsgw.drivers.discovery import find_drivers
from smsgw.models import Reference
from smsgw.testing import DriverConformance
from smsgw.testing.conformance.kit import Kit, written

KIT = Kit()


class TestAvist(DriverConformance):
    driver = "avist"


class TestSmstele(DriverConformance):
    driver = "smstele"
    optional_end: ClassVar[bytes] = b"}"  # the document's own example lacks it


class TestSmsco(DriverConformance):
    driver = "smsco"


class TestIba(DriverConformance):
    driver = "iba"
    bare_refusals: ClassVar[bool] = True


class TestTargetsms(DriverConformance):
    driver = "targetsms"


OURS = {kit.driver: kit for kit in (TestAvist, TestSmstele, TestSmsco, TestIba, TestTargetsms)}


def test_every_driver_of_the_package_runs_the_kit() -> None:
    own = {name for name, driver in find_drivers().items() if driver.__module__.startswith("smsgw.")}
    assert own == set(OURS)


# Ours alone: each of the five writes its parameters in one percent-encoded row that ends in the recipients.


@pytest.fixture(params=sorted(OURS))
def driver(request: pytest.FixtureRequest, driver_for: Callable[..., Driver]) -> Driver:
    made = driver_for(request.param)
    return driver_for(request.param, batch_size=min(made.batch_limit, len(KIT.recipients)))


@pytest.fixture
def batch(driver: Driver, batch_for: Callable[..., Batch]) -> Batch:
    """As many recipients as go into one request, three at most."""
    return batch_for(driver, *KIT.recipients[: driver.batch_size], text=KIT.text, sender=KIT.sender)


def test_recipients_are_appended_to_the_prepared_head(driver: Driver, batch: Batch) -> None:
    request = driver.send_request(batch)
    whole = request.url if request.body is None else request.body.decode("ascii")
    assert batch.prepared.head.endswith("=")
    assert whole.startswith(batch.prepared.head + ",".join(batch.recipients))


def test_login_and_password_stand_once_and_never_in_the_url_of_a_post(driver: Driver, batch: Batch) -> None:
    login, password = quote(driver.settings.login, safe=""), quote(driver.settings.password, safe="")
    for request in KIT.every_request(driver, batch):
        if request.body is not None:
            assert "?" not in request.url
        assert written(request).count(f"={login}&") == 1
        assert written(request).count(f"={password}&") == 1


def test_a_send_holds_the_text(driver: Driver, batch: Batch) -> None:
    send, *others = KIT.every_request(driver, batch)
    assert quote(KIT.text) in written(send)
    for request in others:
        assert "Hidden" not in written(request)


def test_an_option_stands_in_the_head(driver: Driver, batch_for: Callable[..., Batch]) -> None:
    plain = batch_for(driver).prepared.head
    wanted = {"validity": 60, "flash": True, "viber_validity": 60}
    for option, value in wanted.items():
        if option.partition("_")[0] in driver.options:
            assert batch_for(driver, **{option: value}).prepared.head != plain


def test_a_message_id_is_escaped(driver: Driver) -> None:
    """An ID comes from a gateway or a user: it adds no parameter of its own."""
    request = driver.status_request(Reference("main", "1&x=2 3/4", KIT.recipients[0]))
    assert "1%26x%3D2%203%2F4" in written(request)
