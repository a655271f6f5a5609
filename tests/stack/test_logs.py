"""What the application logs of an address."""

import io
import logging
import logging.config

import pytest
from django.conf import settings
from django.test import Client

from config.logs import without_secrets


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Not Found: /feeds/abc-1.ics", "Not Found: /feeds/…"),
        ("/accounts/password/reset/key/1-abc/", "/accounts/password/reset/key/…/"),
        ("/accounts/confirm-email/abc/", "/accounts/confirm-email/…/"),
        ("/callback/?code=abc&state=def&next=x", "/callback/?code=…&state=…&next=x"),
        ("Not Found: /changes/CHG-1/", "Not Found: /changes/CHG-1/"),
    ],
)
def test_secrets_of_addresses_are_left_out(said, kept):
    assert without_secrets(said) == kept


def test_a_calendar_that_is_not_there_is_logged_without_its_token(db):
    words = settings.LOGGING["formatters"]
    made = logging.config.DictConfigurator({"version": 1}).configure_formatter(dict(words["line"]))
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(made)
    logging.getLogger("django.request").addHandler(handler)
    try:
        Client().get("/feeds/s3cret-token.ics")
    finally:
        logging.getLogger("django.request").removeHandler(handler)
    assert "Not Found: /feeds/…" in written.getvalue()
    assert "s3cret" not in written.getvalue()
