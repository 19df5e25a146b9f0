"""The platform that IBA Telecom and TargetSMS share: one script, GET only, IDs or words for a reply.

Sources: iba.txt; targetsms.txt; PROTOCOLS.md, "IBA Telecom" and "TargetSMS". What differs between the two
stands in their own files.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import ClassVar, NoReturn

from smsgw.drivers import platform_texts
from smsgw.drivers.base import Batch, Driver, Verdict, dated, decimal, quote
from smsgw.drivers.values import accepted
from smsgw.errors import InvalidSender, RecipientRejected, UnreadableReply
from smsgw.models import Balance, DeliveryReport, DeliveryState, Message, Reference, State
from smsgw.transport import Request

__all__ = ["PlatformDriver", "moment"]

MOSCOW = timezone(timedelta(hours=3))

_SEPARATORS = re.compile(r"\s*,\s*|\s+")
_IDS = re.compile(r"[0-9]{1,30}(?:(?:\s*,\s*|\s+)[0-9]{1,30})*")
_PLAIN_IDS = re.compile(rb"[1-9][0-9]{0,29}(?:,[1-9][0-9]{0,29})*")
"""As nearly all lists are, so that they need no further look."""
_AMOUNT = re.compile(r"(-?[0-9][0-9.]{0,29})\s*([^\W\d_]{1,10}(?![\w:]))?")

STATES = {
    "send": (DeliveryState.ENROUTE, False),
    "deliver": (DeliveryState.DELIVERED, True),
    "not_deliver": (DeliveryState.UNDELIVERABLE, True),
    "expired": (DeliveryState.EXPIRED, True),
    # Sent, but no report ever came, and none will.
    "partly_deliver": (DeliveryState.UNKNOWN, True),
}
REFUSED = "0"


def moment(stamp: str) -> datetime | None:
    """`2011-01-01 12:57:46`; the documents name no zone, and the gateways are Moscow's."""
    try:
        return dated(datetime.strptime(stamp.strip(), "%Y-%m-%d %H:%M:%S").replace(tzinfo=MOSCOW))
    except ValueError:
        return None


