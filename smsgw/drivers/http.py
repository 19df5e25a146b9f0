"""What an HTTP status proves of a send: the table "Every provider" of PROTOCOLS.md, for all drivers alike."""

from smsgw.errors import (
    AuthenticationFailed,
    ConfigurationError,
    GatewayRejected,
    GatewayUnavailable,
    SmsgwError,
    Throttled,
    UnreadableReply,
)
from smsgw.transport import Reply

__all__ = ["read_status_line"]


def read_status_line(reply: Reply, provider: str) -> SmsgwError | None:
    """The error that the status alone proves; None where the body has to be read."""
    status = reply.status
    if 200 <= status < 300:
        return None
    code = f"HTTP {status}"
    if status == 429:
        return Throttled(
            "the gateway asks for fewer requests", provider=provider, code=code, retry_after=reply.retry_after
        )
    if status == 503 and reply.retry_after is not None:
        return GatewayUnavailable(
            "the gateway is unavailable for now", provider=provider, code=code, retry_after=reply.retry_after
        )
    if status == 401:
        return AuthenticationFailed("the gateway refused the login (HTTP 401)", provider=provider, code=code)
    if status == 403:
        # A filter in front may dislike one text: no proof against the account.
        return GatewayRejected(
            "the gateway forbade the request (HTTP 403)", provider=provider, code=code, scope="provider"
        )
    if status in (404, 405) or 300 <= status < 400:
        return ConfigurationError(
            f"`url` of this provider is wrong: its script answered HTTP {status}",
            provider=provider,
            code=code,
        )
    if 400 <= status < 500:
        return GatewayRejected(
            f"the gateway refused the request (HTTP {status})", provider=provider, code=code
        )
    # A front server answers so after the script has run, too.
    return UnreadableReply(f"the gateway failed (HTTP {status})", provider=provider, code=code)
