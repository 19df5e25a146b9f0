"""What stands in for smsgw's transport: the same slots, the same moment of the first byte, the same errors."""

import asyncio
from collections.abc import Callable

from smsgw.breaker import CircuitBreaker
from smsgw.errors import ConnectionFailed, GatewayTimeout
from smsgw.transport import Reply, Request
from smsgw.transport.slots import Slots
from tests.faults.stateful.callers import CALL
from tests.faults.stateful.gateway import Act, Gateway

__all__ = ["Line"]

_CONNECT_TIMEOUT = 10.0


class Line:
    """One provider's connections to a gateway, each request `timeout` seconds at the most."""

    def __init__(
        self, gateway: Gateway, provider: str, breaker: CircuitBreaker, timeout: float, connections: int
    ) -> None:
        self.slots = Slots(connections)
        self.connections = connections
        self.at_once = 0
        self.most_at_once = 0
        self.probes_at_once = 0
        self.most_probes_at_once = 0
        self._gateway = gateway
        self._provider = provider
        self._breaker = breaker
        self._timeout = timeout

    async def request(self, request: Request, before_first_byte: Callable[[], None] | None = None) -> Reply:
        is_probe = not self._breaker.closed and "&balance=" not in request.url
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.probes_at_once += is_probe
        self.most_probes_at_once = max(self.most_probes_at_once, self.probes_at_once)
        try:
            return await self._request(request, before_first_byte)
        finally:
            self.at_once -= 1
            self.probes_at_once -= is_probe

    async def _request(self, request: Request, before_first_byte: Callable[[], None] | None) -> Reply:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._timeout
        fate = self._gateway.next_fate()
        patience = min(self._timeout, _CONNECT_TIMEOUT)
        await asyncio.sleep(min(fate.connects, patience))
        if fate.act is Act.NO_CONNECTION or fate.connects >= patience:
            raise ConnectionFailed("no connection", provider=self._provider)
        if before_first_byte is not None:
            before_first_byte()
        exchange = self._gateway.set_out(self._provider, request.url, CALL.get(), fate)
        try:
            async with asyncio.timeout_at(until):
                reply = await exchange.reply
            exchange.told = True
        except TimeoutError:
            raise GatewayTimeout("no answer", provider=self._provider) from None
        finally:
            exchange.ended = loop.time()
        return reply

    async def aclose(self) -> None:
        """There is nothing to close."""
