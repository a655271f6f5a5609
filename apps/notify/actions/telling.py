"""Telling people: notices, what they have read, and the mails that follow."""

import logging
from collections.abc import Iterable
from datetime import datetime
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from apps.accounts.models import Person, PersonKind
from apps.journal.models import Entry
from apps.notify import rules
from apps.notify.invitations import invitation_for
from apps.notify.models import MailSending, Notice, Preference
from apps.notify.states import SENDING, SendingState

logger = logging.getLogger(__name__)


def tell(
    people: Iterable[Person],
    *,
    entry: Entry,
    kind: str,
    title: str,
    url: str,
    at: datetime,
    body: str = "",
    also_who_did_it: bool = False,
) -> int:
    """Put one notice about `entry` into each person's inbox, and a mail in line for those who want one.

    Runs in the caller's transaction (a reaction's). Idempotent by person, entry and kind; returns how many were new.
    People who cannot sign in are left out. So is the one who did it, unless `also_who_did_it`: then their notice is
    read already, and only the mail (an invitation that belongs in their calendar too) reaches them.
    """
    told = {
        one.pk: one
        for one in people
        if one.is_active and one.kind == PersonKind.HUMAN and (also_who_did_it or one.pk != entry.actor_id)
    }
    had = set(Notice.objects.filter(entry=entry, kind=kind, person_id__in=told).values_list("person_id", flat=True))
    new = [
        Notice(
            person_id=pk,
            entry=entry,
            kind=kind,
            title=title[:300],
            body=body,
            url=url[:300],
            created_at=at,
            read_at=at if pk == entry.actor_id else None,
        )
        for pk in told.keys() - had
    ]
    Notice.objects.bulk_create(new)
    silent = set(
        Preference.objects.filter(kind=kind, by_mail=False, person_id__in=told).values_list("person_id", flat=True)
    )
    mails = [
        MailSending(notice=one, next_attempt_at=at)
        for one in new
        if one.person_id not in silent and told[one.person_id].email
    ]
    MailSending.objects.bulk_create(mails)
    return len(new)


@transaction.atomic
def mark_read(*, person: Person, notice_ids: Iterable[int] | None, at: datetime) -> int:
    """Mark one's own notices as read (None: all of them); returns how many were unread."""
    rows = Notice.objects.filter(person=person, read_at__isnull=True)
    if notice_ids is not None:
        rows = rows.filter(pk__in=list(notice_ids))
    return rows.update(read_at=at)


@transaction.atomic
def settle_notices(*, entries: QuerySet[Entry], kind: str, at: datetime) -> int:
    """Mark everyone's notices of a kind about these entries as read: what they asked for is settled.

    Idempotent: what has been read keeps its time. Returns how many were unread.
    """
    return Notice.objects.filter(entry__in=entries, kind=kind, read_at__isnull=True).update(read_at=at)


@transaction.atomic
def mark_unread(*, person: Person, notice_id: int) -> None:
    """Put one's own notice back among the unread."""
    Notice.objects.filter(person=person, pk=notice_id).update(read_at=None)


@transaction.atomic
def mark_unread_again(*, person: Person, read_at: datetime) -> int:
    """Put back among the unread what one marked as read in one go, named by its instant; returns how many."""
    return Notice.objects.filter(person=person, read_at=read_at).update(read_at=None)


@transaction.atomic
def set_mail_preference(*, person: Person, kind: str, by_mail: bool) -> None:
    """Say whether a kind of notice also comes by mail."""
    Preference.objects.update_or_create(person=person, kind=kind, defaults={"by_mail": by_mail})


def send_due_mail(*, at: datetime, limit: int = 50) -> int:
    """Send the mails that are due, one by one; returns how many were attempted. Safe beside another."""
    for attempted in range(limit):
        if not _send_one(at):
            return attempted
    return limit


def _send_one(at: datetime) -> bool:
    sending = _take(at)
    if sending is None:
        return False
    error = ""
    try:
        _mail(sending.notice)
    except Exception as refusal:  # one mail that cannot be sent must not stop the line
        logger.warning("Mail of notice %s was not sent.", sending.notice_id, exc_info=refusal)
        error = f"{type(refusal).__name__}: {refusal}"[:500]
    _note(sending, error, at=at)
    return True


@transaction.atomic
def _take(at: datetime) -> MailSending | None:
    """The mail that has been due longest, made ours for `rules.LEASE`; the lock ends before anything is sent.

    Who cannot sign in any more gets none.
    """
    sending = (
        MailSending.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("notice__person", "notice__entry")
        .filter(state=SendingState.WAITING, next_attempt_at__lte=at, notice__person__is_active=True)
        .order_by("next_attempt_at")
        .first()
    )
    if sending is not None:
        sending.attempts, sending.next_attempt_at = sending.attempts + 1, at + rules.LEASE
        sending.save(update_fields=["attempts", "next_attempt_at"])
    return sending


@transaction.atomic
def _note(taken: MailSending, error: str, *, at: datetime) -> None:
    """Write down how the attempt went ("" is well), unless another has taken the mail over meanwhile."""
    rows = MailSending.objects.select_for_update().filter(state=SendingState.WAITING, attempts=taken.attempts)
    sending = rows.filter(pk=taken.pk).first()
    if sending is None:
        return
    sending.last_error, sending.next_attempt_at = error, at
    wait = rules.retry_after(sending.attempts, rules.MAIL_RETRIES)
    if not error:
        _move(sending, SendingState.SENT)
    elif wait is None:
        _move(sending, SendingState.FAILED)
    else:
        sending.next_attempt_at = at + wait
    sending.save()


def _mail(notice: Notice) -> None:
    """A mail that leads to the page; it never decides by itself, for mail scanners click links."""
    person = notice.person
    name = " ".join(person.name.split())  # no line ends in a header
    settings_url = f"{settings.PUBLIC_URL}/inbox/preferences/"
    context = {
        "notice": notice,
        "url": settings.PUBLIC_URL + notice.url,
        "settings_url": settings_url,
        "person": person,
    }
    with timezone.override(person.tzinfo):  # moments stand in the reader's zone
        plain, formatted = (render_to_string(f"notify/mail.{kind}", context) for kind in ("txt", "html"))
    message = EmailMultiAlternatives(
        subject=" ".join(notice.title.split()),
        body=plain,
        to=[formataddr((name, person.email or ""))],
        # The same id each time: a mail that is sent twice after a crash shows once.
        headers={"List-Unsubscribe": f"<{settings_url}>", "Message-ID": f"<notice-{notice.pk}@concordat>"},
    )
    message.attach_alternative(formatted, "text/html")
    invitation = invitation_for(notice.entry, person)
    if invitation:
        from apps.notify.formats.icalendar import render_invitation  # its library is slow to load, for few mails

        # The organizer is whom the mail comes from: calendars distrust an invitation that another sends.
        host = (invitation.host, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])
        told = render_invitation(
            invitation.items, method=invitation.method, host=host, guest=(name, person.email or "")
        )
        message.attach_alternative(told, f"text/calendar; method={invitation.method}")
    message.send()


def _move(sending: MailSending, target: SendingState) -> None:
    SENDING.require(sending.state, target)
    sending.state = target
