"""The sandbox's page, its JSON API, and who may use them."""

from smsgw.sandbox.web.api import Facts
from smsgw.sandbox.web.app import new_app
from smsgw.sandbox.web.guard import is_loopback

__all__ = ["Facts", "is_loopback", "new_app"]
