"""The way out to addresses that people wrote: one request, to the address that was checked, within a deadline."""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

import httpcore
from django.conf import settings

from apps.kernel.refusals import Invalid, Refusal, TooLarge
from apps.notify import rules

CONNECT_S, TOTAL_S = 5.0, 10.0
LONGEST_EXCERPT = 500  # characters kept of an answer
_AS_WRITTEN = "%/?:@!$&'()*+,;=~[]"  # what a path and a query hold unescaped, and escapes that are there already
# How a request fails when the address, its network or its server is to blame, and not we.
FAILURES = (
    Refusal,
    OSError,
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)
_READ_MOST = 2_000  # bytes of an answer that are read for its excerpt; nothing else of it is wanted


@dataclass(frozen=True)
class Answer:
    """What came back: the HTTP status (None: no answer) and the beginning of the body, or the error, as text."""

    status: int | None
    excerpt: str


def check(url: str) -> str:
    """One public IP address of the URL's host; refused when any address of it is not public, or the URL is not plain.

    Networks that an operator allowed (WEBHOOK_ALLOWED_NETWORKS) count as public and may be reached by http and on any
    port.
    """
    allowed = [ipaddress.ip_network(one) for one in settings.WEBHOOK_ALLOWED_NETWORKS]
    host, port = rules.require_address(url, allows_plain=bool(allowed))
    found = _resolved(host, port)
    if not all(rules.is_public(one, allowed=allowed) for one in found):
        raise Invalid(
            f"{host} is not on the public internet, so we do not send there.",
            next_step="Use a public address, or ask an operator to allow its network.",
            fields={"url": ["Not a public address."]},
            code="bad_address",
        )
    if not all(rules.is_within(one, allowed) for one in found):
        rules.require_address(url, allows_plain=False)
    return str(min(found, key=lambda one: one.version))


def post(url: str, *, body: bytes, headers: dict[str, str]) -> Answer:
    """POST `body` and read the beginning of the answer.

    The connection goes to the IP address that was checked a moment before, so a name that resolves differently now
    gains nothing; the certificate is checked against the name. Redirects are answers like any other, proxies of the
    environment are not used, and everything together ends after TOTAL_S. Raises what `check` refuses, OSError, or an
    exception of httpcore.
    """
    address, place = check(url), _place(url)
    way = _Pinned(address, ends_at=time.monotonic() + TOTAL_S)
    with (
        httpcore.ConnectionPool(network_backend=way, retries=0, max_connections=1) as pool,
        pool.stream("POST", place, headers=list(headers.items()), content=body) as answer,
    ):
        return Answer(answer.status, _excerpt(answer.iter_stream()))


def get(url: str, *, most: int) -> bytes:
    """The body of a successful answer, of at most `most` bytes; goes out as `post` does.

    Raises what `check` refuses, OSError, an exception of httpcore, or a Refusal for another status or a longer body.
    """
    address, place = check(url), _place(url)
    way = _Pinned(address, ends_at=time.monotonic() + TOTAL_S)
    with (
        httpcore.ConnectionPool(network_backend=way, retries=0, max_connections=1) as pool,
        pool.stream("GET", place, headers=[("Accept", "application/json")]) as answer,
    ):
        if answer.status != HTTPStatus.OK:
            raise Invalid(f"The address answered with {answer.status}.", next_step="Ask who keeps it.")
        read = b""
        for chunk in answer.iter_stream():
            read += chunk
            if len(read) > most:
                raise TooLarge(f"The answer has more than {most >> 10} KB.", next_step="Ask who keeps the address.")
        return read


def _place(url: str) -> httpcore.URL:
    """The checked URL as it is asked for, read by the same parser that `rules.require_address` checked it with."""
    parts = urlsplit(url)
    target = quote(parts.path or "/", safe=_AS_WRITTEN)
    if parts.query:
        target += f"?{quote(parts.query, safe=_AS_WRITTEN)}"
    host = (parts.hostname or "").encode("idna")  # as the name was resolved
    return httpcore.URL(scheme=parts.scheme, host=host, port=parts.port, target=target)


def _resolved(host: str, port: int) -> list[rules.IPAddress]:
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
        return [ipaddress.ip_address(one.split("%")[0]) for one in found]
    except (OSError, UnicodeError, ValueError):
        raise Invalid(
            f"The name {host} cannot be found.",
            next_step="Check the address.",
            fields={"url": ["Unknown host."]},
            code="bad_address",
        ) from None


def _excerpt(chunks: Iterator[bytes]) -> str:
    read = b""
    for chunk in chunks:
        read += chunk
        if len(read) >= _READ_MOST:
            break
    return read.decode("utf-8", "replace").replace("\0", "")[:LONGEST_EXCERPT]


class _Pinned(httpcore.NetworkBackend):
    """Connects to one IP address whatever name is asked for, and hands out streams that end in time."""

    def __init__(self, address: str, *, ends_at: float) -> None:
        self.address, self.ends_at = address, ends_at
        self.plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        del host, timeout
        stream = self.plain.connect_tcp(
            self.address, port, min(CONNECT_S, _left(self.ends_at)), local_address, socket_options
        )
        return _Ending(stream, ends_at=self.ends_at)


class _Ending(httpcore.NetworkStream):
    """A stream on which each operation may take only what is left until `ends_at` (monotonic seconds)."""

    def __init__(self, stream: httpcore.NetworkStream, *, ends_at: float) -> None:
        self.stream, self.ends_at = stream, ends_at

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        return self.stream.read(max_bytes, _left(self.ends_at))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        self.stream.write(buffer, _left(self.ends_at))

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        del timeout
        return _Ending(self.stream.start_tls(ssl_context, server_hostname, _left(self.ends_at)), ends_at=self.ends_at)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


def _left(ends_at: float) -> float:
    left = ends_at - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout(f"No whole answer within {TOTAL_S:.0f} seconds.")
    return left
