"""What the platform behind IBA and TargetSMS says in words (targetsms.txt 2.3, 3.3; PROTOCOLS.md, "TargetSMS")."""

from attrs import frozen

from smsgw.errors import (
    AuthenticationFailed,
    DuplicateRequest,
    GatewayRejected,
    GatewayUnavailable,
    InsufficientCredit,
    RecipientRejected,
    SenderRejected,
    SmsgwError,
    TextRejected,
)

__all__ = ["HELD", "Text", "find"]


@frozen
class Text:
    """One documented text, and what it proves."""

    kind: type[SmsgwError]
    description: str
    elsewhere: bool = False
    """The platform does not serve the number: another gateway may."""

    def error(self, provider: str, code: str) -> SmsgwError:
        code = " ".join(code.split())  # a megabyte of white space would be kept otherwise
        if self is _LONG_SENDER and _plain(code) != _SENDER_TOO_LONG + _ITS_USUAL_END:
            code = _SENDER_TOO_LONG  # what else follows are words of its own, which could repeat the request
        if self.kind is GatewayUnavailable:
            # Out of stock is not over in seconds: no quick retry, but another provider may.
            return GatewayUnavailable(self.description, provider=provider, code=code, retryable=False)
        if self.kind is DuplicateRequest:
            return DuplicateRequest(self.description, provider=provider, code=code, maybe_accepted=True)
        return self.kind(self.description, provider=provider, code=code)


HELD = Text(InsufficientCredit, "the gateway holds the message until the account is topped up")
"""Not a refusal: the gateway has the message and will send it."""

_LOGIN = Text(AuthenticationFailed, "the gateway refused the login or the password")
_BLOCKED = Text(AuthenticationFailed, "the account is blocked")
_CLOSED = Text(RecipientRejected, "the gateway does not serve this direction", elsewhere=True)
_NO_RECIPIENT = Text(RecipientRejected, "the gateway found no phone number")
_DUPLICATE = Text(DuplicateRequest, "the gateway says that an identical request came within the minute")

_TEXTS = {
    "аккаунт заблокирован": _BLOCKED,
    "ваш аккаунт заблокирован": _BLOCKED,
    "неверный логин или пароль": _LOGIN,
    "неправильный логин или пароль": _LOGIN,
    "закончились sms": Text(InsufficientCredit, "the account is out of SMS"),
    "у нас закончились sms. для разрешения проблемы свяжитесь с менеджером": Text(
        GatewayUnavailable, "the gateway itself is out of SMS"
    ),
    "недостаточно средств для отправки sms. sms будет отправлена как только вы пополните счет по данному направлению": HELD,
    "укажите номер телефона": _NO_RECIPIENT,
    "не введен номер телефона": _NO_RECIPIENT,
    "номер телефона присутствует в стоп-листе": Text(
        RecipientRejected, "the number is on the gateway's stop-list"
    ),
    "номер телефона должен быть меньше 15 символов": Text(
        RecipientRejected, "the number is too long for the gateway"
    ),
    "данное направление закрыто": _CLOSED,
    "данное направление закрыто для вас": _CLOSED,
    "текст sms отклонен модератором": Text(TextRejected, "the gateway's moderator declined the text"),
    "нет отправителя": Text(SenderRejected, "the gateway found no sender"),
    "нет текста сообщения": Text(TextRejected, "the gateway found no text"),
    "нет ссылки": Text(GatewayRejected, "the gateway found no link"),
    "такого отправителя нет": Text(SenderRejected, "the gateway knows no such sender"),
    "отправитель не прошел модерацию": Text(
        SenderRejected, "the sender is not approved by the gateway's moderator"
    ),
    "попытка отправки более одного одинакового запроса в течение минуты": _DUPLICATE,
    "данное сообщение уже было отправлено": _DUPLICATE,
    "сообщение с таким id не принималось": Text(GatewayRejected, "the gateway knows no message with this ID"),
}
_LONG_SENDER = Text(SenderRejected, "the sender is too long for the gateway")
_STATUS_ONLY = "сообщение с таким id не принималось"
_SENDER_TOO_LONG = "отправитель не должен превышать 15 символов"
_ITS_USUAL_END = " для цифровых номеров и 11 символов для буквенно-числовых"


def find(reply: str, *, sending: bool = False) -> Text | None:
    """The documented text that this reply is, without case, outer space and final dot; None for any other.

    With `sending`, texts that only answer a status request count as undocumented.
    """
    text = _plain(reply)
    if sending and text == _STATUS_ONLY:
        return None
    if text.startswith(_SENDER_TOO_LONG) and len(text) < 200:
        return _LONG_SENDER
    return _TEXTS.get(text)


def _plain(reply: str) -> str:
    text = " ".join(reply.casefold().split()).removesuffix(".").rstrip()
    return text.removeprefix("error:").lstrip()
