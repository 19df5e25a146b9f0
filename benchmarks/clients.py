"""The same job in what people use instead, as each of them does it: one request a recipient.

Each is its users' ordinary way, with its defaults, and `CALLS` at once. Of replies they read the bytes: the gateway
names no charset, and requests would take long to guess one.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import apprise
import httpx
import requests
from bare import TEXT, head_of
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

__all__ = ["CALLS", "with_apprise", "with_httpx", "with_requests", "with_twilio"]

CALLS = 50
"""Calls at once: connections, threads or workers."""


async def _workers(numbers: Sequence[str], send: Callable[[str], Awaitable[bool]]) -> int:
    waiting = iter(numbers)

    async def work() -> int:
        accepted = 0
        for number in waiting:
            accepted += await send(number)
        return accepted

    return sum(await asyncio.gather(*(work() for _ in range(CALLS))))


async def with_httpx(url: str, numbers: Sequence[str]) -> int:
    head = head_of(url)
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=CALLS)) as client:

        async def send(number: str) -> bool:
            response = await client.get(head + number)
            return response.status_code == 200 and bool(response.content)

        return await _workers(numbers, send)


def with_requests(url: str, numbers: Sequence[str]) -> int:
    """A pool of threads, and a session for each of them: one must not be shared."""
    head, own, sessions = head_of(url), threading.local(), list[requests.Session]()

    def begin() -> None:
        own.session = requests.Session()
        sessions.append(own.session)

    def send(number: str) -> bool:
        response = own.session.get(head + number)
        return response.status_code == 200 and bool(response.content)

    with ThreadPoolExecutor(CALLS, initializer=begin) as threads:
        accepted = sum(threads.map(send, numbers))
    for session in sessions:
        session.close()
    return accepted


async def with_twilio(url: str, numbers: Sequence[str]) -> int:
    """Its async client; its domain `api` stands at `url`."""
    async with AsyncTwilioHttpClient() as http:
        client = Client("AC" + "0" * 32, "test", http_client=http)
        client.api.base_url = url

        async def send(number: str) -> bool:
            message = await client.messages.create_async(to=f"+{number}", from_="+15550000000", body=TEXT)
            return message.status == "queued"

        return await _workers(numbers, send)


async def with_apprise(url: str, numbers: Sequence[str]) -> int:
    """By an SMSEagle, which has a host of its own. Its recipients are in its URL; its requests run in its threads."""
    place = urlsplit(url).netloc

    async def send(number: str) -> bool:
        notifier = apprise.Apprise()
        notifier.add(f"smseagle://token@{place}/{number}")
        return bool(await notifier.async_notify(body=TEXT))

    return await _workers(numbers, send)
