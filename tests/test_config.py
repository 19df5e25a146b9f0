"""config.py: what settings may say, what they come to, and that no error tells a secret."""

import re
import warnings
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsgw.config import (
    BreakerSettings,
    DedupSettings,
    InsecureUrlWarning,
    RetrySettings,
    RouteSettings,
    Settings,
    load,
    load_dsn,
    load_env,
)
from smsgw.drivers.settings import ProviderSettings
from smsgw.errors import ConfigurationError

CANARY = "CANARY-p4ss"
TLS = "https://gate.example/"
MAIN = {"driver": "iba", "login": "user", "password": CANARY, "url": TLS}
GATE = {"driver": "targetsms", "login": "user", "password": CANARY}


def config(**main: Any) -> dict[str, Any]:
    """One provider `main`, with these keys over good ones; None leaves a key out."""
    return {"providers": {"main": {key: value for key, value in (MAIN | main).items() if value is not None}}}


def routed(**route: Any) -> dict[str, Any]:
    return config() | {"routes": [{"providers": ["main"]} | route]}


def attempt(load_it: Callable[[], object]) -> ConfigurationError | None:
    """The error of a load, if any, away from the `except` that would become a context."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InsecureUrlWarning)
            load_it()
    except ConfigurationError as error:
        return error
    return None


def tells(error: ConfigurationError) -> str:
    """All that an error may show, its causes included."""
    assert error.__cause__ is None
    assert error.__context__ is None
    return " ".join((str(error), repr(error), repr(error.args), *getattr(error, "__notes__", ())))


def refused(load_it: Callable[[], object]) -> str:
    """The lines of the error, once it is sure that nothing of it tells a secret."""
    error = attempt(load_it)
    assert error is not None
    assert CANARY not in tells(error)
    return str(error)


# What good settings come to.


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


# What is wrong in a mapping.

FOREIGN: dict[Any, Any] = {5: 1}  # no key for a mapping of this shape, as its type says
BAD_VALUES: list[tuple[dict[str, Any], str]] = [
    (config(login=None), "providers.main.login: is missing"),
    (config(login=""), "providers.main.login: is empty"),
    (config(login=5), "providers.main.login: must be a text"),
    (
        config(password=None),
        "providers.main.password: is missing; set password, password_env or password_file",
    ),
    (config(password=""), "providers.main.password: is empty"),
    (config(password=f"{CANARY}\n"), "providers.main.password: holds a control character"),
    (config(password=f"{CANARY}\udc80"), "providers.main.password: holds a control character"),
    (config(password=[CANARY]), "providers.main.password: must be a text"),
    (config(password_env="X"), "providers.main: password and password_env are given; keep one"),
    (config(password_file="X"), "providers.main: password and password_file are given; keep one"),
    (config(password=None, password_env=5), "providers.main.password_env: must be the name"),
    (
        config(password=None, password_env="NOT_SET"),
        "password_env: the environment variable NOT_SET is not set",
    ),
    (
        config(password=None, password_env="EMPTY"),
        "password_env: the environment variable EMPTY is not set, or empty",
    ),
    (
        config(password=None, password_env=CANARY),
        "password_env: the environment variable that it names is not set",
    ),
    (config(password=None, password_file=5), "providers.main.password_file: must be the path"),
    (config(password=None, password_file=""), "providers.main.password_file: must be the path"),
    (
        config(password=None, password_file="/no/file"),
        "password_file: the file /no/file cannot be read: No such",
    ),
    (config(password=None, password_file="no.txt"), "password_file: the file no.txt cannot be read: No such"),
    (
        config(password=None, password_file=CANARY),
        f"password_file: the file that it names in {Path.cwd()} cannot",
    ),
    (config(password=None, password_file=f"{CANARY}\0"), "password_file: the file that it names in"),
    (config(name="x"), "providers.main.name: unknown key; a provider is named by its table"),
    (config(driver="ibs"), "providers.main.driver: there is no such driver; known: avist, iba, "),
    (config(driver=None), "providers.main.driver: there is no such driver; known: avist, iba, "),
    (config(driver=CANARY), "providers.main.driver: there is no such driver"),
    (config(driver=["iba"]), "providers.main.driver: must be a text"),
    (config(rat=1), "providers.main.rat: unknown key; did you mean rate?"),
    (config(pasword=CANARY, password=None), "providers.main.pasword: unknown key; did you mean password?"),
    (config(pasword_file=CANARY), "providers.main.pasword_file: unknown key; did you mean password_file?"),
    (config(zzz=CANARY), "providers.main.zzz: unknown key; known: driver, login, "),
    (config(**{"a b": 1}), 'providers.main."a b": unknown key'),
    (config(**{f"iba://u:{CANARY}@h": 1}), 'providers.main."…": unknown key'),
    (config(sender=""), "providers.main.sender: is empty"),
    (config(sender=7), "providers.main.sender: must be a text"),
    (config(batch_size=0), "providers.main.batch_size: must be at least 1"),
    (config(batch_size=11), "providers.main.batch_size: iba takes at most 10 recipients a request"),
    (config(batch_size=2.5), "providers.main.batch_size: must be a whole number"),
    (config(batch_size=True), "providers.main.batch_size: must be a number"),
    (config(batch_size=CANARY), "providers.main.batch_size: must be a number"),
    (config(max_connections=0), "providers.main.max_connections: must be at least 1"),
    (config(rate=0), "providers.main.rate: must be above 0"),
    (config(rate=-0.5), "providers.main.rate: must be above 0"),
    (config(rate="50"), "providers.main.rate: must be a number"),
    (config(rate=False), "providers.main.rate: must be a number"),
    (config(rate=float("nan")), "providers.main.rate: must be a finite number"),
    (config(rate=float("inf")), "providers.main.rate: must be a finite number"),
    (config(rate=10**400), "providers.main.rate: must be a finite number"),
    (config(timeout=0), "providers.main.timeout: must be above 0"),
    (config(timeout=CANARY), "providers.main.timeout: must be a number"),
    (config(keepalive=-1), "providers.main.keepalive: must be at least 0"),
    (config(charset="koi8-r"), "providers.main.charset: iba reads utf-8 or windows-1251"),
    (config(charset=8), "providers.main.charset: must be a text"),
    (config(duplicate_window=60), "providers.main.duplicate_window: TargetSMS only"),
    (config(duplicate_window=0), "providers.main.duplicate_window: TargetSMS only"),
    (config(on_duplicate="reuse"), "providers.main.on_duplicate: TargetSMS only"),
    (config(driver="targetsms", duplicate_window=-1), "providers.main.duplicate_window: must be at least 0"),
    (config(driver="targetsms", on_duplicate="retry"), "on_duplicate: must be one of reuse, wait, reject"),
    (config(driver="targetsms", on_duplicate=[CANARY]), "on_duplicate: must be one of reuse, wait, reject"),
    (config(prices=[1]), "providers.main.prices: must be a table"),
    (config(prices={"7": "2,5"}), "providers.main.prices.7: must be a number"),
    (config(prices={"7": True}), "providers.main.prices.7: must be a number"),
    (config(prices={"7": float("nan")}), "providers.main.prices.7: must be a number"),
    (config(prices={"7": Decimal("inf")}), "providers.main.prices.7: must be a number"),
    (config(prices={"7": -1}), "providers.main.prices.7: must be at least 0"),
    (config(prices={"Russia": 1}), "providers.main.prices: the keys must be prefixes"),
    (config(prices={7: 1}), "providers.main.prices: all keys must be strings"),
    ({}, "providers: is missing; add a table [providers.NAME]"),
    ({"providers": {}}, "providers: is empty; add a table [providers.NAME]"),
    ({"providers": [MAIN]}, "providers: must be a table"),
    ({"providers": {"main": CANARY}}, "providers.main: must be a table"),
    ({"providers": {1: MAIN}}, "providers: all keys must be strings"),
    ({"providers": {"": MAIN}}, 'providers."".name: a provider\'s name must be'),
    ({"providers": {"a\nb": MAIN}}, 'providers."…".name: a provider\'s name must be'),
    ({"providers": {" a": MAIN}}, 'providers." a".name: a provider\'s name must be'),
    ({"provider": {"main": MAIN}}, "provider: unknown key; did you mean providers?"),
    ({**config(), **FOREIGN}, "all keys must be strings"),
    (config() | {"routes": {"providers": ["main"]}}, "routes: must be a list"),
    (config() | {"routes": ["main"]}, "routes[0]: must be a table"),
    (config() | {"routes": [{"prefixes": ["7"]}]}, "routes[0].providers: is missing"),
    (routed(providers=[]), "routes[0].providers: is empty; name at least one provider"),
    (routed(providers="main"), "routes[0].providers: must be a list"),
    (routed(providers=["main", 5]), "routes[0].providers[1]: must be a text"),
    (routed(providers=["mian"]), "routes[0].providers: there is no provider mian; did you mean main?"),
    (routed(providers=["zzz"]), "routes[0].providers: there is no provider zzz; known: main"),
    (routed(providers=["main", "main"]), "routes[0].providers: names a provider twice"),
    (routed(prefixes="995"), "routes[0].prefixes: must be a list"),
    (routed(prefixes=["995", "99 5"]), "routes[0].prefixes[1]: must be digits"),
    (routed(prefixes=[""]), "routes[0].prefixes[0]: must be digits; leave prefixes out for every number"),
    (routed(prefixes=["+"]), "routes[0].prefixes[0]: must be digits"),
    (routed(prefixes=["٧"]), "routes[0].prefixes[0]: must be digits"),
    (routed(prefixes=[995]), "routes[0].prefixes[0]: must be a text"),
    (routed(strategy="random"), "routes[0].strategy: must be one of failover, round_robin, weighted"),
    (routed(strategy="weighted"), "routes[0].weights: has none for main; add one"),
    (routed(weights={"main": 1}), 'routes[0].weights: only strategy = "weighted" has weights'),
    (routed(strategy="weighted", weights={"main": 0}), "routes[0].weights.main: must be above 0"),
    (routed(strategy="weighted", weights={"main": "1"}), "routes[0].weights.main: must be a number"),
    (
        routed(strategy="weighted", weights={"main": 1, "b": 1}),
        "routes[0].weights.b: is none of this route's",
    ),
    (routed(weight={}), "routes[0].weight: unknown key; did you mean weights?"),
    (config() | {"retry": {"attempts": 0}}, "retry.attempts: must be at least 1"),
    (config() | {"retry": {"initial": 0}}, "retry.initial: must be above 0"),
    (config() | {"retry": {"initial": 31}}, "retry.maximum: must be at least `initial`, 31"),
    (config() | {"retry": {"maximum": -1}}, "retry.maximum: must be above 0"),
    (config() | {"retry": {"deadline": 0}}, "retry.deadline: must be above 0"),
    (config() | {"retry": {"budget": -1}}, "retry.budget: must be at least 0"),
    (config() | {"retry": {"atempts": 1}}, "retry.atempts: unknown key; did you mean attempts?"),
    (config() | {"breaker": {"failures": 0}}, "breaker.failures: must be at least 1"),
    (config() | {"breaker": {"rest": 0}}, "breaker.rest: must be above 0"),
    (config() | {"breaker": {"account_rest": 0}}, "breaker.account_rest: must be above 0"),
    (config() | {"breaker": 5}, "breaker: must be a table"),
    (config() | {"dedup": {"store": "redis"}}, "dedup.store: must be one of memory"),
    (config() | {"dedup": {"key_ttl": 0}}, "dedup.key_ttl: must be above 0"),
    (config() | {"dedup": {"max_keys": 0}}, "dedup.max_keys: must be at least 1"),
]


@pytest.mark.parametrize(("given", "says"), BAD_VALUES, ids=[says for _, says in BAD_VALUES])
def test_what_is_wrong_is_named_by_its_path(given: dict[str, Any], says: str) -> None:
    """The first line names the path and what is wrong, and nothing of the error tells a value."""
    first = refused(lambda: load(given, {"EMPTY": ""})).splitlines()[0]
    assert says in first
    assert first.startswith(says.partition(":")[0]) or "password_" in says or "on_duplicate" in says


def test_all_problems_are_listed() -> None:
    """Each problem has its line, wherever it stands."""
    lines = refused(
        lambda: load(config(rate=0, timeout="x") | {"retry": {"attempts": 0}, "x": 1})
    ).splitlines()
    assert {line.partition(":")[0] for line in lines} == {
        "x",
        "providers.main.rate",
        "providers.main.timeout",
        "retry.attempts",
    }


@pytest.mark.parametrize(
    ("written", "price"),
    [(2, "2"), (0.1, "0.1"), ("0.10", "0.10"), (Decimal("1.5"), "1.5"), (1e-7, "1E-7"), (0, "0")],
)
def test_a_price_is_what_is_written(written: object, price: str) -> None:
    """A price has the digits that were written, not those of a binary fraction."""
    assert str(load(config(prices={"": written})).providers["main"].prices[""]) == price


def test_the_drivers_own_limit_is_a_batch_size() -> None:
    """batch_size may be as large as the provider allows."""
    assert load(config(batch_size=10)).providers["main"].batch_size == 10


def test_whole_floats_are_whole_numbers() -> None:
    """5.0 is 5 where a whole number is wanted."""
    connections = load(config(max_connections=5.0)).providers["main"].max_connections
    assert (connections, type(connections)) == (5, int)


# URLs.


@pytest.mark.parametrize(
    "url",
    [
        "https://gate.example",
        "HTTPS://GATE.example:8882/cgi-bin/",
        "http://127.0.0.1:8025/iba/",
        "http://127.8.9.1",
        "http://[::1]:8025/iba/",
        "http://localhost",
        "http://localhost.:8025/",
        "http://gate.localhost:8025/iba",
        "https://[2001:db8::1]/",
        "https://xn--e1afmkfd.example/%D0%B0/",
    ],
)
def test_good_urls_stand_as_they_are(url: str) -> None:
    """A URL is kept as written; HTTPS, and HTTP within this machine, give no warning."""
    assert load(config(url=url)).providers["main"].url == url


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "must be http"),
        ("gate.example", "must be http"),
        ("ftp://gate.example/", "must be http"),
        ("https://", "must be http"),
        ("https:///path/", "must be http"),
        ("https://:443/", "must be http"),
        ("https://gate.example:99999/", "must be http"),
        ("https://gate.example:0/", "must be http"),
        (f"https://gate.example:{CANARY}/", "must be http"),
        (f"https://[{CANARY}/", "must be http"),
        (f"https://user:{CANARY}@gate.example/", "must hold no login"),
        (f"https://{CANARY}@gate.example/", "must hold no login"),
        (f"https://gate.example/?pwd={CANARY}", "must end with the folder"),
        (f"https://gate.example/#{CANARY}", "must end with the folder"),
        ("https://gate.example/?", "must end with the folder"),
        ("https://gate example/", "must be ASCII"),
        ("https://gate.example/a b/", "must be ASCII"),
        ("https://gate.example\n/", "must be ASCII"),
        ("https://пример.example/", "must be ASCII"),
        (f"https://a\u2100{CANARY}.example/", "must be ASCII"),
        ("https://gate.example\\@evil.example/", "must be ASCII"),
        ("https://gate.example/%zz/", "must be ASCII"),
        ("https://-/", "must have a host name"),
        ("https://a!b/", "must have a host name"),
        ("https://a%20b/", "must have a host name"),
        (5, "must be a text"),
    ],
)
def test_bad_urls_are_refused_and_not_repeated(url: object, says: str) -> None:
    """A URL with anything but a scheme, host, port and path is refused without being repeated."""
    assert refused(lambda: load(config(url=url))).startswith(f"providers.main.url: {says}")


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        (config(url="http://gate.example/"), "gate.example"),
        (config(url="http://10.0.0.1:8025/"), "10.0.0.1"),
        (config(url="http://127.evil.example/"), "127.evil.example"),
        (config(url="http://localhost.example/"), "localhost.example"),
        (config(url="http://notlocalhost/"), "notlocalhost"),
        (config(url="http://[2001:db8::1]/"), "2001:db8::1"),
        (config(url=None), "smpp.ibatele.com"),
    ],
)
def test_plain_http_to_another_machine_warns_at_the_callers_line(settings: dict[str, Any], host: str) -> None:
    """Login and password in the clear are warned of, a driver's own URL included."""
    with pytest.warns(InsecureUrlWarning) as caught:
        load(settings)
    assert len(caught) == 1
    assert str(caught[0].message) == (
        f"providers.main: http:// to {host}: login and password travel readable; "
        "use https:// where the gateway offers it"
    )
    assert caught[0].filename == __file__


