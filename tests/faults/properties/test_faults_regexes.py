"""No regular expression of ours can be made to try a hostile text in ever more ways."""

import ast
import pkgutil
import re
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest

import smsgw
from tests.faults.properties.ambiguity import ambiguity

_CALLS: Final = {"compile", "search", "match", "fullmatch", "split", "sub", "findall", "finditer"}
_ROOT: Final = Path(smsgw.__file__).parent


def written_in(file: Path) -> dict[str, re.Pattern[Any]]:
    """The expressions that a module writes out where it uses them."""
    found = {}
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if ast.unparse(node.func.value) != "re" or node.func.attr not in _CALLS:
            continue
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str | bytes):
            flags = re.IGNORECASE if "re.IGNORECASE" in ast.unparse(node) else re.NOFLAG
            expression: Any = first.value
            found[f"{file.relative_to(_ROOT)}:{node.lineno}"] = re.compile(expression, flags)
    return found


def made_in(name: str) -> dict[str, re.Pattern[Any]]:
    """The expressions that a module, or a class in it, has as attributes, however they were put together."""
    module = import_module(name)
    owners = [module, *(value for value in vars(module).values() if isinstance(value, type))]
    return {
        f"{name}.{key}": value
        for owner in owners
        for key, value in vars(owner).items()
        if isinstance(value, re.Pattern)
    }


def all_of_them() -> dict[str, re.Pattern[Any]]:
    found: dict[str, re.Pattern[Any]] = {}
    for file in sorted(_ROOT.rglob("*.py")):
        found |= written_in(file)
    for module in pkgutil.walk_packages(smsgw.__path__, "smsgw."):
        if not module.name.endswith("__main__"):
            found |= made_in(module.name)
    seen: dict[str, str] = {}
    for place, pattern in found.items():
        seen.setdefault(f"{pattern.pattern} {pattern.flags}", place)
    return {place: found[place] for place in seen.values()}


PATTERNS: Final = all_of_them()


@pytest.mark.parametrize("place", PATTERNS)
def test_an_expression_reads_a_text_in_one_way(place: str) -> None:
    """No two of its repetitions can share a text of any length: backtracking stays within a constant factor."""
    assert ambiguity(PATTERNS[place]) is None


def test_every_expression_is_looked_at() -> None:
    """Those of the drivers, of the numbers and of the sheets are among them."""
    wanted = {"drivers/avist.py", "drivers/platform.py", "drivers/smsco.py", "msisdn", "translit", "sheets"}
    for part in wanted:
        assert any(part in place.replace("smsgw.", "") for place in PATTERNS)
    assert len(PATTERNS) > 40


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+b",
        r"(a*)*b",
        r"(a|a)*b",
        r"(a|ab|b)*c",
        r"(.*)(.*)c",
        r"\s*,?\s*x",
        r"[0-9]+[0-9.]+x",
        r"a.*b.*c",
        r"(?:\s*,\s*|\s+)*x",
        r"[a-z]{1,500}[a-z ]{1,500}x",
        r"(?:x\s*\w*)*y",
    ],
)
def test_an_ambiguous_expression_is_told(pattern: str) -> None:
    """The textbook's slow ones are found, polynomial and exponential."""
    assert ambiguity(re.compile(pattern)) is not None


@pytest.mark.parametrize(
    "pattern",
    [r"a*", r"\s*a\s*b", r"[0-9]+(?:,[0-9]+)*", r"(?:ab)+c", r"a+b+c+", r"(?:\s*,\s*|;)x", r"a{2,3}a*b"],
)
def test_an_unambiguous_expression_passes(pattern: str) -> None:
    """What a machine reads in one way is not taken for ambiguous."""
    assert ambiguity(re.compile(pattern)) is None
