"""Interfaces that components offer, and the integrations of others with them."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.db.models.lookups import LessThanOrEqual
from django.urls import reverse

from apps.accounts.rules import Capability
from apps.clusters.models import Cluster, Component, DataClass
from apps.integrations.rules.needs import LONGEST_ADDRESS, LONGEST_NAME, MOST_KB_PER_S, RANGES
from apps.integrations.rules.patterns import PATTERN_WORDS, Pattern
from apps.integrations.rules.words import (
    CALLED,
    CONSISTENCY_WORDS,
    COUPLING_WORDS,
    KIND_WORDS,
    ORDERING_WORDS,
    PROTOCOL_WORDS,
    PROTOCOLS,
    Consistency,
    Coupling,
    Direction,
    Kind,
    Ordering,
    Protocol,
)

if TYPE_CHECKING:
    from apps.accounts.models import Person

KINDS = [(one.value, KIND_WORDS[one]) for one in Kind]
PROTOCOL_CHOICES = [(one.value, PROTOCOL_WORDS[one]) for one in Protocol]
DIRECTIONS = [(one.value, one.value) for one in Direction]
CONSISTENCIES = [(one.value, CONSISTENCY_WORDS[one]) for one in Consistency]
ORDERINGS = [(one.value, ORDERING_WORDS[one]) for one in Ordering]
COUPLINGS = [(one.value, COUPLING_WORDS[one]) for one in Coupling]


def _between(name: str) -> Q:
    bounds = RANGES[name]
    return Q(**{f"{name}__gte": bounds.least, f"{name}__lte": bounds.most})


class InterfaceQuerySet(models.QuerySet["Interface"]):
    def visible_to(self, person: "Person") -> Self:
        """Interfaces of components of clusters this person may know of."""
        if person.may(Capability.READ_RESTRICTED):
            return self
        return self.filter(component__cluster__in=Cluster.objects.visible_to(person).values("pk"))


class Interface(models.Model):
    """One thing that a component offers to others."""

    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="interfaces")  # dies with it
    name = models.CharField(max_length=LONGEST_NAME)
    kind = models.CharField(max_length=6, choices=KINDS)
    port = models.PositiveIntegerField(null=True, blank=True)
    protocol = models.CharField(max_length=5, choices=PROTOCOL_CHOICES, blank=True)
    contract_url = models.CharField(max_length=LONGEST_ADDRESS, blank=True)
    is_data_product = models.BooleanField(default=False)  # kept for others, with an owner and a promise
    description = models.TextField(blank=True)
    latency_ms = models.PositiveIntegerField(null=True, blank=True)  # 95th percentile it offers; None: unsaid
    availability_percent = models.FloatField(null=True, blank=True)  # it offers; None: unsaid
    offered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    offered_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = InterfaceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "component",
                Lower("name"),
                name="interface_named_once",
                violation_error_message="This component offers an interface of that name already.",
            ),
            models.CheckConstraint(condition=Q(kind__in=[*Kind]), name="interface_kind_known"),
            models.CheckConstraint(
                condition=Q(protocol="", port__isnull=True) & ~Q(kind__in=[*CALLED])
                | Q(port__isnull=False, port__gte=1, port__lte=65_535)
                & (
                    Q(kind=Kind.HTTP, protocol__in=[*PROTOCOLS[Kind.HTTP]])
                    | Q(kind=Kind.GRPC, protocol__in=[*PROTOCOLS[Kind.GRPC]])
                    | Q(kind=Kind.TOPIC, protocol__in=[*PROTOCOLS[Kind.TOPIC]])
                    | Q(kind=Kind.TABLE, protocol__in=[*PROTOCOLS[Kind.TABLE]])
                ),
                name="interface_port_fits_kind",
                violation_error_message="Port and protocol do not fit the kind of interface.",
            ),
            models.CheckConstraint(
                condition=Q(latency_ms__isnull=True) | _between("latency_ms"),
                name="interface_latency_bounded",
                violation_error_message=f"An offered latency lies {RANGES['latency_ms'].words()}.",
            ),
            models.CheckConstraint(
                condition=Q(availability_percent__isnull=True) | _between("availability_percent"),
                name="interface_availability_bounded",
                violation_error_message=f"An offered availability lies {RANGES['availability_percent'].words()}.",
            ),
        ]
        indexes = [models.Index(fields=["name", "id"], name="interface_by_name")]  # the order of its list

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("integrations:interface", args=[self.pk])

    @property
    def cluster_id(self) -> int:
        """The cluster that governs this row: the component's."""
        return self.component.cluster_id


class IntegrationQuerySet(models.QuerySet["Integration"]):
    def visible_to(self, person: "Person") -> Self:
        """Integrations with both ends where the person may look."""
        if person.may(Capability.READ_RESTRICTED):
            return self
        seen = Cluster.objects.visible_to(person).values("pk")
        return self.filter(consumer__cluster__in=seen, interface__component__cluster__in=seen)

    def across_clusters(self) -> Self:
        """Those whose ends belong to different clusters."""
        return self.exclude(consumer__cluster=F("interface__component__cluster"))


