"""Health, readiness and metrics for orchestrators; no sign-in, no secrets."""

from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from apps.portal import queries

PATIENCE_S = 1


@require_GET
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Alive, and on which servers: always 200 while the process answers; a server that does not answer says so."""
    del request
    origins = settings.CONCORDAT_SERVERS
    return JsonResponse(
        {
            "status": "ok",
            "postgres": {"origin": origins.get("postgres", "DATABASE_URL"), "version": _postgres_version()},
            "redis": {"origin": origins.get("redis", "REDIS_URL"), "version": _redis_version()},
        }
    )


@require_GET
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Ready for people: the database answers and is migrated. Redis may be gone: pages work without it."""
    del request
    problem = queries.why_not_ready()
    return JsonResponse(
        {"status": "not ready", "reason": problem} if problem else {"status": "ready"}, status=503 if problem else 200
    )


@require_GET
@never_cache
def prometheus(request: HttpRequest) -> HttpResponse:
    """Counts for a collector, read from the database at the moment of asking: the same from every process."""
    del request
    registry = CollectorRegistry()
    for name, help_text, labels, rows in queries.gauges():
        gauge = Gauge(f"concordat_{name}", help_text, labels, registry=registry)
        for values, number in rows:
            (gauge.labels(*values) if labels else gauge).set(number)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _postgres_version() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            return str(cursor.fetchone()[0])
    except DatabaseError:
        return "does not answer"


def _redis_version() -> str:
    client: Any = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=PATIENCE_S, socket_timeout=PATIENCE_S)
    try:
        return str(client.info("server")["redis_version"])
    except (redis.RedisError, OSError):
        return "does not answer"
    finally:
        client.close()
