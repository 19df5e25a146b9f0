"""The values that come out, beside the `Message` that goes in: frozen, without I/O, without knowledge of any gateway."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import final

from attrs import define, field, frozen

from smsgw import msisdn
from smsgw.errors import InvalidMessage, InvalidRecipient, OutcomeUnknown, SmsgwError
from smsgw.frozen import not_to_be_extended, thaw
from smsgw.message import Channel, Message

__all__ = [
    "Balance",
    "Channel",
    "DeliveryReport",
    "DeliveryState",
    "Lookup",
    "Message",
    "Outcome",
    "Plan",
    "Reference",
    "State",
    "Submission",
]


class State(StrEnum):
    """What is known of one recipient of one message after `send`."""

    ACCEPTED = "accepted"
    """The gateway confirmed that it took it. Never send it again."""
    HELD = "held"
    """The gateway has it and will send it later (credit). Never send it again."""
    REJECTED = "rejected"
    """Proof that the gateway did not take it; the outcome's `error` says why."""
    UNKNOWN = "unknown"
    """The request began and no trustworthy answer came. Never sent again by itself."""


class DeliveryState(StrEnum):
    """What became of an accepted message; SMPP's names (SMPP 3.4, section 5.2.28)."""

    ENROUTE = "enroute"
    DELIVERED = "delivered"
    EXPIRED = "expired"
    DELETED = "deleted"
    UNDELIVERABLE = "undeliverable"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    REJECTED = "rejected"


@define
class _Fields:
    """An `Outcome` that is not frozen yet."""

    recipient: str
    """MSISDN, digits without a plus; as given where it could not be read."""
    state: State
    provider: str | None
    """The configured name of the provider that took it, or that had the last word."""
    message_id: str | None
    segments: int | None
    """Segments that the text takes at this provider: as it says, else as counted here."""
    cost: Decimal | None
    """As the gateway says it, in the gateway's unit."""
    error: SmsgwError | None
    attempts: int
    """Tries to hand this recipient to a gateway, over all providers."""
    duplicate: bool
    """Nothing was sent for this one: it repeats an outcome that was already known."""
    message: Message | None = field(eq=False, repr=False)
    """The very object that was given."""


@final
@frozen(init=False)
class Outcome(_Fields):
    """What is known of one recipient of one message."""

    def __init__(  # noqa: PLR0917  (in the fields' order, as attrs would make it)
        self,
        recipient: str,
        state: State,
        provider: str | None = None,
        message_id: str | None = None,
        segments: int | None = None,
        cost: Decimal | None = None,
        error: SmsgwError | None = None,
        attempts: int = 0,
        duplicate: bool = False,
        message: Message | None = None,
    ) -> None:
        fields: _Fields = self
        thaw(fields, _Fields)
        fields.recipient = recipient
        fields.state = state
        fields.provider = provider
        fields.message_id = message_id
        fields.segments = segments
        fields.cost = cost
        fields.error = error
        fields.attempts = attempts
        fields.duplicate = duplicate
        fields.message = message
        fields.__class__ = Outcome

    def __init_subclass__(cls) -> None:
        not_to_be_extended(Outcome)


@frozen
class Submission:
    """What became of one `send`: one outcome for each given recipient, in the order of `to`."""

    message: Message
    outcomes: tuple[Outcome, ...]

    @property
    def outcome(self) -> Outcome:
        """The only outcome; `ValueError` where there are several."""
        if len(self.outcomes) != 1:
            raise ValueError(f"{len(self.outcomes)} outcomes, not one: read `outcomes`")
        return self.outcomes[0]

    @property
    def accepted(self) -> tuple[Outcome, ...]:
        return self._in(State.ACCEPTED)

    @property
    def held(self) -> tuple[Outcome, ...]:
        return self._in(State.HELD)

    @property
    def rejected(self) -> tuple[Outcome, ...]:
        return self._in(State.REJECTED)

    @property
    def unknown(self) -> tuple[Outcome, ...]:
        return self._in(State.UNKNOWN)

    def _in(self, state: State) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.state is state)

    def __iter__(self) -> Iterator[Outcome]:
        return iter(self.outcomes)

    def __len__(self) -> int:
        return len(self.outcomes)

    def __getitem__(self, recipient: str) -> Outcome:
        """The outcome of this recipient, however it is written; `KeyError` if there is none."""
        try:
            digits = msisdn.normalise(recipient)
        except InvalidRecipient:
            digits = None
        for given, outcome in zip(self.message.to, self.outcomes, strict=True):
            if given == recipient or outcome.recipient == digits:
                return outcome
        raise KeyError("no such recipient in this submission")

    def raise_for_failures(self) -> None:
        """Raise the one error, or an `ExceptionGroup` of several; `unknown` counts, `held` does not."""
        errors = [
            outcome.error or OutcomeUnknown("no trustworthy answer came", provider=outcome.provider)
            for outcome in self.outcomes
            if outcome.state in (State.REJECTED, State.UNKNOWN)
        ]
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise ExceptionGroup(
                f"{len(errors)} of {len(self.outcomes)} recipients were not accepted", errors
            )


@frozen
class Reference:
    """All that is needed to ask for a message's delivery state, and that survives a restart."""

    provider: str
    message_id: str
    recipient: str | None = None


@frozen
class DeliveryReport:
    """What a provider said of one message's delivery.

    Where the provider could not be asked, `error` says why, `state` is `unknown` and not final.
    """

    recipient: str | None
    provider: str | None
    message_id: str | None
    state: DeliveryState = DeliveryState.UNKNOWN
    final: bool = False
    """The state will not change any more."""
    provider_state: str | None = None
    """The provider's own word, verbatim."""
    changed_at: datetime | None = None
    """When the state changed; aware."""
    segments: int | None = None
    price: Decimal | None = None
    """For one segment, in the provider's currency."""
    error_code: str | None = None
    operator: str | None = None
    region: str | None = None
    mnc: str | None = None
    error: SmsgwError | None = None


@frozen
class Lookup:
    """What an HLR lookup told of one number; no SMS goes out."""

    recipient: str
    provider: str | None = None
    message_id: str | None = None
    operator: str | None = None
    region: str | None = None
    mnc: str | None = None
    error: SmsgwError | None = None


@frozen
class Balance:
    """What is left on an account."""

    provider: str
    amount: Decimal
    unit: str | None = None
    """`"SMS"`, `"RUR"`, …; None where the provider does not say."""
    packages: Mapping[str, int] = field(factory=dict)
    """What is left of prepaid packages, by the provider's names for directions."""
    raw: str = ""
    """The reply, verbatim."""


@frozen
class Plan:
    """What a `send` would do, found without any network."""

    recipients: tuple[str, ...]
    """The distinct recipients that some provider can carry, as digits."""
    duplicates: tuple[str, ...]
    """Recipients given again, once for each repetition."""
    invalid: Mapping[str, InvalidMessage]
    """Recipients, as given, that no provider could carry, and why."""
    encoding: str
    """`"GSM-7"` or `"UCS-2"`."""
    segments: int
    """Segments of the text for one recipient."""
    offenders: tuple[str, ...]
    """The characters that force UCS-2."""
    routes: Mapping[str, tuple[str, ...]]
    """Provider to the recipients that it would be asked to carry first."""
    requests: int
    """HTTP requests that this makes while nothing fails."""
    cost: Decimal | None = None
    """None where no prices are configured."""
