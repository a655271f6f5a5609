"""Log lines without the secrets that addresses carry: feed tokens, keys of resets and confirmations, sign-in codes."""

import logging
import re

# The proxy's log leaves out the same parts (deploy/Caddyfile).
_SECRET = re.compile(r"(/feeds/|/reset/key/|/confirm-email/|[?&](?:code|state|token)=)[^/?&#\s\"']+")


def without_secrets(text: str) -> str:
    """The text with what follows each such part of an address left out."""
    return _SECRET.sub(r"\1…", text)


class Formatter(logging.Formatter):
    """One line a record, its trace included, without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))
