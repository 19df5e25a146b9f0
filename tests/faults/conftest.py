"""What every attack needs: certificates, a quick garbage collector, and the count of what was run."""

import gc
from collections.abc import Iterator

import pytest

from tests.faults.server.certificates import Certificates
from tests.faults.tally import summary


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def thawed_in_the_end() -> Iterator[None]:
    yield
    gc.unfreeze()


@pytest.fixture
def frozen_heap(thawed_in_the_end: None) -> None:
    """Collecting garbage looks at what this test makes, and is quick.

    What the test before has left is collected first: frozen, it would stay for ever.
    """
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if line := summary():
        terminalreporter.write_line(line)
