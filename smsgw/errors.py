"""What can go wrong, named by what it proves.

SmsgwError
├ ConfigurationError                  the settings are wrong; nothing was sent
├ InvalidMessage (ValueError)         refused here, before any request
│ ├ InvalidRecipient
│ ├ InvalidSender
│ ├ InvalidText
│ └ UnsupportedOption
├ NotSubmitted                        proof that the gateway took nothing
│ ├ ConnectionFailed                  no connection: DNS, refused, timed out, TLS
│ ├ GatewayUnavailable                the gateway says that it cannot take messages now
│ ├ Throttled                         the gateway says that we ask too often
│ └ CircuitOpen                       not even tried: the provider rests
├ GatewayRejected                     the gateway refused it, and said so
│ ├ AuthenticationFailed
│ ├ InsufficientCredit
│ ├ RecipientRejected
│ ├ SenderRejected
│ └ TextRejected
├ DuplicateRequest                    an identical request went out a moment ago
└ OutcomeUnknown                      the request began, no trustworthy answer came
  ├ GatewayTimeout
  ├ ConnectionLost
  └ UnreadableReply

No message and no repr of an error holds a password, a URL with one, or the text of an SMS.
"""

from typing import ClassVar, Literal

__all__ = [
    "AuthenticationFailed",
    "CircuitOpen",
    "ConfigurationError",
    "ConnectionFailed",
    "ConnectionLost",
    "DuplicateRequest",
    "GatewayRejected",
    "GatewayTimeout",
    "GatewayUnavailable",
    "InsufficientCredit",
    "InvalidMessage",
    "InvalidRecipient",
    "InvalidSender",
    "InvalidText",
    "NotSubmitted",
    "OutcomeUnknown",
    "RecipientRejected",
    "Scope",
    "SenderRejected",
    "SmsgwError",
    "TextRejected",
    "Throttled",
    "UnreadableReply",
    "UnsupportedOption",
]

Scope = Literal["recipient", "message", "account", "provider"]


class SmsgwError(Exception):
    """Base of every error of this package.

    description     one clear sentence: what is wrong, and what to do where that is known
    provider        the configured name of the provider that it happened at, or None
    code            the gateway's own code or text, verbatim, or None
    retryable       the same request may be repeated at the same provider: nothing was taken
    maybe_accepted  the gateway may have taken the message
    scope           what is at fault: this `recipient`, the `message`, our `account`, the `provider`
    retry_after     seconds that the gateway asked us to wait, or None
    """

    _retryable: ClassVar[bool] = False
    _maybe_accepted: ClassVar[bool] = False
    _scope: ClassVar[Scope] = "message"

    def __init__(
        self,
        description: str = "",
        *,
        provider: str | None = None,
        code: str | None = None,
        retryable: bool | None = None,
        maybe_accepted: bool | None = None,
        scope: Scope | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(description)
        self.description = description
        self.provider = provider
        self.code = code
        self.retryable: bool = self._retryable if retryable is None else retryable
        self.maybe_accepted: bool = self._maybe_accepted if maybe_accepted is None else maybe_accepted
        self.scope: Scope = self._scope if scope is None else scope
        self.retry_after = retry_after

    def __str__(self) -> str:
        what = self.description or type(self).__name__
        return f"{self.provider}: {what}" if self.provider else what

    def __repr__(self) -> str:
        known = (
            f"{name}={value!r}" for name in ("provider", "code") if (value := getattr(self, name)) is not None
        )
        return f"{type(self).__name__}({', '.join([repr(self.description), *known])})"


class ConfigurationError(SmsgwError):
    """The settings are wrong: nothing was sent, and nothing will be until they are mended."""

    _scope = "provider"


class InvalidMessage(SmsgwError, ValueError):
    """No provider could carry the message to this recipient; refused here, before any request."""


class InvalidRecipient(InvalidMessage):
    """Not one phone number, or one that the provider does not serve."""

    _scope = "recipient"


class InvalidSender(InvalidMessage):
    """The provider's protocol has no room for such a sender."""


class InvalidText(InvalidMessage):
    """The provider cannot write this text, or it is too long for it."""


class UnsupportedOption(InvalidMessage):
    """The provider does not have the option that was asked for."""


class NotSubmitted(SmsgwError):
    """Proof that the gateway took nothing: it may be tried again, here or elsewhere."""

    _scope = "provider"


class ConnectionFailed(NotSubmitted):
    """No connection came about (DNS, refused, timed out, TLS): no byte of the request was sent."""

    _retryable = True


class GatewayUnavailable(NotSubmitted):
    """The gateway answered, in a documented way, that it takes no messages now."""

    _retryable = True


class Throttled(NotSubmitted):
    """The gateway answered that we ask too often (HTTP 429); see `retry_after`."""

    _retryable = True


class CircuitOpen(NotSubmitted):
    """Not tried: the provider failed or refused the account a moment ago, and rests."""


class GatewayRejected(SmsgwError):
    """The gateway refused the message and said so."""


class AuthenticationFailed(GatewayRejected):
    """Login, password, address or account were refused."""

    _scope = "account"


class InsufficientCredit(GatewayRejected):
    """The account is out of credit."""

    _scope = "account"


class RecipientRejected(GatewayRejected):
    """The gateway refused this number."""

    _scope = "recipient"


class SenderRejected(GatewayRejected):
    """The gateway refused the sender: missing, unknown or not approved."""


class TextRejected(GatewayRejected):
    """The gateway refused the text: missing, too long, or declined by a moderator."""


class DuplicateRequest(SmsgwError):
    """An identical request went out within the provider's window.

    Refused here (`on_duplicate = "reject"`) it proves that nothing was sent; said by the gateway
    (`maybe_accepted`), it does not tell what became of the first.
    """


class OutcomeUnknown(SmsgwError):
    """The request began, and no trustworthy answer came: never sent again by itself."""

    _maybe_accepted = True
    _scope = "provider"


class GatewayTimeout(OutcomeUnknown):
    """No answer within the request's timeout."""


class ConnectionLost(OutcomeUnknown):
    """The connection ended after the request had begun and before a reply was complete."""


class UnreadableReply(OutcomeUnknown):
    """A reply came, but truncated, oversized, undecodable or undocumented."""
