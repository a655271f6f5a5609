"""The list of conflicts, and accepting one."""

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.actions import conflicts
from apps.cab.models import Change, Conflict
from apps.cab.queries.dossier import Dossier, dossier
from apps.cab.queries.whole import find
from apps.cab.states import ConflictState
from apps.cab.web.conflict_filter import ConflictFilter
from apps.cab.web.forms import AcceptanceForm
from apps.cab.web.tables import CONFLICTS
from apps.cab.web.views.dossier import page as page_of_change
from apps.kernel.answers import went
from apps.kernel.exports import asked as asked_for
from apps.kernel.exports import export
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import Invalid, NotFound, Refusal


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
    """Accept a conflict with a reason, and go back to the change it was read on; refused, its dossier with the form."""
    form = AcceptanceForm(request.POST, initial={"conflict_id": conflict_id}, auto_id=f"accept_{conflict_id}_%s")
    change = _read_on(request, conflict_id)
    try:
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            conflicts.accept_conflict(conflict_id=conflict_id, acceptor=request.user, reason=reason, at=timezone.now())
            return went(request, f"{reverse('cab:change', args=[change.reference])}#conflicts")
    except Refusal as refusal:
        form.refuse(refusal)
    found = dossier(change.reference, request.user, at=timezone.now())
    form.is_at_its_conflict = found.may_accept and conflict_id in _acceptable(found)
    return page_of_change(request, found, refused={"accept_conflict": form})


def _read_on(request: PersonRequest, conflict_id: int) -> Change:
    """The change whose dossier the form stood on: the one that is named, else the conflict's first."""
    conflict = Conflict.objects.visible_to(request.user).filter(pk=conflict_id).select_related("change").first()
    if conflict is None:
        raise NotFound("There is no such conflict.", next_step="Open the change to see its conflicts.")
    named = request.POST.get("change", "")
    return find(named, request.user) if named else conflict.change


def _acceptable(found: Dossier) -> set[int]:
    """The open conflicts that the dossier shows with a form."""
    shown = [*found.conflicts, *(stop.conflict for stop in found.freezes if stop.conflict)]
    return {one.pk for one in shown if one.state == ConflictState.OPEN and one.may_be_accepted}
