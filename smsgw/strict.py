"""cattrs without leniency: tables to attrs classes, and errors that name the key and never the value.

Values may be passwords, and the errors of cattrs and of the standard library hold the values themselves.
So the only texts that come out of here are those of `Problem`, and the one `ConfigurationError` that lists
them, a line each (`providers.main.rate: must be above 0`), is raised outside of every `except`.
"""

import difflib
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from types import GenericAlias, MappingProxyType
from typing import Any, Final, Literal, TypeVar, get_args, get_origin

from attrs import fields, has
from cattrs import Converter
from cattrs.errors import (
    AttributeValidationNote,
    BaseValidationError,
    ClassValidationError,
    ForbiddenExtraKeysError,
    IterableValidationNote,
)
from cattrs.gen import make_dict_structure_fn, make_mapping_structure_fn, override

from smsgw.drivers.base import decimal
from smsgw.errors import ConfigurationError

__all__ = ["Check", "Problem", "Rule", "Strict", "each", "must", "shown", "suggestion"]

T = TypeVar("T")
Rule = Callable[[Any], Any]
"""What one value must be beyond its type: returns it, perhaps in another form, or raises `Problem`."""
Check = Callable[[Any, Mapping[str, Any]], Iterable["Problem"]]
"""What the values of one class must be together: has the object, and the table that it was read from."""


class Problem(ValueError):
    """What is wrong, at a path below the value that is being read. Holds nothing of the value."""

    def __init__(self, what: str, *path: str | int) -> None:
        super().__init__(what)
        self.what = what
        self.path = path


def must(hold: Callable[[Any], object], what: str) -> Rule:
    """The rule that `hold` be true."""

    def rule(value: Any) -> Any:
        if not hold(value):
            raise Problem(what)
        return value

    return rule


def each(rule: Rule) -> Rule:
    """The rule for each of a tuple, or for each value of a mapping."""

    def read(key: str | int, value: Any) -> Any:
        try:
            return rule(value)
        except Problem as problem:
            raise Problem(problem.what, key) from None

    def rule_all(values: Any) -> Any:
        if isinstance(values, Mapping):
            return MappingProxyType({key: read(key, value) for key, value in values.items()})
        return tuple(read(index, value) for index, value in enumerate(values))

    return rule_all


def shown(key: object) -> str:
    """A name for an error: quoted where it is not a plain word, hidden where it could be more than a name."""
    if isinstance(key, str) and re.fullmatch(r"[\w-]{1,64}", key):
        return key
    if isinstance(key, str) and re.fullmatch(r"[\w .,+-]{0,64}", key):
        return f'"{key}"'
    return '"…"'


def suggestion(word: str, known: Iterable[str]) -> str:
    """What may have been meant, else all that is known."""
    known = list(known)
    if close := difflib.get_close_matches(word, known, 1):
        return f"did you mean {shown(close[0])}?"
    return f"known: {', '.join(map(shown, known))}"


