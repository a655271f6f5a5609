"""The JSON door of links that people require between clusters."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import BooleanFilter, CharFilter, ChoiceFilter, FilterSet
from rest_framework import serializers
from rest_framework.decorators import action

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import ReadViewSet, write
from apps.accounts.models import Person
from apps.accounts.rules import Scope
from apps.clusters.models import Cluster
from apps.clusters.queries import visible_cluster
from apps.stakeholders.actions import required_links as actions
from apps.stakeholders.api.silos import HANDLE, SLUG
from apps.stakeholders.models import RequiredLink
from apps.stakeholders.queries import required_links as queries
from apps.stakeholders.queries.people import person_named
from apps.stakeholders.rules.required_links import MOST_VOLUME, REASON_WORDS
from apps.stakeholders.rules.silo_survey import LONGEST_LINE

_REASONS = list(REASON_WORDS.items())


class RequiredLinkOut(serializers.ModelSerializer[RequiredLink]):
    """A required link, and what passes there now."""

    source = serializers.SlugRelatedField[Cluster](**SLUG)  # type: ignore[assignment]  # the framework takes it off the class
    target = serializers.SlugRelatedField[Cluster](**SLUG)
    reason = serializers.ChoiceField(choices=_REASONS)
    owner = serializers.SlugRelatedField[Person](**HANDLE)
    declared_by = serializers.SlugRelatedField[Person](**HANDLE)
    dependencies = serializers.IntegerField(help_text="Between the two, in either direction.")
    integrations = serializers.IntegerField(help_text="How many of the dependencies are built as one or more.")
    handoffs = serializers.IntegerField(help_text="On record from source to target.")
    is_missing = serializers.BooleanField(help_text="Neither a dependency nor a hand-off: an integration gap.")
    would_close = serializers.SerializerMethodField()

    class Meta:
        model = RequiredLink
        fields = (
            *("id", "source", "target", "reason", "why", "volume", "owner", "is_missing", "dependencies"),
            *("integrations", "handoffs", "would_close", "declared_by", "declared_at", "ended_at", "end_reason"),
            "version",
        )
        read_only_fields = fields

    def get_would_close(self, one: RequiredLink) -> list[str]:
        """What would close it, in sentences; none of a link that is observed."""
        return self._closings.get(one.pk, [])

    @cached_property
    def _closings(self) -> Mapping[int, list[str]]:
        """Of the whole page, asked once."""
        rows: Any = self.parent.instance if isinstance(self.parent, serializers.ListSerializer) else [self.instance]
        return queries.closings(rows)


class RequiredLinkIn(Strict):
    source = serializers.CharField(max_length=80, help_text="Short name of the cluster it leads from.")  # type: ignore[assignment]
    target = serializers.CharField(max_length=80, help_text="Of the one it leads to.")
    reason = serializers.ChoiceField(choices=_REASONS)
    why = serializers.CharField(max_length=LONGEST_LINE, help_text="Which workflow, data or aim.")
    owner = serializers.CharField(max_length=150, help_text="The handle of who answers for it.")
    volume = serializers.IntegerField(
        min_value=1, max_value=MOST_VOLUME, required=False, allow_null=True, help_text="Would pass a month, about."
    )


class RequiredLinkEditIn(Strict):
    """What is to be corrected; what is left out stays."""

    reason = serializers.ChoiceField(choices=_REASONS, required=False)
    why = serializers.CharField(max_length=LONGEST_LINE, required=False)
    owner = serializers.CharField(max_length=150, required=False, help_text="The handle of who answers for it.")
    volume = serializers.IntegerField(min_value=1, max_value=MOST_VOLUME, required=False, allow_null=True)


class RequiredLinkEndIn(Strict):
    reason = serializers.CharField(max_length=LONGEST_LINE)


class RequiredLinkFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    source = CharFilter(field_name="source__slug", max_length=80)
    target = CharFilter(field_name="target__slug", max_length=80)
    reason = ChoiceFilter(choices=_REASONS)
    is_missing = BooleanFilter(label="Only integration gaps, or only what is observed.")
    ended = BooleanFilter(field_name="ended_at", lookup_expr="isnull", exclude=True, label="No longer required.")


class RequiredLinkViewSet(ReadViewSet[RequiredLink]):
    """Links that people require between clusters you may know of. `?is_missing=true&ended=false`: integration gaps."""

    serializer_class = RequiredLinkOut
    lookup_value_converter = "int"
    filterset_class = RequiredLinkFilter
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[RequiredLink]:
        return queries.links_seen_by(self.person)

    @write(takes=RequiredLinkIn, gives=RequiredLinkOut, status=201)
    def create(self, data: dict[str, Any]) -> RequiredLink:
        """Require a link between two clusters."""
        source, target = (visible_cluster(data.pop(end), self.person) for end in ("source", "target"))
        owner = person_named(data.pop("owner"))
        made = actions.require_link(source=source, target=target, owner=owner, declarer=self.person, at=self.at, **data)
        return self.rows().get(pk=made.pk)

    @write(takes=RequiredLinkEditIn, gives=RequiredLinkOut, edits=True)
    def partial_update(self, data: dict[str, Any]) -> RequiredLink:
        """Correct why it is required, how many would pass, or who answers for it. Its ends stay."""
        row = self.get_object()
        if "owner" in data:
            data["owner"] = person_named(data["owner"])
        edited = actions.describe_required_link(
            link_id=row.pk, editor=self.person, version=row.version, changes=data, at=self.at
        )
        return self.rows().get(pk=edited.pk)

    @action(detail=True, methods=["post"])
    @write(takes=RequiredLinkEndIn, gives=RequiredLinkOut)
    def end(self, data: dict[str, Any]) -> RequiredLink:
        """Say that it is no longer required, and why."""
        ended = actions.end_required_link(link_id=self.get_object().pk, ender=self.person, at=self.at, **data)
        return self.rows().get(pk=ended.pk)
