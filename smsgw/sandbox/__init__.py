"""Five fake SMS gateways over real sockets, written from the providers' documents, for tests and trials."""

from smsgw.sandbox.faults import Faults
from smsgw.sandbox.ledger import Ledger, RequestRecord, TakenMessage
from smsgw.sandbox.server import Sandbox

__all__ = ["Faults", "Ledger", "RequestRecord", "Sandbox", "TakenMessage"]
