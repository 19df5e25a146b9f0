"""Incoming SMS in an aiohttp application; `smsgw/inbound` acknowledges each one once `handle` has returned.

    SMS_SECRET=$(python3 -c 'import secrets; print(secrets.token_urlsafe())') python3 examples/inbound_aiohttp.py

IBA Telecom is told to call http://your.host/sms/<the secret>
"""

import os

from aiohttp import web

from smsgw.inbound import InboundMessage, inbound_app


async def handle(message: InboundMessage) -> None:
    """Yours. Raise, and the platform calls again; so make the work idempotent by `message_id`."""
    print(message.message_id, message.received_at, message.sender, message.text, flush=True)


def application() -> web.Application:
    """Your own application, with incoming messages below a path of it."""
    app = web.Application()
    incoming = inbound_app(
        handle, secret=os.environ["SMS_SECRET"], store=os.environ.get("SMS_STORE", "inbox.db")
    )
    app.add_subapp("/sms", incoming)
    return app


if __name__ == "__main__":
    # No access log: the URLs in it hold the secret, the numbers and the texts.
    web.run_app(application(), host="127.0.0.1", port=int(os.environ.get("PORT", "8026")), access_log=None)
