"""The page of ways of trust: every declared integration, and dependencies that no integration explains."""

from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.web.people import PersonRequest, signed_in
from apps.kernel.exports import asked, export
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import Invalid
from apps.trust.queries.ways import MOST_SHOWN, Told, told, unexplained, way_of, ways_of_dependencies, with_ways
from apps.trust.web.tables import ways_table

ORDER = ("is_believed", "consumer__name", "interface__name", "pk")  # those without a way first
CHOICES = {"": None, "no": False, "yes": True}


@require_GET
@signed_in
def page(request: PersonRequest) -> HttpResponseBase:
    """For every integration: is the caller believed, over how many links, and which claims arrive."""
    which = request.GET.get("believed", "")
    if which not in CHOICES:
        sentence = "Integrations are narrowed to those that are believed, or not."
        raise Invalid(sentence, next_step="Ask for believed=yes or believed=no.", fields={"believed": [sentence]})
    found = told(request.user, at=timezone.now())
    rows = with_ways(request.user, found, believed=CHOICES[which])
    if kind := asked(request):
        return export(ways_table(found.ways), kind, rows.order_by(*ORDER))
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    shown = page_by_key(rows, order=ORDER, after=after, before=before)
    loose = list(unexplained(request.user)[: MOST_SHOWN + 1]) if not (which or after or before) else []
    context = {
        "page": shown,
        "ways": [(one, way_of(one, found.ways)) for one in shown.rows],
        "told": found,
        "which": which,
        "tabs": _tabs(which, found),
        "loose": ways_of_dependencies(loose[:MOST_SHOWN], found.ways),
        "loose_are_cut": len(loose) > MOST_SHOWN,
        "most": MOST_SHOWN,
        "crumbs": [{"label": "Trust", "url": reverse("trust:domains")}, {"label": "Ways of trust"}],
    }
    return render(request, "trust/ways.html", context)


def _tabs(which: str, found: Told) -> list[dict[str, object]]:
    numbers = {"": found.number, "no": found.number_refused, "yes": found.number_believed}
    labels = {"": "All", "no": "Not believed", "yes": "Believed"}
    return [
        {
            "label": labels[one],
            "url": f"?believed={one}" if one else "?",
            "is_active": one == which,
            "count": number,
        }
        for one, number in numbers.items()
    ]
