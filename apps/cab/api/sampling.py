"""The JSON door of sampling: settings, periods with their draw, reviews, and the comparison of a board."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import ReadViewSet, read, write
from apps.accounts.rules import Scope
from apps.cab.actions import sampling as actions
from apps.cab.api.boards import BoardOut
from apps.cab.models import Board, SampledReview, SamplingCandidate, SamplingPeriod, SamplingSetting
from apps.cab.models.sampling import SampleVerdict
from apps.cab.queries import sampling as queries
from apps.cab.queries.whole import find
from apps.cab.rules.intervals import Interval
from apps.cab.rules.sampling import LONGEST_REASON, MOST_DAYS, MOST_MINIMUM


class SettingOut(serializers.ModelSerializer[SamplingSetting]):
    """How much is drawn. Without a board: wherever none has its own."""

    board = serializers.CharField(source="board.slug", allow_null=True, default=None, read_only=True)
    set_by = serializers.CharField(source="set_by.handle", read_only=True)

    class Meta:
        model = SamplingSetting
        fields = ("id", "board", "version", "share", "minimum", "days", "reason", "set_by", "set_at")
        read_only_fields = fields


class SettingIn(Strict):
    """A new version of a setting; it counts from the next period on."""

    board = serializers.CharField(max_length=80, required=False, help_text="Short name; all others, where left out.")
    share = serializers.IntegerField(min_value=0, max_value=100, help_text="Percent, rounded up.")
    minimum = serializers.IntegerField(min_value=0, max_value=MOST_MINIMUM)
    days = serializers.IntegerField(min_value=1, max_value=MOST_DAYS)
    reason = serializers.CharField(max_length=LONGEST_REASON)
    based_on = serializers.IntegerField(
        min_value=0, max_value=2**31 - 2, help_text="The version you read; 0, where there is none."
    )


class PeriodOut(serializers.ModelSerializer[SamplingPeriod]):
    """A time in which automatic approvals gather. `commitment` is the SHA-256 of the seed, told beforehand."""

    board = serializers.CharField(source="board.slug", read_only=True)
    share = serializers.IntegerField(source="setting.share", read_only=True)
    minimum = serializers.IntegerField(source="setting.minimum", read_only=True)
    seed = serializers.CharField(read_only=True, help_text="Hexadecimal; empty until the draw.")

    class Meta:
        model = SamplingPeriod
        fields = (
            *("id", "board", "state", "share", "minimum", "opened_at", "due_at", "drawn_at", "commitment", "seed"),
            *("candidates", "drawn"),
        )
        read_only_fields = fields


class CandidateOut(serializers.ModelSerializer[SamplingCandidate]):
    """An automatic approval of a period, in the order of the digests (HMAC-SHA-256 of the reference, by the seed)."""

    change = serializers.SerializerMethodField()

    class Meta:
        model = SamplingCandidate
        fields = ("rank", "digest", "is_drawn", "change")
        read_only_fields = fields

    @extend_schema_field(serializers.CharField(allow_null=True, help_text="Null where you may not see it."))
    def get_change(self, one: SamplingCandidate) -> str | None:
        return one.change.reference if one.is_seen else None  # type: ignore[attr-defined]  # annotated by the view


class SampledReviewOut(serializers.ModelSerializer[SampledReview]):
    """A review: drawn by lot in a period, or added by hand."""

    board = serializers.CharField(source="board.slug", read_only=True)
    change = serializers.CharField(source="change.reference", read_only=True)
    period = serializers.IntegerField(source="candidate.period_id", allow_null=True, default=None, read_only=True)
    added_by = serializers.CharField(source="added_by.handle", allow_null=True, default=None, read_only=True)
    reviewer = serializers.CharField(source="reviewer.handle", allow_null=True, default=None, read_only=True)
    verdict = serializers.ChoiceField(choices=SampleVerdict.choices, allow_blank=True, read_only=True)

    class Meta:
        model = SampledReview
        fields = (
            *("id", "board", "change", "period", "added_by", "added_because", "state", "created_at", "due_at"),
            *("reviewer", "verdict", "reason", "reviewed_at"),
        )
        read_only_fields = fields


class AdditionIn(Strict):
    board = serializers.CharField(max_length=80, help_text="Short name.")
    change = serializers.CharField(max_length=24, help_text="CHG-1042: an emergency, or one that failed.")
    reason = serializers.CharField(max_length=LONGEST_REASON)


class VerdictIn(Strict):
    verdict = serializers.ChoiceField(choices=SampleVerdict.choices)
    reason = serializers.CharField(max_length=LONGEST_REASON)


class IntervalOut(serializers.Serializer[Interval]):
    """A 95 % interval, both ends included."""

    low = serializers.FloatField()
    high = serializers.FloatField()


class RateOut(serializers.Serializer[Any]):
    """Finished changes, and how many failed. `rate` is 0 to 1, with Wilson's interval."""

    finished = serializers.IntegerField()
    failed = serializers.IntegerField()
    rate = serializers.FloatField(allow_null=True)
    interval = IntervalOut()


