"""The JSON door of replays: begin one of a policy's version, read its figures, stop it."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import ReadViewSet, read, write
from apps.accounts.rules import Scope
from apps.cab.actions import replays as actions
from apps.cab.models import Replay
from apps.cab.queries.replays import replays_shown_to, tally_of
from apps.cab.rules.replays import BOARDS, MOST_MINUTES, MOST_MONTHS
from apps.kernel.refusals import NotFound
from apps.policies.api.serializers import PolicyOut
from apps.policies.models import Policy
from apps.policies.queries import policies_shown_to


class ReplayOut(serializers.ModelSerializer[Replay]):
    """A replay and how far it is."""

    policy = serializers.CharField(source="version.policy.slug", read_only=True)
    version = serializers.IntegerField(source="version.number", read_only=True)
    minutes = serializers.DictField(child=serializers.IntegerField(), read_only=True)
    started_by = serializers.CharField(source="started_by.handle", read_only=True)

    class Meta:
        model = Replay
        fields: tuple[str, ...] = (
            *("id", "policy", "version", "digest", "months", "since_at", "until_at", "minutes", "state", "total"),
            *("done", "started_by", "started_at", "finished_at"),
        )
        read_only_fields: tuple[str, ...] = fields


class LineOut(serializers.Serializer[Any]):
    """One course: how many changes take it."""

    course = serializers.CharField(help_text="cluster, cross_cluster, emergency, enterprise, approve or refuse.")
    drafted = serializers.IntegerField(help_text="By the replayed version.")
    governed = serializers.IntegerField(help_text="By what was in force when the replay began.")
    happened = serializers.IntegerField()
    drafted_minutes = serializers.IntegerField()
    governed_minutes = serializers.IntegerField()


class TallyOut(serializers.Serializer[Any]):
    """The figures as far as the replay is."""

    changes = serializers.IntegerField()
    undecided_here = serializers.IntegerField(help_text="Decided elsewhere, or not yet.")
    uncertain = serializers.IntegerField(help_text="A fact was missing, so the stricter reading counted.")
    failed = serializers.IntegerField()
    caught = serializers.IntegerField(help_text="Failed, and the version sends them to a board or refuses them.")
    let_through = serializers.IntegerField()
    newly_caught = serializers.IntegerField()
    newly_let_through = serializers.IntegerField()
    minutes_spent = serializers.IntegerField(help_text="Board minutes more than what is in force; below zero: saved.")
    lines = LineOut(many=True)


class ReplayedOut(ReplayOut):
    """A replay with its figures."""

    figures = serializers.SerializerMethodField()

    class Meta(ReplayOut.Meta):
        fields = (*ReplayOut.Meta.fields, "figures")
        read_only_fields = (*ReplayOut.Meta.fields, "figures")

    @extend_schema_field(TallyOut)
    def get_figures(self, replay: Replay) -> dict[str, Any]:
        return dict(TallyOut(tally_of(replay)).data)


class ReplayIn(Strict):
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="The number of the version.")
    months = serializers.IntegerField(min_value=1, max_value=MOST_MONTHS, default=12)
    minutes = serializers.DictField(
        child=serializers.IntegerField(min_value=0, max_value=MOST_MINUTES),
        default=dict,
        help_text=f"Board minutes for one change by kind of board: {', '.join(BOARDS)}.",
    )


class PolicyReplays(ReadViewSet[Policy]):
    """The replays of one policy."""

    serializer_class = PolicyOut
    lookup_field = "slug"
    scope_for_writes = Scope.POLICIES
    version_field = None

    def rows(self) -> QuerySet[Policy]:
        return policies_shown_to(self.person)

    @read(gives=ReplayOut, many=True, ordering=("-pk",))
    def replays(self) -> QuerySet[Replay]:
        """Its replays, the newest first."""
        return replays_shown_to(self.person).filter(version__policy=self.get_object())

    @write(takes=ReplayIn, gives=ReplayOut, status=201)
    def begin(self, data: dict[str, Any]) -> Replay:
        """Begin to replay one of its versions on past changes; watch it at /replays/{id}/."""
        version = self.get_object().versions.filter(number=data.pop("version")).first()
        if version is None:
            raise NotFound("This policy has no such version.", next_step="Look at its versions.")
        return actions.begin_replay(version_id=version.pk, starter=self.person, at=self.at, **data)


class ReplayViewSet(ReadViewSet[Replay]):
    """Replays of policies you may see, with their figures."""

    serializer_class = ReplayedOut
    lookup_value_converter = "int"
    scope_for_writes = Scope.POLICIES
    version_field = None

    def rows(self) -> QuerySet[Replay]:
        return replays_shown_to(self.person)

    @action(detail=True, methods=["post"], url_path="cancellation")
    @write(gives=ReplayOut)
    def cancel(self, _: dict[str, Any]) -> Replay:
        """Stop it; what it found so far stays."""
        return actions.cancel_replay(replay_id=self.get_object().pk, person=self.person, at=self.at)
