"""Inbox, mail preferences, webhooks and calendar feeds."""

import hashlib
from typing import cast

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.dateparse import parse_datetime
from django.utils.http import http_date, url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, own, signed_in
from apps.accounts.web.undo import offer_undo
from apps.kernel.answers import went
from apps.kernel.exports import asked, export
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import Invalid, NotFound, Refusal
from apps.notify import feeds, queries
from apps.notify.actions import digests, telling, webhooks
from apps.notify.actions import feeds as feed_actions
from apps.notify.models import DigestPlan, Endpoint, Feed, Preference, Sending
from apps.notify.web.forms import DigestForm, EndpointForm
from apps.notify.web.tables import NOTICES, SENDINGS, WEBHOOKS

SHOWN = 50
LONGEST_ID = 18  # digits of a bigint
# Kinds of notices people may silence, with what they are told about.
KINDS = {
    "vote": "a change waits for my vote",
    "decision": "a change of mine is decided",
    "work": "a change I carry out is scheduled or moved",
    "changes_requested": "a change of mine comes back to me",
    "condition": "conditions of an approval",
    "review": "reviews that are due",
    "finding": "what checks find wrong in a cluster of mine",
    "agreement": "thresholds that are negotiated or agreed",
    "escalation": "cases that I am asked about, or am a party to",
    "meeting": "a meeting of a board of mine moves or is cancelled, and its minutes",
    "webhook": "webhooks of mine that fail",
}


