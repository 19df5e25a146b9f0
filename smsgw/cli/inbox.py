"""`smsgw inbox`: incoming messages, shown as they come, to try it out."""

import asyncio
import errno
import re
import secrets
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final

import typer

from smsgw.cli.failing import ALL_WELL, USAGE, CommandFailed
from smsgw.cli.options import Json, NoConfig
from smsgw.cli.output import Unwritable, complain, plain, print_json, print_text
from smsgw.cli.running import Signals
from smsgw.inbound import InboundMessage, InboundServer, InboundStoreError, inbound_app
from smsgw.sandbox import IncomingMessages

__all__ = ["inbox"]

_WIDTHS: Final = (25, 10, 15, 15, 8)
_HEADER: Final = ("received at", "id", "sender", "receiver", "prefix", "text")
_PORT: Final = re.compile(r"[0-9]{1,5}")
_SUBSCRIBER: Final = "79031234567"
_SHORT_NUMBER: Final = "79160000000"
_TRIAL: Final = "Привет! This is what an incoming message looks like."


def inbox(
    *,
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Where; port 0 is any free one.")
    ] = "127.0.0.1:8026",
    secret: Annotated[
        str | None,
        typer.Option(
            "--secret",
            metavar="WORD",
            envvar="SMSGW_INBOX_SECRET",
            help="The path that callers must know: at least 16 letters and digits.",
        ),
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option("--allow", metavar="NETWORK", help="An address or a network that may call; repeatable."),
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option("--store", metavar="FILE", help="Remember here what was shown, for the next run, too."),
    ] = None,
    trial: Annotated[
        bool, typer.Option("--try", help="Let the sandbox call once, as IBA Telecom would.")
    ] = False,
    config: NoConfig = None,  # noqa: ARG001 - every command takes it
    json: Json = False,
) -> int:
    """Receive incoming messages (IBA Telecom's), show and acknowledge each, until Ctrl-C."""
    host, port = _address(listen)
    asyncio.run(
        _Inbox(json).serve(host, port, secret=secret, allow=tuple(allow or ()), store=store, trial=trial)
    )
    return ALL_WELL


class _Inbox:
    """What shows messages while the server runs."""

    def __init__(self, json: bool) -> None:
        self._json = json
        self._ended = asyncio.Event()
        self._failure: Unwritable | None = None

    async def serve(
        self,
        host: str,
        port: int,
        *,
        secret: str | None,
        allow: tuple[str, ...],
        store: Path | None,
        trial: bool,
    ) -> None:
        app = inbound_app(self._show, secret=secret, allow=allow, store=store)
        with Signals(self._ended.set, lambda _: None):
            try:
                async with InboundServer(app, host, port) as server:
                    (at, bound), *_ = server.addresses
                    url = f"http://{f'[{at}]' if ':' in at else at}:{bound}/"
                    self._announce(url, secret, server.addresses)
                    async with _phone(url + (secret or "")) if trial else nullcontext():
                        await self._ended.wait()
            except OSError as error:
                raise CommandFailed(_why(error, f"{host}:{port}")) from None
            except InboundStoreError as error:
                raise CommandFailed(str(error), USAGE) from None
        if self._failure is not None:
            raise self._failure

    async def _show(self, message: InboundMessage) -> None:
        """What nobody could read is not acknowledged."""
        try:
            read = print_json(message) if self._json else print_text(_line(message))
        except Unwritable as error:
            self._failure = error
            read = False
        if not read:
            self._ended.set()
            raise BrokenPipeError

    def _announce(self, url: str, secret: str | None, addresses: list[tuple[str, int]]) -> None:
        if self._json:
            # On standard output stands one message a line, and nothing else.
            complain(f"listening at {url}", "inbox")
        else:
            place = f"{url}<the secret>" if secret else url
            print_text(
                f"Incoming messages of IBA Telecom are received at {place} and acknowledged. Ctrl-C ends it.",
                "",
                _columns(_HEADER),
            )
        if not all(ip_address(host.partition("%")[0]).is_loopback for host, _ in addresses):
            guard = (
                "the path's secret" if secret else "no secret: whoever reaches it can write here (--secret)"
            )
            complain(f"LISTENING BEYOND THIS MACHINE, over plain HTTP, with {guard}", "warning")


@asynccontextmanager
async def _phone(url: str) -> AsyncIterator[None]:
    """A phone of the sandbox, that writes one message, and repeats it until it is acknowledged."""
    written = IncomingMessages(clock=time.monotonic, wall=lambda: datetime.now(UTC))
    written.url = url
    # No ID of the platform's: in a `--store` it would stand for a message that is yet to come.
    smsid = f"try{secrets.token_hex(3)}"
    written.write(sender=_SUBSCRIBER, receiver=_SHORT_NUMBER, text=_TRIAL, prefix="demo", smsid=smsid)
    await written.start()
    try:
        yield
    finally:
        await written.aclose()


def _line(message: InboundMessage) -> str:
    return _columns(
        (
            f"{message.received_at:%Y-%m-%d %H:%M:%S%z}",
            message.message_id,
            message.sender,
            message.receiver,
            message.prefix,
            message.text,
        )
    )


def _columns(cells: tuple[str, ...]) -> str:
    *aligned, last = map(plain, cells)
    return "  ".join([*(cell.ljust(width) for cell, width in zip(aligned, _WIDTHS, strict=True)), last])


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not _PORT.fullmatch(port) or int(port) > 65535:
        raise CommandFailed("--listen is HOST:PORT, as 127.0.0.1:8026 or [::1]:8026")
    return host, int(port)


def _why(error: OSError, place: str) -> str:
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"{place} is no address of this machine: choose another with --listen"
    if error.errno == errno.EADDRINUSE:
        return f"{place} is in use: choose another port with --listen, or 0 for any free one"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{place} is not for ordinary users: choose a port above 1023 with --listen"
    return f"{place} cannot be listened on (error {error.errno})"
