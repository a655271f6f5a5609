"""The JSON door of conventions, of exemptions from them, and of the question whether names would keep to them."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import Door, ReadViewSet, read, write
from apps.accounts.models import Person
from apps.accounts.rules import Scope
from apps.clusters import actions
from apps.clusters.models import CheckRun, Convention, ConventionExemption
from apps.clusters.queries import conventions as queries
from apps.clusters.rules.conventions import (
    LONGEST_EXAMPLE,
    LONGEST_PREFIX,
    LONGEST_REASON,
    MOST_DESCRIPTION,
    MOST_EXAMPLES,
    MOST_NAMES,
    MOST_PATTERN,
    Mode,
    Saying,
    Subject,
)
from apps.kernel.refusals import NotFound

_HANDLE: dict[str, Any] = {"slug_field": "handle", "read_only": True}
_MODES = [(one.value, one.value) for one in Mode]


class ConventionOut(serializers.ModelSerializer[Convention]):
    passing = serializers.ListField(child=serializers.CharField())
    failing = serializers.ListField(child=serializers.CharField())
    tag_prefixes = serializers.ListField(child=serializers.CharField())
    made_by = serializers.SlugRelatedField[Person](**_HANDLE)

    class Meta:
        model = Convention
        fields = (
            *("id", "title", "kind", "field", "pattern", "passing", "failing"),
            *("least_description", "needs_owner", "needs_site", "tag_prefixes", "mode"),
            *("in_force_from", "grandfathered_before", "reason", "made_by", "made_at", "retired_at", "version"),
        )
        read_only_fields = fields


def _examples() -> serializers.ListField:
    child = serializers.CharField(max_length=LONGEST_EXAMPLE, trim_whitespace=False)
    return serializers.ListField(child=child, max_length=MOST_EXAMPLES, required=False)


class ConventionEditIn(Strict):
    """What may change, with the reason; what is left out stays."""

    title = serializers.CharField(max_length=120, required=False)
    pattern = serializers.CharField(
        max_length=MOST_PATTERN, allow_blank=True, required=False, trim_whitespace=False, help_text="RE2; of all of it."
    )
    passing = _examples()
    failing = _examples()
    least_description = serializers.IntegerField(min_value=0, max_value=MOST_DESCRIPTION, required=False)
    needs_owner = serializers.BooleanField(required=False)
    needs_site = serializers.BooleanField(required=False)
    tag_prefixes = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_PREFIX), max_length=20, required=False
    )
    mode = serializers.ChoiceField(choices=_MODES, required=False)
    in_force_from = serializers.DateTimeField(required=False)
    grandfathered_before = serializers.DateTimeField(
        required=False, allow_null=True, help_text="What is older need not keep to it."
    )
    reason = serializers.CharField(max_length=LONGEST_REASON)


class ConventionIn(ConventionEditIn):
    """A convention of a kind of things."""

    title = serializers.CharField(max_length=120)
    kind = serializers.CharField(max_length=40, help_text="component, cluster, capability, dependency, …")
    field = serializers.CharField(max_length=40, default="name", help_text="What the pattern judges.")


class ConventionReasonIn(Strict):
    reason = serializers.CharField(max_length=LONGEST_REASON)


class ConventionFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    kind = CharFilter(max_length=40)
    mode = ChoiceFilter(choices=_MODES)


class NameIn(Strict):
    """A thing as it would be named. What it does not say beside its name is not judged."""

    name = serializers.CharField(max_length=LONGEST_EXAMPLE, trim_whitespace=False)
    kind = serializers.CharField(max_length=40, default="component")
    fields_ = serializers.DictField(
        child=serializers.CharField(max_length=LONGEST_EXAMPLE), required=False, help_text="Such as slug, type, team."
    )
    description = serializers.CharField(max_length=20_000, allow_blank=True, required=False)
    owner = serializers.CharField(max_length=200, allow_blank=True, required=False)
    tags = serializers.ListField(child=serializers.CharField(max_length=63), max_length=100, required=False)
    sites = serializers.ListField(child=serializers.CharField(max_length=40), max_length=100, required=False)

    def get_fields(self) -> dict[str, Any]:
        """`fields` is a word of the framework's, so it is declared as `fields_`."""
        found = super().get_fields()
        found["fields"] = found.pop("fields_")
        return found


