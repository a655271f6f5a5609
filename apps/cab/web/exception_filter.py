"""What the lists of exceptions from freezes, on the page and in the API, can be narrowed by."""

from typing import Any

import django_filters
from django.db.models import QuerySet

from apps.cab.models import FreezeException
from apps.cab.states import ExceptionState
from apps.clusters.models import Cluster
from apps.windows.models import Freeze


class ExceptionFilter(django_filters.FilterSet):  # type: ignore[misc]  # the package publishes no types
    """State, freeze, and the cluster that governs the change."""

    state = django_filters.ChoiceFilter(
        choices=[(one.value, one.value) for one in ExceptionState], label="State", empty_label="any"
    )
    freeze = django_filters.ModelChoiceFilter(queryset=Freeze.objects.none(), label="Freeze", empty_label="any")
    cluster = django_filters.ModelChoiceFilter(
        method="by_cluster",
        queryset=Cluster.objects.none(),
        to_field_name="slug",
        label="Cluster",
        empty_label="any",
    )

    class Meta:
        model = FreezeException
        fields: list[str] = []

    def __init__(self, *args: Any, request: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, request=request, **kwargs)
        if request is not None:
            self.filters["cluster"].queryset = Cluster.objects.visible_to(request.user).order_by("name")
            self.filters["freeze"].queryset = Freeze.objects.visible_to(request.user).order_by("-start_at", "pk")

    def by_cluster(self, rows: QuerySet[FreezeException], name: str, cluster: Cluster) -> QuerySet[FreezeException]:
        """Exceptions of changes that the cluster governs."""
        del name
        return rows.filter(change__cluster=cluster)
