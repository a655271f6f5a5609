"""What the lists of findings, on the page and in the API, can be narrowed by."""

from typing import Any

import django_filters
from django.forms import HiddenInput

from apps.clusters.models import Cluster, Finding, Severity
from apps.clusters.states import FindingState


class FindingFilter(django_filters.FilterSet):  # type: ignore[misc]  # the package publishes no types
    """State, severity, the cluster whose it is, the check and the code."""

    state = django_filters.ChoiceFilter(
        choices=[(one.value, one.value) for one in FindingState], label="State", empty_label="any"
    )
    severity = django_filters.ChoiceFilter(choices=Severity.choices, label="Severity", empty_label="any")
    cluster = django_filters.ModelChoiceFilter(
        queryset=Cluster.objects.none(), to_field_name="slug", label="Cluster", empty_label="any"
    )
    checker = django_filters.CharFilter(max_length=40, label="Check")
    code = django_filters.CharFilter(max_length=60, label="Code")
    component = django_filters.NumberFilter(field_name="component_id", label="Component", widget=HiddenInput())

    class Meta:
        model = Finding
        fields: list[str] = []

    def __init__(self, *args: Any, request: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, request=request, **kwargs)
        if request is not None:
            self.filters["cluster"].queryset = Cluster.objects.visible_to(request.user).order_by("name")
