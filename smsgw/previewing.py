"""What a `send` would do, found without any network."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from smsgw import segments
from smsgw.batching import pack
from smsgw.errors import InvalidMessage, InvalidRecipient
from smsgw.models import Message, Plan
from smsgw.routing import Candidate, Router
from smsgw.sending import Manifest
from smsgw.translit import to_latin

__all__ = ["preview"]


class _Addressee:
    """A recipient, as `pack` wants it."""

    __slots__ = ("recipient",)

    def __init__(self, recipient: str) -> None:
        self.recipient = recipient


def preview(router: Router, message: Message) -> Plan:
    """The plan of this message. Raises `ConfigurationError` for an unknown `provider`."""
    content = router.fresh().content(message)
    manifest = Manifest(message)
    invalid: dict[str, InvalidMessage] = {}
    duplicates: list[str] = []
    seen: set[str] = set()
    given_as: dict[str, str] = {}
    for given, position in zip(message.to, manifest.positions, strict=True):
        if isinstance(position, InvalidRecipient):
            invalid[given] = position
        elif position in seen:
            duplicates.append(position)
        else:
            seen.add(position)
            given_as[position] = given
    carried: dict[Candidate, list[_Addressee]] = {}
    for recipient in manifest.recipients:
        try:
            first = content.candidates(recipient)[0]
        except InvalidMessage as error:
            invalid[given_as[recipient]] = error.with_traceback(None)
        else:
            carried.setdefault(first, []).append(_Addressee(recipient))
    # SMStele transliterates by itself; its result is not known here, so ours stands for it.
    measure = segments.measure(to_latin(message.text) if message.transliterate else message.text)
    return Plan(
        recipients=tuple(
            [recipient for recipient in manifest.recipients if given_as[recipient] not in invalid]
        ),
        duplicates=tuple(duplicates),
        invalid=invalid,
        encoding=measure.encoding,
        segments=measure.segments,
        offenders=measure.offenders,
        routes={
            candidate.lane.name: tuple([addressee.recipient for addressee in group])
            for candidate, group in carried.items()
        },
        requests=sum(_requests(candidate, group) for candidate, group in carried.items()),
        cost=_cost(carried, measure.segments),
    )


def _requests(candidate: Candidate, group: Sequence[_Addressee]) -> int:
    return sum(1 for _ in pack(group, candidate.lane.driver.batch_size, candidate.prepared.room))


def _cost(carried: Mapping[Candidate, Sequence[_Addressee]], count: int) -> Decimal | None:
    """None unless every recipient has a price."""
    total = Decimal(0)
    for candidate, group in carried.items():
        for addressee in group:
            price = candidate.lane.driver.settings.price_for(addressee.recipient)
            if price is None:
                return None
            total += price * count
    return total if carried else None
