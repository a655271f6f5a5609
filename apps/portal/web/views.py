"""Pages of the portal."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def design(request: HttpRequest) -> HttpResponse:
    """The living style page."""
    return render(request, "portal/design.html")
