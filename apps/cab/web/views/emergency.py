"""The short page of an emergency: what is decided, and the ballot, for a phone in the night."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.actions.rounds import cast_vote
from apps.cab.queries import waiting
from apps.cab.queries.dossier import dossier
from apps.cab.queries.named import people_named
from apps.cab.queries.whole import find
from apps.cab.web.forms import VoteForm
from apps.kernel.refusals import Refusal

# A condition is nothing one writes in the night: these four, in the order in which thumbs find them.
CHOICES = (
    ("approve", "Approve", ""),
    ("reject", "Reject", "needs a reason"),
    ("request_changes", "Request changes", "needs a reason"),
    ("abstain", "Abstain", ""),
)


@require_http_methods(["GET", "POST"])
@signed_in
def show(request: PersonRequest, reference: str) -> HttpResponse:
    """The emergency in brief; POST casts the ballot and comes back."""
    form = VoteForm(request.POST or None)
    if request.method == "POST":
        try:
            if form.is_valid():
                _cast(request, reference, dict(form.cleaned_data))
                return redirect("cab:emergency", reference=reference)
        except Refusal as refusal:
            form.refuse(refusal)
    found = dossier(reference, request.user, at=timezone.now())
    context = {
        "dossier": found,
        "change": found.change,
        "form": form,
        "choices": CHOICES,
        "why_no_ballot": waiting.why_no_ballot(found, request.user),
        "is_refused": request.method == "POST",
    }
    return render(request, "cab/emergency.html", context, status=422 if request.method == "POST" else 200)


def _cast(request: PersonRequest, reference: str, data: dict[str, Any]) -> None:
    handle = data.pop("seat_of")
    seat_of = people_named([handle], field="seat_of")[0] if handle else None
    change = find(reference, request.user)
    cast_vote(change_id=change.pk, voter=request.user, at=timezone.now(), seat_of=seat_of, **data)
