"""Replies as the gateways' documents have them: what the hostile ones are made of, and what must still be read."""

import json
from typing import Final

import phpserialize

from tests.faults.properties.five import BATCH_ID, MESSAGE_ID, RECIPIENTS, TEXT

__all__ = ["GOOD", "ROW", "STAT"]

_HELD = "Недостаточно средств для отправки SMS. SMS будет отправлена как только вы пополните счет по данному направлению"
_PLATFORM: Final = (
    b"0",
    b"1179038981",
    b"1179038981,1179038982",
    b"1179038981\n0",
    _HELD.encode(),
    _HELD.encode("windows-1251"),
    "error: Неверный логин или пароль.".encode(),
    "Номер телефона присутствует в стоп-листе".encode(),
    "Отправитель не должен превышать 15 символов для цифровых номеров".encode(),
    "Попытка отправки более одного одинакового запроса в течение минуты".encode(),
    b"deliver 2011-01-01 12:57:46",
    b"not_deliver",
    "445.6 RUR\nРоссия:361,МТС:1".encode(),
    b"445.6 RUR",
)
ROW: Final = {
    "id": BATCH_ID,
    "phone": RECIPIENTS[0],
    "status": "-99",
    "error": "-99",
    "cnt": "1",
    "operator": "mMTS",
    "region": "Москва",
    "mnc": "01",
}
STAT: Final = {
    **ROW,
    "id": MESSAGE_ID,
    "stat": "DELIVRD",
    "err": "0",
    "last_timestamp": "2018-06-04 18:41:09+03",
}


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


GOOD: Final[dict[str, tuple[bytes, ...]]] = {
    "avist": (
        b"Message successfully sent! Message_ID=XYZ12",
        b"message successfully sent! Mess_ID=1179038981",
        b"Error: auth failed",
        b"Error: can't send this message",
        b"Error: unsupported phone number.",
        b"Mess_ID=1179038981 Status: not delivered",
        b"Mess_ID=1179038981 Status: delivered.",
        b"Balance: 12.5 SMS",
    ),
    "smsco": (
        b"OK 4 1179038981",
        b"OK 4",
        b"OK 60 0803123456,0802123456",
        b"OK 2 9031234567",
        b"-2904",
        b"2906",
        b"1 | Delivered",
        b"3",
        b"1204.5",
    ),
    "iba": _PLATFORM,
    "targetsms": (
        *_PLATFORM,
        phpserialize.dumps(
            {
                "id_sms": MESSAGE_ID,
                "time_change_state": "2011-01-01 12:57:46",
                "state_sms": "deliver",
                "num_parts": 2,
                "price": 1.15,
            }
        ),
    ),
    "smstele": (
        _json({"id": "x", "cnt": "2", "messages": [ROW, {**ROW, "phone": RECIPIENTS[1]}]}),
        _json(
            {
                "id": "x",
                "cnt": "1",
                "messages": [ROW, {**ROW, "phone": RECIPIENTS[1], "operator": "", "cnt": "3"}],
            }
        ),
        _json({"id": "x", "cnt": "2", "messages": [ROW, {**ROW, "phone": RECIPIENTS[1]}]})[:-1],
        _json({"error": "-25", "description": f"Invalid attribute: 'mes={TEXT}'"}),
        _json({"error": "-43", "description": "no credit"}),
        _json({"results": [STAT, {**STAT, "phone": RECIPIENTS[1], "stat": "ENROUTE"}]}),
        _json({"results": [{**STAT, "id": BATCH_ID}]}),
    ),
}
