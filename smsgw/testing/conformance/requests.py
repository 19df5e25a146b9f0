# ruff: noqa: S101 - a check asserts
"""Requests: where they go, what stands in them, and what nobody may see."""

from urllib.parse import quote

import pytest

from smsgw.errors import SmsgwError
from smsgw.models import Reference
from smsgw.testing.conformance.kit import FOLDER, PASSWORD, PROVIDER, Kit, written

__all__ = ["RequestChecks"]


class RequestChecks(Kit):
    """Of requests alone, without any network."""

    def test_default_recipients_are_served(self) -> None:
        """The kit's own numbers fit the driver; else `recipients` has to name others."""
        driver = self.new_driver()
        assert len(set(self.recipients)) >= 3, "the kit needs three recipients"
        for recipient in self.recipients:
            refusal = driver.check_recipient(recipient)
            assert refusal is None, f"set `recipients` to three numbers that the gateway serves: {refusal!r}"

    def test_each_recipient_stands_in_the_request_once(self) -> None:
        """`send_request` asks for each recipient of the batch, for no other, and for none twice."""
        driver, batch = self.new_pair()
        request = written(driver.send_request(batch))
        for recipient in batch.recipients:
            assert request.count(recipient) == 1, f"{recipient} stands {request.count(recipient)} times in it"

    def test_a_request_is_ascii_and_has_a_body_exactly_where_it_is_a_post(self) -> None:
        """`Request` is "encoded whole": what goes over the wire is percent-encoded, and a body is a form."""
        driver, batch = self.new_pair()
        for request in self.every_request(driver, batch):
            assert request.method == ("GET" if request.body is None else "POST")
            assert request.url.isascii(), "the URL is not percent-encoded"
            assert not set(request.url) & set(" \r\n\t"), "the URL has white space in it"
            assert request.body is None or request.body.isascii(), "the form is not percent-encoded"

    @pytest.mark.parametrize("url", [FOLDER, FOLDER.removesuffix("/")])
    def test_every_request_goes_to_the_configured_folder(self, url: str) -> None:
        """`url` is the folder of the provider's scripts, with or without the final slash: build on `self.url`."""
        _, batch = self.new_pair()
        driver = self.new_driver(url=url)
        for request in self.every_request(driver, batch):
            assert request.url.startswith(FOLDER), (
                f"a request goes to {request.url.partition('?')[0]}, not below the configured `url`, {url}"
            )

    def test_the_password_is_escaped_and_never_in_the_url_of_a_post(self) -> None:
        """A password with `&` or `=` in it adds no parameter, and URLs of POSTs are what servers log."""
        driver, batch = self.new_pair()
        for request in self.every_request(driver, batch):
            assert PASSWORD not in written(request)
            assert "p&ss" not in written(request), "the password is written without percent-encoding"
            if request.body is not None:
                assert quote(PASSWORD, safe="") not in request.url, "the password is in the URL of a POST"

    def test_only_a_send_holds_the_text(self) -> None:
        """A status, a balance or a lookup has no business with it."""
        driver, batch = self.new_pair()
        for request in self.questions(driver, batch):
            assert quote(self.text) not in written(request)
            assert self.text.partition(" ")[0] not in written(request)

    def test_no_repr_shows_the_password_or_the_text(self) -> None:
        """Reprs end in logs and tracebacks: neither a driver nor what it makes shows a secret there."""
        driver, batch = self.new_pair()
        shown = (driver, driver.settings, batch, batch.prepared, batch.prepared.message)
        for value in (*shown, *self.every_request(driver, batch)):
            for what, secret in (
                ("password", PASSWORD),
                ("password", quote(PASSWORD, safe="")),
                ("text", self.text),
                ("text", self.text.partition(" ")[0]),
            ):
                for look in (repr(value), str(value)):
                    assert secret.lower() not in look.lower(), (
                        f"the repr of the {type(value).__name__} shows the {what}"
                    )

    def test_a_message_id_is_escaped(self) -> None:
        """An ID comes from a gateway or a user: it adds no parameter of its own."""
        driver = self.new_driver()
        try:
            request = driver.status_request(Reference(PROVIDER, "1&x=2 3/4", self.recipients[0]))
        except SmsgwError:
            return  # a driver whose IDs are numbers may refuse it
        assert "1&x=2" not in written(request), "the ID is written without percent-encoding"
        assert " 3/4" not in written(request), "the ID is written without percent-encoding"
