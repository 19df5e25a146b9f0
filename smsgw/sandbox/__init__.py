"""Five fake SMS gateways over real sockets, written from the providers' documents, for tests and trials.

`Gateway`, `Call`, `Reply`, `Fate`, `Kind` are for authors of further ones (entry-point group `smsgw.gateways`).
"""

from smsgw.sandbox.calls import Call, Reply
from smsgw.sandbox.fates import Fate
from smsgw.sandbox.faults import Faults
from smsgw.sandbox.gateways import Gateway
from smsgw.sandbox.incoming import IncomingMessages
from smsgw.sandbox.ledger import Ledger
from smsgw.sandbox.records import Kind, RequestRecord, TakenMessage
from smsgw.sandbox.server import Sandbox
from smsgw.sandbox.store import StoreError
from smsgw.sandbox.web import is_loopback

__all__ = [
    "Call",
    "Fate",
    "Faults",
    "Gateway",
    "IncomingMessages",
    "Kind",
    "Ledger",
    "Reply",
    "RequestRecord",
    "Sandbox",
    "StoreError",
    "TakenMessage",
    "is_loopback",
]
