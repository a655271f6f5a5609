"""Retries of webhooks, which addresses they may go to, and what a notice says. Pure functions."""

import ipaddress
from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from apps.kernel.refusals import Invalid

# The retry schedule that the Standard Webhooks specification recommends; after the last the sending is given up.
RETRIES = tuple(timedelta(seconds=s) for s in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400))
MAIL_RETRIES = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 480))
# A sender marks what it takes as not due before this has passed and then sends without holding a lock. When it dies on
# the way, the next one sends again: at least once, under the same id. Longer than a turn of sending takes.
LEASE = timedelta(minutes=2)
LARGEST_BODY = 64 * 1024  # bytes of a webhook's body; what tells more is cut to its frame
FAILURES_TO_DISABLE = 5  # sendings given up in a row, after which an endpoint is switched off and its owner told
LONGEST_URL = 500
ALLOWED_PORTS = frozenset({80, 443, 8080, 8443})
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(one)
    for one in (
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/32",
        "fec0::/10",
    )
)
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


def retry_after(attempts: int, schedule: tuple[timedelta, ...] = RETRIES) -> timedelta | None:
    """The wait after so many failed attempts; None: give up."""
    return schedule[attempts - 1] if attempts <= len(schedule) else None


def require_address(url: str, *, allows_plain: bool) -> tuple[str, int]:
    """Host and port of an address that people wrote; refused unless it is a plain https address.

    `allows_plain` also admits http (internal receivers). Credentials, odd ports and control characters are refused.
    Whether the host may be reached at all is `is_public` on what its name resolves to.
    """
    try:
        parts = urlsplit(url)
        port = parts.port if parts.port is not None else 443 if parts.scheme == "https" else 80
    except ValueError:
        raise _bad("It cannot be read as an address.") from None
    if len(url) > LONGEST_URL or any(ord(c) <= 32 or ord(c) == 127 for c in url):  # noqa: PLR2004  # space and controls
        raise _bad(f"It is longer than {LONGEST_URL} characters or holds spaces.")
    if parts.scheme not in ({"https", "http"} if allows_plain else {"https"}):
        raise _bad("It must begin with https://.")
    if not parts.hostname or parts.username or parts.password:
        raise _bad("It must name a host and carry no user or password.")
    if port not in ALLOWED_PORTS and not allows_plain:
        raise _bad(f"Port {port} is not one of {', '.join(map(str, sorted(ALLOWED_PORTS)))}.")
    return parts.hostname, port


def is_within(address: IPAddress, networks: Collection[IPNetwork]) -> bool:
    """Whether the address lies in one of the networks; an IPv4 address written as IPv6 counts as what it is."""
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address.version == network.version and address in network for network in networks)


def is_public(address: IPAddress, *, allowed: Collection[IPNetwork] = ()) -> bool:
    """Whether a request of ours may go to this address: the public internet, or a network an operator allowed."""
    address = getattr(address, "ipv4_mapped", None) or address
    if is_within(address, allowed):
        return True
    if is_within(address, _NOT_PUBLIC):
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_loopback or address.is_link_local
    )


def require_events(names: Collection[str], *, known: Collection[str]) -> list[str]:
    """The names of events, each once and in order; refuses one that the house does not tell."""
    for name in names:
        if name not in known:
            raise Invalid(
                f"There is no event “{name[:80]}”.",
                next_step="Choose from the list of events; choose none to hear all of them.",
                fields={"events": ["Unknown event."]},
            )
    return sorted(set(names))


class Frequency(StrEnum):
    """How often a digest comes."""

    DAILY = "daily"
    WEEKLY = "weekly"


def next_digest(after: datetime, *, frequency: str, hour: int, weekday: int, zone: str) -> datetime:
    """The first instant later than `after` at that hour of the zone (weekly: on that weekday, 0 is Monday).

    One a local day: an hour that the clocks leave out is that much later, one that comes twice counts the first time.
    """
    place = ZoneInfo(zone)
    day = after.astimezone(place).date()
    while True:
        found = datetime.combine(day, time(hour), tzinfo=place).astimezone(UTC)
        if found > after and (frequency == Frequency.DAILY or day.weekday() == weekday):
            return found
        day += timedelta(days=1)


def _bad(why: str) -> Invalid:
    return Invalid(
        f"This address cannot be used: {why}",
        next_step="Write it as https://host/path.",
        fields={"url": [why]},
        code="bad_address",
    )