def test_each_insecure_provider_warns_once_from_each_loader(tmp_path: Path) -> None:
    """A file, an environment and DSNs warn alike: once for each provider, at the caller's line."""
    path = tmp_path / "smsgw.toml"
    path.write_text(
        "[providers.iba]\nlogin = 'u'\npassword = 'p'\n[providers.avist]\nlogin = 'u'\npassword = 'p'\n"
    )
    loaders: list[Callable[[], Settings]] = [
        lambda: load(path),
        lambda: load_env({"SMSGW_CONFIG": str(path)}),
        lambda: load_env({"SMSGW_DSN": "iba://u:p@ avist://u:p@"}),
        lambda: load_dsn("iba://u:p@", "avist://u:p@"),
    ]
    for loader in loaders:
        with pytest.warns(InsecureUrlWarning) as caught:
            loader()
        assert [str(warning.message).partition(":")[0] for warning in caught] == [
            "providers.iba",
            "providers.avist",
        ]
        assert {warning.filename for warning in caught} == {__file__}


# Files and environment.


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (f"[providers.main]\npassword = {CANARY}\n", "is not valid TOML at line 2, column"),
        (f'[providers.main]\npassword = "{CANARY}\n', "is not valid TOML at line 2, column"),
        (f'[providers.main]\npassword = "{CANARY}', "is not valid TOML at end of document"),
        (f'password = "{CANARY}"\npassword = "{CANARY}"\n', "is not valid TOML at line 2, column"),
        (f'"{CANARY}"', "is not valid TOML at end of document"),
        (f"x = {'9' * 5000}\ny = '{CANARY}'", "is not valid TOML: a text"),
        (f"# {CANARY}\npassword = '\udcff{CANARY}'", "line 2 is not UTF-8; save the file as UTF-8"),
        ("", "providers: is missing"),
    ],
)
def test_a_file_that_is_no_toml_is_refused_by_its_line(tmp_path: Path, content: str, says: str) -> None:
    """The path and the line are named, nothing of what stands there."""
    path = tmp_path / "smsgw.toml"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    error = refused(lambda: load(path))
    assert says in error
    assert error.startswith(str(path)) or not content


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file and a folder are refused by their path and the system's reason."""
    missing = tmp_path / "app@prod" / "smsgw.toml"
    assert refused(lambda: load(missing)) == f"{missing}: cannot be read: No such file or directory"
    assert refused(lambda: load(str(tmp_path))) == f"{tmp_path}: cannot be read: Is a directory"


