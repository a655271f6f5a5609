"""The changes behind the figures of a comparison of thresholds."""

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.models import Change
from apps.cab.queries import levels as queries
from apps.cab.rules.levels import Judged, chosen
from apps.cab.web.tables import LEVELLED
from apps.kernel.exports import asked, listed
from apps.kernel.refusals import NotFound

SHOWN = 200
TITLES = {
    "all": "Every change of the comparison",
    "up": "Changes that would have gone up",
    "down": "Changes that would have gone down",
    "enterprise": "Changes that the enterprise would have decided instead",
    "uncertain": "Changes with a fact missing, read strictly",
}


@require_GET
@signed_in
def rows(request: PersonRequest, pk: int) -> HttpResponseBase:
    """The changes behind one figure, with the level each has and would have."""
    offer, which = queries.offer_shown_to(request.user, pk), request.GET.get("which", "up")
    comparison = queries.compared(offer, request.user, at=timezone.now())
    found = chosen(comparison.judged, which)
    if found is None:
        raise NotFound("There is no such figure.", next_step="Open the negotiation and choose one of its figures.")
    if kind := asked(request):
        return listed(LEVELLED, kind, _with_changes(found))
    return _page(request, comparison, which, found)


def _page(request: PersonRequest, comparison: queries.Comparison, which: str, found: list[Judged]) -> HttpResponse:
    agreement = comparison.offer.agreement
    before, _, after = which.replace("_", " ").partition("-")
    context = {
        "agreement": agreement,
        "title": TITLES.get(which, f"Changes from {before} to {after}"),
        "rows": _with_changes(found[:SHOWN]),
        "number": len(found),
        "shown": SHOWN,
        "comparison": comparison,
        "crumbs": [
            {"label": "Thresholds", "url": reverse("stakeholders:thresholds")},
            {"label": str(agreement), "url": agreement.get_absolute_url()},
            {"label": "Replayed"},
        ],
    }
    return render(request, "cab/level_rows.html", context)


def _with_changes(found: list[Judged]) -> list[tuple[Change, Judged]]:
    changes = Change.objects.in_bulk([one.change_id for one in found])
    return [(changes[one.change_id], one) for one in found if one.change_id in changes]
