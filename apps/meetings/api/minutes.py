"""The JSON door of minutes: reading, writing, publishing and adding to them, by the same actions as the pages."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import BooleanFilter, CharFilter, FilterSet
from rest_framework import serializers
from rest_framework.decorators import action

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import ReadViewSet, read, write
from apps.accounts.models import Person
from apps.accounts.rules import Scope
from apps.meetings.actions import minutes as actions
from apps.meetings.models import Addendum, Minutes, MinutesSection
from apps.meetings.models.minutes import LONGEST_REASON
from apps.meetings.queries.minutes import reading, sections_shown_to
from apps.meetings.rules.minutes import LONGEST_PROSE

MOST_SECTIONS = 202  # a full agenda, the opening and the closing
MOST_NUMBER = 2**63 - 1


class MinutesFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    board = CharFilter(field_name="meeting__board__slug", max_length=80, label="Short name of the board.")
    published = BooleanFilter(
        field_name="published_at", lookup_expr="isnull", exclude=True, label="Published, or still a draft."
    )


class MinutesOut(serializers.ModelSerializer[Minutes]):
    """The minutes of one meeting; a draft while `published_at` is null. `digest`: SHA-256 of the canonical content."""

    board = serializers.CharField(source="meeting.board.slug")
    published_by = serializers.SlugRelatedField[Person](slug_field="handle", read_only=True, allow_null=True)

    class Meta:
        model = Minutes
        fields = ("meeting", "board", "drafted_at", "published_at", "published_by", "digest", "version")
        read_only_fields = fields


class SectionOut(serializers.ModelSerializer[MinutesSection]):
    """One section: `facts` come from the journal and stay; `prose` is written until publication."""

    change = serializers.SerializerMethodField(help_text="Reference of the item's change; null without one.")
    author = serializers.SlugRelatedField[Person](
        slug_field="handle", read_only=True, allow_null=True, help_text="Of the prose as it stands; null: the house."
    )
    facts = serializers.DictField()

    class Meta:
        model = MinutesSection
        fields = ("id", "position", "kind", "change", "facts", "prose", "author", "written_at")
        read_only_fields = fields

    def get_change(self, one: MinutesSection) -> str | None:
        return one.item.change.reference if one.item else None


class AddendumOut(serializers.ModelSerializer[Addendum]):
    """A later correction; the minutes themselves stay as they are."""

    author = serializers.SlugRelatedField[Person](slug_field="handle", read_only=True)

    class Meta:
        model = Addendum
        fields = ("id", "number", "section", "text", "reason", "author", "at", "digest")
        read_only_fields = fields


class ProseIn(Strict):
    section = serializers.IntegerField(min_value=1, max_value=MOST_NUMBER, help_text="`id` of the section.")
    prose = serializers.CharField(max_length=LONGEST_PROSE, allow_blank=True)


class MinutesEditIn(Strict):
    sections = serializers.ListField(child=ProseIn(), allow_empty=False, max_length=MOST_SECTIONS)


class AddendumIn(Strict):
    text = serializers.CharField(max_length=LONGEST_PROSE)
    reason = serializers.CharField(max_length=LONGEST_REASON)
    section = serializers.IntegerField(min_value=1, max_value=MOST_NUMBER, allow_null=True, default=None)


class MinutesViewSet(ReadViewSet[Minutes]):
    """Minutes by their meeting: published ones of boards you may know of, and drafts of boards you sit on."""

    serializer_class = MinutesOut
    lookup_field = "meeting"
    lookup_value_converter = "int"
    ordering = ("-pk",)
    filterset_class = MinutesFilter
    scope_for_writes = Scope.VOTES

    def rows(self) -> QuerySet[Minutes]:
        rows = Minutes.objects.visible_to(self.person, on=self.at.date())
        return rows.select_related("meeting__board", "published_by")

    @write(takes=MinutesEditIn, gives=MinutesOut, edits=True)
    def partial_update(self, data: dict[str, Any]) -> Minutes:
        """Write the prose of some sections anew, until publication."""
        found = self.get_object()
        prose = {one["section"]: one["prose"] for one in data["sections"]}
        actions.edit_minutes(meeting_id=found.pk, writer=self.person, version=found.version, prose=prose, at=self.at)
        return self.get_object()

    @action(detail=True, methods=["post"])
    @write(gives=MinutesOut, edits=True)
    def publication(self, _: dict[str, Any]) -> Minutes:
        """Publish and seal the version of If-Match. Who wrote any of its words does not publish it."""
        found = self.get_object()
        actions.publish_minutes(meeting_id=found.pk, publisher=self.person, version=found.version, at=self.at)
        return self.get_object()

    @action(detail=True)
    @read(gives=SectionOut, many=True)
    def sections(self) -> list[MinutesSection]:
        """The sections in order; those about changes you may not see are left out."""
        return list(sections_shown_to(self.get_object(), self.person))

    @action(detail=True)
    @read(gives=AddendumOut, many=True)
    def addenda(self) -> Sequence[Addendum]:
        """What was added after publication, in order."""
        return list(reading(self.get_object(), self.person).addenda)

    @addenda.mapping.post
    @write(takes=AddendumIn, gives=AddendumOut, status=201)
    def add(self, data: dict[str, Any]) -> Addendum:
        """Correct published minutes by a text beside them."""
        return actions.add_addendum(
            meeting_id=self.get_object().pk,
            author=self.person,
            text=data["text"],
            reason=data["reason"],
            section_id=data["section"],
            at=self.at,
        )