@pytest.mark.parametrize(
    "source",
    [
        f"iba://user:{CANARY}@gate.example/",
        f'[providers.iba]\npassword = "{CANARY}"',
        f"providers={{iba={{password='{CANARY}'}}}}",
        f'iba.password="{CANARY}"',
    ],
)
def test_what_is_no_path_is_not_repeated_as_one(source: str) -> None:
    """A DSN, or TOML itself, given for a path does not come back in the error."""
    assert "not shown" in refused(lambda: load(source))
    assert "not shown" in refused(lambda: load_env({"SMSGW_CONFIG": source}))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty; write the password there"),
        (f"\n{CANARY}".encode(), "is empty; write the password there"),
        (f"{CANARY}\xff".encode("latin-1"), "is not UTF-8 text"),
    ],
)
def test_a_password_file_without_a_password_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    """An empty first line, or one that is no text, is refused by the file's name."""
    (tmp_path / "pass.txt").write_bytes(content)
    path = tmp_path / "smsgw.toml"
    path.write_text("[providers.main]\ndriver = 'iba'\nlogin = 'u'\npassword_file = 'pass.txt'\n")
    error = refused(lambda: load(path))
    assert error.startswith("providers.main.password_file: ")
    assert str(tmp_path / "pass.txt") in error
    assert says in error


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({}, "set SMSGW_CONFIG to the path of a TOML file, or SMSGW_DSN"),
        (
            {"SMSGW_CONFIG": "", "SMSGW_DSN": "  "},
            "set SMSGW_CONFIG to the path of a TOML file, or SMSGW_DSN",
        ),
        (
            {"SMSGW_CONFIG": "a.toml", "SMSGW_DSN": f"iba://u:{CANARY}@"},
            "SMSGW_CONFIG and SMSGW_DSN are both set",
        ),
        ({"SMSGW_CONFIG": "no.toml"}, "no.toml: cannot be read"),
        ({"SMSGW_DSN": f"iba://u:{CANARY}"}, "DSN 1: write driver://login:password@host"),
        (
            {"SMSGW_DSN": f"targetsms://u:p@ iba://u:cut {CANARY}@h"},
            "DSN 2: write driver://login:password@host",
        ),
    ],
)
def test_the_environment_names_one_source(environ: dict[str, str], says: str) -> None:
    """Neither variable, both, or one that leads nowhere is an error; an empty one is not set."""
    assert refused(lambda: load_env(environ)).startswith(says)


