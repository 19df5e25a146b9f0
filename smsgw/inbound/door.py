"""Who may call: the allow-list, the secret path segment, GET only, and no more than a message's size.

Who is refused learns nothing of what lies behind.
"""

import re
from collections.abc import Iterable
from hmac import compare_digest
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from smsgw.errors import ConfigurationError
from smsgw.inbound.calls import Answer, Call, refusal
from smsgw.inbound.parsing import LONGEST_QUERY

__all__ = ["Address", "Door", "Network"]

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_SECRET: Final = re.compile(r"[0-9A-Za-z._~-]{16,256}")
"""What stands in a path as it is, and is not found by trying."""
_MAPPED: Final = IPv6Network("::ffff:0:0/96")


class Door:
    """Raises `ConfigurationError` where a setting means nothing; its words never hold the secret."""

    def __init__(
        self,
        *,
        secret: str | None = None,
        allow: Iterable[str | Address | Network] = (),
        trusted_proxies: Iterable[str | Address | Network] = (),
    ) -> None:
        if secret is not None and not (isinstance(secret, str) and _SECRET.fullmatch(secret)):
            raise ConfigurationError(
                "`secret` is 16 to 256 letters, digits, or -._~; python -c "
                "'import secrets; print(secrets.token_urlsafe())' makes one"
            )
        self._secret = b"" if secret is None else secret.encode()
        self._allow = _networks("allow", allow)
        self._proxies = _networks("trusted_proxies", trusted_proxies)

    def refusal(self, call: Call) -> Answer | None:
        """Why this call may not come in; None if it may."""
        if self._allow and not _is_among(self._origin(call), self._allow):
            return refusal(403, "forbidden")
        if not self._is_way_in(call.path):
            return refusal(404, "not found")
        if call.method != "GET":
            return refusal(405, "only GET", Allow="GET")
        if len(call.query) > LONGEST_QUERY:
            return refusal(414, "the query is too long")
        return None

    def _is_way_in(self, path: str) -> bool:
        """In a time that tells nothing of how much of the secret was right."""
        given = path.removeprefix("/").removesuffix("/").encode("utf-8", "surrogatepass")
        return compare_digest(given, self._secret)

    def _origin(self, call: Call) -> Address | None:
        """Who called. A header says anything: only what a proxy of ours wrote into it counts, from the right."""
        origin = _read(call.peer or "")
        hops = [hop for header in call.forwarded for hop in header.split(",")]
        while hops and _is_among(origin, self._proxies):
            origin = _read(hops.pop().strip())
        return origin


def _is_among(address: Address | None, networks: tuple[Network, ...]) -> bool:
    return address is not None and any(address in network for network in networks)


def _read(address: str) -> Address | None:
    """None for what is no address: a Unix socket's peer, or a proxy's `unknown`."""
    try:
        read = ip_address(address)
    except ValueError:
        return None
    # A socket of both families calls 192.0.2.1 ::ffff:192.0.2.1.
    return (read.ipv4_mapped or read) if isinstance(read, IPv6Address) else read


def _unmapped(network: Network) -> Network:
    """::ffff:192.0.2.0/120 is 192.0.2.0/24, as its addresses are."""
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        return IPv4Network(
            (int(network.network_address) & 0xFFFF_FFFF, network.prefixlen - _MAPPED.prefixlen)
        )
    return network


def _networks(name: str, given: Iterable[str | Address | Network]) -> tuple[Network, ...]:
    if isinstance(given, str):
        raise ConfigurationError(f"`{name}` is a list of addresses or networks, not a str")
    found: list[Network] = []
    for item in given:
        try:
            found.append(_unmapped(ip_network(item)))
        except ValueError:
            raise ConfigurationError(
                f"`{name}`: {str(item)!r} is no address and no network such as 192.0.2.0/24"
            ) from None
    return tuple(found)
