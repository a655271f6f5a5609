"""Charters of clusters, the capabilities they own, the places data may live, and the rules of its transfer."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse

from apps.accounts.rules import Capability as Right
from apps.clusters.models.catalogue import Cluster, DataClass
from apps.clusters.rules.boundaries import Verdict
from apps.clusters.states import OPEN_CHARTERS, CharterState

if TYPE_CHECKING:
    from apps.accounts.models import Person


class Regime(models.TextChoices):
    """Sets of obligations that a cluster keeps to."""

    GDPR = "GDPR", "GDPR"
    PCI_DSS = "PCI-DSS", "PCI DSS"
    HIPAA = "HIPAA", "HIPAA"
    SOX = "SOX", "SOX"
    ISO_27001 = "ISO-27001", "ISO/IEC 27001"
    SOC_2 = "SOC-2", "SOC 2"
    NIS_2 = "NIS-2", "NIS 2"
    DORA = "DORA", "DORA"
    FEDRAMP = "FEDRAMP", "FedRAMP"


class CharterQuerySet(models.QuerySet["Charter"]):
    def visible_to(self, person: "Person") -> Self:
        """Charters of clusters this person may know of."""
        if person.may(Right.READ_RESTRICTED):
            return self
        return self.filter(cluster__in=Cluster.objects.visible_to(person).values("pk"))


class Charter(models.Model):
    """One version of what a cluster is for, what it owns and where its data may live. One of them is in force."""

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="charters")
    number = models.PositiveIntegerField()  # counts the versions of this cluster
    state = models.CharField(max_length=12, choices=[(one.value, one.value) for one in CharterState], default="draft")
    purpose = models.TextField()
    accountable = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    capabilities = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    jurisdictions = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    data_classes = ArrayField(models.CharField(max_length=12, choices=DataClass.choices), default=list, blank=True)
    regimes = ArrayField(models.CharField(max_length=12, choices=Regime.choices), default=list, blank=True)
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField()
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    proposed_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)  # in force since then, where it is or was in force
    decision_reason = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = CharterQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "number"],
                name="charter_number_once",
                violation_error_message="The cluster has a charter of that number.",
            ),
            models.CheckConstraint(condition=Q(state__in=[*CharterState]), name="charter_state_known"),
            models.UniqueConstraint(
                fields=["cluster"],
                condition=Q(state=CharterState.IN_FORCE),
                name="charter_in_force_once",
                violation_error_message="The cluster has a charter in force.",
            ),
            models.UniqueConstraint(
                fields=["cluster"],
                condition=Q(state__in=[*OPEN_CHARTERS]),
                name="charter_open_once",
                violation_error_message="A new charter of this cluster is being written already.",
            ),
            models.CheckConstraint(
                condition=Q(data_classes__contained_by=DataClass.values), name="charter_data_classes_known"
            ),
            models.CheckConstraint(condition=Q(regimes__contained_by=Regime.values), name="charter_regimes_known"),
            models.CheckConstraint(
                condition=Q(state__in=[CharterState.DRAFT, CharterState.PROPOSED, CharterState.WITHDRAWN])
                | (Q(decided_at__isnull=False) & ~Q(decided_by=models.F("proposed_by"))),
                name="charter_approved_by_another",
                violation_error_message="Nobody approves a charter they proposed.",
            ),
        ]

    def __str__(self) -> str:
        return f"Charter {self.number} of {self.cluster}"

    def get_absolute_url(self) -> str:
        return reverse("clusters:charter", args=[self.pk])


class BusinessCapability(models.Model):
    """Something the enterprise can do, such as taking card payments. Exactly one cluster owns it."""

    name = models.CharField(max_length=120)
    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="capabilities")
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="capability_owned_once",
                violation_error_message="Another cluster owns this capability.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Site(models.Model):
    """A place where components run, and whose law holds there."""

    code = models.CharField(max_length=40)
    name = models.CharField(max_length=120, blank=True)
    jurisdiction = models.CharField(max_length=2)  # an ISO 3166-1 code
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    placed_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("code"), name="site_code_once", violation_error_message="This site has its jurisdiction already."
            ),
            models.CheckConstraint(condition=Q(jurisdiction__regex="^[A-Z]{2}$"), name="site_jurisdiction_is_a_code"),
        ]

    def __str__(self) -> str:
        return self.code


class TransferRule(models.Model):
    """Whether data of a class may go from one jurisdiction to another; `*` is everywhere."""

    data_class = models.CharField(max_length=12, choices=DataClass.choices)
    origin = models.CharField(max_length=2)
    destination = models.CharField(max_length=2)
    verdict = models.CharField(max_length=10, choices=[(one.value, one.value) for one in Verdict])
    safeguard = models.CharField(max_length=200, blank=True)  # which, where one is asked for
    reason = models.TextField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(data_class__in=DataClass.values), name="transfer_data_class_known"),
            models.CheckConstraint(condition=Q(verdict__in=[*Verdict]), name="transfer_verdict_known"),
            models.UniqueConstraint(
                fields=["data_class", "origin", "destination"],
                name="transfer_ruled_once",
                violation_error_message="There is a rule for this class between these places.",
            ),
            models.CheckConstraint(
                condition=~Q(verdict=Verdict.SAFEGUARD.value) | ~Q(safeguard=""),
                name="transfer_names_its_safeguard",
                violation_error_message="A transfer that needs a safeguard names which.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.data_class} from {self.origin} to {self.destination}: {self.verdict}"
