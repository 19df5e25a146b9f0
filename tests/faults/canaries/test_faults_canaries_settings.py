"""Settings that are wrong, with a password among them: what is said of them does not hold it, and neither do its frames."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from smsgw import Dispatcher
from smsgw.drivers.base import Batch
from smsgw.errors import ConfigurationError
from smsgw.message import Message
from smsgw.models import Reference
from tests.faults.canaries.asking import Heard, settings_for, text_for
from tests.faults.canaries.canary import MARKS, PASSWORD
from tests.faults.server.speech import DRIVERS

TESTS = Path(__file__).parents[2]
SECRET = json.dumps(PASSWORD.word)
GOOD = f"driver = 'iba'\nlogin = 'login'\npassword = {SECRET}\n"
FILES = {
    "a wrong number": f"[providers.main]\n{GOOD}rate = 'fast'",
    "a password for a number": f"[providers.main]\n{GOOD}rate = {SECRET}",
    "a password for a list": f"[providers.main]\n{GOOD}[[routes]]\nproviders = {SECRET}",
    "a password for a driver": f"[providers.main]\ndriver = {SECRET}\nlogin = 'login'\npassword = 'x'",
    "a password for a key": f"[providers.main]\n{GOOD}{SECRET} = 1",
    "a password for a name": f"[providers.{SECRET}]\nlogin = 'login'\npassword = {SECRET}",
    "a password for a table": f"providers = {SECRET}",
    "a password in a URL": f"[providers.main]\n{GOOD}url = 'http://login:Zx7Vault9q@host/'",
    "a password given twice": f"[providers.main]\n{GOOD}password_env = {SECRET}",
    "a password for a variable": f"[providers.main]\ndriver = 'iba'\nlogin = 'login'\npassword_env = {SECRET}",
    "a password for a file": f"[providers.main]\ndriver = 'iba'\nlogin = 'login'\npassword_file = {SECRET}",
    "a route to nowhere": f"[providers.main]\n{GOOD}[[routes]]\nproviders = ['other']",
    "too large a batch": f"[providers.main]\n{GOOD}batch_size = 99",
    "a control character": f"[providers.main]\ndriver = 'iba'\nlogin = 'login'\npassword = {json.dumps(PASSWORD.word + chr(10))}",
    "no TOML": f"[providers.main]\npassword = {SECRET}\npassword = {SECRET}",
    "no quotes": "[providers.main]\npassword = Zx7Vault9q",
}


@pytest.mark.parametrize("wrong", FILES)
def test_what_is_wrong_with_a_file_is_said_without_the_password(wrong: str, tmp_path: Path) -> None:
    """Its error holds no value, and nor does any frame that it came through."""
    file = tmp_path / "smsgw.toml"
    file.write_text(FILES[wrong], "utf-8")
    _check(lambda: Dispatcher.from_config(file))


@pytest.mark.parametrize(
    "password",
    [
        "Zx7Vault9q%zz",
        "Zx7Vault9q%d0",
        "Zx7Vault9q@x",
        "Zx7Vault9q/",
        "Zx7Vault9q#",
        "Zx7:Vault9q",
        "Zx7Vault9q",
    ],
)
@pytest.mark.parametrize(
    "key", ["rate=fast", "rat=1", "rate=Zx7Vault9q", "batch_size=99", "timeout=Zx7Vault9q"]
)
def test_what_is_wrong_with_a_dsn_is_said_without_the_password(
    password: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the environment, nor any part of the DSN, is in its error or its frames."""
    dsn = f"iba://login:{password}@127.0.0.1:1/?{key}&http=1"
    monkeypatch.setenv("SMSGW_DSN", dsn)
    monkeypatch.delenv("SMSGW_CONFIG", raising=False)
    _check(Dispatcher.from_env)
    _check(partial(Dispatcher.from_dsn, dsn))


@pytest.mark.parametrize("wrong", [{"rate": "fast"}, {"batch_size": 99}, {"rat": 1}, {"driver": "Iba"}])
def test_what_is_wrong_with_a_mapping_is_said_without_the_password(wrong: dict[str, object]) -> None:
    """Nor is it in the frames of ours that the mapping was handed to."""
    table = {"driver": "iba", "login": "login", "password": PASSWORD.word, **wrong}
    _check(partial(Dispatcher.from_config, {"providers": {"main": table}}))


def _check(make: Callable[[], object]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        make()
    # The frames of the test know what it hands over; those of ours come after them.
    trace = raised.value.__traceback__
    while trace is not None and Path(trace.tb_frame.f_code.co_filename).is_relative_to(TESTS):
        trace = trace.tb_next
    assert trace is not None
    heard = Heard()
    heard.errors.append(raised.value.with_traceback(trace))
    assert heard.secrets().findings == []


@pytest.mark.parametrize("driver", DRIVERS)
def test_settings_and_requests_show_no_secret(driver: str) -> None:
    """Nor do drivers, what they have prepared, batches, and all that a dispatcher is made of."""
    sms = Dispatcher.from_config(settings_for(driver, "http://127.0.0.1:1/"))
    lane = sms._engine.lanes["main"]
    message = Message(to=MARKS.recipients, text=text_for(driver))
    prepared = lane.driver.prepare(message)
    batch = Batch(prepared, (MARKS.recipients[0],), "x" * 20)
    request = lane.driver.send_request(batch)
    heard = Heard()
    heard.values += [
        sms,
        sms._engine,
        lane,
        lane.gate,
        lane.driver,
        lane.driver.settings,
        message,
        prepared,
        batch,
        request,
    ]
    heard.values += [
        lane.driver.status_request(Reference("main", "1")),
        sms._engine.router,
        sms._engine.router.content(message),
    ]
    search = heard.secrets()
    assert (search.findings, search.searched) == ([], len(heard.values))
    assert PASSWORD.hearts[0] in request.url + (request.body or b"").decode()
