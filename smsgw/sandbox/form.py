"""The bytes of a query or a form, as parameters. Nothing that a client writes makes it fail."""

import re
from collections.abc import Mapping
from hashlib import blake2b
from urllib.parse import parse_qsl, unquote_plus

__all__ = ["identity", "masked", "parameters"]

# Whoever mistakes one gateway's parameter for another's has written a password all the same.
_PASSWORDS = frozenset({"pass", "psw", "password", "pwd"})
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


def parameters(raw: bytes, charset: str = "utf-8") -> dict[str, str]:
    """The parameters of a percent-encoded query or form, decoded; of one that is repeated, the last.

    Bytes that are not percent-encoded though they should be count as if they were; bytes that `charset`
    does not know become U+FFFD.
    """
    encoded = _NOT_ASCII.sub(lambda found: b"%%%02X" % ord(found[0]), raw).decode("ascii")
    return dict(parse_qsl(encoded, keep_blank_values=True, encoding=charset, errors="replace"))


def identity(script: str, given: Mapping[str, str], hidden: str) -> str:
    """A digest that is equal for requests with the same parameters; the one named `hidden` is left out."""
    pairs = sorted(item for item in given.items() if item[0] != hidden)
    return blake2b(repr((script, pairs)).encode(), digest_size=16).hexdigest()


def masked(query: str, hidden: str) -> str:
    """A query or form as it came, but for the values of passwords, whatever their names are escaped like."""
    return "&".join(
        f"{name}=***" if unquote_plus(name) in _PASSWORDS | {hidden} else f"{name}{equals}{value}"
        for name, equals, value in (pair.partition("=") for pair in query.split("&"))
    )
