"""The page on which the owners of a consumer decide how its integration is built."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters.web.margin import margin
from apps.integrations import actions, queries
from apps.integrations.formats.adr import record_of
from apps.integrations.models import Integration
from apps.integrations.queries.decisions import advice_on, decision_numbered
from apps.integrations.web.deciding import Asked, DecideForm, asked, context_of
from apps.journal.queries import timeline
from apps.kernel.answers import went
from apps.kernel.refusals import Refusal

MARKDOWN = "text/markdown; charset=utf-8"


@require_http_methods(["GET", "POST"])
@signed_in
def page(request: PersonRequest, pk: int) -> HttpResponse:
    """What fits an integration's needs, why, how sure that is, and what was decided."""
    integration = queries.visible_integration(pk, request.user)
    said = asked((request.POST if request.method == "POST" else request.GET).dict())
    advice = advice_on(integration, said.weighing)
    form = DecideForm(request.POST if request.method == "POST" else None, advice=advice)
    if request.method == "POST" and form.is_valid() and not said.refusal:
        try:
            actions.decide_pattern(
                integration_id=pk,
                decider=request.user,
                chosen=form.cleaned_data["chosen"],
                reasons=form.cleaned_data["reasons"],
                weighing=said.weighing,
                inputs_sha256=form.cleaned_data["inputs_sha256"],
                at=timezone.now(),
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "integrations:decision", pk)
    return _page_of(request, integration, said, form)


@require_GET
@signed_in
def record(request: PersonRequest, pk: int, number: int) -> HttpResponse:
    """One decision as an architecture decision record (Markdown)."""
    integration = queries.visible_integration(pk, request.user)
    text = record_of(integration, decision_numbered(integration, number))
    headers = {"Content-Disposition": f'attachment; filename="decision-{pk}-{number}.md"'}
    return HttpResponse(text, content_type=MARKDOWN, headers=headers)


def _page_of(request: PersonRequest, integration: Integration, said: Asked, form: DecideForm) -> HttpResponse:
    advice = advice_on(integration, said.weighing)
    if form.errors:  # what was read is gone: the next attempt is on what is shown now
        form.data = {**request.POST.dict(), "inputs_sha256": advice.inputs_sha256}
    context = {
        **context_of(integration, request.user, said, advice),
        "form": form,
        "crumbs": [
            {"label": "Integrations", "url": reverse("integrations:integrations")},
            {"label": str(integration), "url": integration.get_absolute_url()},
            {"label": "Decision"},
        ],
        "entries": margin(timeline(integration, limit=30)),
    }
    status = said.refusal.status if said.refusal else form.answer_status()
    return render(request, "integrations/decision.html", context, status=status)
