"""The fake gateways, one a file; a file more is a gateway more, see `smsgw.sandbox.discovery`."""

from smsgw.sandbox.gateways.base import Gateway

__all__ = ["Gateway"]
