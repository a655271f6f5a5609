"""The enterprise floor of thresholds, and what clusters and the board agree on above it: offers and signatures."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from apps.accounts.rules import Capability
from apps.clusters.models import Cluster
from apps.stakeholders.rules.negotiating import Side
from apps.stakeholders.states import OPEN_AGREEMENTS, AgreementState, FloorState

if TYPE_CHECKING:
    from apps.accounts.models import Person

_PERSON = settings.AUTH_USER_MODEL


class ThresholdFloor(models.Model):
    """One version of what every agreement asks at least. A draft may be written anew; an adopted one never changes."""

    number = models.PositiveIntegerField(unique=True)
    state = models.CharField(max_length=10, choices=[(one.value, one.value) for one in FloorState], default="draft")
    thresholds = models.JSONField()  # as rules.thresholds.data_of writes them
    digest = models.CharField(max_length=64)  # SHA-256 of them, hex: what its adopter read
    note = models.CharField(max_length=500, blank=True)
    written_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    adopted_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    adopted_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=[*FloorState]), name="threshold_floor_state_known"),
            models.UniqueConstraint(
                fields=["state"],
                condition=Q(state__in=[FloorState.DRAFT, FloorState.IN_FORCE]),
                name="threshold_floor_one_of_a_kind",
                violation_error_message="There is one floor in force and one draft of the next, no more.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[FloorState.DRAFT, FloorState.DISCARDED], adopted_at__isnull=True)
                | (
                    Q(state__in=[FloorState.IN_FORCE, FloorState.SUPERSEDED], adopted_at__isnull=False)
                    & ~Q(adopted_by=F("written_by"))
                ),
                name="threshold_floor_adopted_by_another",
                violation_error_message="Nobody adopts a floor they wrote.",
            ),
        ]

    def __str__(self) -> str:
        return f"Enterprise floor of thresholds, version {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("stakeholders:threshold_floor", args=[self.number])


class ThresholdAgreementQuerySet(models.QuerySet["ThresholdAgreement"]):
    def visible_to(self, person: "Person") -> Self:
        """Agreements of clusters this person may know of."""
        if person.may(Capability.READ_RESTRICTED):
            return self
        return self.filter(cluster__in=Cluster.objects.visible_to(person).values("pk"))


class ThresholdAgreement(models.Model):
    """What one cluster and the board negotiate: when the cluster's autonomy yields. One at most is in force."""

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="threshold_agreements")
    number = models.PositiveIntegerField()  # counts those of the cluster
    state = models.CharField(
        max_length=12, choices=[(one.value, one.value) for one in AgreementState], default="negotiating"
    )
    opened_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    # What both sides signed; none before.
    offer = models.OneToOneField("ThresholdOffer", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    floor = models.ForeignKey(ThresholdFloor, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    proof = models.JSONField(default=dict, blank=True)  # {"compared", "floor", "idle"}: that it holds that floor
    agreed_at = models.DateTimeField(null=True, blank=True)
    in_force_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = ThresholdAgreementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=[*AgreementState]), name="threshold_agreement_state_known"),
            models.UniqueConstraint(fields=["cluster", "number"], name="threshold_agreement_number_once"),
            models.UniqueConstraint(
                fields=["cluster"],
                condition=Q(state=AgreementState.IN_FORCE),
                name="threshold_agreement_in_force_once",
                violation_error_message="The cluster has an agreement in force.",
            ),
            models.UniqueConstraint(
                fields=["cluster"],
                condition=Q(state__in=[*OPEN_AGREEMENTS]),
                name="threshold_agreement_open_once",
                violation_error_message="Thresholds of this cluster are being negotiated already.",
            ),
            models.CheckConstraint(
                condition=Q(state=AgreementState.NEGOTIATING, agreed_at__isnull=True, offer__isnull=True)
                | Q(state=AgreementState.BROKEN_OFF, ended_at__isnull=False)
                | Q(
                    state__in=[AgreementState.AGREED, AgreementState.IN_FORCE, AgreementState.SUPERSEDED],
                    agreed_at__isnull=False,
                    offer__isnull=False,
                ),
                name="threshold_agreement_names_what_was_signed",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[AgreementState.IN_FORCE, AgreementState.SUPERSEDED], in_force_at__isnull=False)
                | (~Q(state__in=[AgreementState.IN_FORCE, AgreementState.SUPERSEDED]) & Q(in_force_at__isnull=True)),
                name="threshold_agreement_in_force_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"Thresholds of {self.cluster}, agreement {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("stakeholders:threshold_agreement", args=[self.pk])


class ThresholdOffer(models.Model):
    """A text that one side puts forward. It never changes; whoever wants another makes the next offer."""

    agreement = models.ForeignKey(ThresholdAgreement, on_delete=models.PROTECT, related_name="offers")
    number = models.PositiveIntegerField()  # 1 is the proposal, every later one a counter-proposal
    side = models.CharField(max_length=7, choices=[(one.value, one.value) for one in Side])
    author = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    thresholds = models.JSONField()  # as rules.thresholds.data_of writes them
    effective_on = models.DateField()  # its first day, in the cluster's zone
    review_on = models.DateField()
    note = models.TextField()  # why, to the other side
    digest = models.CharField(max_length=64)  # SHA-256 of cluster, number, thresholds and both days, hex

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(side__in=[*Side]), name="threshold_offer_side_known"),
            models.UniqueConstraint(
                fields=["agreement", "number"],
                name="threshold_offer_once",
                violation_error_message="Another offer was made in the meantime.",
            ),
            models.CheckConstraint(condition=Q(review_on__gt=F("effective_on")), name="threshold_offer_review_follows"),
        ]

    def __str__(self) -> str:
        return f"offer {self.number} of the {self.side}"


class ThresholdSignature(models.Model):
    """One person's yes to one offer, for one side; bound to the hash of the text they saw."""

    offer = models.ForeignKey(ThresholdOffer, on_delete=models.PROTECT, related_name="signatures")
    side = models.CharField(max_length=7, choices=[(one.value, one.value) for one in Side])
    signer = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(side__in=[*Side]), name="threshold_signature_side_known"),
            models.UniqueConstraint(
                fields=["offer", "side"],
                name="threshold_signature_once_a_side",
                violation_error_message="This side has signed already.",
            ),
            models.UniqueConstraint(
                fields=["offer", "signer"],
                name="threshold_signature_once_a_person",
                violation_error_message="Nobody signs for both sides.",
            ),
        ]

    def __str__(self) -> str:
        return f"signature of {self.signer} for the {self.side}"
