"""The list of observed drift. It is explained on the dossier of its change."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.models import Change, Observation
from apps.cab.web.observation_filter import ObservationPageFilter
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import Invalid


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponse:
    """Drift on components this person may know of, the latest report first."""
    rows = Observation.objects.visible_to(request.user)
    filtered = ObservationPageFilter(request.GET, queryset=rows, request=request)
    if not filtered.is_valid():
        raise Invalid(
            "The filter does not fit.",
            next_step="Clear it and start again.",
            fields={k: [str(e) for e in v] for k, v in filtered.errors.items()},
        )
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    page = page_by_key(filtered.qs.with_all(), order=("-pk",), after=after, before=before)
    named = [one.change_id for one in page.rows]
    seen = set(Change.objects.visible_to(request.user).filter(pk__in=named).values_list("pk", flat=True))
    crumbs = [{"label": "Changes", "url": reverse("cab:changes")}, {"label": "Observed drift"}]
    context = {"page": page, "filter": filtered, "seen": seen, "crumbs": crumbs}
    return render(request, "cab/observations.html", context)
