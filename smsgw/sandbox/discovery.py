"""Which gateways there are: those in modules of `smsgw.sandbox.gateways`, and third parties' by entry point."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from inspect import isabstract
from pkgutil import iter_modules
from types import MappingProxyType

from smsgw.sandbox import gateways

__all__ = ["ENTRY_POINT_GROUP", "gateway_types"]

ENTRY_POINT_GROUP = "smsgw.gateways"


@cache
def gateway_types() -> Mapping[str, type[gateways.Gateway]]:
    """The gateways by name, sorted. Raises `RuntimeError` for an entry point that is none."""
    found: dict[str, type[gateways.Gateway]] = {}
    for info in iter_modules(gateways.__path__):
        module = import_module(f"{gateways.__name__}.{info.name}")
        for value in vars(module).values():
            # A module names the gateways that it builds on, too; each belongs to the module that it is written in.
            is_own = isinstance(value, type) and value.__module__ == module.__name__
            if is_own and issubclass(value, gateways.Gateway) and not isabstract(value):
                found[value.name] = value
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        found[entry.name] = _checked(entry.name, entry.value, _loaded(entry))
    return MappingProxyType(dict(sorted(found.items())))


def _loaded(entry: EntryPoint) -> object:
    try:
        return entry.load()
    except Exception as error:
        raise RuntimeError(
            f"entry point {entry.name!r} of {ENTRY_POINT_GROUP} ({entry.value}) cannot be imported:"
            f" {type(error).__name__}: {error}"
        ) from error


def _checked(name: str, where: str, value: object) -> type[gateways.Gateway]:
    """The class that an entry point leads to, if it can be a gateway of that name."""
    if not (isinstance(value, type) and issubclass(value, gateways.Gateway)):
        problem = "is no smsgw.sandbox.Gateway"
    elif isabstract(value):
        problem = f"is abstract: it lacks {', '.join(sorted(value.__abstractmethods__))}"
    elif (own := getattr(value, "name", None)) != name:
        # The folder of its URLs and the ledger go by its own name.
        problem = f"has the name {own!r}: let both be the same"
    else:
        return value
    raise RuntimeError(f"entry point {name!r} of {ENTRY_POINT_GROUP} ({where}) {problem}")