class ComparisonOut(serializers.Serializer[Any]):
    """What was reviewed beside what was not drawn. `gap` is the difference of the rates, with Newcombe's interval."""

    reviewed = RateOut()
    unreviewed = RateOut()
    gap = serializers.FloatField(allow_null=True)
    gap_interval = IntervalOut()
    refused_failed = serializers.IntegerField(help_text="Failed, and the board would have refused.")
    refused_fine = serializers.IntegerField(help_text="Went well, and the board would have refused.")
    minutes = serializers.IntegerField(help_text="Of the board for one decision: an assumption.")
    minutes_a_failure = serializers.FloatField(allow_null=True, help_text="Board minutes for one prevented failure.")


class SettingViewSet(ReadViewSet[SamplingSetting]):
    """Settings of sampling, every version, the newest first."""

    serializer_class = SettingOut
    lookup_value_converter = "int"
    filter_backends: Any = ()
    scope_for_writes = Scope.POLICIES

    def rows(self) -> QuerySet[SamplingSetting]:
        return SamplingSetting.objects.visible_to(self.person).select_related("board", "set_by")

    @write(takes=SettingIn, gives=SettingOut, status=201)
    def create(self, data: dict[str, Any]) -> SamplingSetting:
        """Set how much is drawn; programme managers, who manage boards, and the board's chair."""
        board = queries.sampled_board(data.pop("board"), self.person) if "board" in data else None
        return actions.set_sampling(setter=self.person, board=board, at=self.at, **data)


class PeriodViewSet(ReadViewSet[SamplingPeriod]):
    """Sampling periods of boards you may know of."""

    serializer_class = PeriodOut
    lookup_value_converter = "int"
    filter_backends: Any = ()
    version_field = None

    def rows(self) -> QuerySet[SamplingPeriod]:
        return SamplingPeriod.objects.visible_to(self.person).select_related("board", "setting")

    @action(detail=True, url_path="approvals")
    @read(gives=CandidateOut, many=True, ordering=("rank",))
    def approvals(self) -> QuerySet[SamplingCandidate]:
        """Every approval it drew from, in the order of the digests: enough to check the draw."""
        return queries.approvals_told_to(self.get_object(), self.person)


class SampledReviewViewSet(ReadViewSet[SampledReview]):
    """Reviews by sample of changes you may see."""

    serializer_class = SampledReviewOut
    lookup_value_converter = "int"
    filter_backends: Any = ()
    scope_for_writes = Scope.VOTES
    version_field = None

    def rows(self) -> QuerySet[SampledReview]:
        return SampledReview.objects.visible_to(self.person).with_all()

    @write(takes=AdditionIn, gives=SampledReviewOut, status=201)
    def create(self, data: dict[str, Any]) -> SampledReview:
        """Add an emergency or a failed change by hand; it is counted apart."""
        board, change = queries.sampled_board(data["board"], self.person), find(data["change"], self.person)
        review = actions.add_by_hand(
            change_id=change.pk, board=board, adder=self.person, reason=data["reason"], at=self.at
        )
        return self.rows().get(pk=review.pk)

    @action(detail=True, methods=["post"], url_path="verdict")
    @write(takes=VerdictIn, gives=SampledReviewOut)
    def judge(self, data: dict[str, Any]) -> SampledReview:
        """Say what the board would have done; never about what you took part in."""
        actions.review_sample(review_id=self.get_object().pk, reviewer=self.person, at=self.at, **data)
        return self.get_object()


class BoardSampling(ReadViewSet[Board]):
    """What the addresses of one board answer about its sampling."""

    serializer_class = BoardOut
    lookup_field = "slug"
    version_field = None

    def rows(self) -> QuerySet[Board]:
        return queries.sampled_boards(self.person)

    @read(gives=ComparisonOut)
    def comparison(self) -> Any:
        """Failure rates of what was reviewed and of what was not drawn, and board minutes for a prevented failure."""
        return queries.comparison(self.get_object(), self.person)[0]