def test_the_environments_file_finds_its_passwords_in_the_same_environment(tmp_path: Path) -> None:
    """`environ` is where SMSGW_CONFIG and the file's `password_env` are both looked up."""
    path = tmp_path / "smsgw.toml"
    path.write_text("[providers.targetsms]\nlogin = 'u'\npassword_env = 'P'\n")
    settings = load_env({"SMSGW_CONFIG": str(path), "P": "secret", "SMSGW_DSN": ""})
    assert settings.providers["targetsms"].password == "secret"


# DSNs.


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        ("iba://u:p@gate.example", {"url": "https://gate.example/"}),
        ("iba://u:p@gate.example:8443/a/b/", {"url": "https://gate.example:8443/a/b/"}),
        ("IBA://u:p@gate.example/", {"url": "https://gate.example/"}),
        ("iba://u:p@gate.example/?http=0", {"url": "https://gate.example/"}),
        ("iba://u:p@localhost:8025/iba/?http=1", {"url": "http://localhost:8025/iba/"}),
        ("iba://u:p@[::1]:8025/iba/?http=1", {"url": "http://[::1]:8025/iba/"}),
        ("targetsms://u:p@", {"driver": "targetsms", "name": "targetsms"}),
        ("targetsms://u:p@/", {"driver": "targetsms", "name": "targetsms"}),
        ("targetsms://u:p@/?sender=X", {"driver": "targetsms", "name": "targetsms", "sender": "X"}),
        ("targetsms://u:p@?sender=X", {"driver": "targetsms", "name": "targetsms", "sender": "X"}),
        (
            "targetsms://u:p@?duplicate_window=0&on_duplicate=reject",
            {
                "driver": "targetsms",
                "name": "targetsms",
                "duplicate_window": 0.0,
                "on_duplicate": "reject",
            },
        ),
        (
            "smstele://test%3Ahttp:a%40b%2Fc%3F%23%25%20+@",
            {"driver": "smstele", "name": "smstele", "login": "test:http", "password": "a@b/c?#% +"},
        ),
        ("iba://u:п%D0%B0@gate.example", {"url": "https://gate.example/", "password": "па"}),
        (
            "iba://u:p@h/?name=main&rate=50&timeout=2.5&batch_size=3&max_connections=1&keepalive=0&charset=UTF-8",
            {
                "url": "https://h/",
                "name": "main",
                "rate": 50.0,
                "timeout": 2.5,
                "batch_size": 3,
                "max_connections": 1,
                "keepalive": 0.0,
                "charset": "utf-8",
            },
        ),
        ("iba://u:p@h/?sender=79031234567", {"url": "https://h/", "sender": "79031234567"}),
        ("iba://u:p@h/?sender=MY+SHOP%2B", {"url": "https://h/", "sender": "MY SHOP+"}),
        (" iba://u:p@h/\n", {"url": "https://h/"}),
    ],
)
def test_a_dsn_is_a_provider(dsn: str, expected: dict[str, Any]) -> None:
    """Scheme, login, password, host and query come out as one provider's settings, of the right types."""
    wanted = {"name": "iba", "driver": "iba", "login": "u", "password": "p"} | expected
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        settings = load_dsn(dsn)
    assert settings == Settings(providers={wanted["name"]: ProviderSettings(**wanted)})


