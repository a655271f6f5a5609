"""The JSON door of exceptions from freezes."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import ReadViewSet, read, write
from apps.accounts.rules import Scope
from apps.cab.actions import exceptions as actions
from apps.cab.models import Change, FreezeException
from apps.cab.rules.exceptions import LONGEST_REASON
from apps.cab.states import ExceptionState
from apps.cab.web.exception_filter import ExceptionFilter

_DECISIONS = [(one.value, one.value) for one in (ExceptionState.GRANTED, ExceptionState.DENIED)]


class FreezeExceptionOut(serializers.ModelSerializer[FreezeException]):
    """A request of one change to be excepted from one freeze. Granted, it holds for that revision of the change."""

    change = serializers.CharField(source="change.reference", read_only=True)
    freeze_id = serializers.IntegerField(read_only=True)
    freeze_name = serializers.CharField(source="freeze.name", read_only=True)
    requested_by = serializers.CharField(source="requested_by.handle", read_only=True)
    decided_by = serializers.CharField(source="decided_by.handle", read_only=True, allow_null=True, default=None)

    class Meta:
        model = FreezeException
        fields = (
            "id",
            "change",
            "revision",
            "freeze_id",
            "freeze_name",
            "state",
            "reason",
            "requested_by",
            "requested_at",
            "decide_by",
            "decided_by",
            "decided_at",
            "decision_reason",
            "ended_at",
            "ended_because",
        )
        read_only_fields = fields


class ExceptionIn(Strict):
    freeze_id = serializers.IntegerField(min_value=1, max_value=2**63 - 1, help_text="The hard freeze.")
    reason = serializers.CharField(max_length=LONGEST_REASON, help_text="Why the change cannot wait.")


class ExceptionDecisionIn(Strict):
    decision = serializers.ChoiceField(choices=_DECISIONS)
    reason = serializers.CharField(max_length=LONGEST_REASON)


class ExceptionApiFilter(ExceptionFilter):
    """The page's filters."""

    cluster = extend_schema_field(OpenApiTypes.STR)(ExceptionFilter.base_filters["cluster"])
    freeze = extend_schema_field(OpenApiTypes.INT)(ExceptionFilter.base_filters["freeze"])


class FreezeExceptionViewSet(ReadViewSet[FreezeException]):
    """Exceptions from freezes, of changes you may see, in every state."""

    serializer_class = FreezeExceptionOut
    lookup_value_converter = "int"
    filterset_class = ExceptionApiFilter
    scope_for_writes = Scope.CHANGES
    version_field = None

    def rows(self) -> QuerySet[FreezeException]:
        return FreezeException.objects.visible_to(self.person).with_all()

    @action(detail=True, methods=["post"], url_path="decision")
    @write(takes=ExceptionDecisionIn, gives=FreezeExceptionOut)
    def decide(self, data: dict[str, Any]) -> FreezeException:
        """Grant or deny it, with a reason; not by an author of the change nor by who asked."""
        pk = self.get_object().pk
        actions.decide_exception(exception_id=pk, decider=self.person, at=self.at, **data)
        return self.rows().get(pk=pk)

    @action(detail=True, methods=["post"], url_path="withdrawal")
    @write(gives=FreezeExceptionOut)
    def withdraw(self, _: dict[str, Any]) -> FreezeException:
        """Take an open request back."""
        pk = self.get_object().pk
        actions.withdraw_exception(exception_id=pk, person=self.person, at=self.at)
        return self.rows().get(pk=pk)


class ExceptionsOfChange(ReadViewSet[Change]):
    """What the addresses of one change answer about its exceptions."""

    @action(detail=True, url_path="freeze-exceptions")
    @read(gives=FreezeExceptionOut, many=True)
    def freeze_exceptions(self) -> list[FreezeException]:
        """Its exceptions from freezes in every state, the newest first."""
        rows = FreezeException.objects.visible_to(self.person).filter(change=self.get_object())
        return list(rows.with_all().order_by("-pk"))

    @freeze_exceptions.mapping.post
    @write(takes=ExceptionIn, gives=FreezeExceptionOut, status=201)
    def request_exception(self, data: dict[str, Any]) -> FreezeException:
        """Ask that a hard freeze lets it through."""
        return actions.request_exception(change_id=self.get_object().pk, requester=self.person, at=self.at, **data)
