"""Runs of pytest in processes of their own, where the plugin is loaded as users' runs load it: by its entry point."""

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from textwrap import dedent
from xml.etree import ElementTree as ET

import pytest

import smsgw

THIRD_PARTY = Path(__file__).parent / "thirdparty"
ROOT = Path(smsgw.__file__).parent.parent
# looptime 0.9 opens a loop for a sync test that comes first, and never closes it.
INI = """[pytest]
addopts = --strict-markers -p no:cacheprovider -p no:looptime_plugin
filterwarnings =
    error
    ignore:The configuration option "asyncio_default_fixture_loop_scope" is unset
"""


class Run:
    """What a run of pytest said, and what became of each test by its name without parameters."""

    def __init__(self, process: subprocess.CompletedProcess[str], report: Path) -> None:
        self.exit_status = process.returncode
        self.output = process.stdout + process.stderr
        self.passed: list[str] = []
        self.failed: dict[str, str] = {}
        """Class and name of each failed test to its message."""
        for case in ET.parse(report).iter("testcase") if report.exists() else ():
            if case.get("name") is None:  # what an interruption leaves there
                continue
            name = f"{(case.get('classname') or '').rpartition('.')[2]}::{case.get('name')}"
            bad = [found for found in case if found.tag in {"failure", "error"}]
            if bad:
                self.failed[name] = "\n".join(f"{found.get('message')}\n{found.text}" for found in bad)
            elif case.find("skipped") is None:
                self.passed.append(name)

    def failed_checks_of(self, kit: str) -> set[str]:
        """The checks of the conformance kit that a class fails."""
        prefix = f"{kit}::test_"
        return {
            name.removeprefix(prefix).partition("[")[0] for name in self.failed if name.startswith(prefix)
        }


Runs = Callable[..., Run]


def run_pytest(folder: Path, source: str, *arguments: str, third_party: bool = True) -> Run:
    """A file of tests, run in a folder of its own; every warning is an error there."""
    folder.mkdir(exist_ok=True)
    (folder / "test_it.py").write_text(dedent(source), "utf-8")
    ini = folder / "pytest.ini"
    if not ini.exists():
        ini.write_text(INI, "utf-8")
    report = folder / "report.xml"
    path = [str(ROOT), *([str(THIRD_PARTY)] if third_party else [])]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "SMSGW"))}
    process = subprocess.run(
        [sys.executable, "-m", "pytest", f"--junitxml={report}", "-o", "junit_family=xunit2", *arguments],
        cwd=folder,
        env={**environment, "PYTHONPATH": os.pathsep.join(path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return Run(process, report)


@pytest.fixture(scope="session", autouse=True)
def installed() -> None:
    """An entry point is a file of an installed package."""
    if not any(entry.value == "pytest_smsgw" for entry in entry_points(group="pytest11")):
        pytest.fail("these tests need the package installed as it is now: pip install -e .", pytrace=False)


@pytest.fixture
def fresh_run(tmp_path: Path) -> Runs:
    """`fresh_run(source, "-p", "no:asyncio")`; `third_party=False` leaves the package of Georgia out."""
    return partial(run_pytest, tmp_path)