class NamesIn(Strict):
    names = serializers.ListField(child=NameIn(), min_length=1, max_length=MOST_NAMES)


class BreachOut(serializers.Serializer[Any]):
    convention = serializers.IntegerField(source="demand.pk")
    title = serializers.CharField(source="demand.title")
    mode = serializers.ChoiceField(choices=_MODES, source="demand.mode.value")
    code = serializers.CharField()
    sentence = serializers.CharField()
    next_step = serializers.CharField()
    proposed_name = serializers.CharField(source="proposed", help_text="Empty where none was found.")


class LikeOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    cluster = serializers.CharField()


class NameVerdictOut(serializers.Serializer[Any]):
    name = serializers.CharField(source="subject.name")
    kind = serializers.CharField(source="subject.kind")
    verdict = serializers.ChoiceField(choices=["keeps", "warned", "refused"])
    breaches = BreachOut(many=True)
    reads_like = LikeOut(many=True, help_text="Names on the map that a reader takes for this one; at most three.")


class NameVerdictsOut(serializers.Serializer[Any]):
    """One verdict for each name, in their order, and the worst of all."""

    verdict = serializers.ChoiceField(choices=["keeps", "warned", "refused"])
    results = NameVerdictOut(many=True)


class ScanOut(serializers.ModelSerializer[CheckRun]):
    """How far the present scan is, and what the last came to."""

    is_running = serializers.SerializerMethodField()

    class Meta:
        model = CheckRun
        fields = ("is_running", "done", "total", "ran_at", "took_ms")
        read_only_fields = fields

    def get_is_running(self, run: CheckRun) -> bool:
        """Whether it is asked for and not over."""
        return run.asked != run.answered


class ExemptionIn(Strict):
    """Letting a component off until an instant, at most 180 days ahead."""

    component = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    reason = serializers.CharField(max_length=LONGEST_REASON)
    until = serializers.DateTimeField(help_text="With its offset.")


class ExemptionOut(serializers.ModelSerializer[ConventionExemption]):
    convention = serializers.PrimaryKeyRelatedField[Any](read_only=True)
    component = serializers.PrimaryKeyRelatedField[Any](read_only=True)
    given_by = serializers.SlugRelatedField[Person](**_HANDLE)

    class Meta:
        model = ConventionExemption
        fields = ("id", "convention", "component", "until", "reason", "given_by", "given_at", "ended_at")
        read_only_fields = fields


