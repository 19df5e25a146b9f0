"""IBA Telecom: ten recipients a request; a bare `0` refuses without a cause (iba.txt; PROTOCOLS.md, "IBA Telecom")."""

import re
from typing import ClassVar

from smsgw.drivers.base import Verdict
from smsgw.drivers.platform import REFUSED, PlatformDriver
from smsgw.errors import AuthenticationFailed, SmsgwError
from smsgw.models import Balance

__all__ = ["Iba"]


class Iba(PlatformDriver):
    name: ClassVar[str] = "iba"
    default_url: ClassVar[str] = "http://smpp.ibatele.com/"
    batch_limit: ClassVar[int] = 10
    url_limit: ClassVar[int | None] = 1999
    charsets: ClassVar[tuple[str, ...]] = ("utf-8", "windows-1251")
    alphanumeric_sender: ClassVar[re.Pattern[str]] = re.compile(r"[\x20-\x7e]{1,11}")

    def suspects_account(self, verdict: Verdict) -> bool:
        """A bare `0` is also all that a wrong password gets."""
        return verdict.unnamed and verdict.error is not None and verdict.error.code == REFUSED

    def read_account(self, body: bytes) -> SmsgwError | None:
        try:
            self.read_balance(body)
        except AuthenticationFailed as error:
            return error.with_traceback(None)
        except SmsgwError:
            # Not the documented answer of a refused account: no proof against it.
            return None
        return None

    def read_balance(self, body: bytes) -> Balance:
        if not body.strip():
            raise self._no_account()
        return super().read_balance(body)

    def _no_account(self) -> AuthenticationFailed:
        return AuthenticationFailed(
            "the gateway refused the account (it tells no balance): check login and password",
            provider=self.provider,
        )
