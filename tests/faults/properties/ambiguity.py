"""Whether a regular expression can read one text in ever more ways, which is what makes a backtracking engine slow.

An expression becomes an automaton of its positions (Glushkov's). It is ambiguous in the measure of the text's length
where one word leads from a position p to itself and to another one, q, and from q to itself as well (Weber and Seidl,
1991); exponentially so where one word leads from p to p in two ways. Repetitions of a bounded number count as unbounded
ones from `_COPIES` on, so what passes here has no long bounded trouble either. What is looked around at is left out.

It judges a match from one place. A search begins at every place once more, which this does not see.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib import import_module
from itertools import product
from typing import Any, Final

__all__ = ["ambiguity"]

_parser: Any = import_module("re._parser")
_CODES: Any = import_module("re._constants")
_COPIES: Final = 4
_SAMPLE: Final = "".join(map(chr, range(128))) + "\xa0\u0300\u2009\u2010жЖЩა²\ud800"
"""Stands for all characters: each class of the expressions has one of them that tells it from the others."""

Label = frozenset[str]
Fragment = tuple[bool, list[int], list[int]]
"""Whether it may be empty, and the positions that it begins and ends with."""


class _Positions:
    """The automaton of one expression."""

    def __init__(self, pattern: "re.Pattern[Any]") -> None:
        self.labels: list[Label] = []
        self.follow: list[Counter[int]] = []
        self.is_loose = False
        """Two alternatives may both be empty, which no position shows."""
        self._fold = bool(pattern.flags & re.IGNORECASE)
        self._of_sequence(_parser.parse(pattern.pattern, pattern.flags))

    def _of_sequence(self, nodes: Iterable[Any]) -> Fragment:
        whole: Fragment = (True, [], [])
        for node in nodes:
            whole = self._joined(whole, self._of_node(*node))
        return whole

    def _of_node(self, code: Any, value: Any) -> Fragment:
        if code in (_CODES.AT, _CODES.ASSERT, _CODES.ASSERT_NOT):
            return True, [], []
        if code is _CODES.SUBPATTERN:
            return self._of_sequence(value[3])
        if code is _CODES.ATOMIC_GROUP:
            return self._of_sequence(value)
        if code is _CODES.BRANCH:
            parts = [self._of_sequence(part) for part in value[1]]
            self.is_loose = self.is_loose or sum(part[0] for part in parts) > 1
            return (
                any(part[0] for part in parts),
                [first for part in parts for first in part[1]],
                [last for part in parts for last in part[2]],
            )
        if code in (_CODES.MAX_REPEAT, _CODES.MIN_REPEAT, _CODES.POSSESSIVE_REPEAT):
            return self._repeated(*value)
        return self._of_label(frozenset(sign for sign in _SAMPLE if self._takes(code, value, sign)))

    def _repeated(self, least: int, most: int, nodes: Any) -> Fragment:
        whole: Fragment = (True, [], [])
        for copy in range(min(least, 1) if most >= _COPIES else most):
            empty, first, last = self._of_sequence(nodes)
            whole = self._joined(whole, (empty or copy >= least, first, last))
        if most >= _COPIES:
            _, first, last = self._of_sequence(nodes)
            self._connect(last, first)
            whole = self._joined(whole, (True, first, last))
        return whole

    def _of_label(self, label: Label) -> Fragment:
        self.labels.append(label)
        self.follow.append(Counter())
        return False, [len(self.labels) - 1], [len(self.labels) - 1]

    def _connect(self, lasts: list[int], firsts: list[int]) -> None:
        for last, first in product(lasts, firsts):
            self.follow[last][first] += 1

    def _joined(self, left: Fragment, right: Fragment) -> Fragment:
        self._connect(left[2], right[1])
        return (
            left[0] and right[0],
            left[1] + (right[1] if left[0] else []),
            right[2] + (left[2] if right[0] else []),
        )

    def _takes(self, code: Any, value: Any, sign: str) -> bool:
        if code is _CODES.ANY:
            return sign != "\n"
        if code is _CODES.NOT_LITERAL:
            return sign != chr(value)
        items = value if code is _CODES.IN else [(code, value)]
        signs = {sign, sign.lower(), sign.upper()} if self._fold else {sign}
        found = any(_is_in(item, one) for item in items for one in signs)
        return found is not (items[0][0] is _CODES.NEGATE)


def _is_in(item: tuple[Any, Any], sign: str) -> bool:
    code, value = item
    if code is _CODES.LITERAL:
        return bool(sign == chr(value))
    if code is _CODES.RANGE:
        return bool(value[0] <= ord(sign) <= value[1])
    if code is _CODES.CATEGORY:
        return re.match(_CATEGORIES[str(value)], sign) is not None
    if code is _CODES.NEGATE:
        return False
    raise AssertionError(f"an expression with {code}, which is not known here")


_CATEGORIES: Final = {
    f"CATEGORY_{'NOT_' * no}{name}": rf"\{sign.upper() if no else sign}"
    for name, sign in (("DIGIT", "d"), ("SPACE", "s"), ("WORD", "w"))
    for no in (False, True)
}


def ambiguity(pattern: "re.Pattern[Any]") -> str | None:
    """Which two places of the expression can share a text of any length; None where none can."""
    made = _Positions(pattern)
    if made.is_loose:
        return "two alternatives may both be empty"
    loops = [at for at in range(len(made.labels)) if at in _reached(made, (at,))]
    for p in loops:
        for a in made.follow[p]:
            if made.follow[p][a] > 1 and p in [*_reached(made, (a,)), a]:
                return f"position {p} leads in two ways to {a}, again and again"
    for p, q in product(loops, repeat=2):
        if p != q and made.labels[p] & made.labels[q] and (p, q, q) in _reached(made, (p, p, q)):
            return f"positions {p} and {q} can share a text of any length"
        if p < q and (p, p) in set(_reached(made, (p, q))) and (p, q) in _reached(made, (p, p)):
            return f"positions {p} and {q} are two ways round"
    return None


def _reached(made: _Positions, start: tuple[int, ...]) -> set[tuple[int, ...] | int]:
    """Where several readers of the same text can come to from these positions, in one step or more."""
    found: set[tuple[int, ...]] = set()
    front = [start]
    while front:
        for step in _steps(made, front.pop()):
            if step not in found:
                found.add(step)
                front.append(step)
    return {step[0] for step in found} if len(start) == 1 else set(found)


def _steps(made: _Positions, places: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    for step in product(*(made.follow[place] for place in places)):
        if frozenset.intersection(*(made.labels[place] for place in step)):
            yield step
