"""The journal's pages: what happened in the clusters this person may know of, and the proof of each entry."""

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.journal.actions import digest_of, retry_failed
from apps.journal.events import words_for
from apps.journal.queries import failed_deliveries
from apps.kernel.answers import went
from apps.kernel.exports import export
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import NotFound
from apps.portal import queries
from apps.portal.web.tables import JOURNAL

MOST_RETRIED = 200
LONGEST_ID = 18  # digits of a bigint
MOST_EXPORTED = 1_000_000  # entries; a sheet of XLSX holds hardly more rows


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


@require_GET
@signed_in
def entries(request: PersonRequest, kind: str) -> StreamingHttpResponse:
    """The entries that the filters in the address leave, as a file that is written while it is read."""
    rows = queries.journal_for(request.user, asked=request.GET.dict()).order_by("-id")
    return export(JOURNAL, kind, rows, most=MOST_EXPORTED)


@require_GET
@signed_in
def deliveries(request: PersonRequest) -> HttpResponse:
    """Deliveries that were given up: what, to whom, why. What an entry is about shows to those who may read it."""
    request.user.require(Capability.READ_DELIVERIES, to="see failed deliveries")
    page = page_by_key(
        failed_deliveries(), order=("-id",), after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    readable = queries.readable_among((one.entry_id for one in page.rows), request.user)
    lines = [
        {"delivery": one, "words": words_for(one.entry.event), "is_readable": one.entry_id in readable}
        for one in page.rows
    ]
    may_retry = request.user.may(Capability.MANAGE_DELIVERIES)
    return render(request, "portal/deliveries.html", {"page": page, "lines": lines, "may_retry": may_retry})


@require_POST
@signed_in
def retry(request: PersonRequest) -> HttpResponse:
    """Put the chosen deliveries back in line; with `all`, every failed one."""
    request.user.require(Capability.MANAGE_DELIVERIES, to="retry deliveries")
    chosen = [
        int(one)
        for one in request.POST.getlist("delivery")[:MOST_RETRIED]
        if one.isascii() and one.isdigit() and len(one) <= LONGEST_ID
    ]
    retry_failed(actor=request.user, at=timezone.now(), delivery_ids=None if "all" in request.POST else chosen)
    return went(request, "portal:deliveries")
