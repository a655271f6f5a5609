"""What the lists of observed drift can be narrowed by."""

from typing import Any

import django_filters

from apps.cab.models import Observation
from apps.cab.states import ObservationState
from apps.clusters.models import Cluster


class ObservationPageFilter(django_filters.FilterSet):  # type: ignore[misc]  # the package publishes no types
    """State, the source of the report, and the cluster of the component."""

    state = django_filters.ChoiceFilter(
        choices=[(one.value, one.value.replace("_", " ")) for one in ObservationState],
        label="State",
        empty_label="any",
    )
    source = django_filters.CharFilter(label="Source", max_length=80)
    cluster = django_filters.ModelChoiceFilter(
        field_name="component__cluster",
        queryset=Cluster.objects.none(),
        to_field_name="slug",
        label="Cluster",
        empty_label="any",
    )

    class Meta:
        model = Observation
        fields: list[str] = []

    def __init__(self, *args: Any, request: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, request=request, **kwargs)
        if request is not None:
            self.filters["cluster"].queryset = Cluster.objects.visible_to(request.user).order_by("name")
