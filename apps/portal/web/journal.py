"""The journal's pages: what happened in the clusters this person may know of, and the proof of each entry."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.accounts.web.people import PersonRequest, signed_in
from apps.journal.actions import digest_of
from apps.journal.events import words_for
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import NotFound
from apps.portal import queries


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponse:
    """Entries, newest first, filtered by what stands in the address."""
    rows = queries.journal_for(request.user, asked=request.GET.dict())
    page = page_by_key(rows, order=("-id",), after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    lines = [{"entry": entry, "words": words_for(entry.event)} for entry in page.rows]
    return render(
        request,
        "portal/journal.html",
        {"page": page, "lines": lines, "asked": request.GET.dict(), "events": queries.event_names()},
    )


@require_GET
@signed_in
def show(request: PersonRequest, entry_id: int) -> HttpResponse:
    """One entry with its proof: the digest as written and as computed now."""
    entry = queries.journal_for(request.user, asked={}).filter(pk=entry_id).first()
    if entry is None:
        raise NotFound("There is no such entry that you may see.", next_step="Go back to the journal.")
    computed = digest_of(entry)
    context = {
        "entry": entry,
        "words": words_for(entry.event),
        "computed": computed,
        "is_intact": computed == entry.digest,
    }
    return render(request, "portal/journal_entry.html", context)
