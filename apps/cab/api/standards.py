"""The JSON door of standard change templates."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django_filters.rest_framework import CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import ReadViewSet, read, write
from apps.accounts.rules import Scope
from apps.cab.actions import proposing, templating
from apps.cab.actions import standards as actions
from apps.cab.api import serializers as s
from apps.cab.api.freezes import VersionIn
from apps.cab.models import Change, StandardTemplate
from apps.cab.queries import standards as queries
from apps.cab.queries.whole import find
from apps.cab.rules import standards as rules
from apps.cab.states import TemplateState

_MODES = [(one.value, one.value) for one in rules.Mode]


class TemplateFieldIn(Strict):
    """A field: what it is filled with, and how it binds. Components are a list of "cluster/component" names."""

    value = serializers.JSONField()
    mode = serializers.ChoiceField(choices=_MODES, default=rules.Mode.DEFAULT.value)


class TemplateRevisionIn(Strict):
    """What the next version says; fields that are left out stay."""

    name = serializers.CharField(max_length=120, required=False)
    most_failures = serializers.IntegerField(min_value=0, max_value=rules.MOST_BORNE, required=False)
    fields_ = serializers.DictField(child=TemplateFieldIn(), required=False)

    def get_fields(self) -> Any:
        """`fields` in the body: the name itself belongs to Django REST framework."""
        found = super().get_fields()
        found["fields"] = found.pop("fields_")
        return found


class TemplateIn(TemplateRevisionIn):
    """A template from a closed change that went well; `fields` left out: what the change says."""

    change = serializers.CharField(max_length=24, help_text="Its reference, such as CHG-1042.")
    name = serializers.CharField(max_length=120)


class StopIn(VersionIn):
    reason = serializers.CharField(max_length=2_000)


class TemplateOut(serializers.ModelSerializer[StandardTemplate]):
    """A template of standard changes. `fields` and `number` are those of its newest version."""

    cluster = serializers.CharField(source="cluster.slug", read_only=True)
    owner = serializers.CharField(source="owner.handle", read_only=True)
    published_by = serializers.CharField(source="published_by.handle", read_only=True, allow_null=True, default=None)
    source_change = serializers.CharField(source="source_change.reference", read_only=True)
    number_in_force = serializers.IntegerField(source="in_force.number", read_only=True, allow_null=True, default=None)

    class Meta:
        model = StandardTemplate
        fields = (
            "id",
            "name",
            "cluster",
            "state",
            "state_reason",
            "owner",
            "source_change",
            "most_failures",
            "number_in_force",
            "published_by",
            "published_at",
            "created_at",
            "version",
        )
        read_only_fields = fields


class TemplateVersionOut(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    author = serializers.CharField(source="author.handle")
    at = serializers.DateTimeField()
    content = serializers.JSONField(source="fields", help_text="Field → value and mode.")


class RecordOut(serializers.Serializer[Any]):
    """How the template's changes went. `at_least`: lower bound of the share that succeeds, Wilson, 95 %."""

    all = serializers.IntegerField()
    open = serializers.IntegerField()
    well = serializers.IntegerField()
    wrong = serializers.IntegerField()
    last_finished = serializers.IntegerField()
    last_failed = serializers.IntegerField()
    most_failures = serializers.IntegerField()
    at_least = serializers.FloatField()


class SuggestionOut(serializers.Serializer[Any]):
    """A kind of closed changes that went well often enough; `change` is the newest of them."""

    change = serializers.CharField(source="change.reference")
    title = serializers.CharField(source="change.title")
    cluster = serializers.CharField(source="change.cluster.slug")
    kind = serializers.CharField()
    succeeded = serializers.IntegerField(source="record.succeeded")
    failed = serializers.IntegerField(source="record.failed")
    at_least = serializers.FloatField(source="record.at_least")


class TemplateFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    state = ChoiceFilter(choices=[(one.value, one.value) for one in TemplateState])
    cluster = extend_schema_field(OpenApiTypes.STR)(CharFilter(field_name="cluster__slug", max_length=80))


class TemplateViewSet(ReadViewSet[StandardTemplate]):
    """Templates of standard changes, of clusters you may know of."""

    serializer_class = TemplateOut
    lookup_value_converter = "int"
    ordering = ("name", "pk")
    filterset_class = TemplateFilter
    scope_for_writes = Scope.CHANGES

    def rows(self) -> QuerySet[StandardTemplate]:
        return StandardTemplate.objects.visible_to(self.person).with_all()

    @write(takes=TemplateIn, gives=TemplateOut, status=201)
    def create(self, data: dict[str, Any]) -> StandardTemplate:
        """Propose a template from a closed change."""
        change = find(data.pop("change"), self.person)
        return actions.propose_template(change_id=change.pk, proposer=self.person, at=self.at, **data)

    @write(takes=TemplateRevisionIn, gives=TemplateOut, edits=True)
    def partial_update(self, data: dict[str, Any]) -> Any:
        """Write its next version; the one in force stays until somebody else publishes this one."""
        template = self.get_object()
        return actions.revise_template(
            template_id=template.pk, editor=self.person, version=template.version, changes=data, at=self.at
        )

    @action(detail=True, filterset_class=None)
    @read(gives=TemplateVersionOut, many=True)
    def versions(self) -> list[Any]:
        """Every version, the newest first."""
        return list(self.get_object().versions.select_related("author").order_by("-number"))

    @action(detail=True, filterset_class=None)
    @read(gives=RecordOut)
    def record(self) -> dict[str, Any]:
        """How its changes went, and how near it is to its suspension."""
        template = self.get_object()
        found = queries.record_of(queries.last_uses(template))
        last = {"last_finished": found.finished, "last_failed": found.failed, "at_least": found.at_least}
        return {**queries.counts(template, self.person), **last, "most_failures": template.most_failures}

    @action(detail=False, filterset_class=None)
    @read(gives=SuggestionOut, many=True)
    def suggested(self) -> list[queries.Suggestion]:
        """Kinds of changes that went well often enough to become standard changes."""
        return queries.suggestions(self.person, level=settings.STANDARD_CHANGE_LEVEL, at=self.at)

    @action(detail=True, methods=["post"], url_path="changes")
    @write(takes=s.ChangeEditIn, gives=s.ChangeDetailOut, status=201)
    def propose_change(self, data: dict[str, Any]) -> Change:
        """Propose a standard change from it: what you leave out is filled in, what is locked stays."""
        version = templating.in_force(self.get_object())
        content = proposing.Content(**(templating.filled(version, self.person) | s.resolved(data, self.person)))
        return proposing.propose_change(requester=self.person, content=content, at=self.at)

    @action(detail=True, methods=["post"], url_path="publication")
    @write(takes=VersionIn, gives=TemplateOut)
    def publish(self, data: dict[str, Any]) -> StandardTemplate:
        """Put its newest version in force; not by who wrote it."""
        return actions.publish_template(template_id=self.get_object().pk, publisher=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"], url_path="suspension")
    @write(takes=StopIn, gives=TemplateOut)
    def suspend(self, data: dict[str, Any]) -> StandardTemplate:
        """Suspend it: what has not begun goes to a board."""
        return actions.suspend_template(template_id=self.get_object().pk, suspender=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"], url_path="retirement")
    @write(takes=StopIn, gives=TemplateOut)
    def retire(self, data: dict[str, Any]) -> StandardTemplate:
        """Retire it: nothing more is proposed from it."""
        return actions.retire_template(template_id=self.get_object().pk, person=self.person, at=self.at, **data)
