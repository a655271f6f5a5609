"""Initiatives that cross clusters, and who decides on what they need."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.accounts.web.people import PersonRequest, signed_in


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponse:
    """Every initiative the person may know of."""
    return render(request, "stakeholders/initiatives.html", {})
