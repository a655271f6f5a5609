"""The JSON door of observed drift."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import ReadViewSet, write
from apps.accounts.rules import Scope
from apps.cab.actions import observations as actions
from apps.cab.api.serializers import Link, PersonRef
from apps.cab.models import Change, Observation
from apps.cab.queries.named import components_named
from apps.cab.rules import observations as rules
from apps.cab.states import ObservationState
from apps.cab.web.observation_filter import ObservationPageFilter
from apps.kernel.refusals import TooLarge

RESOLUTIONS = [
    (ObservationState.LATENT.value, "accepted as it is"),
    (ObservationState.BACKED_OUT.value, "undone"),
    (ObservationState.FALSE_ALARM.value, "nothing had changed"),
]


class ObservationOut(serializers.ModelSerializer[Observation]):
    """One report. `change` is null where you may not see the change that covers it."""

    change = serializers.SerializerMethodField()
    component = serializers.SerializerMethodField()
    evidence = Link(many=True, read_only=True)
    reported_by = PersonRef(read_only=True)
    resolved_by = PersonRef(read_only=True, allow_null=True)

    class Meta:
        model = Observation
        fields = (
            "id",
            "source",
            "external_id",
            "component",
            "state",
            "change",
            "opened_change",
            "summary",
            "details",
            "evidence",
            "found_by",
            "observed_at",
            "reported_by",
            "reported_at",
            "resolved_by",
            "resolved_at",
            "resolution",
        )
        read_only_fields = fields

    def get_change(self, one: Any) -> str | None:
        return one.change.reference if one.is_change_seen else None

    def get_component(self, one: Observation) -> str:
        return f"{one.component.cluster.slug}/{one.component.slug}"


class ReportIn(Strict):
    """A drift report. The same `source` and `external_id` are taken once."""

    source = serializers.CharField(max_length=rules.LONGEST_SOURCE, help_text="The detector.")  # type: ignore[assignment]
    external_id = serializers.CharField(max_length=rules.LONGEST_ID, help_text="The report's number there.")
    component = serializers.CharField(max_length=300, help_text="cluster/component.")
    observed_at = serializers.DateTimeField(help_text="With its offset.")
    summary = serializers.CharField(max_length=rules.LONGEST_SUMMARY)
    found_by = serializers.CharField(max_length=rules.LONGEST_FINDER, help_text="Who or what found it.")
    details = serializers.CharField(max_length=rules.LONGEST_DETAILS, allow_blank=True, default="")
    evidence = Link(many=True, default=list, max_length=rules.MOST_LINKS)  # type: ignore[call-arg]  # the list's


class ExplanationIn(Strict):
    resolution = serializers.ChoiceField(choices=RESOLUTIONS)
    reason = serializers.CharField(max_length=4_000)


class ObservationFilter(ObservationPageFilter):
    """The page's filters."""

    cluster = extend_schema_field(OpenApiTypes.STR)(ObservationPageFilter.base_filters["cluster"])


class ObservationViewSet(ReadViewSet[Observation]):
    """Observed drift of components you may know of. Report it at `POST /changes/observed/`."""

    serializer_class = ObservationOut
    lookup_value_converter = "int"
    filterset_class = ObservationFilter
    scope_for_writes = Scope.CHANGES
    version_field = None

    def rows(self) -> QuerySet[Observation]:
        return Observation.objects.visible_to(self.person).told_to(self.person)

    @action(detail=True, methods=["post"], url_path="explanation")
    @write(takes=ExplanationIn, gives=ObservationOut)
    def explain(self, data: dict[str, Any]) -> Observation:
        """Explain it, and every report that is open on the same change; by an owner of the cluster."""
        one = self.get_object()
        actions.explain_drift(change_id=one.change_id, person=self.person, at=self.at, **data)
        return self.rows().get(pk=one.pk)


class ObservedChanges(ReadViewSet[Change]):
    """Where detectors report what they saw."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a report over 64 KB before it is read."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if self.action == "observed" and (not length.isdigit() or int(length) > rules.LARGEST_REPORT):
            raise TooLarge(
                f"A drift report has at most {rules.LARGEST_REPORT >> 10} KB.",
                next_step="Link to the evidence instead of sending it.",
            )
        super().initial(request, *args, **kwargs)

    @action(detail=False, methods=["post"], url_path="observed", filterset_class=None)
    @write(takes=ReportIn, gives=ObservationOut, status=201, scope=Scope.OBSERVATIONS)
    def observed(self, data: dict[str, Any]) -> Any:
        """Report drift: it becomes evidence of the change that covers it, or opens an unauthorized one to explain."""
        component = components_named([data.pop("component")], self.person)[0]
        report = actions.Report(component=component, **data)
        one: Any = actions.report_drift(reporter=self.person, report=report, at=self.at)
        one.is_change_seen = Change.objects.visible_to(self.person).filter(pk=one.change_id).exists()
        return one
