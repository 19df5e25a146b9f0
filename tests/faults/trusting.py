"""A client that trusts the authority of the fault server's certificates."""

import contextlib
import os
from collections.abc import Iterator

from smsgw.transport.sessions import default_tls
from tests.faults.server.certificates import Certificates

__all__ = ["trusting"]


@contextlib.contextmanager
def trusting(certificates: Certificates) -> Iterator[None]:
    """The authority is one that this machine trusts, as users would have it: by the environment."""
    before = os.environ.get("SSL_CERT_FILE")
    os.environ["SSL_CERT_FILE"] = str(certificates.file)
    default_tls.cache_clear()
    try:
        yield
    finally:
        if before is None:
            del os.environ["SSL_CERT_FILE"]
        else:
            os.environ["SSL_CERT_FILE"] = before
        default_tls.cache_clear()
