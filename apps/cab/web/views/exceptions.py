"""The list of exceptions from freezes. They are asked for and decided on the change's dossier."""

from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.models import FreezeException
from apps.cab.web.exception_filter import ExceptionFilter
from apps.cab.web.tables import EXCEPTIONS
from apps.kernel.exports import asked, export
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import Invalid


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """The exceptions of changes and freezes this person may know of, the newest first."""
    rows = FreezeException.objects.visible_to(request.user)
    filtered = ExceptionFilter(request.GET, queryset=rows, request=request)
    if not filtered.is_valid():
        raise Invalid(
            "The filter does not fit.",
            next_step="Clear it and start again.",
            fields={k: [str(e) for e in v] for k, v in filtered.errors.items()},
        )
    if kind := asked(request):
        return export(EXCEPTIONS, kind, filtered.qs.with_all().order_by("-pk"))
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    page = page_by_key(filtered.qs.with_all(), order=("-pk",), after=after, before=before)
    crumbs = [{"label": "Freezes", "url": reverse("cab:freezes")}, {"label": "Exceptions"}]
    return render(request, "cab/exceptions.html", {"page": page, "filter": filtered, "crumbs": crumbs})
