"""What the lists of interfaces and integrations, on pages and in the API, can be narrowed by."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from apps.clusters.models import Cluster, DataClass
from apps.integrations.models import Integration, Interface
from apps.integrations.models.decisions import PATTERNS
from apps.integrations.models.edges import CONSISTENCIES, KINDS
from apps.integrations.models.plans import MODES
from apps.integrations.queries import decisions
from apps.integrations.rules.isolation import STANDING_WORDS
from apps.integrations.states import CURRENT

DECISIONS = [(one, one) for one in (decisions.OPEN, *CURRENT)]


class _OfPerson(django_filters.FilterSet):  # type: ignore[misc]  # the package publishes no types
    """Offers the clusters that the viewer may know of."""

    of_clusters: tuple[str, ...] = ()

    def __init__(self, *args: Any, request: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, request=request, **kwargs)
        if request is not None:
            for name in self.of_clusters:
                self.filters[name].queryset = Cluster.objects.visible_to(request.user).order_by("name")


def _cluster(label: str, **more: Any) -> django_filters.ModelChoiceFilter:
    return django_filters.ModelChoiceFilter(
        queryset=Cluster.objects.none(), to_field_name="slug", label=label, empty_label="any", **more
    )


class _YesOrNo(forms.NullBooleanSelect):
    """Yes, no, or as every other filter says it: any."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.choices = [("unknown", "any"), ("true", "yes"), ("false", "no")]


class InterfaceFilter(_OfPerson):
    """Words of its name, its cluster, component, kind, and whether it is a data product."""

    of_clusters = ("cluster",)
    q = django_filters.CharFilter(method="by_words", max_length=100, label="Name")
    cluster = _cluster("Cluster", field_name="component__cluster")
    kind = django_filters.ChoiceFilter(choices=KINDS, label="Kind", empty_label="any")
    is_data_product = django_filters.BooleanFilter(label="Data product", widget=_YesOrNo)
    component = django_filters.NumberFilter(
        field_name="component_id", min_value=1, max_value=2**63 - 1, label="Component"
    )

    class Meta:
        model = Interface
        fields: list[str] = []

    def by_words(self, rows: QuerySet[Interface], name: str, value: str) -> QuerySet[Interface]:
        """Those whose name, or whose component's, holds the words."""
        del name
        return rows.filter(Q(name__icontains=value) | Q(component__name__icontains=value))


class IntegrationFilter(_OfPerson):
    """Words of either end, the clusters of both, and what it needs."""

    of_clusters = ("consumer_cluster", "provider_cluster")
    q = django_filters.CharFilter(method="by_words", max_length=100, label="Name")
    consumer_cluster = _cluster("Consumer's cluster", field_name="consumer__cluster")
    provider_cluster = _cluster("Provider's cluster", field_name="interface__component__cluster")
    kind = django_filters.ChoiceFilter(field_name="interface__kind", choices=KINDS, label="Kind", empty_label="any")
    consistency = django_filters.ChoiceFilter(choices=CONSISTENCIES, label="Consistency", empty_label="any")
    data_class = django_filters.ChoiceFilter(choices=DataClass.choices, label="Data", empty_label="any")
    decision = django_filters.ChoiceFilter(choices=DECISIONS, method="in_state", label="Decision", empty_label="any")
    pattern = django_filters.ChoiceFilter(choices=PATTERNS, method="by_pattern", label="Pattern", empty_label="any")
    consumer = django_filters.NumberFilter(field_name="consumer_id", min_value=1, max_value=2**63 - 1, label="Consumer")
    provider = django_filters.NumberFilter(
        field_name="interface__component_id", min_value=1, max_value=2**63 - 1, label="Provider"
    )
    interface = django_filters.NumberFilter(
        field_name="interface_id", min_value=1, max_value=2**63 - 1, label="Interface"
    )

    class Meta:
        model = Integration
        fields: list[str] = []

    def by_words(self, rows: QuerySet[Integration], name: str, value: str) -> QuerySet[Integration]:
        """Those of whose ends one holds the words."""
        del name
        ends = Q(consumer__name__icontains=value) | Q(interface__component__name__icontains=value)
        return rows.filter(ends | Q(interface__name__icontains=value))

    def in_state(self, rows: QuerySet[Integration], name: str, value: str) -> QuerySet[Integration]:
        """Those on which nobody has decided yet, or whose decision stands or is reopened."""
        del name
        return decisions.in_state(rows, value)

    def by_pattern(self, rows: QuerySet[Integration], name: str, value: str) -> QuerySet[Integration]:
        """Those that were decided to be of this pattern."""
        del name
        return decisions.by_pattern(rows, value)


class CoverageFilter(_OfPerson):
    """Of isolation plans: the clusters of both ends, how far one may rely on it, its mode, and who answers for it."""

    of_clusters = ("consumer_cluster", "provider_cluster")
    consumer_cluster = _cluster("Consumer's cluster", field_name="consumer__cluster")
    provider_cluster = _cluster("Provider's cluster", field_name="interface__component__cluster")
    standing = django_filters.ChoiceFilter(
        choices=[(one.value, words) for one, words in STANDING_WORDS.items()], label="Standing", empty_label="any"
    )
    mode = django_filters.ChoiceFilter(
        field_name="plan__mode",
        choices=[(value, words.partition(":")[0]) for value, words in MODES],
        label="Mode",
        empty_label="any",
    )
    owner = django_filters.CharFilter(field_name="plan__owner__handle", max_length=150, label="Who answers for it")

    class Meta:
        model = Integration
        fields: list[str] = []
