"""Which gateways there are: every concrete one in a module of `smsgw.sandbox.gateways`."""

from importlib import import_module
from inspect import isabstract
from pkgutil import iter_modules

from smsgw.sandbox import gateways

__all__ = ["gateway_types"]


def gateway_types() -> dict[str, type[gateways.Gateway]]:
    """The gateways by name, sorted."""
    found: dict[str, type[gateways.Gateway]] = {}
    for info in iter_modules(gateways.__path__):
        module = import_module(f"{gateways.__name__}.{info.name}")
        for value in vars(module).values():
            # A module names the gateways that it builds on, too; each belongs to the module that it is written in.
            is_own = isinstance(value, type) and value.__module__ == module.__name__
            if is_own and issubclass(value, gateways.Gateway) and not isabstract(value):
                found[value.name] = value
    return dict(sorted(found.items()))
