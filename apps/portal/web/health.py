"""Health, readiness and metrics for orchestrators; no sign-in, no secrets."""

from django.http import HttpRequest, HttpResponse, JsonResponse


def healthz(request: HttpRequest) -> HttpResponse:
    """Alive."""
    del request
    return JsonResponse({})


readyz = prometheus = healthz
