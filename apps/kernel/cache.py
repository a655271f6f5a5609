"""A Redis cache whose absence is a miss, never an error: nothing true lives in Redis."""

import logging
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


class ForgivingRedisCache(RedisCache):
    """Redis when it answers within a second; otherwise every read misses and every write is dropped."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        params.setdefault("OPTIONS", {}).update(socket_connect_timeout=1, socket_timeout=1)
        super().__init__(server, params)

    def _forgiven(self, name: str, otherwise: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(super(), name)(*args, **kwargs)
        except (RedisError, OSError) as error:
            logger.warning("The cache does not answer (%s); going on without it.", type(error).__name__)
            return otherwise

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._forgiven("get", default, key, default, version)

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._forgiven("set", None, *args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._forgiven("add", True, *args, **kwargs))

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._forgiven("delete", False, *args, **kwargs))

    def get_many(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return dict(self._forgiven("get_many", {}, *args, **kwargs))

    def count(self, key: str, window_s: int) -> int:
        """One more under `key`, which lasts `window_s` seconds from its first, in one journey; 1 without Redis."""
        name = self.make_and_validate_key(key)
        try:
            with self._cache.get_client(name, write=True).pipeline(transaction=False) as journey:
                journey.set(name, 0, ex=window_s, nx=True)
                journey.incr(name)
                return int(journey.execute()[-1])
        except (RedisError, OSError) as error:
            logger.warning("The cache does not answer (%s); going on without it.", type(error).__name__)
            return 1

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        return int(self._forgiven("incr", delta, key, delta, version))
