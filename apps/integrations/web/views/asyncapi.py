"""Checking AsyncAPI documents."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from apps.accounts.web.people import PersonRequest, signed_in
from apps.integrations import checking
from apps.integrations.web.asyncapi_form import AsyncapiForm
from apps.kernel.refusals import Refusal


@require_http_methods(["GET", "POST"])
@signed_in
def check(request: PersonRequest) -> HttpResponse:
    """Check AsyncAPI documents: what is wrong, and where."""
    form = AsyncapiForm(request.POST, request.FILES) if request.method == "POST" else AsyncapiForm()
    report = None
    if request.method == "POST" and form.is_valid():
        try:
            report = checking.check(form.cleaned_data["content"])
        except Refusal as refusal:
            form.refuse(refusal)
    context = {
        "form": form,
        "report": report,
        "crumbs": [
            {"label": "Integrations", "url": reverse("integrations:integrations")},
            {"label": "Check AsyncAPI documents"},
        ],
    }
    return render(request, "integrations/asyncapi.html", context, status=form.answer_status())
