"""What every driver promises, as checks that the author of a driver runs against their own driver and fake gateway."""

from smsgw.testing.conformance.suite import DriverConformance

__all__ = ["DriverConformance"]
