"""config.py: what good settings come to."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import attrs
import pytest

from smsgw.config import (
    BreakerSettings,
    DedupSettings,
    RetrySettings,
    RouteSettings,
    Settings,
    load,
    load_dsn,
    load_env,
)
from smsgw.drivers.settings import ProviderSettings
from tests.config.loading import CANARY, GATE, MAIN, config


def test_every_key_of_the_readme_is_read(tmp_path: Path) -> None:
    """The configuration of the design comes out as frozen settings, each value with its type."""
    path = tmp_path / "smsgw.toml"
    path.write_text(
        """
        [providers.main]
        driver = "targetsms"
        login = "test"
        password_env = "TARGET_PASSWORD"
        url = "http://127.0.0.1:8025/targetsms/"
        sender = "TESTSMS"
        batch_size = 10
        max_connections = 5
        rate = 50
        timeout = 12.5
        keepalive = 0
        charset = "UTF-8"
        duplicate_window = 0
        on_duplicate = "wait"
        prices = { 7 = 2.15, 995 = "0.10", "" = 3 }

        [providers.smstele]
        login = "test:http"
        password_file = "secret"

        [[routes]]
        prefixes = ["+995", "7"]
        providers = ["smstele", "main"]
        strategy = "weighted"
        weights = { main = 1, smstele = 2.5 }

        [[routes]]
        providers = ["main"]

        [retry]
        attempts = 2
        initial = 1
        maximum = 1
        deadline = 60
        budget = 0
        [breaker]
        failures = 1
        rest = 3
        account_rest = 4.5
        [dedup]
        store = "memory"
        key_ttl = 1
        max_keys = 2
        """,
        encoding="utf-8",
    )
    (tmp_path / "secret").write_text("from file\nsecond line\n")
    settings = load(path, {"TARGET_PASSWORD": "from env"})
    assert settings == Settings(
        providers={
            "main": ProviderSettings(
                name="main",
                driver="targetsms",
                login="test",
                password="from env",
                url="http://127.0.0.1:8025/targetsms/",
                sender="TESTSMS",
                batch_size=10,
                max_connections=5,
                rate=50.0,
                timeout=12.5,
                keepalive=0.0,
                charset="utf-8",
                duplicate_window=0.0,
                on_duplicate="wait",
                prices={"7": Decimal("2.15"), "995": Decimal("0.10"), "": Decimal(3)},
            ),
            "smstele": ProviderSettings(
                name="smstele", driver="smstele", login="test:http", password="from file"
            ),
        },
        routes=(
            RouteSettings(
                prefixes=("995", "7"),
                providers=("smstele", "main"),
                strategy="weighted",
                weights={"main": 1.0, "smstele": 2.5},
            ),
            RouteSettings(providers=("main",)),
        ),
        retry=RetrySettings(attempts=2, initial=1.0, maximum=1.0, deadline=60.0, budget=0.0),
        breaker=BreakerSettings(failures=1, rest=3.0, account_rest=4.5),
        dedup=DedupSettings(store="memory", key_ttl=1.0, max_keys=2),
    )
    assert isinstance(settings.providers["main"].rate, float)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        settings.retry.attempts = 3  # type: ignore[misc]
    with pytest.raises(TypeError):
        settings.providers["main"] = settings.providers["smstele"]  # type: ignore[index]


def test_little_is_enough() -> None:
    """A provider named as its driver needs a login and a password; all else has defaults."""
    assert load({"providers": {"targetsms": {"login": "user", "password": "p"}}}) == Settings(
        providers={
            "targetsms": ProviderSettings(name="targetsms", driver="targetsms", login="user", password="p")
        }
    )


def test_providers_keep_their_order() -> None:
    """Providers stand in the order of the file, which is that of routing."""
    names = ["zeta", "alpha", "mid"]
    assert list(load({"providers": dict.fromkeys(names, GATE)}).providers) == names
    assert list(load_dsn(*(f"iba://u:p@gate.example?name={name}" for name in names)).providers) == names


@pytest.mark.parametrize("how", [str, Path])
def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path: Path, how: Callable[[Path], str | Path]) -> None:
    """A TOML file saved with a byte order mark is read, by a path as a str or as a Path."""
    path = tmp_path / "smsgw.toml"
    path.write_bytes(b"\xef\xbb\xbf[providers.targetsms]\r\nlogin = 'u'\r\npassword = 'p'\r\n")
    assert load(how(path)).providers["targetsms"].login == "u"


@pytest.mark.parametrize(
    ("content", "password"),
    [(b" pa ss \n", " pa ss "), (b"pa\r\nx", "pa"), (b"pa", "pa"), ("\ufeffпароль\n".encode(), "пароль")],
)
def test_a_password_file_is_read_to_its_first_line_end(tmp_path: Path, content: bytes, password: str) -> None:
    """The password is the file's first line without its end, spaces included."""
    (tmp_path / "secret").write_bytes(content)
    settings = load(config(password=None, password_file=str(tmp_path / "secret")))
    assert settings.providers["main"].password == password


def test_os_environ_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `environ` the process's own environment is read."""
    monkeypatch.setenv("SMSGW_TEST_PASSWORD", "p")
    assert load(config(password=None, password_env="SMSGW_TEST_PASSWORD")).providers["main"].password == "p"
    monkeypatch.delenv("SMSGW_CONFIG", raising=False)
    monkeypatch.setenv("SMSGW_DSN", "targetsms://u:p@")
    assert list(load_env().providers) == ["targetsms"]


def test_what_is_none_in_a_mapping_is_left_out() -> None:
    """None in a mapping stands for the default, as in ProviderSettings."""
    none = dict.fromkeys(("password_env", "sender", "rate", "duplicate_window", "on_duplicate"))
    main = {key: value for key, value in none.items() if key != "on_duplicate"}
    assert load({"providers": {"main": MAIN | main}}) == load(config())


def test_the_given_mapping_stays_as_it_is() -> None:
    """Loading changes nothing in the caller's mapping, nor do later changes of it reach the settings."""
    given = config(prices={"7": 1})
    settings = load(given)
    assert given == config(prices={"7": 1})
    given["providers"]["main"]["prices"]["7"] = 2
    assert settings.providers["main"].prices == {"7": 1}


def test_no_repr_holds_a_secret() -> None:
    """Neither login nor password is in the repr of the settings."""
    settings = load(config(login=CANARY))
    assert CANARY not in repr(settings) + str(settings) + repr(settings.providers["main"])


def test_targetsms_own_rule_may_stand_with_any_driver() -> None:
    """The documented example names the rule's own values for an `iba`: they say nothing, and are no error."""
    provider = load(config(duplicate_window=60, on_duplicate="reuse")).providers["main"]
    assert (provider.driver, provider.duplicate_window, provider.on_duplicate) == ("iba", 60, "reuse")
