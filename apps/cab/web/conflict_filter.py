"""What the lists of conflicts, on the page and in the API, can be narrowed by."""

from datetime import date, timedelta
from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from apps.cab.models import Conflict, ConflictKind
from apps.cab.queries.calendar.sheet import planned_within
from apps.cab.states import ConflictState
from apps.cab.web.filters import day_field, midnight
from apps.clusters.models import Cluster


class ConflictFilter(django_filters.FilterSet):  # type: ignore[misc]  # the package publishes no types
    """State, kind, a cluster that governs either change, and days that either is planned for."""

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

    since = django_filters.DateFilter(method="by_days", label="Planned from", widget=day_field())
    until = django_filters.DateFilter(method="by_days", label="Planned to", widget=day_field())

    class Meta:
        model = Conflict
        fields: list[str] = []

    def __init__(self, *args: Any, request: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, request=request, **kwargs)
        if request is not None:
            self.filters["cluster"].queryset = Cluster.objects.visible_to(request.user).order_by("name")

    def by_days(self, rows: QuerySet[Conflict], name: str, day: date) -> QuerySet[Conflict]:
        """Conflicts of a change whose window touches the days; both ends are asked of the same change."""
        since, until = (self.form.cleaned_data.get(end) for end in ("since", "until"))
        if name == "until" and since:
            return rows  # asked together with `since`
        del day
        start_at = midnight(since) if since else None
        end_at = midnight(until) + timedelta(days=1) if until else None
        return rows.filter(planned_within(start_at, end_at))

    def by_cluster(self, rows: QuerySet[Conflict], name: str, cluster: Cluster) -> QuerySet[Conflict]:
        """Conflicts of changes that the cluster governs."""
        del name
        return rows.filter(Q(change__cluster=cluster) | Q(other__cluster=cluster))