@require_GET
@signed_in
def inbox(request: PersonRequest) -> HttpResponseBase:
    """One's notices, newest first."""
    only_unread = request.GET.get("show") == "unread"
    rows = queries.inbox(request.user, only_unread=only_unread)
    if kind := asked(request):
        return export(NOTICES, kind, rows.order_by("-id"))
    page = page_by_key(
        rows,
        order=("-id",),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    return render(request, "notify/inbox.html", {"page": page, "only_unread": only_unread})


@require_POST
@signed_in
@own
def mark_read(request: PersonRequest) -> HttpResponse:
    """Mark the chosen notices as read; all of them when none is named and `only_chosen` is not sent."""
    named = request.POST.getlist("notice")
    chosen = [int(one) for one in named if one.isascii() and one.isdigit() and len(one) <= LONGEST_ID]
    now, wanted = timezone.now(), chosen if named or "only_chosen" in request.POST else None
    many = telling.mark_read(person=request.user, notice_ids=wanted, at=now)
    if many:
        sentence = f"{many:,} notice{'' if many == 1 else 's'} marked as read."
        offer_undo(request, sentence, url=reverse("notify:mark-unread"), fields={"read_at": now.isoformat()})
    return went(request, "notify:inbox")


@require_POST
@signed_in
@own
def mark_unread(request: PersonRequest) -> HttpResponse:
    """Take back what was marked as read in one go."""
    try:
        read_at = parse_datetime(request.POST.get("read_at", "")[:40])
    except ValueError:
        read_at = None
    if read_at is None or read_at.tzinfo is None:
        raise Invalid("This does not say which notices were marked.", next_step="Mark them as unread one by one.")
    telling.mark_unread_again(person=request.user, read_at=read_at)
    return went(request, "notify:inbox")


@require_POST
@signed_in
@own
def open_notice(request: PersonRequest, notice_id: int) -> HttpResponse:
    """Mark a notice as read and go to what it is about."""
    notice = queries.inbox(request.user).filter(pk=notice_id).first()
    if notice is None:
        raise NotFound("There is no such notice.", next_step="Go back to your inbox.")
    telling.mark_read(person=request.user, notice_ids=[notice.pk], at=timezone.now())
    return went(
        request, notice.url if url_has_allowed_host_and_scheme(notice.url, allowed_hosts=None) else "notify:inbox"
    )


@require_http_methods(["GET", "POST"])
@signed_in
@own
def preferences(request: PersonRequest) -> HttpResponse:
    """Which notices also come by mail, and one's calendar feeds."""
    if request.method == "POST":
        for kind in KINDS:
            telling.set_mail_preference(person=request.user, kind=kind, by_mail=kind in request.POST.getlist("by_mail"))
        return went(request, "notify:preferences")
    return _preferences_page(request, {})


@require_POST
@signed_in
@own
def set_digest(request: PersonRequest) -> HttpResponse:
    """Say when one's digest comes."""
    form = DigestForm(request.POST)
    if not form.is_valid():
        return _preferences_page(request, {"digest_form": form}, status=422)
    digests.set_digest(person=request.user, at=timezone.now(), **form.cleaned_data)
    return went(request, "notify:preferences")


@require_POST
@signed_in
@own
def open_feed(request: PersonRequest) -> HttpResponse:
    """Open a calendar feed; its address is shown this once."""
    new = feed_actions.open_feed(person=request.user, kind=request.POST.get("kind", ""), at=timezone.now())
    return _preferences_page(request, {"new_address": new.address})


@require_POST
@signed_in
@own
def revoke_feed(request: PersonRequest, feed_id: int) -> HttpResponse:
    """Close a feed for good."""
    feed_actions.revoke_feed(feed_id=feed_id, person=request.user, at=timezone.now())
    return went(request, "notify:preferences")


@require_GET
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar behind a secret address. No sign-in: calendars cannot; whoever has the address reads it."""
    row = Feed.objects.select_related("person").filter(token_hash=feed_actions.hash_of(token)).first()
    if row is None:
        return HttpResponse("There is no such calendar. Check the address.", status=404, content_type="text/plain")
    if row.revoked_at or not row.person.is_active:
        return HttpResponse(
            "This calendar was closed. Open a new one in your inbox preferences.", status=410, content_type="text/plain"
        )
    from apps.notify.formats.icalendar import render  # its library is slow to load, for this address alone

    items = feeds.items_of(row.kind, row.person)
    body = render(items, name=feeds.kinds().get(row.kind, "Concordat"))
    changed_at = max((item.changed_at for item in items), default=row.created_at)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        "ETag": tag,
        "Last-Modified": http_date(changed_at.timestamp()),
        "Cache-Control": "private, max-age=300",
        "Content-Disposition": f'inline; filename="{row.kind}.ics"',
    }
    answer = HttpResponse(body, content_type="text/calendar; charset=utf-8", headers=headers)
    feed_actions.note_reading(feed_id=row.pk, at=timezone.now())
    # By the tag alone: a change that leaves the calendar changes the file, but not the newest instant in it.
    return cast("HttpResponse", get_conditional_response(request, etag=tag, response=answer))


@require_GET
@signed_in
def endpoints(request: PersonRequest) -> HttpResponseBase:
    """Every webhook."""
    request.user.require(Capability.READ_WEBHOOKS, to="see webhooks")
    rows = Endpoint.objects.select_related("owner").order_by("pk")
    if kind := asked(request):
        return export(WEBHOOKS, kind, rows)
    form = EndpointForm() if request.user.may(Capability.MANAGE_WEBHOOKS) else None
    return render(request, "notify/webhooks.html", {"endpoints": rows[: SHOWN * 4], "form": form})


@require_POST
@signed_in
def add_endpoint(request: PersonRequest) -> HttpResponse:
    """Add a webhook; its secret is shown this once."""
    form = EndpointForm(request.POST)
    try:
        if form.is_valid():
            data = form.cleaned_data
            new = webhooks.add_endpoint(
                owner=request.user,
                url=data["url"],
                events_heard=data["events"],
                description=data["description"],
                at=timezone.now(),
            )
            return _endpoint_page(request, new.endpoint, secret=new.secret)
    except Refusal as refusal:
        form.refuse(refusal)
    return render(
        request,
        "notify/webhooks.html",
        {"endpoints": Endpoint.objects.order_by("pk")[: SHOWN * 4], "form": form},
        status=422,
    )


@require_GET
@signed_in
def endpoint(request: PersonRequest, endpoint_id: int) -> HttpResponseBase:
    """One webhook with its last sendings; the file holds all of them."""
    found = _endpoint(request, endpoint_id)
    if kind := asked(request):
        return export(SENDINGS, kind, _sendings(found))
    return _endpoint_page(request, found)


@require_POST
@signed_in
def switch(request: PersonRequest, endpoint_id: int) -> HttpResponse:
    """Switch a webhook on or off."""
    found = _endpoint(request, endpoint_id)
    webhooks.change_endpoint(
        endpoint_id=found.pk,
        person=request.user,
        version=found.version,
        is_active=not found.is_active,
        at=timezone.now(),
    )
    return went(request, found.get_absolute_url())


@require_POST
@signed_in
def rotate(request: PersonRequest, endpoint_id: int) -> HttpResponse:
    """Give a webhook a new secret, shown this once."""
    new = webhooks.rotate_secret(endpoint_id=endpoint_id, person=request.user, at=timezone.now())
    return _endpoint_page(request, new.endpoint, secret=new.secret)


@require_POST
@signed_in
def end_rotation(request: PersonRequest, endpoint_id: int) -> HttpResponse:
    """Let the old secret sign no longer."""
    found = webhooks.end_rotation(endpoint_id=endpoint_id, person=request.user, at=timezone.now())
    return went(request, found.get_absolute_url())


@require_POST
@signed_in
def ping(request: PersonRequest, endpoint_id: int) -> HttpResponse:
    """Put a test event in line."""
    sending = webhooks.send_test(endpoint_id=endpoint_id, person=request.user, at=timezone.now())
    return went(request, sending.endpoint.get_absolute_url())


@require_POST
@signed_in
def resend(request: PersonRequest, sending_id: int) -> HttpResponse:
    """Put a sending back in line."""
    sending = webhooks.send_again(sending_id=sending_id, person=request.user, at=timezone.now())
    return went(request, sending.endpoint.get_absolute_url())


def _endpoint(request: PersonRequest, endpoint_id: int) -> Endpoint:
    request.user.require(Capability.READ_WEBHOOKS, to="see webhooks")
    found = Endpoint.objects.select_related("owner").filter(pk=endpoint_id).first()
    if found is None:
        raise NotFound("There is no such webhook.", next_step="Go back to the list of webhooks.")
    return found


def _sendings(found: Endpoint) -> QuerySet[Sending]:
    return Sending.objects.filter(endpoint=found).select_related("entry").order_by("-id")


def _endpoint_page(request: PersonRequest, found: Endpoint, *, secret: str = "") -> HttpResponse:
    context = {
        "endpoint": found,
        "sendings": _sendings(found)[:SHOWN],
        "secret": secret,
        "may_manage": request.user.may(Capability.MANAGE_WEBHOOKS),
    }
    return render(request, "notify/webhook.html", context)


def _preferences_page(request: PersonRequest, more: dict[str, object], *, status: int = 200) -> HttpResponse:
    silent = set(Preference.objects.filter(person=request.user, by_mail=False).values_list("kind", flat=True))
    kinds = [{"kind": kind, "label": label, "by_mail": kind not in silent} for kind, label in KINDS.items()]
    offered = feeds.kinds()
    rows = [{"feed": one, "label": offered.get(one.kind, one.kind)} for one in queries.open_feeds(request.user)]
    plan = DigestPlan.objects.filter(person=request.user).first()
    context = {
        "kinds": kinds,
        "feeds": rows,
        "offered": offered.items(),
        "digest_plan": plan,
        "digest_form": DigestForm(initial=DigestForm.initial_of(plan)),
        **more,
    }
    return render(request, "notify/preferences.html", context, status=status)