class ConventionViewSet(ReadViewSet[Convention]):
    """How things are named, and what they must say of themselves."""

    serializer_class = ConventionOut
    lookup_value_converter = "int"
    filterset_class = ConventionFilter
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[Convention]:
        return queries.kept()

    @write(takes=ConventionIn, gives=ConventionOut, status=201)
    def create(self, data: dict[str, Any]) -> Convention:
        """Make a convention: chairs and administrators."""
        head = {name: data.pop(name) for name in ("kind", "field", "reason")}
        return actions.make_convention(keeper=self.person, values=data, at=self.at, **head)

    @write(takes=ConventionEditIn, gives=ConventionOut, edits=True)
    def partial_update(self, data: dict[str, Any]) -> Convention:
        """Change a convention."""
        one, reason = self.get_object(), data.pop("reason")
        return actions.change_convention(
            convention_id=one.pk, keeper=self.person, version=one.version, changes=data, reason=reason, at=self.at
        )

    @action(detail=True, methods=["post"])
    @write(takes=ConventionReasonIn, gives=ConventionOut)
    def retirement(self, data: dict[str, Any]) -> Convention:
        """End a convention."""
        return actions.retire_convention(convention_id=self.get_object().pk, keeper=self.person, at=self.at, **data)

    @action(detail=True, filterset_class=None)
    @read(gives=ExemptionOut, many=True)
    def exemptions(self) -> QuerySet[ConventionExemption]:
        """Components of yours to see that are let off for now."""
        return queries.exemptions(self.person).filter(convention=self.get_object())

    @exemptions.mapping.post
    @write(takes=ExemptionIn, gives=ExemptionOut, status=201)
    def exempt(self, data: dict[str, Any]) -> ConventionExemption:
        """Let a component off until a day. Nobody exempts their own."""
        return actions.exempt_component(
            convention_id=self.get_object().pk,
            component_id=data["component"],
            giver=self.person,
            reason=data["reason"],
            until=data["until"],
            at=self.at,
        )

    @action(detail=True, methods=["post"], url_path=r"exemptions/(?P<exemption>\d{1,18})/end")
    @write()
    def end_exemption(self, data: dict[str, Any]) -> None:
        """Take an exemption back before its day."""
        del data
        found = queries.exemptions(self.person).filter(convention=self.get_object(), pk=int(self.kwargs["exemption"]))
        one = found.first()
        if one is None:
            raise NotFound("There is no such exemption.", next_step="List the exemptions of the convention.")
        actions.end_exemption(exemption_id=one.pk, person=self.person, at=self.at)


class ConventionCheckView(Door):
    """Whether names would keep to the conventions: for a pipeline, before it adds them."""

    scope_for_writes = Scope.READ

    @extend_schema(request=NamesIn, responses=NameVerdictsOut)
    def post(self, request: Request) -> Response:
        """A verdict on each of up to 1,000 names, with its sentences and a name that would keep. Nothing is written."""
        asked = NamesIn(data=request.data)
        asked.is_valid(raise_exception=True)
        subjects = [_subject(one) for one in asked.validated_data["names"]]
        found = queries.verdicts(subjects, self.person, at=self.at)
        said = {one.verdict for one in found}
        worst = next((one for one in ("refused", "warned") if one in said), "keeps")
        return Response(NameVerdictsOut({"verdict": worst, "results": found}).data)


class ConventionScanView(Door):
    """The scan of the whole catalogue by the conventions."""

    scope_for_writes = Scope.CLUSTERS

    @extend_schema(responses=ScanOut)
    def get(self, request: Request) -> Response:
        """How far it is."""
        del request
        return Response(ScanOut(_run()).data)

    @extend_schema(request=None, responses={202: ScanOut})
    def post(self, request: Request) -> Response:
        """Have everything judged again: chairs and administrators."""
        del request
        actions.ask_for_scan(person=self.person, at=self.at)
        return Response(ScanOut(_run()).data, status=202)


def _run() -> CheckRun:
    found = queries.scan()
    if found is None:
        raise NotFound("Nothing has been scanned yet.", next_step="Make a convention, or ask for a scan.")
    return found


def _subject(said: dict[str, Any]) -> Subject:
    kind = queries.kind_named(said["kind"])
    values = {name: (value,) for name, value in {"name": said["name"], **said.get("fields", {})}.items()}
    unsaid = {
        Saying.DESCRIPTION: "description",
        Saying.OWNER: "owner",
        Saying.TAGS: "tags",
        Saying.SITE: "sites",
    }
    return Subject(
        kind=kind.name,
        key="",
        name=said["name"],
        values=values | ({"tag": tuple(said["tags"])} if said.get("tags") else {}),
        description=said.get("description", ""),
        owner=said.get("owner", ""),
        tags=tuple(said.get("tags", ())),
        sites=tuple(said.get("sites", ())),
        silent=frozenset(saying for saying, name in unsaid.items() if name not in said),
    )
