"""Dashboards: metrics arranged by a person or for a board, and the links they are shared by."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.urls import reverse

from apps.cab.rules.dashboards import PERIODS, Tile, require_tiles
from apps.clusters.models import Cluster

if TYPE_CHECKING:
    from apps.accounts.models import Person


class DashboardQuerySet(models.QuerySet["Dashboard"]):
    def visible_to(self, person: "Person") -> Self:
        """One's own, and those of the boards one may know of."""
        known = models.Q(board__cluster__isnull=True) | models.Q(board__cluster__in=Cluster.objects.visible_to(person))
        return self.filter(models.Q(owner=person) | models.Q(board__isnull=False) & known)


class Dashboard(models.Model):
    """Tiles in order. It is a person's own, or a board's; its figures are always those its reader may see."""

    name = models.CharField(max_length=80)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="dashboards"
    )
    board = models.ForeignKey("cab.Board", on_delete=models.PROTECT, null=True, blank=True, related_name="dashboards")
    cluster_slug = models.CharField(max_length=80, blank=True)  # what it is narrowed to, as an address would say it
    model = models.CharField(max_length=40, blank=True)  # likewise, a change model
    days = models.PositiveIntegerField(choices=list(PERIODS.items()), default=365)  # back from today
    tiles = models.JSONField(default=list)  # as rules.dashboards.Tile keeps them
    version = models.PositiveIntegerField(default=1)

    objects = DashboardQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(owner__isnull=True) ^ models.Q(board__isnull=True),
                name="dashboard_of_person_or_board",
                violation_error_message="A dashboard is a person's or a board's.",
            ),
            models.CheckConstraint(condition=models.Q(days__in=list(PERIODS)), name="dashboard_period_known"),
            models.UniqueConstraint(
                fields=["owner", "board", "name"],
                name="dashboard_named_once",
                nulls_distinct=False,
                violation_error_message="There is already a dashboard of that name here.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("cab:dashboard", args=[self.pk])

    @property
    def placed(self) -> tuple[Tile, ...]:
        """Its tiles in order."""
        return require_tiles(self.tiles)


class DashboardLink(models.Model):
    """A secret address of a dashboard for people who are signed in; only its hash is kept."""

    dashboard = models.ForeignKey(Dashboard, on_delete=models.CASCADE, related_name="links")  # nothing without it
    token_hash = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
