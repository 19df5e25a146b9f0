"""Certificates that hold and certificates that do not, made once."""

import ssl
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import trustme

__all__ = ["Certificates"]


class Certificates:
    """An authority that the client trusts, and what servers show."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self.file = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(self.file)
        yesterday = datetime.now(UTC) - timedelta(days=1)
        self._made = {
            "good": self._authority.issue_cert("127.0.0.1"),
            "of another host": self._authority.issue_cert("gateway.example"),
            "expired": self._authority.issue_cert("127.0.0.1", not_after=yesterday),
            "signed by a stranger": trustme.CA().issue_cert("127.0.0.1"),
        }

    @cached_property
    def _contexts(self) -> dict[str, ssl.SSLContext]:
        contexts = {}
        for name, certificate in self._made.items():
            contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(contexts[name])
        return contexts

    def serving(self, name: str) -> ssl.SSLContext | None:
        """What a server with this certificate needs; None without one."""
        return self._contexts[name] if name else None
