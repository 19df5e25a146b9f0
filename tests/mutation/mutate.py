"""Runs mutmut over what keeps the promise, part by part, each with the tests that look at it closely.

    python -m tests.mutation.mutate [FILE OR FOLDER ...]

mutmut has one list of tests for everything, and takes all that ever call a function: through whole dispatchers that
would be hundreds for most of these, and hours. So each part has a folder of its own under `.mutation/`, which is
the project as mutmut has to find it, and where its results stay (`cd .mutation/drivers && mutmut browse`).
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.mutation.score import LEAST, count, is_enough, table

PROJECT = Path(__file__).parents[2]
FOLDER = PROJECT / ".mutation"
PROCESSES = 2


class Part(NamedTuple):
    """Files that are mutated together, and their tests; a test fails for its mutants only, on a busy machine too."""

    files: Sequence[str]
    tests: Sequence[str]


PARTS = {
    "policies": Part(
        [f"smsgw/{name}.py" for name in ("batching", "dedup", "retry", "segments")],
        [
            *(
                f"tests/test_{name}.py"
                for name in ("batching", "dedup", "dedup_claims", "dedup_window", "retry", "segments")
            ),
            # Seconds for each mutant: what only these notice counts as unnoticed.
            "--deselect=tests/test_dedup_claims.py::test_whatever_happens_no_claim_is_leaked",
            "--deselect=tests/test_segments.py::test_agrees_with_smsutil",
            "--deselect=tests/test_segments.py::test_any_text_splits_into_its_segments",
            "--deselect=tests/test_segments.py::test_gsm7_agrees_with_gsm0338",
            "--deselect=tests/test_segments.py::test_work_is_linear",
        ],
    ),
    "delivery": Part(
        ["smsgw/delivery.py"],
        [
            *(f"tests/test_delivery{name}.py" for name in ("", "_batches", "_doubts")),
            *(
                f"tests/dispatcher/test_dispatcher_{name}.py"
                for name in ("batches", "gateway_duplicates", "lost_replies")
            ),
        ],
    ),
    # The kit of test_driver_contract.py is about whole sends, and slow.
    "drivers": Part(
        ["smsgw/drivers/*.py"], ["tests/drivers", "--ignore=tests/drivers/test_driver_contract.py"]
    ),
}

SETTINGS = """
[tool.mutmut]
source_paths = ["smsgw"]
also_copy = ["pytest_smsgw.py"]
only_mutate = {files!r}
pytest_add_cli_args_test_selection = {tests!r}
# The same examples each time, with no limit of time for any of them.
pytest_add_cli_args = ["--hypothesis-profile=ci"]
# What all tests have left behind in one process would make each fork of it slow.
process_isolation = "forkserver"
timeout_multiplier = 3.0
timeout_constant = 4.0
"""


def prepare(name: str, part: Part) -> Path:
    """The part's folder, with the project in it as it is now."""
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for tree in ("smsgw", "tests"):
        shutil.copytree(PROJECT / tree, folder / tree, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pytest_smsgw.py", folder)
    settings = SETTINGS.format(files=list(part.files), tests=list(part.tests))
    (folder / "pyproject.toml").write_text(
        (PROJECT / "pyproject.toml").read_text("utf-8") + settings, "utf-8"
    )
    return folder


def is_asked_for(file: str, wanted: Sequence[str]) -> bool:
    """Whether this file is one of those given, or in one of the folders given; nothing given is everything."""
    return not wanted or any(Path(file).is_relative_to(path) for path in wanted)


def run(name: str, part: Part, wanted: Sequence[str]) -> list[str]:
    """The lines of `mutmut results` for the files that are asked for, if any is of this part."""
    files = [
        file.relative_to(PROJECT).as_posix()
        for pattern in part.files
        for file in sorted(PROJECT.glob(pattern))
    ]
    modules = [
        file.removesuffix(".py").replace("/", ".") + ".*" for file in files if is_asked_for(file, wanted)
    ]
    if not modules:
        return []
    folder = prepare(name, part)
    subprocess.run(["mutmut", "run", "--max-children", str(PROCESSES), *modules], cwd=folder, check=True)
    told = subprocess.run(
        ["mutmut", "results", "--all", "true"], cwd=folder, check=True, capture_output=True, text=True
    )
    return told.stdout.splitlines()


def main(wanted: Sequence[str]) -> int:
    """Mutate, print the table, and tell whether enough was noticed."""
    os.nice(10)
    results = [line for name, part in PARTS.items() for line in run(name, part, wanted)]
    files = {file: ends for file, ends in count(results).items() if is_asked_for(file, wanted)}
    sys.stdout.write(f"{table(files)}\nat least {LEAST:g} % have to be noticed\n")
    return 0 if is_enough(files) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
