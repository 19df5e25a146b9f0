"""What a driver is: an async object around pure protocol.

A driver's own file only builds requests and reads replies, so it is tested without a loop. The coroutines
that put both together are written once, here. A driver opens no socket, sleeps never, retries never and
logs nothing.

`send` returns one `Verdict` for each recipient and raises nothing for what a gateway or a network did.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from operator import itemgetter
from typing import ClassVar, Final, NoReturn

from smsgw import segments
from smsgw.drivers.echoes import Echoes
from smsgw.drivers.http import read_status_line
from smsgw.drivers.settings import ProviderSettings
from smsgw.drivers.values import Batch, Prepared, Verdict
from smsgw.drivers.words import CONTROL, dated, decimal, quote
from smsgw.errors import (
    ConfigurationError,
    InvalidRecipient,
    InvalidText,
    SmsgwError,
    UnreadableReply,
    UnsupportedOption,
)
from smsgw.models import Balance, Channel, DeliveryReport, Lookup, Message, Reference, State
from smsgw.msisdn import SHORTEST
from smsgw.translit import to_latin
from smsgw.transport import Reply, Request, Wire

__all__ = ["Batch", "Driver", "Prepared", "Verdict", "dated", "decimal", "quote"]


_OURS: Final = "smsgw.drivers."
"""Modules whose errors have sentences of our own."""
_MESSAGE_ID: Final = itemgetter(Verdict._fields.index("message_id"))
_ERROR: Final = itemgetter(Verdict._fields.index("error"))
_LONGEST_BALANCE: Final = 16_384
"""Bytes: a page for each direction, several times over."""


class Driver(ABC):
    """One provider's protocol. Subclasses that have a `name` are found by themselves."""

    name: ClassVar[str]
    """As in `driver = "…"`."""
    default_url: ClassVar[str]
    batch_limit: ClassVar[int]
    """Recipients that the provider takes in one request."""
    default_batch: ClassVar[int | None] = None
    """Recipients that we put into one request unless configured; None for the limit."""
    url_limit: ClassVar[int | None] = None
    """Characters of a URL."""
    charsets: ClassVar[tuple[str, ...]] = ("utf-8",)
    """Charsets that the provider reads; the first is ours by default."""
    options: ClassVar[frozenset[str]] = frozenset()
    """Those of `Message`'s options that the provider has: `send_at validity flash viber`."""
    own_transliteration: ClassVar[bool] = False
    """The provider transliterates by itself."""
    duplicate_window: ClassVar[float | None] = None
    """Seconds within which the provider refuses an identical request; None where it has no such rule."""
    has_lookup: ClassVar[bool] = False
    """The provider has HLR lookups."""
    settles: ClassVar[bool] = False
    """The provider can be asked by our own batch ID whether it took a batch whose reply was lost."""
    serves_all: ClassVar[bool] = True
    """No number is refused here: `check_recipient` need not be asked."""
    batch_reports: ClassVar[bool] = False
    """One status request answers for all messages that share a message ID."""
    one_state: ClassVar[bool] = False
    """What it answers is one state for them all: of several recipients it proves nothing for any one."""

    def __init__(self, settings: ProviderSettings) -> None:
        self.settings = settings
        self.provider = settings.name
        self._echoes = self.echoes_of()
        url = settings.url or self.default_url
        self.url = url if url.endswith("/") else url + "/"
        self.charset = (settings.charset or self.charsets[0]).lower()
        if self.charset not in self.charsets:
            raise ConfigurationError(
                f"providers.{settings.name}.charset: {self.name} reads {' or '.join(self.charsets)}"
            )
        default = self.batch_limit if self.default_batch is None else self.default_batch
        self.batch_size = default if settings.batch_size is None else settings.batch_size
        if not 1 <= self.batch_size <= self.batch_limit:
            raise ConfigurationError(
                f"providers.{settings.name}.batch_size: {self.name} takes 1 to {self.batch_limit} recipients a request"
            )

    # Pure protocol: what a subclass writes.

    @abstractmethod
    def head(self, message: Message, text: str, sender: str | None) -> str:
        """The encoded request without its recipients; raises `InvalidMessage` for what the provider cannot carry."""

    @abstractmethod
    def send_request(self, batch: Batch) -> Request: ...

    @abstractmethod
    def read_send(self, batch: Batch, body: bytes) -> Sequence[Verdict]:
        """One verdict for each of the batch's recipients; raises `UnreadableReply` for an undocumented reply."""

    @abstractmethod
    def status_request(self, reference: Reference) -> Request: ...

    @abstractmethod
    def read_status(self, references: Sequence[Reference], body: bytes) -> Sequence[DeliveryReport]:
        """One report for each reference; all of them have the message ID that was asked for."""

    @abstractmethod
    def balance_request(self) -> Request:
        """Raises `UnsupportedOption` where the provider does not tell balances."""

    @abstractmethod
    def read_balance(self, body: bytes) -> Balance:
        """Raises `SmsgwError`."""

    def check_recipient(self, recipient: str) -> InvalidRecipient | None:
        """Why the provider cannot be asked to carry a message to this MSISDN, or None."""
        return None

    def check_segments(self, measure: segments.Measure) -> None:
        """Raises `InvalidText` where the text is too long for the provider."""

    def lookup_request(self, recipients: Sequence[str], batch_id: str) -> Request:
        raise UnsupportedOption(f"{self.name} has no HLR lookup", provider=self.provider)

    def read_lookup(self, recipients: Sequence[str], body: bytes) -> Sequence[Lookup]:
        raise UnsupportedOption(f"{self.name} has no HLR lookup", provider=self.provider)

    def read_settled(self, batch_id: str, body: bytes) -> Collection[str]:
        """Of a status by our own batch ID: the recipients that it proves to have been taken."""
        return ()

    def unless_cut(self, verdicts: Sequence[Verdict]) -> Sequence[Verdict]:
        """What stays proved of recipients whose reply ended with its connection: its last word may be half a word."""
        return verdicts

    def suspects_account(self, verdict: Verdict) -> bool:
        """Whether this refusal may mean the login, which the balance can tell."""
        return False

    def read_account(self, body: bytes) -> SmsgwError | None:
        """What a balance reply says against the account; None where it is in order."""
        return None

    # Written once.

    def prepare(self, message: Message) -> Prepared:
        """Check and encode the content. Raises `InvalidMessage` where this provider cannot carry it."""
        for option, wanted in (
            ("send_at", message.send_at is not None),
            ("validity", message.validity is not None),
            ("flash", message.flash),
            ("viber", message.channel is Channel.VIBER or message.viber_validity is not None),
        ):
            if wanted and option not in self.options:
                raise UnsupportedOption(f"{self.name} has no option `{option}`", provider=self.provider)
        sender = message.sender or self.settings.sender
        latin = to_latin(message.text) if message.transliterate else message.text
        text = message.text if self.own_transliteration else latin
        measure = segments.measure(latin)
        self.check_segments(measure)
        head = self.head(message, text, sender)
        room = None
        if self.url_limit is not None:
            room = self.url_limit - len(head)
            if room < SHORTEST:
                raise InvalidText(
                    f"too long for {self.name}: the request would be a URL of more than {self.url_limit} characters",
                    provider=self.provider,
                )
        return Prepared(
            message, latin, sender, measure.segments, head, room, self.echoes_of(message.text, latin)
        )

    def echoes_of(self, *texts: str) -> Echoes:
        """Finds the password and these texts where a gateway repeats them."""
        return self.echoes_with(self.settings, *texts)

    @classmethod
    def echoes_with(cls, settings: ProviderSettings, *texts: str) -> Echoes:
        """The same before there is a driver of these settings."""
        return Echoes(settings.password, *texts, trusted=cls.__module__.startswith(_OURS))

    def encode(self, text: str) -> str:
        """The text percent-encoded in the provider's charset. Raises `InvalidText`."""
        try:
            return quote(text, self.charset)
        except UnicodeEncodeError as error:
            where, char = error.start, ord(text[error.start])
        raise InvalidText(
            f"character {where + 1} of the text, U+{char:04X}, cannot be written in {self.charset}",
            provider=self.provider,
        )

    async def send(self, wire: Wire, batch: Batch) -> Sequence[Verdict]:
        """Put the batch on the wire once, and tell what that proved."""
        try:
            reply = await wire.request(self.send_request(batch))
            verdicts = self.read_send(batch, self._body(reply))
            if not reply.framed:
                verdicts = self.unless_cut(verdicts)
        except SmsgwError as error:
            verdicts = self.verdict_for_all(batch, error)
        return self._without_echoes(batch, verdicts)

    def _without_echoes(self, batch: Batch, verdicts: Sequence[Verdict]) -> Sequence[Verdict]:
        echoes = batch.prepared.echoes
        for error in set(filter(None, map(_ERROR, verdicts))):
            echoes.hush(error)
        if not echoes.hold_any(list(filter(None, map(_MESSAGE_ID, verdicts)))):
            return verdicts
        own = batch.id if self.settles else None
        return [
            verdict._replace(message_id=own) if echoes.hold(verdict.message_id or "") else verdict
            for verdict in verdicts
        ]

    async def settle(self, wire: Wire, batch: Batch, verdicts: Sequence[Verdict]) -> Sequence[Verdict]:
        """Look a batch whose reply was lost up by our own ID: what is found there was accepted."""
        try:
            taken = await self.find(wire, batch.id)
        except SmsgwError:
            # Not an error of the send: its reply was lost before, and stays lost.
            return verdicts
        return [
            Verdict(State.ACCEPTED, batch.id) if recipient in taken else verdict
            for recipient, verdict in zip(batch.recipients, verdicts, strict=True)
        ]

    async def find(self, wire: Wire, batch_id: str) -> Collection[str]:
        """The recipients that the provider proves to have taken under our own batch ID. Raises `SmsgwError`."""
        body = await self._ask(wire, self.status_request(Reference(self.provider, batch_id)))
        return self.read_settled(batch_id, body)

    async def status(self, wire: Wire, references: Sequence[Reference]) -> Sequence[DeliveryReport]:
        """Ask once for messages that share one message ID. Raises `SmsgwError`."""
        with self._echoes.hushed():
            body = await self._ask(wire, self.status_request(references[0]))
            return [self._echoes.without(report) for report in self.read_status(references, body)]

    async def balance(self, wire: Wire) -> Balance:
        """Raises `SmsgwError`."""
        with self._echoes.hushed():
            body = await self._ask(wire, self.balance_request())
            if len(body) > _LONGEST_BALANCE:
                self.unreadable("the reply is longer than a balance can be")
            return self._echoes.without(self.read_balance(body))

    async def account_error(self, wire: Wire) -> SmsgwError | None:
        """Ask for the balance to learn whether the account is in order. Raises `SmsgwError` if that cannot be told."""
        return self.read_account(await self._ask(wire, self.balance_request()))

    async def lookup(self, wire: Wire, recipients: Sequence[str], batch_id: str) -> Sequence[Lookup]:
        """HLR lookup of at most `batch_size` numbers. Raises `SmsgwError`."""
        with self._echoes.hushed():
            body = await self._ask(wire, self.lookup_request(recipients, batch_id))
            return [self._echoes.without(lookup) for lookup in self.read_lookup(recipients, body)]

    async def _ask(self, wire: Wire, request: Request) -> bytes:
        return self._body(await wire.request(request))

    def _body(self, reply: Reply) -> bytes:
        if (error := read_status_line(reply, self.provider)) is not None:
            raise error
        return reply.body

    def verdict_for_all(
        self, batch: Batch, error: SmsgwError, *, elsewhere: bool = False
    ) -> Sequence[Verdict]:
        """The same verdict for each recipient: `unknown` where the error leaves room for doubt."""
        error.__traceback__ = None  # a kept error must not keep the frames, and so the request, alive
        if error.maybe_accepted:
            return [Verdict(State.UNKNOWN, batch.id if self.settles else None, error)] * len(batch.recipients)
        return [Verdict(State.REJECTED, None, error, elsewhere=elsewhere)] * len(batch.recipients)

    def unreadable(self, why: str = "the reply is none of the documented ones") -> NoReturn:
        raise UnreadableReply(why, provider=self.provider)

    def decode(self, body: bytes, charsets: Iterable[str] = ("utf-8-sig",)) -> str:
        """The reply as text, outer white space removed. Raises `UnreadableReply`."""
        for charset in charsets:
            try:
                text = body.decode(charset).strip()
            except UnicodeDecodeError:
                continue
            if not CONTROL.search(text):
                return text
        raise UnreadableReply("the reply is not text", provider=self.provider)
