"""The JSON door of boards: their rules, seats and delegations."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import ReadViewSet, read, write
from apps.accounts.rules import Scope
from apps.cab.actions import boards as actions
from apps.cab.api.serializers import PersonRef
from apps.cab.models import Board, Delegation, Majority, Seat, SeatRole
from apps.cab.models.boards import BoardKind
from apps.cab.queries.named import board_named, boards_visible_to, cluster_named, people_named
from apps.kernel.refusals import NotFound


class SeatOut(serializers.ModelSerializer[Seat]):
    person = PersonRef(read_only=True)
    first_day = serializers.DateField(source="term.lower", read_only=True)
    ends_before = serializers.DateField(source="term.upper", read_only=True, allow_null=True)

    class Meta:
        model = Seat
        fields = ("id", "person", "role", "function", "first_day", "ends_before")
        read_only_fields = fields


class BoardOut(serializers.ModelSerializer[Board]):
    cluster = serializers.CharField(source="cluster.slug", read_only=True, allow_null=True, default=None)
    quorum_roles = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Board
        fields = (
            "slug",
            "name",
            "purpose",
            "kind",
            "cluster",
            "quorum_count",
            "quorum_share",
            "quorum_roles",
            "majority",
            "hides_ballots",
            "decision_hours",
            "allows_implement_first",
            "retroactive_hours",
            "version",
        )
        read_only_fields = fields


class BoardEditIn(Strict):
    name = serializers.CharField(max_length=120, required=False)
    purpose = serializers.CharField(max_length=4000, allow_blank=True, required=False)
    quorum_count = serializers.IntegerField(min_value=1, max_value=100, required=False)
    quorum_share = serializers.DecimalField(min_value=0, max_value=1, max_digits=3, decimal_places=2, required=False)
    quorum_roles = serializers.ListField(child=serializers.CharField(max_length=40), max_length=10, required=False)
    majority = serializers.ChoiceField(choices=Majority.choices, required=False)
    hides_ballots = serializers.BooleanField(required=False)
    decision_hours = serializers.IntegerField(min_value=1, max_value=2160, required=False)
    allows_implement_first = serializers.BooleanField(required=False)
    retroactive_hours = serializers.IntegerField(min_value=1, max_value=336, required=False)


class BoardIn(BoardEditIn):
    slug = serializers.SlugField(max_length=80)
    name = serializers.CharField(max_length=120)
    kind = serializers.ChoiceField(choices=BoardKind.choices)
    cluster = serializers.CharField(
        max_length=80, required=False, help_text="For a cluster board: the cluster's short name."
    )


class SeatIn(Strict):
    person = serializers.CharField(max_length=150)
    role = serializers.ChoiceField(choices=SeatRole.choices)
    function = serializers.CharField(max_length=40, allow_blank=True, default="")
    first_day = serializers.DateField()
    last_day = serializers.DateField(required=False, allow_null=True)


class LastDayIn(Strict):
    last_day = serializers.DateField()


class DelegationOut(serializers.ModelSerializer[Delegation]):
    from_person = PersonRef(read_only=True)
    to_person = PersonRef(read_only=True)
    first_day = serializers.DateField(source="days.lower", read_only=True)
    ends_before = serializers.DateField(source="days.upper", read_only=True)

    class Meta:
        model = Delegation
        fields = ("id", "from_person", "to_person", "first_day", "ends_before", "reason", "revoked_at")
        read_only_fields = fields


class DelegationIn(Strict):
    to_person = serializers.CharField(max_length=150)
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    reason = serializers.CharField(max_length=300, allow_blank=True, default="")


class BoardViewSet(ReadViewSet[Board]):
    """Boards, their rules, seats and delegations."""

    serializer_class = BoardOut
    lookup_field = "slug"
    ordering = ("slug",)
    filter_backends: Any = ()
    scope_for_writes = Scope.CHANGES

    def rows(self) -> QuerySet[Board]:
        return boards_visible_to(self.person)

    def get_object(self) -> Board:
        """The board of the address, by its short name."""
        return board_named(self.kwargs["slug"], self.person)

    @write(takes=BoardIn, gives=BoardOut, status=201)
    def create(self, data: dict[str, Any]) -> Board:
        """Found a board."""
        fields = dict(data)
        slug, kind = fields.pop("slug"), fields.pop("kind")
        cluster = cluster_named(fields.pop("cluster"), self.person) if "cluster" in fields else None
        return actions.found_board(
            founder=self.person, slug=slug, kind=kind, cluster=cluster, fields=fields, at=self.at
        )

    @write(takes=BoardEditIn, gives=BoardOut, edits=True)
    def partial_update(self, data: dict[str, Any]) -> Board:
        """Change its rules for rounds that open from now on."""
        board = self.get_object()
        return actions.change_rules(
            board_id=board.pk, person=self.person, version=board.version, fields=data, at=self.at
        )

    @action(detail=True)
    @read(gives=SeatOut, many=True)
    def seats(self) -> list[Seat]:
        """Its seats, past and present."""
        return list(self.get_object().seats.select_related("person").order_by("pk"))

    @seats.mapping.post
    @write(takes=SeatIn, gives=SeatOut, status=201)
    def fill_seat(self, data: dict[str, Any]) -> Seat:
        """Seat a person for a term."""
        fields = {"last_day": None, **data, "person": people_named([data["person"]], field="person")[0]}
        seat = actions.fill_seat(board_id=self.get_object().pk, appointer=self.person, at=self.at, **fields)
        return Seat.objects.select_related("person").get(pk=seat.pk)

    @action(detail=True, methods=["post"], url_path=r"seats/(?P<seat_id>[0-9]{1,18})/ending")
    @write(takes=LastDayIn, gives=SeatOut)
    def end_term(self, data: dict[str, Any]) -> Seat:
        """End a term early; ballots cast before stand."""
        seat = self.get_object().seats.filter(pk=int(self.kwargs["seat_id"])).first()
        if seat is None:
            raise NotFound("There is no such seat on this board.", next_step="Open the board to see its seats.")
        actions.end_term(seat_id=seat.pk, person=self.person, at=self.at, **data)
        return Seat.objects.select_related("person").get(pk=seat.pk)

    @action(detail=True)
    @read(gives=DelegationOut, many=True)
    def delegations(self) -> list[Delegation]:
        """Its delegations in force or to come."""
        rows = self.get_object().delegations.filter(revoked_at__isnull=True, days__endswith__gt=self.at.date())
        return list(rows.select_related("from_person", "to_person").order_by("pk"))

    @delegations.mapping.post
    @write(takes=DelegationIn, gives=DelegationOut, status=201, scope=Scope.VOTES)
    def delegate(self, data: dict[str, Any]) -> Delegation:
        """Delegate your vote for some days."""
        taker = people_named([data.pop("to_person")], field="to_person")[0]
        made = actions.delegate_vote(board_id=self.get_object().pk, giver=self.person, taker=taker, at=self.at, **data)
        return Delegation.objects.select_related("from_person", "to_person").get(pk=made.pk)

    @action(detail=True, methods=["post"], url_path=r"delegations/(?P<delegation_id>[0-9]{1,18})/revocation")
    @write(gives=DelegationOut, scope=Scope.VOTES)
    def revoke_delegation(self, _: dict[str, Any]) -> Delegation:
        """End a delegation now."""
        found = self.get_object().delegations.filter(pk=int(self.kwargs["delegation_id"])).first()
        if found is None:
            raise NotFound("There is no such delegation of yours.", next_step="Open the board to see its delegations.")
        made = actions.revoke_delegation(delegation_id=found.pk, person=self.person, at=self.at)
        return Delegation.objects.select_related("from_person", "to_person").get(pk=made.pk)
