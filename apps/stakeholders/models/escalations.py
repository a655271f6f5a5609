"""Protocols of escalation in versions, cases with their ladder and clock, what was agreed, and who is away."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from apps.accounts.rules import Capability, Role
from apps.clusters.models import Cluster
from apps.stakeholders.models.calendars import WorkingCalendar
from apps.stakeholders.rules.escalation import Act, Asks, ResolutionKind, Trigger
from apps.stakeholders.states import UNFINISHED_CASES, CaseState, ProtocolState

if TYPE_CHECKING:
    from apps.accounts.models import Person

_PERSON = settings.AUTH_USER_MODEL
ROLES = [(one.value, one.value.replace("_", " ")) for one in Role]


class EscalationProtocol(models.Model):
    """A ladder by its name; its steps stand in versions, of which one is published."""

    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    # What opens a case by itself; empty: people do.
    trigger = models.CharField(max_length=20, choices=[(one.value, one.value) for one in Trigger], blank=True)
    calendar = models.ForeignKey(WorkingCalendar, on_delete=models.PROTECT, related_name="protocols")
    made_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["slug"],
                name="escalation_protocol_slug_once",
                violation_error_message="There is a protocol of that short name already.",
            ),
            models.CheckConstraint(
                condition=Q(trigger="") | Q(trigger__in=[*Trigger]), name="escalation_protocol_trigger_known"
            ),
            models.UniqueConstraint(
                fields=["trigger"],
                condition=~Q(trigger=""),
                name="escalation_protocol_one_a_trigger",
                violation_error_message="Another protocol is opened by that rule already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("stakeholders:protocol", args=[self.slug])


class ProtocolVersion(models.Model):
    """The steps of a protocol as somebody wrote them; a published version never changes."""

    protocol = models.ForeignKey(EscalationProtocol, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=[(one.value, one.value) for one in ProtocolState], default="draft")
    digest = models.CharField(max_length=64)  # SHA-256 of its steps, hex: what its publisher read
    written_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    published_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    published_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=[*ProtocolState]), name="protocol_version_state_known"),
            models.UniqueConstraint(fields=["protocol", "number"], name="protocol_version_number_once"),
            models.UniqueConstraint(
                fields=["protocol", "state"],
                condition=Q(state__in=[ProtocolState.DRAFT, ProtocolState.PUBLISHED]),
                name="protocol_version_one_of_a_kind",
                violation_error_message="There is one draft and one published version, no more.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[ProtocolState.DRAFT, ProtocolState.DISCARDED], published_at__isnull=True)
                | (
                    Q(state__in=[ProtocolState.PUBLISHED, ProtocolState.SUPERSEDED], published_at__isnull=False)
                    & ~Q(published_by=F("written_by"))
                ),
                name="protocol_version_published_by_another",
                violation_error_message="Nobody publishes a protocol they wrote.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.protocol}, version {self.number}"


class ProtocolStep(models.Model):
    """One rung."""

    version = models.ForeignKey(ProtocolVersion, on_delete=models.CASCADE, related_name="steps")  # part of it
    number = models.PositiveSmallIntegerField()
    asks = models.CharField(max_length=7, choices=[(one.value, one.value) for one in Asks])
    role = models.CharField(max_length=30, choices=ROLES, blank=True)
    person = models.ForeignKey(_PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    act = models.CharField(max_length=9, choices=[(one.value, one.value) for one in Act])
    limit = models.DurationField()  # of working time, by the protocol's calendar

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "number"], name="protocol_step_once"),
            models.CheckConstraint(condition=Q(act__in=[*Act]), name="protocol_step_act_known"),
            models.CheckConstraint(
                condition=Q(asks=Asks.PARTIES, role="", person__isnull=True)
                | Q(asks=Asks.ROLE, role__in=[*Role], person__isnull=True)
                | Q(asks=Asks.PERSON, role="", person__isnull=False),
                name="protocol_step_asks_somebody",
                violation_error_message="A step asks the parties, a role or a person.",
            ),
        ]

    def __str__(self) -> str:
        return f"step {self.number}"


class EscalationCaseQuerySet(models.QuerySet["EscalationCase"]):
    def visible_to(self, person: "Person") -> Self:
        """Cases whose clusters the person may all know of."""
        if person.may(Capability.READ_RESTRICTED):
            return self
        hidden = CaseParty.objects.exclude(cluster__in=Cluster.objects.visible_to(person).values("pk"))
        return self.exclude(pk__in=hidden.filter(cluster__isnull=False).values("case"))


class EscalationCase(models.Model):
    """A conflict that climbs the ladder until somebody takes it. Its clock is `due_at`, and runs only while it is open.

    `left` is the working time that a case on hold still has at its step.
    """

    number = models.PositiveIntegerField(unique=True)
    version_of = models.ForeignKey(ProtocolVersion, on_delete=models.PROTECT, related_name="cases")
    title = models.CharField(max_length=120)
    reason = models.TextField()
    key = models.CharField(max_length=120, blank=True)  # what a rule opened it about; empty: a person did
    subject_url = models.CharField(max_length=300, blank=True)  # where it can be read
    state = models.CharField(max_length=12, choices=[(one.value, one.value) for one in CaseState], default="open")
    step = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField(null=True, blank=True)
    left = models.DurationField(null=True, blank=True)
    held_because = models.CharField(max_length=300, blank=True)
    opened_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    opened_at = models.DateTimeField()
    acknowledged_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = EscalationCaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=[*CaseState]), name="escalation_case_state_known"),
            models.CheckConstraint(
                condition=Q(state=CaseState.OPEN, due_at__isnull=False, left__isnull=True)
                | Q(state=CaseState.ON_HOLD, due_at__isnull=True, left__isnull=False)
                | (~Q(state__in=[CaseState.OPEN, CaseState.ON_HOLD]) & Q(due_at__isnull=True, left__isnull=True)),
                name="escalation_case_clock_runs_while_open",
                violation_error_message="Only an open case has a clock that runs.",
            ),
            models.CheckConstraint(
                condition=Q(state=CaseState.ACKNOWLEDGED, acknowledged_by__isnull=False)
                | ~Q(state=CaseState.ACKNOWLEDGED),
                name="escalation_case_taken_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["key"],
                condition=~Q(key="") & Q(state__in=[*UNFINISHED_CASES]),
                name="escalation_case_once_a_key",
                violation_error_message="A case about this is open already.",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="escalation_case_due", condition=Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"ESC-{self.number} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("stakeholders:case", args=[self.number])

    @property
    def reference(self) -> str:
        """ESC-4."""
        return f"ESC-{self.number}"


class CaseParty(models.Model):
    """One side of the conflict: a cluster (its owners), or a person. `benefit` and `cost` are its own word."""

    case = models.ForeignKey(EscalationCase, on_delete=models.PROTECT, related_name="parties")
    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    person = models.ForeignKey(_PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    benefit = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    cost = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    evidence = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "case parties"
        constraints = [
            models.CheckConstraint(
                condition=Q(cluster__isnull=False, person__isnull=True) | Q(cluster__isnull=True, person__isnull=False),
                name="case_party_is_one",
                violation_error_message="A party is a cluster or a person.",
            ),
            models.UniqueConstraint(
                fields=["case", "cluster"],
                name="case_party_cluster_once",
                violation_error_message="This cluster is a party already.",
            ),
            models.UniqueConstraint(
                fields=["case", "person"],
                name="case_party_person_once",
                violation_error_message="This person is a party already.",
            ),
            models.CheckConstraint(
                condition=Q(benefit__isnull=True, cost__isnull=True, currency="")
                | (Q(benefit__gte=0, cost__gte=0) & ~Q(currency="")),
                name="case_party_position_whole",
                violation_error_message="A position says benefit, cost and currency, none of them below nothing.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.cluster or self.person)


class CaseStep(models.Model):
    """That a case reached a step, once; when its time is up, and why it was left."""

    case = models.ForeignKey(EscalationCase, on_delete=models.PROTECT, related_name="ladder")
    number = models.PositiveSmallIntegerField()
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)  # None: skipped, or nobody was on call yet
    left_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "number"],
                name="case_step_once",
                violation_error_message="The case has reached this step already.",
            )
        ]

    def __str__(self) -> str:
        return f"step {self.number} of {self.case}"


class CaseAsk(models.Model):
    """That somebody was asked at a step, or was recused, and why."""

    step = models.ForeignKey(CaseStep, on_delete=models.PROTECT, related_name="asks")
    person = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    recused_because = models.CharField(max_length=200, blank=True)
    asked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["step", "person"],
                name="case_ask_once",
                violation_error_message="They were asked at this step already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} at {self.step}"


class Resolution(models.Model):
    """What ends a conflict, in words and amounts. It never changes; another one may follow where a party refuses."""

    case = models.ForeignKey(EscalationCase, on_delete=models.PROTECT, related_name="resolutions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=[(one.value, one.value) for one in ResolutionKind])
    text = models.TextField()
    transfers = models.JSONField(default=list, blank=True)  # [{"giver", "taker", "amount", "currency"}], by party
    digest = models.CharField(max_length=64)  # SHA-256 of case, number, kind, text and transfers, hex
    proposed_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    refused_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    refused_at = models.DateTimeField(null=True, blank=True)
    refused_because = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=[*ResolutionKind]), name="resolution_kind_known"),
            models.UniqueConstraint(
                fields=["case", "number"],
                name="resolution_once",
                violation_error_message="Another resolution was proposed in the meantime.",
            ),
        ]

    def __str__(self) -> str:
        return f"resolution {self.number} of {self.case}"


class ResolutionSignature(models.Model):
    """A party's yes to a resolution; bound to the hash of the text its signer saw."""

    resolution = models.ForeignKey(Resolution, on_delete=models.PROTECT, related_name="signatures")
    party = models.ForeignKey(CaseParty, on_delete=models.PROTECT, related_name="signatures")
    signer = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["resolution", "party"],
                name="resolution_signature_once_a_party",
                violation_error_message="This party has signed already.",
            ),
            models.UniqueConstraint(
                fields=["resolution", "signer"],
                name="resolution_signature_once_a_person",
                violation_error_message="Nobody signs for two parties.",
            ),
        ]

    def __str__(self) -> str:
        return f"signature of {self.signer} for {self.party}"


class Absence(models.Model):
    """Days on which somebody is not on call, both included."""

    person = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="absences")
    first_on = models.DateField()
    last_on = models.DateField()
    recorded_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)  # taken back

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(last_on__gte=F("first_on")),
                name="absence_ends_later",
                violation_error_message="An absence ends on its first day or later.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} away from {self.first_on} to {self.last_on}"
