"""`smsgw sandbox`: five fake gateways to try things out on."""

import asyncio
import errno
import socket
from pathlib import Path
from typing import Annotated

import typer

from smsgw.cli.failing import ALL_WELL, CommandFailed
from smsgw.cli.options import Json, NoConfig
from smsgw.cli.output import Column, complain, print_json, print_table, print_text
from smsgw.cli.running import Signals
from smsgw.sandbox import Sandbox, StoreError, is_loopback

__all__ = ["sandbox"]

_LOGIN = "test"  # the sandbox's documented login and password, which guard nothing


def sandbox(
    *,
    port: Annotated[
        int, typer.Option("--port", metavar="PORT", min=0, max=65535, help="0 is any free one.")
    ] = 8025,
    host: Annotated[
        str,
        typer.Option(
            "--host", metavar="HOST", help="Where to listen; 0.0.0.0 lets the whole network read everything."
        ),
    ] = "127.0.0.1",
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-host",
            metavar="NAME",
            help="A name that it may be called by, such as a container's; may be given several times.",
        ),
    ] = None,
    keep: Annotated[
        int, typer.Option("--keep", metavar="N", min=1, help="How many messages are kept; the oldest go.")
    ] = 10_000,
    store: Annotated[
        Path | None,
        typer.Option("--store", metavar="FILE.db", help="Keep them in this file, too, for the next time."),
    ] = None,
    delivery_after: Annotated[
        float,
        typer.Option("--delivery-after", metavar="SECONDS", min=0, help="From taking to the final state."),
    ] = 2.0,
    incoming_url: Annotated[
        str | None,
        typer.Option("--incoming-url", metavar="URL", help="Where messages from phones are delivered."),
    ] = None,
    config: NoConfig = None,  # noqa: ARG001 - every command takes it
    json: Json = False,
) -> int:
    """Run fake gateways and their inbox on this machine until Ctrl-C. Nothing is sent to any phone."""
    for name in allow_host or ():
        if not name or any(sign in name for sign in "/:@ "):
            raise CommandFailed(f"--allow-host {name!r}: a bare name is needed, such as sandbox")
    if store is not None and store == Path():
        raise CommandFailed("--store: the name of the file is empty")
    try:
        made = Sandbox(
            host=host,
            port=port,
            login=_LOGIN,
            password=_LOGIN,
            allow_hosts=allow_host or (),
            keep=keep,
            store=store,
            delivery_after=delivery_after,
        )
        made.world.incoming.url = incoming_url
    except (ValueError, RuntimeError) as error:  # the latter where a third party's gateway is none
        raise CommandFailed(str(error)) from None
    asyncio.run(_serve(made, json))
    return ALL_WELL


async def _serve(made: Sandbox, json: bool) -> None:
    ended = asyncio.Event()
    with Signals(ended.set, lambda _: None):
        try:
            await made.start()
        except StoreError as error:
            raise CommandFailed(str(error)) from None
        except OSError as error:
            raise CommandFailed(_why(error, made)) from None
        try:
            _announce(made, json)
            await ended.wait()
        finally:
            await made.stop()


def _why(error: OSError, made: Sandbox) -> str:
    if isinstance(error, socket.gaierror):
        return f"no such host: {made.host}"
    if error.errno == errno.EADDRINUSE:
        return f"port {made.port} is in use: choose another with --port, or 0 for any free one"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"port {made.port} is not for ordinary users: choose one above 1023 with --port"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{made.host} is no address of this machine: choose another with --host"
    return f"port {made.port} cannot be listened on (error {error.errno})"


def _announce(running: Sandbox, json: bool) -> None:
    urls = {name: running.url_for(name) for name in running.gateways}
    if not is_loopback(running.host):
        complain(
            f"listening on {running.host}: whoever reaches this machine over the network can read every"
            " message here, and write some",
            "WARNING",
        )
    if json:
        print_json({"url": running.url, "gateways": urls, "login": _LOGIN, "password": _LOGIN})
        return
    print_text(f"The inbox is at {running.url} (nothing is sent to any phone); its gateways:", "")
    print_table((Column("driver", keep=True), Column("url")), urls.items())
    host = running.url.removeprefix("http://").rstrip("/")
    print_text(
        "",
        f"Login {_LOGIN}, password {_LOGIN}. To try it in another terminal:",
        f"  export SMSGW_DSN='iba://{_LOGIN}:{_LOGIN}@{host}/iba/?http=1&sender=TESTSMS'",
        "  smsgw send --to '+7 903 123-45-67' --text 'Code 1234'",
        f"What can go wrong is switched on at {running.url}?view=faults. Ctrl-C ends it.",
    )
