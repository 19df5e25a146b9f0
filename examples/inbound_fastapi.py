"""Incoming SMS in a FastAPI application, under uvicorn (`pip install fastapi uvicorn`).

    SMS_SECRET=$(python3 -c 'import secrets; print(secrets.token_urlsafe())') python3 examples/inbound_fastapi.py

IBA Telecom is told to call http://your.host/sms/<the secret>
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from smsgw.inbound import InboundASGI, InboundMessage


async def handle(message: InboundMessage) -> None:
    """Yours. Raise, and the platform calls again; so make the work idempotent by `message_id`."""
    print(message.message_id, message.received_at, message.sender, message.text, flush=True)


incoming = InboundASGI(handle, secret=os.environ["SMS_SECRET"], store=os.environ.get("SMS_STORE", "inbox.db"))


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """What is mounted is opened and closed with the application: FastAPI does not do it by itself."""
    async with incoming:
        yield


app = FastAPI(lifespan=lifespan)
app.mount("/sms", incoming)

if __name__ == "__main__":
    # No access log: the URLs in it hold the secret, the numbers and the texts.
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8026")), access_log=False)
