"""What the API's lists of changes can be narrowed by: the page's filters, with names instead of row numbers."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import django_filters
from django.db.models import QuerySet
from django_filters.rest_framework import FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from apps.cab.models import Change
from apps.cab.web.filters import Asked, ChangeFilter
from apps.clusters.models import Component


class WindowFilter(Asked, FilterSet):  # type: ignore[misc]  # the package publishes no types
    """Days (UTC, both inclusive) that the planned window touches."""

    window_from = django_filters.DateFilter(method="from_day", label="Windows that end on or after this day (UTC).")
    window_to = django_filters.DateFilter(method="to_day", label="Windows that start on or before this day (UTC).")

    def from_day(self, rows: QuerySet[Change], name: str, day: date) -> QuerySet[Change]:
        """Windows that are not over before the day."""
        del name
        return rows.filter(window_end_at__gt=_midnight(day))

    def to_day(self, rows: QuerySet[Change], name: str, day: date) -> QuerySet[Change]:
        """Windows that begin before the day is over."""
        del name
        return rows.filter(window_start_at__lt=_midnight(day) + timedelta(days=1)) if day < date.max else rows


class ChangeApiFilter(WindowFilter, ChangeFilter):
    """Everything the page filters by, and what only programs ask for."""

    board = extend_schema_field(OpenApiTypes.STR)(ChangeFilter.base_filters["board"])
    on_hold = django_filters.BooleanFilter(label="On hold.")
    component = django_filters.CharFilter(
        method="by_component", label="A component, as cluster/component.", max_length=300
    )

    def by_component(self, rows: QuerySet[Change], name: str, component_id: Any) -> QuerySet[Change]:
        """Changes that declare the component, of those the caller may know of."""
        del name
        cluster, _, slug = str(component_id).partition("/")
        known = Component.objects.visible_to(self.request.user).filter(cluster__slug=cluster, slug=slug)
        return rows.filter(touched__component__in=known.values("pk"))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
