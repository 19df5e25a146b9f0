"""A gateway that repeats what it was told, in any place of a reply: nothing of it is handed on that is secret."""

import aiohttp
import pytest

from tests.faults.canaries.asking import dispatcher_at, everything, listening, opened
from tests.faults.canaries.echoes import ECHOES, Echo
from tests.faults.scale import SEEDS
from tests.faults.server.speech import DRIVERS

# With those drivers that read a reply of this form, and then one after the other with all.
CASES = [
    pytest.param(echo, driver, seed, id=f"{echo}-{driver}-seed{seed}")
    for seed in SEEDS[::2]
    for number, echo in enumerate(ECHOES)
    for driver in (seed == 0 and echo.readers) or [DRIVERS[(number + seed) % len(DRIVERS)]]
]


@pytest.mark.usefixtures("frozen_heap")
@pytest.mark.parametrize(("echo", "driver", "seed"), CASES)
async def test_no_echo_is_handed_on(echo: Echo, driver: str, seed: int) -> None:
    """Not as a message ID, a state, an operator, a balance, an error; not in a log."""
    with listening() as heard:
        async with opened(driver, echo, seed) as gateway:
            async with dispatcher_at(gateway) as sms:
                await everything(sms, heard, driver)
            assert gateway.unforeseen == []
    assert heard.findings() == []
    assert len(heard.values) >= 12


@pytest.mark.parametrize("driver", DRIVERS)
async def test_no_cookie_is_read_in_a_session_that_was_passed_in(driver: str) -> None:
    """Its jar would log the names that it does not like, and keep the others."""
    echo = next(echo for echo in ECHOES if echo.name.startswith("cookies"))
    jar = aiohttp.CookieJar(unsafe=True)
    with listening() as heard:
        async with (
            opened(driver, echo, 0) as gateway,
            aiohttp.ClientSession(cookie_jar=jar) as session,
            dispatcher_at(gateway, session) as sms,
        ):
            await everything(sms, heard, driver)
    assert (heard.findings(), len(jar)) == ([], 0)
