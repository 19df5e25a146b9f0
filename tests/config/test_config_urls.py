"""config.py: which URLs there may be, and which travel readable."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smsgw.config import (
    InsecureUrlWarning,
    Settings,
    load,
    load_dsn,
    load_env,
)
from tests.config.loading import CANARY, config, refused


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
