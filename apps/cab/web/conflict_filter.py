"""What the lists of conflicts, on the page and in the API, can be narrowed by."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from apps.cab.models import Conflict, ConflictKind
from apps.cab.states import ConflictState
from apps.clusters.models import Cluster


class ConflictFilter(django_filters.FilterSet):  # type: ignore[misc]  # the package publishes no types
    """State, kind, and a cluster that governs either change."""

    state = django_filters.ChoiceFilter(
        choices=[(one.value, one.value) for one in ConflictState], label="State", empty_label="any"
    )
    kind = django_filters.ChoiceFilter(choices=ConflictKind.choices, label="Kind", empty_label="any")
    cluster = django_filters.ModelChoiceFilter(
        method="by_cluster",
        queryset=Cluster.objects.none(),
        to_field_name="slug",
        label="Cluster",
        empty_label="any",
    )

    class Meta:
        model = Conflict
        fields: list[str] = []

    def __init__(self, *args: Any, request: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, request=request, **kwargs)
        if request is not None:
            self.filters["cluster"].queryset = Cluster.objects.visible_to(request.user).order_by("name")

    def by_cluster(self, rows: QuerySet[Conflict], name: str, cluster: Cluster) -> QuerySet[Conflict]:
        """Conflicts of changes that the cluster governs."""
        del name
        return rows.filter(Q(change__cluster=cluster) | Q(other__cluster=cluster))
