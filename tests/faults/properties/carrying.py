"""What each gateway can carry, written down from its document and without any code of the drivers."""

import re
from typing import Final
from urllib.parse import quote, urlencode

import gsm0338
from attrs import frozen

from smsgw.models import Channel, Message
from smsgw.translit import to_latin

__all__ = ["Provider"]

_ALPHANUMERIC: Final = re.compile(r"[A-Za-z0-9]{1,11}")
_PRINTABLE: Final = re.compile(r"[ -~]{1,11}")
_NUMBER: Final = re.compile(r"[0-9]{1,15}")
_SENDERS: Final = {
    "avist": (_ALPHANUMERIC,),
    "smsco": (_PRINTABLE,),
    "iba": (_PRINTABLE, _NUMBER),
    "targetsms": (_ALPHANUMERIC, _NUMBER),
}


@frozen
class Provider:
    """One `[providers.NAME]` of a configuration."""

    name: str
    driver: str
    charset: str
    sender: str | None
    url: str = "https://gateway.test/api/"

    def carries(self, message: Message, recipient: str) -> bool:
        """Whether its document lets it."""
        text = self._text(message)
        return (
            self._has_options(message)
            and self._writes(text)
            and self._shows(message.sender or self.sender)
            and self._serves(recipient, text)
            and self._has_room(message, text, recipient)
        )

    def _text(self, message: Message) -> str:
        own = self.driver == "smstele"
        return to_latin(message.text) if message.transliterate and not own else message.text

    def _has_options(self, message: Message) -> bool:
        if self.driver == "smstele":
            return message.viber_validity is None or message.viber_validity <= 86_400
        if message.send_at is not None and self.driver != "smsco":
            return False
        return (
            message.channel is Channel.SMS
            and not message.flash
            and message.validity is None
            and message.viber_validity is None
        )

    def _writes(self, text: str) -> bool:
        if self.driver == "smsco":
            return all(" " <= sign <= "~" for sign in text)
        return _can(text, self.charset)

    def _shows(self, sender: str | None) -> bool:
        if sender is None:
            return True
        if self.driver == "smstele":
            return sender.isprintable() and _can(sender, self.charset)
        return any(allowed.fullmatch(sender) for allowed in _SENDERS[self.driver])

    def _serves(self, recipient: str, text: str) -> bool:
        if self.driver == "avist":
            return len(recipient) == 11 and recipient[0] == "7" and _is_one_sms(text)
        return self.driver != "targetsms" or len(recipient) < 15

    def _has_room(self, message: Message, text: str, recipient: str) -> bool:
        if self.driver not in ("smsco", "iba", "targetsms"):
            return True
        form: dict[str, str | bytes] = {"user": "test", "pwd": "test", "dadr": recipient}
        script, limit = "sendsms.php", 2000 if self.driver == "targetsms" else 1999
        names = ("text", "sadr")
        if self.driver == "smsco":
            form = {"username": "test", "password": "test", "recipient": recipient}
            script, limit, names = "smsapi2.php", 7999, ("message", "sender")
        form[names[0]] = text.encode(self.charset)
        if sender := message.sender or self.sender:
            form[names[1]] = sender
        if message.send_at is not None:
            form["schedule"] = "2026-01-01 00:00:00"
        return len(f"{self.url}{script}?{urlencode(form, quote_via=quote, safe='')}") <= limit


def _can(text: str, charset: str) -> bool:
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def _is_one_sms(text: str) -> bool:
    """Avist cuts what is longer."""
    try:
        septets = gsm0338.Codec().encode(text)[0]
    except UnicodeEncodeError:
        return len(text.encode("utf-16-be", "surrogatepass")) <= 140
    return len(septets) <= 160 if "\x1b" not in text else len(text) <= 70
