"""Pages of accounts."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def api_reference(request: HttpRequest) -> HttpResponse:
    """The API reference, self-hosted, for whoever builds a pipeline."""
    return render(request, "accounts/api_reference.html")
