"""The page and the file of the contract that a decision asks for."""

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_GET

from apps.accounts.web.people import PersonRequest, signed_in
from apps.integrations import queries
from apps.integrations.queries.contracts import contract_of


@require_GET
@signed_in
def page(request: PersonRequest, pk: int) -> HttpResponse:
    """The skeleton, to read before it is taken along."""
    integration = queries.visible_integration(pk, request.user)
    crumbs = [
        {"label": "Integrations", "url": reverse("integrations:integrations")},
        {"label": str(integration), "url": integration.get_absolute_url()},
        {"label": "Decision", "url": reverse("integrations:decision", args=[pk])},
        {"label": "Contract"},
    ]
    context = {"integration": integration, "contract": contract_of(integration), "crumbs": crumbs}
    return render(request, "integrations/contract.html", context)


@require_GET
@signed_in
def file(request: PersonRequest, pk: int) -> HttpResponseBase:
    """The skeleton as a file; 304 for who has it already."""
    contract = contract_of(queries.visible_integration(pk, request.user))
    whole = HttpResponse(
        contract.text,
        content_type=contract.media_type,
        headers={"Content-Disposition": f'attachment; filename="{contract.name}"', "ETag": contract.tag},
    )
    answer = get_conditional_response(request, etag=contract.tag, response=whole)
    assert answer is not None  # it is either the whole or that nothing changed
    return answer
