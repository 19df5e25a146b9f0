"""The conformance kit: a third party's driver passes it, and each wrong one fails just where it is wrong."""

import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from tests.testing.conftest import THIRD_PARTY, Run, Runs, run_pytest

WRONG = [
    "ShowsThePassword",
    "LogsThePassword",
    "PutsThePasswordIntoTheUrl",
    "DropsOptions",
    "EscapesNothing",
    "WritesAnotherCharset",
    "CutsTheText",
    "TidiesTheText",
    "LosesTheSender",
    "TrustsIds",
    "ForgetsARecipient",
    "ForgetsAVerdict",
    "MixesIdsUp",
    "BelievesAnything",
    "CallsTheUnreadableRefused",
    "ReadsHalfAReply",
    "FallsOverGarbage",
    "KeepsWhatItCaught",
    "DeniesLostReplies",
    "ResendsWhatIsInDoubt",
    "CallsLaterNever",
    "BlamesTheMessage",
    "CallsRefusalsRetryable",
    "QuotesThePassword",
    "RefusesAllForOne",
    "RaisesFromStatus",
    "CallsEverythingDelivered",
    "CallsTheLateDelivered",
    "KeepsTheWordToItself",
    "CountsMoneyInFloats",
]

GEORGIA = """
    from smsgw.testing import DriverConformance

    class TestGeorgia(DriverConformance):
        driver = "georgia"
"""
QUICKLY = ("-q", "--tb=short", "--show-capture=no", "--disable-plugin-autoload", "-p", "smsgw")
ALL_WRONG = """
    from smsgw.testing import DriverConformance
    from smsgw.testing.conformance import doubts
    from smsgw_georgia import wrong

    doubts._SHORT_TIMEOUT = 0.5  # there are many to run

    for fault in (*wrong.FAULTS, *wrong.UNREACHING):
        globals()[f"Test{fault.__name__}"] = type(f"Test{fault.__name__}", (DriverConformance,), {"driver": fault})
"""


@pytest.fixture(scope="module")
def wrong() -> Iterator[Any]:
    """The module of wrong drivers; what it imports is forgotten again."""
    sys.path.insert(0, str(THIRD_PARTY))
    yield import_module("smsgw_georgia.wrong")
    sys.path.remove(str(THIRD_PARTY))
    for name in [name for name in sys.modules if name.startswith("smsgw_georgia")]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def wrong_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """All wrong drivers through the whole kit."""
    return run_pytest(tmp_path_factory.mktemp("wrong"), ALL_WRONG, *QUICKLY)


# A right driver.


def test_a_third_partys_driver_passes_through_its_entry_point(fresh_run: Runs) -> None:
    run = fresh_run(GEORGIA)
    assert run.exit_status == 0, run.output
    assert len(run.passed) > 100


def test_no_plugin_is_needed(fresh_run: Runs) -> None:
    run = fresh_run(GEORGIA, "--disable-plugin-autoload")
    assert run.exit_status == 0, run.output
    assert len(run.passed) > 100


def test_classes_will_do_where_nothing_is_installed(fresh_run: Runs) -> None:
    """While a driver is being written there is no entry point yet; the names need not be known to anybody."""
    run = fresh_run(
        """
        from smsgw.testing import DriverConformance
        from smsgw_georgia.driver import Georgia
        from smsgw_georgia.gateway import GeorgiaGateway

        class Driver(Georgia):
            name = "tbilisi"

        class Fake(GeorgiaGateway):
            name = "fake-of-tbilisi"

        class TestTbilisi(DriverConformance):
            driver = Driver
            gateway = Fake
        """
    )
    assert run.exit_status == 0, run.output
    assert len(run.passed) > 100


# Wrong ones.


def test_all_wrong_drivers_are_tested(wrong: Any) -> None:
    assert [fault.__name__ for fault in wrong.FAULTS] == WRONG


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_driver_fails_where_it_is_wrong_and_nowhere_else(
    name: str, wrong: Any, wrong_run: Run
) -> None:
    meant = {fault.__name__: checks for fault, checks in wrong.FAULTS.items()}[name]
    assert wrong_run.failed_checks_of(f"Test{name}") == meant
    assert any(passed.startswith(f"Test{name}::") for passed in wrong_run.passed)


def test_a_driver_that_ignores_the_url_is_told_so(wrong: Any, wrong_run: Run) -> None:
    """It reaches no fake, so all that goes over sockets fails with it; this says why."""
    for fault, check in wrong.UNREACHING.items():
        assert check in wrong_run.failed_checks_of(f"Test{fault.__name__}")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ShowsThePassword", "the repr of the ShowsThePassword shows the password"),
        ("CutsTheText", "another text arrived: "),
        ("MixesIdsUp", "; the gateway gave it 'GE-"),
        ("ResendsWhatIsInDoubt", "it was sent again, and might be taken twice"),
        ("DeniesLostReplies", "nothing proves `rejected`"),
        ("CallsTheUnreadableRefused", "it is read as rejected"),
        ("TrustsIds", "the ID is written without percent-encoding"),
        ("CallsLaterNever", "as GatewayUnavailable"),
        ("KeepsWhatItCaught", "keeps another error as its context"),
        ("FallsOverGarbage", "let it raise UnreadableReply"),
        ("ForgetsARecipient", "is said to be accepted, and was not taken"),
    ],
)
def test_a_failed_check_says_what_is_wrong(name: str, words: str, wrong_run: Run) -> None:
    messages = [message for test, message in wrong_run.failed.items() if test.startswith(f"Test{name}::")]
    assert any(words in message for message in messages), messages


def test_both_sides_of_a_comparison_are_shown(wrong_run: Run) -> None:
    """The plugin has the kit's assertions rewritten, as pytest does with those of anybody's own tests."""
    (message,) = [m for test, m in wrong_run.failed.items() if test.startswith("TestLosesTheSender::")]
    assert "assert '' == 'SHOP'" in message


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("pass", "set `driver` to your driver's name"),
        ("driver = 'gruzia'", "no driver 'gruzia' is found; there are avist"),
        (
            "driver = type('Half', (Driver,), {'name': 'half'})",
            "Half lacks balance_request, head, read_balance",
        ),
        ("driver = type('Batumi', (Georgia,), {'name': 'batumi'})", "no fake gateway 'batumi' is found"),
        ("driver = 'avist'; recipients = ('995599123456',) * 3", "the kit needs three recipients"),
        ("driver = 'avist'; recipients = ('995599123456', '7', '8')", "that the gateway serves"),
    ],
)
def test_a_class_that_lacks_something_is_told_what(fresh_run: Runs, body: str, words: str) -> None:
    run = fresh_run(
        f"""
        from smsgw.drivers.base import Driver
        from smsgw.testing import DriverConformance
        from smsgw_georgia.driver import Georgia

        class TestIt(DriverConformance):
            {body}
        """,
        "-x",
    )
    assert run.exit_status == 1
    (message,) = run.failed.values()
    assert words in message
