"""The JSON door of what reviews leave behind: checks and proposals to change a standard."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import ReadViewSet, read, write
from apps.accounts.rules import Scope
from apps.cab.actions import checks as actions
from apps.cab.api.serializers import PersonRef
from apps.cab.models import Change, ChangeType, CheckHit, ReviewCheck, StandardProposal
from apps.cab.queries.checks import checks_on, hits_of
from apps.cab.queries.named import components_named, people_named
from apps.cab.rules.checks import LONGEST_ANSWER, LONGEST_QUESTION
from apps.cab.states import CheckState, ProposalState


class ReviewCheckOut(serializers.ModelSerializer[ReviewCheck]):
    """A check. Empty scopes mean "all"; without a cluster it comes up in the whole federation."""

    cluster = serializers.CharField(source="cluster.slug", read_only=True, allow_null=True, default=None)
    type = serializers.ChoiceField(choices=ChangeType.choices, allow_blank=True, read_only=True)
    component = serializers.SerializerMethodField()
    added_by = PersonRef(read_only=True)
    retired_by = PersonRef(read_only=True, allow_null=True)
    hits = serializers.IntegerField(source="hit_count", read_only=True)

    class Meta:
        model = ReviewCheck
        fields = (
            "id",
            "question",
            "state",
            "cluster",
            "type",
            "component",
            "component_kind",
            "hits",
            "added_by",
            "added_at",
            "retired_by",
            "retired_at",
            "retired_because",
        )
        read_only_fields = fields

    def get_component(self, check: ReviewCheck) -> str | None:
        return f"{check.component.cluster.slug}/{check.component.slug}" if check.component else None


class CheckHitOut(serializers.ModelSerializer[CheckHit]):
    check_id = serializers.IntegerField(source="check_asked_id", read_only=True)
    change = serializers.CharField(source="change.reference", read_only=True)
    answered_by = PersonRef(read_only=True)

    class Meta:
        model = CheckHit
        fields = ("id", "check_id", "change", "answer", "answered_by", "answered_at")
        read_only_fields = fields


class AskedCheckOut(serializers.Serializer[Any]):
    """A check as one change meets it."""

    id = serializers.IntegerField()
    question = serializers.CharField()
    hits = serializers.IntegerField(source="hit_count")
    answer = serializers.CharField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)


class ReviewCheckIn(Strict):
    """A finding as a question. It needs a type, a component or a kind of component."""

    question = serializers.CharField(max_length=LONGEST_QUESTION)
    type = serializers.ChoiceField(choices=ChangeType.choices, allow_blank=True, default="")
    component = serializers.CharField(max_length=300, allow_blank=True, default="", help_text="cluster/component.")
    component_kind = serializers.CharField(max_length=40, allow_blank=True, default="")
    everywhere = serializers.BooleanField(default=False, help_text="In the whole federation: chairs only.")


class AnswerIn(Strict):
    check_id = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    answer = serializers.CharField(max_length=LONGEST_ANSWER)


class RetireIn(Strict):
    reason = serializers.CharField(max_length=4_000)


class StandardProposalOut(serializers.ModelSerializer[StandardProposal]):
    change = serializers.CharField(source="change.reference", read_only=True)
    owner = PersonRef(read_only=True)
    proposed_by = PersonRef(read_only=True)

    class Meta:
        model = StandardProposal
        fields = (
            "id",
            "change",
            "standard",
            "text",
            "owner",
            "due_on",
            "state",
            "proposed_by",
            "proposed_at",
            "reminded_at",
            "closed_at",
            "note",
        )
        read_only_fields = fields


class StandardProposalIn(Strict):
    standard = serializers.CharField(max_length=200)
    text = serializers.CharField(max_length=4_000)
    owner = serializers.CharField(max_length=150, help_text="Handle.")
    due_on = serializers.DateField()


class ClosureIn(Strict):
    outcome = serializers.ChoiceField(
        choices=[(one.value, one.value) for one in (ProposalState.ADOPTED, ProposalState.DROPPED)]
    )
    note = serializers.CharField(max_length=4_000)


class CheckFilter(django_filters.FilterSet):  # type: ignore[misc]  # the package publishes no types
    state = django_filters.ChoiceFilter(choices=[(one.value, one.value) for one in CheckState])


class ProposalFilter(django_filters.FilterSet):  # type: ignore[misc]  # the package publishes no types
    state = django_filters.ChoiceFilter(choices=[(one.value, one.value) for one in ProposalState])


class CheckViewSet(ReadViewSet[ReviewCheck]):
    """Checks that reviews left behind, with on how many changes each came up."""

    serializer_class = ReviewCheckOut
    lookup_value_converter = "int"
    filterset_class = CheckFilter
    scope_for_writes = Scope.CHANGES
    version_field = None

    def rows(self) -> QuerySet[ReviewCheck]:
        return ReviewCheck.objects.visible_to(self.person).with_hits()

    @action(detail=True, filterset_class=None)
    @read(gives=CheckHitOut, many=True)
    def hits(self) -> QuerySet[CheckHit]:
        """The changes it came up on that you may see, with their answers."""
        return hits_of(self.get_object(), Change.objects.visible_to(self.person))

    @action(detail=True, methods=["post"], url_path="retirement")
    @write(takes=RetireIn, gives=ReviewCheckOut)
    def retire(self, data: dict[str, Any]) -> ReviewCheck:
        """Let it come up no more, with a reason."""
        pk = self.get_object().pk
        actions.retire_check(check_id=pk, person=self.person, at=self.at, **data)
        return self.rows().get(pk=pk)


class StandardProposalViewSet(ReadViewSet[StandardProposal]):
    """Proposals of reviews to change a standard."""

    serializer_class = StandardProposalOut
    lookup_value_converter = "int"
    filterset_class = ProposalFilter
    scope_for_writes = Scope.CHANGES
    version_field = None

    def rows(self) -> QuerySet[StandardProposal]:
        return StandardProposal.objects.visible_to(self.person).with_all()

    @action(detail=True, methods=["post"], url_path="closure")
    @write(takes=ClosureIn, gives=StandardProposalOut)
    def close(self, data: dict[str, Any]) -> StandardProposal:
        """Say what became of it, and why."""
        pk = self.get_object().pk
        actions.close_proposal(proposal_id=pk, person=self.person, at=self.at, **data)
        return self.rows().get(pk=pk)


class ChecksOfChange(ReadViewSet[Change]):
    """What the addresses of one change answer about checks and findings."""

    @action(detail=True, url_path="checks")
    @read(gives=AskedCheckOut, many=True)
    def checks(self) -> list[Any]:
        """The checks from earlier reviews that come up on it, with their answers."""
        return checks_on(self.get_object())

    @checks.mapping.post
    @write(takes=ReviewCheckIn, gives=ReviewCheckOut, status=201)
    def add_check(self, data: dict[str, Any]) -> ReviewCheck:
        """Make a check of a finding of its review."""
        name = data.pop("component")
        component = components_named([name], self.person)[0] if name else None
        made = actions.add_check(
            change_id=self.get_object().pk, author=self.person, component=component, at=self.at, **data
        )
        return ReviewCheck.objects.with_hits().get(pk=made.pk)

    @action(detail=True, methods=["post"], url_path="check-answers")
    @write(takes=AnswerIn, gives=CheckHitOut, status=201)
    def answer_check(self, data: dict[str, Any]) -> CheckHit:
        """Answer a check that comes up on it."""
        return actions.answer_check(change_id=self.get_object().pk, person=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"], url_path="standard-proposals")
    @write(takes=StandardProposalIn, gives=StandardProposalOut, status=201)
    def propose_standard_change(self, data: dict[str, Any]) -> StandardProposal:
        """Propose to change a standard after its review."""
        owner = people_named([data.pop("owner")], field="owner")[0]
        return actions.propose_standard_change(
            change_id=self.get_object().pk, author=self.person, owner=owner, at=self.at, **data
        )
