"""The bytes of a query or a form, as parameters. Nothing that a client writes makes it fail."""

import re
from collections.abc import Collection, Mapping
from hashlib import blake2b
from urllib.parse import parse_qsl, unquote_plus

__all__ = ["bare", "identity", "masked", "parameters"]

# Whoever mistakes one gateway's parameter for another's has written a password all the same.
_PASSWORDS = frozenset({"pass", "psw", "password", "pwd"})
_NO_LETTERS = re.compile(r"[^a-z]")
_IN_NUMBERS = str.maketrans("", "", " +-().\u00a0")
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


def parameters(raw: bytes, charset: str = "utf-8") -> dict[str, str]:
    """The parameters of a percent-encoded query or form, decoded; of one that is repeated, the last.

    Bytes that are not percent-encoded though they should be count as if they were; bytes that `charset`
    does not know become U+FFFD.
    """
    encoded = _NOT_ASCII.sub(lambda found: b"%%%02X" % ord(found[0]), raw).decode("ascii")
    return dict(parse_qsl(encoded, keep_blank_values=True, encoding=charset, errors="replace"))


def bare(number: str) -> str:
    """A number without what people write between its digits."""
    return number.translate(_IN_NUMBERS)


def identity(script: str, given: Mapping[str, str], hidden: str) -> str:
    """A digest that is equal for requests with the same parameters; the one named `hidden` is left out."""
    pairs = sorted(item for item in given.items() if item[0] != hidden)
    return blake2b(repr((script, pairs)).encode(), digest_size=16).hexdigest()


def masked(query: str, hidden: str) -> str:
    """A query or form as it came, but for the values of passwords, however their names are written.

    So also `Password`, `pwd[]`, and what stands after a semicolon (or `&amp;`), though no gateway would read it.
    """
    names = {_plain(name) for name in (*_PASSWORDS, hidden)}
    return "&".join(_masked_pair(pair, names) for pair in query.split("&"))


def _masked_pair(pair: str, names: Collection[str]) -> str:
    parts = pair.split(";")
    for at, part in enumerate(parts):
        name, equals, _ = part.partition("=")
        if _plain(name) in names and (equals or at == 0):
            return ";".join([*parts[:at], f"{name}=***"])  # the rest may be of the password
    return pair


def _plain(name: str) -> str:
    """The letters of a name: a mistake in it makes its value no less secret."""
    return _NO_LETTERS.sub("", unquote_plus(name).lower())
