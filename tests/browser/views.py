"""Every view of the page with something in it, for tests that look at all of them."""

from typing import Final

import aiohttp

from smsgw import Dispatcher
from smsgw.sandbox import Sandbox

__all__ = ["VIEWS", "furnish"]

NUMBER: Final = "79031234501"

VIEWS: Final = {
    "inbox": "",
    "no match": "?text=zebra",
    "message": "?message=1",
    "Russian message": "?message=2",
    "lost message": "?message=7",
    "no message": "?message=4711",
    "phone": f"?view=phone&number={NUMBER}",
    "no phone": "?view=phone",
    "faults": "?view=faults&gateway=targetsms",
    "requests": "?view=requests&open=1",
    "settings": "?view=settings",
}

_TEXTS: Final = (
    "x" * 400,
    "Уважаемый клиент! Ваш договор продлён до 31 декабря. " * 5,
    "<img src=x onerror=alert(1)>",
    "გამარჯობა! თქვენი შეკვეთა მზად არის",
    "رمز التحقق الخاص بك هو 4821",
    "Баланс 12 340,55 ₽ 😀🎉",
)


async def furnish(sandbox: Sandbox, sms: Dispatcher) -> None:
    """Long, foreign and hostile texts, a lost reply, a refused request, an answer that waits, and faults."""
    for text in _TEXTS:
        await sms.send(NUMBER, text, provider="smstele")
    sandbox.gateways["iba"].faults.drop = 1
    await sms.send(NUMBER, "Lost on the way", provider="iba")
    async with aiohttp.ClientSession() as client:
        url = f"{sandbox.url_for('iba')}sendsms.php?user=test&pwd=wrong&dadr={NUMBER}&text={'y' * 500}"
        await (await client.get(url)).read()
    for name in sandbox.gateways:
        sandbox.gateways[name].faults.silent = 3
        sandbox.gateways[name].faults.blocked = True
