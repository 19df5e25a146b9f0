"""For users' own tests: a sandbox that runs beside them, and the conformance kit for authors of drivers."""

from smsgw.testing.conformance import DriverConformance
from smsgw.testing.server import SandboxServer

__all__ = ["DriverConformance", "SandboxServer"]
