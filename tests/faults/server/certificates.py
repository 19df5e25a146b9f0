"""Certificates that hold and certificates that do not, made once."""

import ssl
from datetime import UTC, datetime, timedelta
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

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
        self._by_itself = folder / "by-itself.pem"
        self._by_itself.write_bytes(_signed_by_itself("127.0.0.1"))

    @cached_property
    def _contexts(self) -> dict[str, ssl.SSLContext]:
        contexts = {}
        for name, certificate in self._made.items():
            contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(contexts[name])
        contexts["signed by itself"] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexts["signed by itself"].load_cert_chain(self._by_itself)
        return contexts

    def serving(self, name: str) -> ssl.SSLContext | None:
        """What a server with this certificate needs; None without one."""
        return self._contexts[name] if name else None


def _signed_by_itself(address: str) -> bytes:
    """A leaf for this address that nobody but itself has signed, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, address)])
    now = datetime.now(UTC)
    leaf = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem + leaf.public_bytes(Encoding.PEM)