BAD_DSNS = [
    ("", "write driver://login:password@host"),
    (CANARY, "write driver://login:password@host"),
    ("iba://", "write driver://login:password@host"),
    ("iba://gate.example/", "write driver://login:password@host"),
    (f"{CANARY}://u:p@h", "there is no such driver; known: avist, iba"),
    (f"{CANARY}@h://u:p@h", "there is no such driver; known: avist, iba"),
    (f"iba://{CANARY}@h", "login:password is wanted before the @"),
    (f"iba://:{CANARY}@h", "login:password is wanted before the @"),
    (f"iba://{CANARY}:@h", "login:password is wanted before the @"),
    (f"iba://test:http:{CANARY}@h", "login:password is wanted before the @"),
    (f"iba://u:a/{CANARY}@h", "write driver://login:password@host"),
    (f"iba://u:a?{CANARY}@h", "write driver://login:password@host"),
    (f"iba://u:a?{CANARY}=1@h", "write driver://login:password@host"),
    (f"iba://u:a#{CANARY}@h", "write driver://login:password@host"),
    (f"iba://u:a@{CANARY}@h", "write driver://login:password@host"),
    (f"iba://u:a@b/{CANARY}@h", "write driver://login:password@host"),
    (f"iba://u:{CANARY}[@h", "write driver://login:password@host"),
    (f"iba://u:{CANARY} x@h", "write driver://login:password@host"),
    (f"iba://u:{CANARY}\tx@h", "write driver://login:password@host"),
    (f"iba://u:{CANARY}%x@h", "write driver://login:password@host"),
    (f"iba://u:{CANARY}\u2100@h", "write driver://login:password@host"),
    (f"iba://u:{CANARY}@h#", "write driver://login:password@host"),
    (f"iba://u:{CANARY}@h:99999", "write driver://login:password@host"),
    (f"iba://u:p@h:{CANARY}", "write driver://login:password@host"),
    (f"iba://u:{CANARY}%ff@h", "the password is not UTF-8"),
    (f"iba://{CANARY}%ff:p@h", "the login is not UTF-8"),
    (f"iba://u:{CANARY}%0A@h", "password: holds a control character"),
    (f"iba://u:{CANARY}@h?sender=%ff", "the query is not UTF-8"),
    (f"iba://u:{CANARY}@h?sendr=x", "sendr: unknown key; did you mean sender?"),
    (f"iba://u:p@h?password={CANARY}", "password: unknown key"),
    (f"iba://u:p@h?login={CANARY}", "login: unknown key"),
    (f"iba://u:p@h?driver={CANARY}", "driver: unknown key"),
    (f"iba://u:p@h?url={CANARY}", "url: unknown key"),
    (f"iba://u:p@h?prices={CANARY}", "prices: unknown key"),
    (f"iba://u:p@h?iba%3A//u%3A{CANARY}%40h=x", '"…": unknown key'),
    (f"iba://u:p@h?sender={CANARY}&sender={CANARY}", "sender: given twice; keep one"),
    ("iba://u:p@h?sender=", "sender: is empty"),
    ("iba://u:p@h?name=", "name: a provider's name must be"),
    (f"iba://u:p@h?rate={CANARY}", "rate: must be a number"),
    ("iba://u:p@h?rate=", "rate: must be a number"),
    ("iba://u:p@h?rate=1e3", "rate: must be a number"),
    ("iba://u:p@h?rate=nan", "rate: must be a number"),
    ("iba://u:p@h?rate=-1", "rate: must be above 0"),
    ("iba://u:p@h?batch_size=1.5", "batch_size: must be a whole number"),
    ("iba://u:p@h?batch_size=11", "batch_size: iba takes at most 10"),
    ("iba://u:p@h?duplicate_window=60", "duplicate_window: TargetSMS only"),
    (f"iba://u:p@h?charset={CANARY}", "charset: iba reads utf-8"),
    (f"iba://u:p@h?http={CANARY}", "http: write 1 for plain HTTP"),
    ("iba://u:p@?http=1", "a path or http= needs a host"),
    ("iba://u:p@/path/", "a path or http= needs a host"),
    ("iba://u:p@:8080/", "url: must be http"),
    ("iba://u:p@-/", "url: must have a host name"),
    ("iba://u:p@пример.example/", "url: must be ASCII"),
]


