"""Which drivers there are: every module of this package, and third parties' by entry point."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import smsgw.drivers
from smsgw.drivers.base import Driver
from smsgw.errors import ConfigurationError

__all__ = ["ENTRY_POINT_GROUP", "find_drivers"]

ENTRY_POINT_GROUP = "smsgw.drivers"


@cache
def find_drivers() -> Mapping[str, type[Driver]]:
    """Every driver by its name. Raises `ConfigurationError` for an entry point that is none."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - 4 ms, when settings are read

    found: dict[str, type[Driver]] = {}
    for module in pkgutil.iter_modules(smsgw.drivers.__path__, "smsgw.drivers."):
        for value in vars(importlib.import_module(module.name)).values():
            if _is_driver(value) and value.__module__ == module.name:
                found[value.name] = value
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        value = entry.load()
        if not _is_driver(value):
            raise ConfigurationError(f"entry point {entry.name!r} of {ENTRY_POINT_GROUP} is no smsgw driver")
        found[entry.name] = value
    return MappingProxyType(found)


def _is_driver(value: object) -> bool:
    return (
        isinstance(value, type)
        and issubclass(value, Driver)
        and isinstance(getattr(value, "name", None), str)
    )
