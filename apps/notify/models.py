"""Notices in inboxes, mails and webhooks on their way, endpoints and calendar feeds."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse

from apps.notify.rules import Frequency
from apps.notify.states import SendingState

STATES = [(state, state) for state in SendingState]


class Notice(models.Model):
    """One line in one person's inbox."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    entry = models.ForeignKey("journal.Entry", on_delete=models.PROTECT, related_name="+")  # what it tells about
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=300)
    body = models.TextField(blank=True)
    url = models.CharField(max_length=300)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # A handler that runs twice tells once.
            models.UniqueConstraint(fields=["person", "entry", "kind"], name="notice_once")
        ]
        indexes = [
            models.Index(fields=["person", "-id"], name="notice_by_person"),
            models.Index(fields=["person"], name="notice_unread", condition=models.Q(read_at__isnull=True)),
        ]


class Preference(models.Model):
    """A kind of notice a person does not want by mail. The inbox always has it."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40)
    by_mail = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="preference_once")]


class MailSending(models.Model):
    """One notice on its way to a mailbox."""

    notice = models.OneToOneField(Notice, on_delete=models.CASCADE, related_name="mail")
    state = models.CharField(max_length=8, choices=STATES, default=SendingState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=list(SendingState)), name="mail_state_known")
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], name="mail_due", condition=models.Q(state=SendingState.WAITING))
        ]


class DigestPlan(models.Model):
    """When a person gets a digest of their inbox by mail. Without a plan they get none."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    frequency = models.CharField(max_length=6, choices=[(one, one) for one in Frequency])
    hour = models.PositiveSmallIntegerField()  # 0 to 23, on the clock of `zone`
    weekday = models.PositiveSmallIntegerField(default=0)  # 0 is Monday; of weekly ones
    zone = models.CharField(max_length=64)  # the person's when `next_at` was reckoned
    next_at = models.DateTimeField()
    told_until = models.DateTimeField()  # what came after this is told next

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(frequency__in=list(Frequency)), name="digest_plan_frequency_known"
            ),
            models.CheckConstraint(
                condition=models.Q(hour__lte=23, weekday__lte=6),
                name="digest_plan_time_exists",
                violation_error_message="A digest comes at an hour from 0 to 23 on a day of the week.",
            ),
        ]
        indexes = [models.Index(fields=["next_at"], name="digest_plan_next")]


class Digest(models.Model):
    """One digest on its way to a mailbox: what came into an inbox from one instant (not included) to another."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="digests")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=STATES, default=SendingState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=list(SendingState)), name="digest_state_known"),
            models.CheckConstraint(
                condition=models.Q(until_at__gt=models.F("from_at")), name="digest_period_not_empty"
            ),
            # A job that runs twice makes one.
            models.UniqueConstraint(fields=["person", "from_at"], name="digest_once"),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], name="digest_due", condition=models.Q(state=SendingState.WAITING))
        ]


class Endpoint(models.Model):
    """An address of another system that hears our events. The secrets are encrypted at rest."""

    url = models.CharField(max_length=500)
    description = models.CharField(max_length=200, blank=True)
    events = ArrayField(models.CharField(max_length=80), default=list, blank=True)  # empty: every event
    secret = models.TextField()  # Fernet token of "whsec_…"
    old_secret = models.TextField(blank=True)  # signs beside the new one until the rotation is ended
    is_active = models.BooleanField(default=True)
    failures = models.PositiveSmallIntegerField(default=0)  # sendings given up in a row
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    version = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return self.description or self.url

    def get_absolute_url(self) -> str:
        return reverse("notify:webhook", args=[self.pk])


class Sending(models.Model):
    """One journal entry on its way to one endpoint; a null entry is a test."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="sendings")
    entry = models.ForeignKey("journal.Entry", on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=STATES, default=SendingState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)  # the last HTTP status
    excerpt = models.CharField(max_length=500, blank=True)  # of the last answer or error
    sent_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "entry"], name="sending_once"),
            models.CheckConstraint(condition=models.Q(state__in=list(SendingState)), name="sending_state_known"),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], name="sending_due", condition=models.Q(state=SendingState.WAITING)
            ),
            models.Index(fields=["endpoint", "-id"], name="sending_by_endpoint"),
        ]


class Feed(models.Model):
    """A secret calendar address of one person; only its hash is kept."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="feeds")
    kind = models.CharField(max_length=40)
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    revoked_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind"],
                name="feed_one_of_kind",
                condition=models.Q(revoked_at__isnull=True),
                violation_error_message="You already have this feed; revoke it first.",
            )
        ]

    def __str__(self) -> str:
        return f"calendar feed of {self.kind}"