@pytest.mark.parametrize(("dsn", "says"), BAD_DSNS)
def test_a_bad_dsn_is_refused_by_its_number(dsn: str, says: str) -> None:
    """The error says which DSN and what is wrong with it, and repeats nothing but the names of keys."""
    assert refused(lambda: load_dsn(f"targetsms://u:{CANARY}@", dsn)).startswith(f"DSN 2: {says}")


def test_two_dsns_of_one_name_need_another_name() -> None:
    """Two accounts of one driver are told apart by name=."""
    one, two = f"iba://a:{CANARY}@h", f"iba://b:{CANARY}@h"
    assert refused(lambda: load_dsn(one, two)) == (
        "DSN 2: a provider named iba is there already; give this one name=…"
    )
    assert list(load_dsn(one, f"{two}?name=second").providers) == ["iba", "second"]


def test_no_dsn_is_no_configuration() -> None:
    """Without any DSN there is nothing to send with."""
    assert refused(load_dsn).startswith("no DSN is given")


# Nothing whatever makes a secret appear.

JUNK = st.recursive(
    st.sampled_from([None, True, -1, 0.5, CANARY, b"x", f"iba://u:{CANARY}@h", float("nan")]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["7", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)
KEYS = [*attrs.fields_dict(ProviderSettings), "password_env", "password_file"]


@given(st.dictionaries(st.sampled_from(KEYS), JUNK, min_size=1, max_size=4))
def test_junk_is_refused_without_a_word_of_it(main: dict[str, Any]) -> None:
    """Whatever stands under a provider, loading it either works or is a ConfigurationError that hides it."""
    error = attempt(lambda: load({"providers": {"main": MAIN | main}}, {}))
    assert error is None or CANARY not in tells(error)


@given(st.text(st.sampled_from(":/?#[]@%&=+. \\u\u2100é1"), max_size=12), st.integers(0, 40))
def test_no_dsn_however_cut_tells_the_password(noise: str, where: int) -> None:
    """A password with any character left raw in it, anywhere in a DSN, is not repeated but as the key it may be."""
    whole = f"iba://user:{CANARY}@gate.example/path/"
    error = attempt(lambda: load_dsn(whole[:where] + noise + whole[where:]))
    assert error is None or not re.search("CANARY|p4ss", tells(error))
