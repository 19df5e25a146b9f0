"""SMStele / REX400: JSON replies, all options, and lookups by our own ID (smstele.txt; PROTOCOLS.md, "SMStele")."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta, timezone
from typing import ClassVar

from smsgw.drivers import smstele_reply
from smsgw.drivers.base import Batch, Driver, Verdict, dated, quote
from smsgw.errors import GatewayRejected, InvalidSender, UnsupportedOption
from smsgw.models import Balance, Channel, DeliveryReport, DeliveryState, Lookup, Message, Reference
from smsgw.transport import Request

__all__ = ["Smstele"]

MOSCOW = timezone(timedelta(hours=3))

_MAX_VIBER_VALIDITY = 86_400

_STATES = {
    "ENROUTE": (DeliveryState.ENROUTE, False),
    "DELIVRD": (DeliveryState.DELIVERED, True),
    "EXPIRED": (DeliveryState.EXPIRED, True),
    "DELETED": (DeliveryState.DELETED, True),
    "UNDELIV": (DeliveryState.UNDELIVERABLE, True),
    "ACCEPTD": (DeliveryState.ACCEPTED, False),
    "UNKNOWN": (DeliveryState.UNKNOWN, False),
    "REJECTD": (DeliveryState.REJECTED, True),
}


class Smstele(Driver):
    name: ClassVar[str] = "smstele"
    default_url: ClassVar[str] = "https://rexsmsc.rex400.ru:8882/cgi-bin/"
    batch_limit: ClassVar[int] = 1000
    default_batch: ClassVar[int | None] = 100
    charsets: ClassVar[tuple[str, ...]] = ("utf-8", "windows-1251", "koi8-r")
    options: ClassVar[frozenset[str]] = frozenset({"send_at", "validity", "flash", "viber"})
    own_transliteration: ClassVar[bool] = True
    has_lookup: ClassVar[bool] = True
    settles: ClassVar[bool] = True
    batch_reports: ClassVar[bool] = True

    def head(self, message: Message, text: str, sender: str | None) -> str:
        if message.viber_validity is not None and message.viber_validity > _MAX_VIBER_VALIDITY:
            raise UnsupportedOption(
                f"a Viber message is valid for at most {_MAX_VIBER_VALIDITY} seconds", provider=self.provider
            )
        form = [self._login(), f"charset={self.charset}", f"mes={self.encode(text)}"]
        if sender is not None:
            form.append(f"sender={self._encode_sender(sender)}")
        if message.transliterate:
            form.append("translit=1")
        if message.send_at is not None:
            form.append("deferred=" + quote(message.send_at.astimezone(MOSCOW).strftime("%Y-%m-%d %H:%M:%S")))
        if message.flash:
            form.append("flash=1")
        if message.channel is Channel.VIBER:
            form.append("viber=1")
        if message.viber_validity is not None:
            form.append(f"viber_validity={message.viber_validity}")
        if message.validity is not None:
            form.append(f"validity={message.validity}")
        form.append("phones=")
        return "&".join(form)

    def _encode_sender(self, sender: str) -> str:
        if not sender.isprintable():
            raise InvalidSender("a sender has printable characters only", provider=self.provider)
        try:
            return quote(sender, self.charset)
        except UnicodeEncodeError:
            problem = f"the sender cannot be written in {self.charset}"
        raise InvalidSender(problem, provider=self.provider)

    def send_request(self, batch: Batch) -> Request:
        return self._post("sendsms", f"{batch.prepared.head}{','.join(batch.recipients)}&id={batch.id}")

    def read_send(self, batch: Batch, body: bytes) -> Sequence[Verdict]:
        reply = smstele_reply.parse(body, self.provider)
        if (error := smstele_reply.top_level_error(reply, self.provider)) is not None:
            refused = self.verdict_for_all(batch, error)
            if smstele_reply.names_nobody(error, len(batch.recipients)):
                return [verdict._replace(unnamed=True) for verdict in refused]
            return refused
        return smstele_reply.verdicts(reply, batch, self.provider)

    def status_request(self, reference: Reference) -> Request:
        # By `id` alone, so that one request answers for the whole batch.
        return self._post("status", f"{self._login()}&id={quote(reference.message_id)}")

    def read_status(self, references: Sequence[Reference], body: bytes) -> Sequence[DeliveryReport]:
        reply = smstele_reply.parse(body, self.provider)
        if (error := smstele_reply.top_level_error(reply, self.provider)) is not None:
            raise error
        rows = smstele_reply.rows(reply, "results", self.provider)
        mine = [row for row in rows if row.id in ("", references[0].message_id)]
        by_phone: dict[str | None, list[smstele_reply.Row]] = {None: mine}
        for row in mine:
            by_phone.setdefault(row.phone, []).append(row)
        return [self._report(reference, by_phone.get(reference.recipient, [])) for reference in references]

    def _report(self, reference: Reference, mine: Sequence[smstele_reply.Row]) -> DeliveryReport:
        asked = (reference.recipient, self.provider, reference.message_id)
        if not mine:
            missing = GatewayRejected("the gateway shows no such message", provider=self.provider)
            return DeliveryReport(*asked, error=missing)
        if len({row.phone for row in mine}) > 1:
            several = GatewayRejected(
                "this ID stands for several recipients: give the recipient", provider=self.provider
            )
            return DeliveryReport(*asked, error=several)
        row = mine[-1]
        state, final = _STATES.get(row.stat.upper(), (DeliveryState.UNKNOWN, False))
        return DeliveryReport(
            reference.recipient or row.phone or None,
            self.provider,
            reference.message_id,
            state,
            final,
            row.stat or None,
            _moment(row.last_timestamp),
            error_code=row.err if row.err not in ("", "0", "-99") else None,
            operator=row.operator or None,
            region=row.region or None,
            mnc=row.mnc or None,
        )

    def read_settled(self, batch_id: str, body: bytes) -> Collection[str]:
        """Presence under our own ID proves it: not a row without an ID, nor one that was refused."""
        reply = smstele_reply.parse(body, self.provider)
        if (error := smstele_reply.top_level_error(reply, self.provider)) is not None:
            raise error
        rows = smstele_reply.rows(reply, "results", self.provider)
        return {row.phone for row in rows if row.id == batch_id and not smstele_reply.is_refusal(row)}

    def balance_request(self) -> Request:
        raise UnsupportedOption("smstele does not tell balances", provider=self.provider)

    def read_balance(self, body: bytes) -> Balance:
        raise UnsupportedOption("smstele does not tell balances", provider=self.provider)

    def lookup_request(self, recipients: Sequence[str], batch_id: str) -> Request:
        return self._post("sendsms", f"{self._login()}&phones={','.join(recipients)}&hlr=1&id={batch_id}")

    def read_lookup(self, recipients: Sequence[str], body: bytes) -> Sequence[Lookup]:
        reply = smstele_reply.parse(body, self.provider)
        if (error := smstele_reply.top_level_error(reply, self.provider)) is not None:
            raise error
        rows = {row.phone: row for row in smstele_reply.rows(reply, "messages", self.provider)}
        return [self._lookup(recipient, rows.get(recipient)) for recipient in recipients]

    def _lookup(self, recipient: str, row: smstele_reply.Row | None) -> Lookup:
        if row is None:
            missing = GatewayRejected("the gateway's reply leaves this number out", provider=self.provider)
            return Lookup(recipient, self.provider, error=missing)
        error = smstele_reply.row_error(row, self.provider)
        return Lookup(
            recipient,
            self.provider,
            row.message_id,
            row.operator or None,
            row.region or None,
            row.mnc or None,
            error,
        )

    def _login(self) -> str:
        return f"login={quote(self.settings.login)}&psw={quote(self.settings.password)}"

    def _post(self, script: str, form: str) -> Request:
        return Request("POST", self.url + script, form.encode("ascii"))


def _moment(stamp: str) -> datetime | None:
    """`2018-06-04 18:41:09+03`; Moscow's where no zone stands."""
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return dated(moment if moment.tzinfo is not None else moment.replace(tzinfo=MOSCOW))
