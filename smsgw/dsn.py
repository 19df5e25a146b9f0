"""A DSN as one provider's table, and what makes a provider's URL a good one.

`driver://login:password@host:port/path/?sender=TESTSMS&rate=50`: https unless `http=1`; without a host, the
driver's default URL. Everything that holds a DSN or a URL may hold a password: no error here repeats any
of it but the names of keys, and none keeps an exception of the standard library, whose texts do.
"""

import re
from ipaddress import ip_address
from typing import Any, Final, get_args
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from attrs import fields

from smsgw.drivers.discovery import find_drivers
from smsgw.drivers.settings import ProviderSettings
from smsgw.errors import ConfigurationError
from smsgw.strict import shown, suggestion

__all__ = ["parse_dsn", "plain_host", "url_problem"]

_FORM: Final = (
    "write driver://login:password@host/path/?key=value, with % @ : / ? # [ ] and spaces of login, password "
    "and values percent-encoded (%25 %40 %3A %2F %3F %23 %5B %5D %20)"
)
_ELSEWHERE: Final = {"login", "password", "url", "driver", "prices"}
_QUERY_KEYS: Final = [f.name for f in fields(ProviderSettings) if f.name not in _ELSEWHERE] + ["http"]
_NUMBERS: Final = {f.name for f in fields(ProviderSettings) if {int, float} & {f.type, *get_args(f.type)}}
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNREADABLE: Final = re.compile(r"[\x00-\x20\x7f]")
_NOT_IN_URLS: Final = re.compile(r"[^!-~]|[\"<>\\^`{|}]|%(?![0-9A-Fa-f]{2})")
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?")


def parse_dsn(dsn: str, where: str) -> dict[str, Any]:
    """The DSN as a provider's table with `name` and `driver`, its values not yet checked.

    Raises `ConfigurationError`, which begins with `where`.
    """
    scheme, _, rest = dsn.strip().partition("://")
    parts = None if _UNREADABLE.search(rest) or _BAD_ESCAPE.search(rest) else _split(f"//{rest}")
    # A raw @ or # elsewhere is a password cut in two: the rest of it must be taken for neither host nor key.
    if parts is None or "#" in rest or "@" not in parts.netloc or rest.count("@") != 1:
        raise ConfigurationError(f"{where}: {_FORM}")
    drivers = find_drivers()
    driver = scheme if scheme in drivers else scheme.lower()
    if driver not in drivers:
        raise ConfigurationError(f"{where}: there is no such driver; known: {', '.join(drivers)}")
    userinfo, _, host = parts.netloc.rpartition("@")
    if userinfo.count(":") != 1 or userinfo.startswith(":") or userinfo.endswith(":"):
        raise ConfigurationError(
            f"{where}: login:password is wanted before the @, each not empty and its own colons written %3A"
        )
    login, _, password = userinfo.partition(":")
    table = {"name": driver} | _query(parts.query, where)
    http = table.pop("http", None)
    if http not in (None, "0", "1"):
        raise ConfigurationError(f"{where}: http: write 1 for plain HTTP, or leave it out for HTTPS")
    if host:
        table["url"] = f"{'http' if http == '1' else 'https'}://{host}{parts.path or '/'}"
    elif parts.path not in ("", "/") or http is not None:
        raise ConfigurationError(
            f"{where}: a path or http= needs a host: without one the driver's default URL stands as it is"
        )
    return table | {
        "driver": driver,
        "login": _decoded(login, "login", where),
        "password": _decoded(password, "password", where),
    }


def _query(query: str, where: str) -> dict[str, Any]:
    """The query's keys, with numbers as numbers; a plus is a space, as forms have it."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict")
    except ValueError:
        pairs = None
    if pairs is None:
        raise ConfigurationError(f"{where}: the query is not UTF-8, percent-encoded")
    table: dict[str, Any] = {}
    for key, value in pairs:
        if key not in _QUERY_KEYS:
            raise ConfigurationError(f"{where}: {shown(key)}: unknown key; {suggestion(key, _QUERY_KEYS)}")
        if key in table:
            raise ConfigurationError(f"{where}: {key}: given twice; keep one")
        table[key] = _number(value) if key in _NUMBERS else value
    return table


def _number(value: str) -> int | float | str:
    """A plain number as such; anything else as it is, for the type check to refuse."""
    if re.fullmatch(r"-?[0-9]{1,20}", value):
        return int(value)
    return float(value) if re.fullmatch(r"-?[0-9]{1,20}\.[0-9]{1,20}", value) else value


def _decoded(text: str, what: str, where: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        pass  # raised below, where nothing of the password is left in the context
    raise ConfigurationError(f"{where}: the {what} is not UTF-8, percent-encoded")


def _split(url: str) -> SplitResult | None:
    """None where it cannot be read; the standard library's error would quote it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    return None if port == 0 else parts


def url_problem(url: str) -> str | None:
    """What is wrong with a provider's URL, or None."""
    if "?" in url or "#" in url:
        return "must end with the folder of the scripts: no ? and no #"
    if _NOT_IN_URLS.search(url):
        return "must be ASCII without spaces: a host as xn--…, a path percent-encoded"
    parts = _split(url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        return "must be http://host/path/ or https://host/path/, with a port of 1 to 65535 if any"
    if "@" in parts.netloc:
        return "must hold no login and no password: they have keys of their own"
    return None if _is_host(parts.hostname) else "must have a host name or an IP address after ://"


def _is_host(host: str) -> bool:
    return _is_address(host) if ":" in host else _HOST_NAME.fullmatch(host) is not None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def plain_host(url: str) -> str | None:
    """The host beyond this machine that is spoken to without encryption, or None."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removesuffix(".")
    local = host == "localhost" or host.endswith(".localhost")
    if parts.scheme != "http" or local or (_is_address(host) and ip_address(host).is_loopback):
        return None
    return host