class Strict:
    """Reads attrs classes from tables.

    rules    by class and attribute
    checks   by class
    keys     by class, what may stand in its table where that is not what its attributes are called
    missing  by attribute, what to say where it is missing
    """

    def __init__(
        self,
        *,
        rules: Mapping[type, Mapping[str, Rule]],
        checks: Mapping[type, Check],
        keys: Mapping[type, Iterable[str]],
        missing: Mapping[str, str],
    ) -> None:
        self._rules = rules
        self._checks = checks
        self._keys = keys
        self._missing = missing
        self._converter = Converter(detailed_validation=True)
        for kind, read in ((str, _str), (int, _int), (float, _float), (Decimal, _decimal)):
            self._converter.register_structure_hook(kind, read)
        self._converter.register_structure_hook_func(_made_of(Literal), _literal)
        self._converter.register_structure_hook_factory(_made_of(tuple), self._tuple)
        self._converter.register_structure_hook_factory(_made_of(Mapping), self._mapping)
        self._converter.register_structure_hook_factory(has, self._class)

    def structure(self, value: object, cl: type[T], root: str = "") -> T:
        """Raises `ConfigurationError`; `root` is what its lines begin with."""
        try:
            return self._converter.structure(value, cl)
        except (BaseValidationError, Problem) as error:
            lines = [_line(root, path, what) for path, what in self._problems(error)]
        raise ConfigurationError("\n".join(lines))

    def _tuple(self, kind: Any) -> Callable[[object, Any], Any]:
        of: Any = GenericAlias(list, get_args(kind)[:1])

        def read(value: object, _: Any) -> tuple[Any, ...]:
            if not isinstance(value, list | tuple):
                raise Problem("must be a list, in [ ]")
            return tuple(self._converter.structure(value, of))

        return read

    def _mapping(self, kind: Any) -> Callable[[object, Any], Any]:
        structure = make_mapping_structure_fn(kind, self._converter, dict)
        return lambda value, _: MappingProxyType(structure(_table(value), kind))

    def _class(self, cl: Any) -> Callable[[object, Any], Any]:
        rules: Any = {
            name: override(struct_hook=self._ruled(rule)) for name, rule in self._rules.get(cl, {}).items()
        }
        structure = make_dict_structure_fn(cl, self._converter, _cattrs_forbid_extra_keys=True, **rules)
        check = self._checks.get(cl)

        def read(value: object, _: Any) -> Any:
            table = _table(value)
            made = structure(table, cl)
            if check is not None and (problems := list(check(made, table))):
                raise ClassValidationError("checks", problems, cl)
            return made

        return read

    def _ruled(self, rule: Rule) -> Callable[[object, Any], Any]:
        def read(value: object, kind: Any) -> Any:
            made = self._converter.structure(value, kind)
            return None if made is None else rule(made)

        return read

    def _problems(
        self, error: BaseException, path: tuple[str | int, ...] = ()
    ) -> Iterator[tuple[tuple[str | int, ...], str]]:
        if isinstance(error, BaseValidationError):
            # A misspelt key first: that it is missing in its right spelling only follows.
            for inner in sorted(error.exceptions, key=lambda e: not isinstance(e, ForbiddenExtraKeysError)):
                yield from self._problems(inner, path + _step(inner))
        elif isinstance(error, ForbiddenExtraKeysError):
            known = self._keys.get(error.cl) or [attribute.name for attribute in fields(error.cl)]
            for key in sorted(error.extra_fields):
                yield (*path, key), f"unknown key; {suggestion(key, known)}"
        elif isinstance(error, Problem):
            yield path + error.path, error.what
        elif isinstance(error, KeyError):
            yield path, self._missing.get(str(path[-1]), "is missing; add it")
        else:  # not expected, and so its text is not trusted
            yield path, f"cannot be read ({type(error).__name__})"


def _made_of(origin: object) -> Callable[[Any], bool]:
    return lambda kind: get_origin(kind) is origin


def _step(error: BaseException) -> tuple[str | int, ...]:
    """Where in its parent cattrs noted the error."""
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return (note.name,)
        if isinstance(note, IterableValidationNote):
            return (note.index,)
    return ()


def _line(root: str, path: tuple[str | int, ...], what: str) -> str:
    dotted = "".join(f"[{step}]" if isinstance(step, int) else f".{shown(step)}" for step in path)
    return ": ".join(part for part in (root, dotted.removeprefix("."), what) if part)


def _table(value: object) -> dict[str, Any]:
    if isinstance(value, Problem):  # found before, where a table was to be
        raise value
    if not isinstance(value, Mapping):
        raise Problem("must be a table")
    if not all(isinstance(key, str) for key in value):
        raise Problem("all keys must be strings")
    return dict(value)


def _str(value: object, _: Any) -> str:
    if not isinstance(value, str):
        raise Problem("must be a text, in quotes")
    return value


def _int(value: object, _: Any) -> int:
    number = _float(value, _)
    if not number.is_integer():
        raise Problem("must be a whole number")
    return int(value) if isinstance(value, int) else int(number)


def _float(value: object, _: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Problem("must be a number")
    if not -_HUGE < value < _HUGE:  # false for nan, too
        raise Problem("must be a finite number")
    return float(value)


_HUGE: Final = 1e300


def _decimal(value: object, _: Any) -> Decimal:
    number = decimal(value) if isinstance(value, str) else value
    if isinstance(number, float) and math.isfinite(number):
        number = Decimal(repr(number))
    if isinstance(number, bool) or not isinstance(number, int | Decimal) or not Decimal(number).is_finite():
        raise Problem("must be a number")
    return Decimal(number)


def _literal(value: object, kind: Any) -> Any:
    allowed = get_args(kind)
    if value not in allowed:
        raise Problem(f"must be one of {', '.join(allowed)}")
    return value
