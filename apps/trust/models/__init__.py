"""Tables and truths of trust: domains with their keys, and the links between them."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse

from apps.accounts.rules import Capability
from apps.clusters.models import Cluster
from apps.trust.rules.tokens import ASYMMETRIC

if TYPE_CHECKING:
    from apps.accounts.models import Person

_ALGORITHMS = [(one, one) for one in ASYMMETRIC]


class TokenFormat(models.TextChoices):
    """What identities of a domain look like."""

    JWT = "jwt", "JWT (RFC 7519)"
    ACCESS_TOKEN = "at+jwt", "JWT access token (RFC 9068)"
    SVID = "jwt-svid", "SPIFFE JWT-SVID"


class TrustDomainQuerySet(models.QuerySet["TrustDomain"]):
    def visible_to(self, person: "Person") -> Self:
        """Domains of clusters this person may know of."""
        if person.may(Capability.READ_RESTRICTED):
            return self
        return self.filter(cluster__in=Cluster.objects.visible_to(person).values("pk"))


class TrustDomain(models.Model):
    """What issues the identities of one cluster."""

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="trust_domains")
    name = models.CharField(max_length=255)  # the SPIFFE trust domain
    issuer = models.CharField(max_length=300)  # what its tokens say in “iss”
    token_format = models.CharField(max_length=10, choices=TokenFormat.choices, default=TokenFormat.JWT)
    audience = models.CharField(max_length=200)  # what tokens for this cluster say in “aud”
    algorithms = ArrayField(models.CharField(max_length=10, choices=_ALGORITHMS), default=list)
    lifetime_s = models.PositiveIntegerField(default=3_600)
    claims = ArrayField(models.CharField(max_length=60), default=list, blank=True)  # its tokens carry, beside “sub”
    jwks_url = models.CharField(max_length=300, blank=True)  # where its bundle is fetched from; "": it is uploaded
    sequence = models.PositiveBigIntegerField(default=0)  # of the bundle; never goes back
    refresh_hint_s = models.PositiveIntegerField(default=300)
    bundle_at = models.DateTimeField(null=True, blank=True)  # when the bundle was last taken in
    bundle_failure = models.TextField(blank=True)  # why the last fetch brought none
    fetch_at = models.DateTimeField(null=True, blank=True)  # when it is fetched next
    version = models.PositiveIntegerField(default=1)

    objects = TrustDomainQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cluster"],
                name="trust_domain_of_one_cluster",
                violation_error_message="This cluster has a trust domain already.",
            ),
            models.UniqueConstraint(
                Lower("name"),
                name="trust_domain_once",
                violation_error_message="This trust domain is another cluster's.",
            ),
            models.CheckConstraint(
                condition=Q(name__regex=r"^[a-z0-9._-]+$"),
                name="trust_domain_is_a_name",
                violation_error_message="A trust domain has small letters, digits and . - _ only.",
            ),
            models.CheckConstraint(condition=Q(token_format__in=TokenFormat.values), name="trust_token_format_known"),
            models.CheckConstraint(
                condition=Q(algorithms__contained_by=list(ASYMMETRIC), algorithms__len__gte=1),
                name="trust_algorithms_known",
                violation_error_message="A domain signs with at least one asymmetric algorithm.",
            ),
            models.CheckConstraint(
                condition=Q(lifetime_s__gte=60, lifetime_s__lte=86_400),
                name="trust_lifetime_bounded",
                violation_error_message="Tokens live between a minute and a day.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("trust:domain", args=[self.pk])


class SigningKey(models.Model):
    """One public key of a domain's bundle."""

    domain = models.ForeignKey(TrustDomain, on_delete=models.CASCADE, related_name="keys")  # dies with its domain
    kid = models.CharField(max_length=200)
    kty = models.CharField(max_length=10)
    algorithms = ArrayField(models.CharField(max_length=10))
    material = models.JSONField()  # its public members, as the bundle gives them
    since = models.DateTimeField()
    rotates_on = models.DateField(null=True, blank=True)  # when its owners mean to replace it
    retired_at = models.DateTimeField(null=True, blank=True)  # when a bundle came without it

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["domain", "kid"],
                condition=Q(retired_at__isnull=True),
                name="signing_key_once",
                violation_error_message="The bundle has a key of this name.",
            )
        ]

    def __str__(self) -> str:
        return self.kid


class TrustLinkQuerySet(models.QuerySet["TrustLink"]):
    def in_force(self, at: datetime) -> Self:
        """Agreed by both sides, and not ended."""
        return self.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at), agreed_at__isnull=False)

    def visible_to(self, person: "Person") -> Self:
        """Links with both ends where the person may look."""
        if person.may(Capability.READ_RESTRICTED):
            return self
        seen = Cluster.objects.visible_to(person).values("pk")
        return self.filter(source__cluster__in=seen, target__cluster__in=seen)


class TrustLink(models.Model):
    """The target believes tokens of the source. The source's owners propose it, the target's agree."""

    source = models.ForeignKey(TrustDomain, on_delete=models.CASCADE, related_name="believed_by")
    target = models.ForeignKey(TrustDomain, on_delete=models.CASCADE, related_name="believes")
    claims = ArrayField(models.CharField(max_length=60), default=list, blank=True)  # that survive the step
    most_steps = models.PositiveSmallIntegerField(default=1)  # of a whole chain over it
    reason = models.TextField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    agreed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    agreed_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = TrustLinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "target"],
                name="trust_link_once",
                violation_error_message="There is a link between these domains, in this direction.",
            ),
            models.CheckConstraint(
                condition=~Q(source=F("target")),
                name="trust_link_not_self",
                violation_error_message="A domain believes its own tokens anyway.",
            ),
            models.CheckConstraint(
                condition=Q(most_steps__gte=1, most_steps__lte=10),
                name="trust_link_steps_bounded",
                violation_error_message="A chain has between 1 and 10 steps.",
            ),
            models.CheckConstraint(
                condition=Q(agreed_by__isnull=True, agreed_at__isnull=True)
                | (Q(agreed_by__isnull=False, agreed_at__isnull=False) & ~Q(agreed_by=F("proposed_by"))),
                name="trust_link_agreed_by_another",
                violation_error_message="Nobody agrees to what they proposed.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target} believes {self.source}"

    @property
    def cluster_id(self) -> int:
        """The cluster that governs this row: the target's, which believes."""
        return self.target.cluster_id
