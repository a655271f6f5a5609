"""How often one caller may call: a fixed window per key, person or address, counted in the cache."""

import time
from typing import Any, cast

from django.core.cache import cache
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle

from apps.accounts.models import ApiKey, Person
from apps.kernel.cache import ForgivingRedisCache


class PersonThrottle(SimpleRateThrottle):
    """Calls a minute: each key and each person for themselves, everyone else by address.

    Fails open: when the cache does not answer, its counter never moves, and nobody is kept out because Redis is down.
    """

    def __init__(self) -> None:
        """Rates are read for each call: which one applies depends on the caller."""

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the call and answer whether it is within the rate."""
        del view
        rates = api_settings.DEFAULT_THROTTLE_RATES
        rate = rates["person" if isinstance(request.user, Person) else "anon"]
        most, window_s = self.parse_rate(str(rate))
        if not most or not window_s:
            return True
        now = time.time()
        turn = int(now // window_s)
        self.left_s = (turn + 1) * window_s - now
        return _counted(f"throttle:{self._caller(request)}:{turn}", window_s) <= most

    def wait(self) -> float:
        """Seconds until the window ends: Retry-After."""
        return self.left_s

    def _caller(self, request: Request) -> str:
        if isinstance(request.auth, ApiKey):
            return f"key:{request.auth.pk}"
        return f"person:{request.user.pk}" if isinstance(request.user, Person) else f"address:{self.get_ident(request)}"


class WrongKeys(SimpleRateThrottle):
    """Wrong API keys a minute from one address: beyond the rate no key of that address is looked up until it ends.

    Keys are checked before any throttle is asked, so authentication asks this one itself. Fails open like the other.
    """

    def __init__(self, request: Request) -> None:
        most, window_s = self.parse_rate(str(api_settings.DEFAULT_THROTTLE_RATES["wrong_key"]))
        self.most, self.window_s = most or 0, window_s or 60
        now = time.time()
        turn = int(now // self.window_s)
        self.left_s = (turn + 1) * self.window_s - now
        self.name = f"wrong-keys:{self.get_ident(request)}:{turn}"

    def require_few(self) -> None:
        """Refuse with 429 and the seconds to wait once the address has sent too many."""
        if cache.get(self.name, 0) >= self.most:
            raise Throttled(self.left_s, "Too many wrong API keys came from your address.")

    def count(self) -> None:
        """Count one more."""
        _counted(self.name, self.window_s)


def _counted(name: str, window_s: int) -> int:
    return cast("ForgivingRedisCache", cache).count(name, window_s + 1)
