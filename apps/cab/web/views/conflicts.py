"""The list of conflicts, and accepting one."""

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.actions import conflicts
from apps.cab.models import Conflict
from apps.cab.queries.dossier import find
from apps.cab.web.conflict_filter import ConflictFilter
from apps.cab.web.tables import CONFLICTS
from apps.clusters.web.exports import asked as asked_for
from apps.clusters.web.exports import export
from apps.kernel.answers import went
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import Invalid


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """The conflicts this person may know of; the open ones where nothing else is asked."""
    asked = request.GET.copy()
    asked.setdefault("state", "open")
    filtered = ConflictFilter(asked, queryset=Conflict.objects.visible_to(request.user), request=request)
    if not filtered.is_valid():
        raise Invalid(
            "The filter does not fit.",
            next_step="Clear it and start again.",
            fields={k: [str(e) for e in v] for k, v in filtered.errors.items()},
        )
    if kind := asked_for(request):
        return export(CONFLICTS, kind, filtered.qs.with_both().order_by("-pk"))
    page = page_by_key(
        filtered.qs.with_both(), order=("-pk",), after=asked.get("after", ""), before=asked.get("before", "")
    )
    return render(request, "cab/conflicts.html", {"page": page, "filter": filtered})


@require_POST
@signed_in
def accept(request: PersonRequest, conflict_id: int) -> HttpResponse:
    """Accept a conflict with a reason, and go back to the change it was read on."""
    conflict = conflicts.accept_conflict(
        conflict_id=conflict_id, acceptor=request.user, reason=request.POST.get("reason", ""), at=timezone.now()
    )
    named = request.POST.get("change", "")
    change = find(named, request.user) if named else conflict.change
    return went(request, f"{reverse('cab:change', args=[change.reference])}#conflicts")