class Integration(models.Model):
    """One component's use of one interface of another, with what it needs of it.

    Numbers carry their unit in their name; bounds are those of `rules.needs.RANGES`.
    """

    consumer = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="integrations")  # dies with its end
    interface = models.ForeignKey(Interface, on_delete=models.CASCADE, related_name="integrations")  # and the other
    purpose = models.TextField()
    direction = models.CharField(max_length=6, choices=DIRECTIONS, default=Direction.READS)
    latency_ms = models.PositiveIntegerField(null=True, blank=True)  # 95th percentile; None: nobody waits for an answer
    freshness_s = models.PositiveIntegerField(default=0)  # how old what is read may be
    rate_per_s = models.FloatField(default=1.0)  # calls, events or records
    consistency = models.CharField(max_length=16, choices=CONSISTENCIES, default=Consistency.EVENTUAL)
    ordering = models.CharField(max_length=5, choices=ORDERINGS, default=Ordering.NONE)
    replay_days = models.PositiveIntegerField(default=0)  # how far back it must be able to read again
    payload_kb = models.PositiveIntegerField(default=1)  # of one call, event or file
    availability_percent = models.FloatField(null=True, blank=True)  # it needs; None: nobody says
    survives_s = models.PositiveIntegerField(default=0)  # how long it must go on without the provider
    coupling = models.CharField(max_length=8, choices=COUPLINGS, default=Coupling.MODERATE)  # the most it bears
    data_class = models.CharField(max_length=12, choices=DataClass.choices, default=DataClass.INTERNAL)  # what flows
    declared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    declared_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = IntegrationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["consumer", "interface"],
                name="integration_once",
                violation_error_message="This component is integrated with that interface already.",
            ),
            models.CheckConstraint(condition=Q(direction__in=[*Direction]), name="integration_direction_known"),
            models.CheckConstraint(condition=Q(consistency__in=[*Consistency]), name="integration_consistency_known"),
            models.CheckConstraint(condition=Q(ordering__in=[*Ordering]), name="integration_ordering_known"),
            models.CheckConstraint(condition=Q(coupling__in=[*Coupling]), name="integration_coupling_known"),
            models.CheckConstraint(condition=Q(data_class__in=DataClass.values), name="integration_data_class_known"),
            *(
                models.CheckConstraint(
                    condition=_between(name),
                    name=f"integration_{name}_bounded",
                    violation_error_message=f"“{name}” lies {RANGES[name].words()}.",
                )
                for name in ("freshness_s", "rate_per_s", "replay_days", "payload_kb", "survives_s")
            ),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"{name}__isnull": True}) | _between(name),
                    name=f"integration_{name}_bounded",
                    violation_error_message=f"“{name}” lies {RANGES[name].words()}.",
                )
                for name in ("latency_ms", "availability_percent")
            ),
            models.CheckConstraint(
                condition=~Q(consistency=Consistency.STRONG) | Q(freshness_s=0),
                name="integration_strong_is_fresh",
                violation_error_message="Strong consistency always reads the last write: its data has no age.",
            ),
            models.CheckConstraint(
                condition=Q(latency_ms__isnull=True) | Q(freshness_s=0) | Q(latency_ms__lte=F("freshness_s") * 1_000.0),
                name="integration_answers_in_time",
                violation_error_message="An answer would be older than its data may be.",
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(F("rate_per_s") * F("payload_kb"), MOST_KB_PER_S),
                name="integration_fits_a_link",
                violation_error_message="Rate times payload is more than any link carries.",
            ),
        ]
        indexes = [models.Index(fields=["interface", "consumer"], name="integration_by_interface")]

    def __str__(self) -> str:
        return f"{self.consumer} with {self.interface}"

    def get_absolute_url(self) -> str:
        return reverse("integrations:integration", args=[self.pk])

    @property
    def cluster_id(self) -> int:
        """The cluster that governs this row: the consumer's."""
        return self.consumer.cluster_id

    @property
    def consistency_word(self) -> str:
        """Its consistency, short: "read your writes"."""
        return self.get_consistency_display().partition(":")[0]

    @property
    def rate_words(self) -> str:
        """Its rate: "0.01 a second"."""
        return f"{self.rate_per_s:,.10g} a second"

    @property
    def decision_words(self) -> str:
        """The pattern that was decided on, where `with_decisions` asked for it."""
        chosen = getattr(self, "decision_pattern", None)
        return PATTERN_WORDS[Pattern(chosen)] if chosen else ""

    @property
    def provider(self) -> Component:
        """The component that offers the interface."""
        return self.interface.component
