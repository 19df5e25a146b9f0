"""A file that keeps what the sandbox took over a restart."""

from smsgw.sandbox.store.place import StoreError
from smsgw.sandbox.store.store import Store

__all__ = ["Store", "StoreError"]
