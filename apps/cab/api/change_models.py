"""The JSON door of change models."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import BooleanFilter, ChoiceFilter, FilterSet
from rest_framework import serializers
from rest_framework.decorators import action

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import ReadViewSet, read, write
from apps.accounts.rules import Scope
from apps.cab.actions import change_models as actions
from apps.cab.api.freezes import VersionIn
from apps.cab.models import Change, ChangeCategory, ChangeType, ModelVersion
from apps.cab.queries import change_models as queries
from apps.cab.rules import change_models as rules


class ModelOut(serializers.ModelSerializer[ModelVersion]):
    """A version of the model of a type of changes, or of a category of it.

    `moves`: "from>to" → the fields that must not be empty before it.
    """

    author = serializers.CharField(source="author.handle", read_only=True)
    published_by = serializers.CharField(source="published_by.handle", read_only=True, allow_null=True, default=None)
    category = serializers.ChoiceField(choices=ChangeCategory.choices, allow_blank=True, read_only=True)
    moves = serializers.DictField(child=serializers.ListField(child=serializers.CharField()), read_only=True)

    class Meta:
        model = ModelVersion
        fields = (
            *("id", "type", "category", "number", "note", "moves"),
            *("author", "at", "published_by", "published_at", "version"),
        )
        read_only_fields = fields


class ModelEditIn(Strict):
    moves = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField(max_length=40), max_length=len(rules.ASKABLE)),
        help_text="Every move the model has, as “draft>submitted”, with what it asks for.",
    )
    note = serializers.CharField(max_length=500, allow_blank=True, default="")


class ModelIn(ModelEditIn):
    type = serializers.ChoiceField(choices=ChangeType.choices)
    category = serializers.ChoiceField(
        choices=ChangeCategory.choices, allow_blank=True, default="", help_text="Empty: of every category without one."
    )


class MigrationIn(Strict):
    changes = serializers.ListField(
        child=serializers.RegexField(r"^(?i:CHG-)?[0-9]{1,18}$", max_length=24),
        min_length=1,
        max_length=queries.MOST_LISTED,
        help_text="References, such as CHG-1042.",
    )


class MigrationOut(serializers.Serializer[queries.Migration]):
    """One running change, and what this version would mean for it."""

    change = serializers.CharField(source="change.reference")
    title = serializers.CharField(source="change.title")
    state = serializers.CharField(source="change.state")
    fits = serializers.BooleanField(help_text="False: the version does not have its state, so it stays.")
    lacks = serializers.ListField(child=serializers.CharField(), help_text="What moves ahead of it ask for.")
    sentence = serializers.CharField()


class ModelFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    type = ChoiceFilter(choices=ChangeType.choices)
    category = ChoiceFilter(choices=ChangeCategory.choices)
    published = BooleanFilter(field_name="published_at", lookup_expr="isnull", exclude=True)


class ModelViewSet(ReadViewSet[ModelVersion]):
    """Versions of change models. Without a published one a type follows the house's machine."""

    serializer_class = ModelOut
    lookup_value_converter = "int"
    filterset_class = ModelFilter
    scope_for_writes = Scope.POLICIES

    def rows(self) -> QuerySet[ModelVersion]:
        return ModelVersion.objects.select_related("author", "published_by")

    @write(takes=ModelIn, gives=ModelOut, status=201)
    def create(self, data: dict[str, Any]) -> ModelVersion:
        """Draft the next version of the model of a type, or of a category of it."""
        return actions.draft_model(author=self.person, at=self.at, **data)

    @write(takes=ModelEditIn, gives=ModelOut, edits=True)
    def partial_update(self, data: dict[str, Any]) -> ModelVersion:
        """Write the draft anew."""
        draft = self.get_object()
        return actions.change_draft(model_id=draft.pk, author=self.person, version=draft.version, at=self.at, **data)

    @action(detail=True, methods=["post"], url_path="publication")
    @write(takes=VersionIn, gives=ModelOut)
    def publish(self, data: dict[str, Any]) -> ModelVersion:
        """Put it in force for what is proposed from now on; not by who wrote it."""
        return actions.publish_model(model_id=self.get_object().pk, publisher=self.person, at=self.at, **data)

    @action(detail=True, filterset_class=None)
    @read(gives=MigrationOut, many=True)
    def migrations(self) -> list[queries.Migration]:
        """The running changes that follow another version, and what this one would mean for each."""
        return queries.migrations(self.get_object(), self.person)

    @migrations.mapping.post
    @write(takes=MigrationIn, gives=ModelOut)
    def migrate(self, data: dict[str, Any]) -> ModelVersion:
        """Take these changes to this version, all or none."""
        version = self.get_object()
        numbers = [int(one.upper().removeprefix("CHG-")) for one in data["changes"]]
        found = Change.objects.visible_to(self.person).filter(number__in=numbers).values_list("pk", flat=True)
        wanted = [*found, *([0] * (len(set(numbers)) - len(found)))]  # 0: none; refused as any that is not to be seen
        actions.migrate_changes(model_id=version.pk, person=self.person, changes=wanted, at=self.at)
        return version