class PlatformDriver(Driver):
    """What both have in common."""

    alphanumeric_sender: ClassVar[re.Pattern[str]]

    def head(self, message: Message, text: str, sender: str | None) -> str:
        if sender is not None and not (
            self.alphanumeric_sender.fullmatch(sender) or _DIGITS_SENDER.fullmatch(sender)
        ):
            raise InvalidSender(
                f"a sender is at most 11 Latin characters, or at most 15 digits, at {self.name}",
                provider=self.provider,
            )
        origin = f"&sadr={quote(sender)}" if sender is not None else ""
        # The recipients come last, so that a batch is filled by the measured URL.
        return f"{self._script()}{origin}&text={self.encode(text)}&dadr="

    def send_request(self, batch: Batch) -> Request:
        return Request("GET", batch.prepared.head + ",".join(batch.recipients))

    def read_send(self, batch: Batch, body: bytes) -> Sequence[Verdict]:
        if _PLAIN_IDS.fullmatch(body):
            return accepted(self._as_many(body.decode().split(","), batch))
        reply = self.decode(body, ("utf-8-sig", "windows-1251"))
        listed = reply.strip(", \r\n\t")
        if not _IDS.fullmatch(listed):
            return self._read_words(batch, reply)
        ids = _SEPARATORS.split(listed)
        if ids == [REFUSED]:
            refused = self.verdict_for_all(batch, self._refused(), elsewhere=True)
            return [verdict._replace(unnamed=True) for verdict in refused]
        self._as_many(ids, batch)
        odd = {message_id: self._of_zeros(message_id) for message_id in set(ids) if not message_id.strip("0")}
        return [odd.get(message_id) or Verdict(State.ACCEPTED, message_id) for message_id in ids]

    def _as_many(self, ids: list[str], batch: Batch) -> list[str]:
        if len(ids) != len(batch.recipients):
            self.unreadable(f"{len(ids)} IDs for {len(batch.recipients)} recipients")
        return ids

    def _of_zeros(self, message_id: str) -> Verdict:
        if message_id == REFUSED:
            return Verdict(State.REJECTED, None, self._refused(), elsewhere=True)
        neither = "a row of zeros is neither an ID nor the documented refusal"
        return Verdict(
            State.UNKNOWN, None, UnreadableReply(neither, provider=self.provider, scope="recipient")
        )

    def unless_cut(self, verdicts: Sequence[Verdict]) -> Sequence[Verdict]:
        """A last `0` may be the beginning of an ID, and alone, of a list."""
        last = verdicts[-1]
        if last.state is not State.REJECTED or last.error is None or last.error.code != REFUSED:
            return verdicts
        half = "the reply ends with a 0 that may be half an ID: its length was not told"
        unknown = Verdict(State.UNKNOWN, None, UnreadableReply(half, provider=self.provider))
        return [unknown] * len(verdicts) if last.unnamed else [*verdicts[:-1], unknown]

    def _read_words(self, batch: Batch, reply: str) -> Sequence[Verdict]:
        found = platform_texts.find(reply, sending=True)
        if found is None:
            self.unreadable()
        if found is platform_texts.HELD:
            return [Verdict(State.HELD)] * len(batch.recipients)
        error = found.error(self.provider, reply)
        verdicts = self.verdict_for_all(batch, error, elsewhere=found.elsewhere)
        if isinstance(error, RecipientRejected):
            return [verdict._replace(unnamed=True) for verdict in verdicts]
        return verdicts

    def _refused(self) -> RecipientRejected:
        return RecipientRejected("the gateway refused without a cause", provider=self.provider, code=REFUSED)

    def status_request(self, reference: Reference) -> Request:
        return Request("GET", f"{self._script()}&smsid={quote(reference.message_id)}")

    def read_status(self, references: Sequence[Reference], body: bytes) -> Sequence[DeliveryReport]:
        reply = self.decode(body, ("utf-8-sig", "windows-1251"))
        if not reply:
            self.unreadable("the gateway gave no state: is there such an ID?")
        word, *rest = reply.split(maxsplit=1)
        if word.casefold() not in STATES:
            self.raise_documented(reply)
        state, final = STATES[word.casefold()]
        return [
            DeliveryReport(
                reference.recipient,
                self.provider,
                reference.message_id,
                state,
                final,
                word,
                moment("".join(rest)),
            )
            for reference in references
        ]

    def balance_request(self) -> Request:
        return Request("GET", f"{self._script()}&balance=1")

    def read_balance(self, body: bytes) -> Balance:
        reply = self.decode(body, ("utf-8-sig", "windows-1251"))
        found = _AMOUNT.match(reply)
        amount = decimal(found[1]) if found else None
        if found is None or amount is None:
            self.raise_documented(reply)
        rest = reply[found.end() :]
        if rest and not rest[0].isspace() and rest[0] != ",":
            self.unreadable()
        return Balance(self.provider, amount, found[2], _packages(rest), reply)

    def raise_documented(self, reply: str) -> NoReturn:
        """The documented error that this reply is, or `UnreadableReply`."""
        if (found := platform_texts.find(reply)) is None:
            self.unreadable()
        raise found.error(self.provider, reply)

    def _script(self) -> str:
        settings = self.settings
        return f"{self.url}sendsms.php?user={quote(settings.login)}&pwd={quote(settings.password)}"


_DIGITS_SENDER = re.compile(r"[0-9]{1,15}")


def _packages(rows: str) -> dict[str, int]:
    """`Россия:361,МТС:1`; what is no whole number stays in the reply's raw text only."""
    packages = {}
    for row in re.split(r"[,\r\n]+", rows):
        name, _, number = row.rpartition(":")
        number = number.strip()
        if name.strip() and number.isascii() and number.isdigit() and len(number) < 20:
            packages[name.strip()] = int(number)
    return packages
