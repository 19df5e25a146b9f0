"""score.py and mutate.py: what mutmut's results come to, when they are too few, and what is mutated at all."""

from pathlib import Path

import pytest

import smsgw
from tests.mutation.mutate import PARTS, PROJECT, is_asked_for
from tests.mutation.score import count, is_enough, table

RESULTS = """
    smsgw.dedup.xǁDuplicateWindowǁonce__mutmut_1: killed
    smsgw.dedup.xǁDuplicateWindowǁonce__mutmut_2: timeout
    smsgw.dedup.x_fingerprint__mutmut_1: survived
    smsgw.drivers.base.x_quote__mutmut_1: killed
    smsgw.drivers.base.x_quote__mutmut_2: no tests
"""


def results(**numbers: int) -> list[str]:
    """Of so many mutants of each end."""
    return [
        f"    smsgw.retry.x_f__mutmut_{i}: {end.replace('_', ' ')}"
        for end, number in numbers.items()
        for i in range(number)
    ]


def test_results_are_counted_by_file() -> None:
    """Each mutant counts for the file that it changes, under the end that mutmut names."""
    files = count(RESULTS.splitlines())
    assert files == {
        "smsgw/dedup.py": {"killed": 1, "timeout": 1, "survived": 1},
        "smsgw/drivers/base.py": {"killed": 1, "no tests": 1},
    }
    shares = [(line.split()[0], line.partition("%")[0].split()[-1]) for line in table(files).splitlines()]
    assert shares == [("smsgw/dedup.py", "66.7"), ("smsgw/drivers/base.py", "50.0"), ("all", "60.0")]


@pytest.mark.parametrize(
    ("lines", "enough"),
    [
        (results(killed=85, survived=15), True),
        (results(killed=80, timeout=5, survived=15), True),
        (results(killed=84, survived=16), False),
        (results(killed=84, no_tests=16), False),
        (results(killed=84, not_checked=16), False),
        (results(killed=84, segfault=8, suspicious=8), False),
        ([], False),
    ],
)
def test_fewer_than_85_percent_are_too_few(lines: list[str], enough: bool) -> None:
    """What hangs is noticed; what survived, was never called or never tried is not; nothing at all is too few."""
    assert is_enough(count(lines)) is enough


def test_every_driver_and_policy_is_mutated_once() -> None:
    """Each pattern finds files, and none is in two parts; every driver is in one."""
    found = [
        path
        for part in PARTS.values()
        for pattern in part.files
        for path in (list(PROJECT.glob(pattern)) or pytest.fail(f"{pattern} is no file"))
    ]
    assert len(found) == len(set(found))
    assert {*(Path(smsgw.__file__).parent / "drivers").glob("*.py")} <= {*found}


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_the_tests_of_a_part_exist(part: object) -> None:
    """A test file that was renamed is missed here, not after the first ten minutes."""
    assert isinstance(part, type(PARTS["drivers"]))
    for test in part.tests:
        path, _, name = test.removeprefix("--ignore=").removeprefix("--deselect=").partition("::")
        assert f"def {name}" in (PROJECT / path).read_text("utf-8") if name else (PROJECT / path).exists()


@pytest.mark.parametrize(
    ("wanted", "asked_for"),
    [
        ([], True),
        (["smsgw/drivers/iba.py"], True),
        (["smsgw/drivers/"], True),
        (["smsgw/dedup.py", "smsgw/drivers"], True),
        (["smsgw/drivers/avist.py"], False),
        (["smsgw/dedup.py"], False),
    ],
)
def test_files_and_folders_narrow_it_down(wanted: list[str], asked_for: bool) -> None:
    """Nothing given is everything; otherwise a file counts when it, or a folder that it is in, is given."""
    assert is_asked_for("smsgw/drivers/iba.py", wanted) is asked_for
