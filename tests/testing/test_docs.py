"""docs/testing.md: every block of it runs as it stands there."""

import json
import re
import subprocess
import tomllib
from pathlib import Path
from shutil import which

import pytest

from smsgw.sandbox import Faults
from smsgw.sandbox.fates import FATES
from smsgw.testing import SandboxServer
from tests.testing.conftest import ROOT, Runs

PAGE = (ROOT / "docs" / "testing.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
TESTS = [block for language, block in BLOCKS if language == "python" and not block.startswith("# ")]
SHELL = [block for language, block in BLOCKS if language == "sh"]
FILES = {block.partition("\n")[0].removeprefix("# "): block for _, block in BLOCKS if block.startswith("# ")}


def test_every_block_is_one_of_those_that_are_run() -> None:
    assert PAGE.count("```") == 2 * len(BLOCKS) == 2 * (len(TESTS) + len(SHELL) + len(FILES))
    assert sorted(FILES) == [
        "pyproject.toml",
        "smsgw_batumi/driver.py",
        "smsgw_batumi/gateway.py",
        "test_batumi.py",
    ]


@pytest.mark.parametrize("block", TESTS, ids=lambda block: re.findall(r"def (test_\w+)", block)[0])
def test_a_block_of_tests_passes(block: str, fresh_run: Runs) -> None:
    run = fresh_run(block, "-o", "asyncio_mode=auto", third_party=False)
    assert run.exit_status == 0, run.output
    assert len(run.passed) == len(re.findall(r"def (test_\w+)", block))


@pytest.mark.skipif(which("curl") is None, reason="curl is not installed")
def test_the_calls_of_the_page_do_what_they_say(tmp_path: Path) -> None:
    """Line by line, against a sandbox of its own."""
    with SandboxServer() as sandbox:
        (block,) = SHELL
        lines = block.replace("http://127.0.0.1:8025/", sandbox.url).splitlines()
        replies = [
            subprocess.run(
                ["bash", "-c", line], capture_output=True, check=True, text=True, timeout=20
            ).stdout
            for line in lines
        ]
        settings, faults, page = map(json.loads, replies[:3])
        assert settings["delivery_after"] == 0
        assert faults["on"] == {"iba": ["drop"]}
        assert page["matching"] == 0
        assert replies[3:] == [""]
        assert sandbox.faults["iba"].on == ()


def test_the_driver_of_the_page_passes_the_kit(fresh_run: Runs, tmp_path: Path) -> None:
    for name, block in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(block, "utf-8")
    groups = tomllib.loads(FILES["pyproject.toml"])["project"]["entry-points"]
    lines = [
        line
        for group, entries in groups.items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in entries.items()))
    ]
    installed = tmp_path / "smsgw_batumi-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: smsgw-batumi\nVersion: 1.0\n", "utf-8")
    (installed / "entry_points.txt").write_text("\n".join(lines), "utf-8")
    run = fresh_run(FILES["test_batumi.py"], third_party=False)
    assert run.exit_status == 0, run.output
    assert len(run.passed) > 100


def test_every_fault_is_in_the_table() -> None:
    table = PAGE.partition("| fault |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)=", table)) == set(Faults.__slots__) - {"__weakref__"}


def test_every_ending_of_a_number_is_named() -> None:
    delivery = PAGE.partition("## Delivery")[2].partition("\n## ")[0]
    assert set(re.findall(r"\b1[0-9]\b", delivery)) == set(FATES)
