"""Questions about sampling: what is drawn from, who reviews what, how the reviewed went beside the others."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab.models import (
    Board,
    BoardKind,
    Change,
    ChangeType,
    CoAuthorship,
    Handover,
    Revision,
    SampledReview,
    SamplingCandidate,
    SamplingPeriod,
    SamplingSetting,
    Seat,
)
from apps.cab.models.changes import ChangeQuerySet
from apps.cab.models.handovers import Way
from apps.cab.models.sampling import SampleVerdict
from apps.cab.queries import boards
from apps.cab.queries.change_models import of_model
from apps.cab.queries.named import boards_visible_to
from apps.cab.queries.programme import NO_BOARD, NO_CATEGORY, Scope, in_period
from apps.cab.queries.standards import WENT
from apps.cab.rules import sampling as rules
from apps.cab.rules.replays import USUAL_MINUTES
from apps.cab.states import PeriodState, SampledReviewState
from apps.kernel.refusals import NotFound

# The boards that would decide what is approved automatically: a cluster's own, else the enterprise board.
SAMPLED_KINDS = (BoardKind.CLUSTER, BoardKind.ENTERPRISE)

_FINISHED, _FAILED = WENT["finished"], WENT["wrong"]
_REVIEWED = Q(sampling__is_drawn=True, sampling__review__state=SampledReviewState.REVIEWED)
_REST = Q(sampling__is_drawn=False)
_REFUSED = Q(sampling__review__verdict=SampleVerdict.REFUSED)
Compared = tuple[Board, rules.Comparison, dict[str, int]]
# What the comparison opens: the name in an address, what it says, and which of a board's candidates.
WHICH: dict[str, tuple[str, Any]] = {
    "candidates": ("Automatic approvals", Q()),
    "reviewed": ("Drawn and reviewed, and finished", _REVIEWED & _FINISHED),
    "reviewed-failed": ("Drawn and reviewed, and failed", _REVIEWED & _FAILED),
    "unreviewed": ("Not drawn, and finished", _REST & _FINISHED),
    "unreviewed-failed": ("Not drawn, and failed", _REST & _FAILED),
    "refused-failed": ("Failed, and the board would have refused", _REVIEWED & _FAILED & _REFUSED),
    "refused-fine": ("Went well, and the board would have refused", _REVIEWED & _FINISHED & ~_FAILED & _REFUSED),
    "waiting": ("Drawn, and not reviewed yet", Q(sampling__review__state=SampledReviewState.DRAWN)),
    "unfinished": ("Reviewed or not drawn, and not finished", (_REVIEWED | _REST) & ~_FINISHED),
}
ADDED = "added"
TITLES = {**{name: title for name, (title, _) in WHICH.items()}, ADDED: "Added by hand, in no rate"}


def sampled_boards(person: Person) -> QuerySet[Board]:
    """The boards whose automatic approvals are sampled, as far as this person may know of them."""
    return boards_visible_to(person).filter(kind__in=SAMPLED_KINDS)


def sampled_board(slug: str, person: Person) -> Board:
    """One of them, or a refusal."""
    found = sampled_boards(person).filter(slug=slug).first()
    if found is None:
        raise NotFound(
            "There is no such board that you may see, or nothing is approved automatically in its place.",
            next_step="Automatic approvals are a cluster's board's, or the enterprise board's. Open the list.",
        )
    return found


def setting_of(board: Board | None) -> SamplingSetting | None:
    """The newest setting for the board: its own, else that of all others. Without a board, that of all others."""
    fitting = Q(board=None) if board is None else Q(board=None) | Q(board=board)
    rows = SamplingSetting.objects.select_related("board", "set_by").filter(fitting)
    return rows.order_by(F("board").asc(nulls_last=True), "-version").first()


def settings_in_force(person: Person) -> QuerySet[SamplingSetting]:
    """The newest setting of each board this person may know of, and that of all others."""
    newest = SamplingSetting.objects.order_by("board_id", "-version").distinct("board_id").values("pk")
    rows = SamplingSetting.objects.visible_to(person).filter(pk__in=newest)
    return rows.select_related("board", "set_by").order_by("board__name")


def may_set(person: Person, board: Board | None, *, at: datetime) -> bool:
    """Whether they set how much is sampled: who manages boards or programmes, and the board's own chair."""
    if person.may(Capability.MANAGE_BOARD) or person.may(Capability.SET_TARGETS):
        return True
    return board is not None and boards.is_chair(person, board.pk, on=at.date())


def overview(person: Person) -> list[dict[str, Any]]:
    """Each sampled board with its setting, its open period, its last draw and how many reviews wait; four questions."""
    settings = {one.board_id: one for one in settings_in_force(person)}
    periods: dict[int, dict[str, SamplingPeriod]] = defaultdict(dict)
    newest = (
        SamplingPeriod.objects.visible_to(person).order_by("board_id", "state", "-pk").distinct("board_id", "state")
    )
    for period in newest:
        periods[period.board_id][period.state] = period
    waiting = SampledReview.objects.visible_to(person).filter(state=SampledReviewState.DRAWN).order_by()
    counts = dict(waiting.values_list("board").annotate(count=Count("pk")))
    return [
        {
            "board": board,
            "setting": settings.get(board.pk) or settings.get(None),
            "open": periods[board.pk].get(PeriodState.OPEN),
            "last": periods[board.pk].get(PeriodState.DRAWN),
            "waiting": counts.get(board.pk, 0),
        }
        for board in sampled_boards(person).order_by("-kind", "name")
    ]


def periods_due(at: datetime) -> QuerySet[SamplingPeriod]:
    """Open periods whose time has passed."""
    return SamplingPeriod.objects.filter(state=PeriodState.OPEN, due_at__lte=at).order_by("due_at")


def candidates_of(period: SamplingPeriod, *, until: datetime) -> ChangeQuerySet:
    """What the period draws from: changes approved automatically for the first time in it, and still resting on that.

    In it means: from its opening until `until` (excluded). A period that followed another at once also takes what was
    under way, and not yet seen, when that one was drawn. Each has `approval`, the key of its last handover.
    """
    before = SamplingPeriod.objects.filter(board=period.board_id, drawn_at=period.opened_at).first()
    since = before.opened_at if before else period.opened_at
    begun = Handover.objects.filter(way=Way.APPROVE, at__gte=since, at__lt=until).values("change")
    last = Handover.objects.filter(change=OuterRef("pk")).order_by("-pk")
    rows = _decided_by(period.board).filter(pk__in=begun, sampling=None)
    first_at = Min("handovers__at", filter=Q(handovers__way=Way.APPROVE))
    told = rows.annotate(
        first_at=first_at, approval=Subquery(last.values("pk")[:1]), way=Subquery(last.values("way")[:1])
    )
    return told.filter(first_at__gte=since, first_at__lt=until, way=Way.APPROVE)


def approvals_told_to(period: SamplingPeriod, person: Person) -> QuerySet[SamplingCandidate]:
    """Every approval the period drew from, by rank, each with whether this person may see its change (`is_seen`)."""
    seen = Change.objects.visible_to(person).filter(pk=OuterRef("change"))
    return period.approvals.select_related("change__cluster").annotate(is_seen=Exists(seen))


def _decided_by(board: Board) -> ChangeQuerySet:
    """The changes of the clusters whose boards' place it is."""
    if board.kind == BoardKind.CLUSTER:
        return Change.objects.filter(cluster=board.cluster_id)
    own = Board.objects.filter(kind=BoardKind.CLUSTER).values("cluster")
    return Change.objects.exclude(cluster__in=own)


def comparison(board: Board, person: Person) -> tuple[rules.Comparison, dict[str, int]]:
    """The board's comparison over the changes this person may see, and how many stand behind each of its figures."""
    told, counts = _compared(board, _of_board(board, person).aggregate(**_COUNTS))
    return told, counts | {ADDED: rows_behind(board, ADDED, person).count()}


def comparisons(person: Person, known: Iterable[Board], scope: Scope) -> list[Compared]:
    """The same over what was approved in the scope, of each sampled board that drew from any of it and is known.

    One statement for all of them; what was added by hand is not counted.
    """
    return compared_within(person, known, scope)[0]


def compared_within(person: Person, known: Iterable[Board], scope: Scope) -> tuple[list[Compared], bool]:
    """The comparisons, and whether there would be any if the scope were wider."""
    sampled = [one for one in known if one.kind in SAMPLED_KINDS]
    rows = Change.objects.visible_to(person).filter(sampling__period__board__in=sampled).order_by()
    fits = within(scope)
    counts = {name.replace("-", "_"): Count("pk", filter=fits & one) for name, (_, one) in WHICH.items()}
    grouped: Any = rows.values("sampling__period__board").annotate(**counts)
    found = {one["sampling__period__board"]: one for one in grouped}
    fitting = [
        (board, *_compared(board, found[board.pk]))
        for board in sorted(sampled, key=lambda one: (one.kind != BoardKind.ENTERPRISE, one.name))
        if scope.board in {"", NO_BOARD, board.slug} and found.get(board.pk, {}).get("candidates")
    ]
    return fitting, bool(found)


def within(scope: Scope) -> Q:
    """Automatic approvals given in the scope's period, of its cluster, type, category and model.

    Its board is no filter of theirs: nobody put them before a board, so each counts for the board whose place it was.
    """
    found = in_period("sampling__handover__at", scope)
    if scope.cluster:
        found &= Q(cluster__slug=scope.cluster)
    if scope.type:
        found &= Q(type=scope.type)
    if scope.category:
        found &= Q(category="" if scope.category == NO_CATEGORY else scope.category)
    if scope.model:
        found &= of_model(scope.model)
    return found


_COUNTS = {name.replace("-", "_"): Count("pk", filter=one) for name, (_, one) in WHICH.items()}


def _compared(board: Board, found: Mapping[str, int]) -> tuple[rules.Comparison, dict[str, int]]:
    counts = {name: found[name.replace("-", "_")] for name in WHICH}
    told = rules.Comparison(
        reviewed=rules.Counted(counts["reviewed"], counts["reviewed-failed"]),
        unreviewed=rules.Counted(counts["unreviewed"], counts["unreviewed-failed"]),
        refused_failed=counts["refused-failed"],
        refused_fine=counts["refused-fine"],
        minutes=USUAL_MINUTES[board.kind],
    )
    return told, counts


def rows_behind(board: Board, which: str, person: Person) -> ChangeQuerySet:
    """The changes of one figure, as far as this person may see them."""
    if which == ADDED:
        return Change.objects.visible_to(person).filter(
            sampled_reviews__candidate__isnull=True, sampled_reviews__board=board
        )
    if which not in WHICH:
        raise NotFound("There is no such figure.", next_step="Open the board's sampling and choose one of its figures.")
    return _of_board(board, person).filter(WHICH[which][1])


def _of_board(board: Board, person: Person) -> ChangeQuerySet:
    return Change.objects.visible_to(person).filter(sampling__period__board=board)


def reviews_waiting_for(person: Person, *, at: datetime) -> QuerySet[SampledReview]:
    """Reviews that this person may give now, the first due first; never of what they took part in or published."""
    seats = Seat.objects.filled_on(at.date()).voting().filter(person=person)
    wrote = Revision.objects.filter(change=OuterRef("change"), author=person, is_material=True)
    with_others = CoAuthorship.objects.filter(change=OuterRef("change"), person=person)
    rows = SampledReview.objects.visible_to(person).filter(
        ~Exists(wrote), ~Exists(with_others), state=SampledReviewState.DRAWN, board__in=seats.values("board")
    )
    rows = rows.exclude(change__requester=person)
    rows = rows.filter(Q(change__implementer=None) | ~Q(change__implementer=person))
    published = Q(change__template_version__template__published_by=person)
    return rows.exclude(published).with_all().order_by("due_at", "pk")


def barred_from_review(review: SampledReview) -> set[int]:
    """The keys of all who may not review it; the change has been read with its template."""
    version = review.change.template_version
    publisher = version.template.published_by_id if version else None
    return boards.barred_from(review.change) | ({publisher} if publisher else set())


def why_not_addable(change: Change, board: Board) -> str:
    """The sentence for a change that nobody adds to the board's reviews by hand; empty for one that may be added."""
    if board.cluster_id not in {None, change.cluster_id}:
        return f"{change.reference} belongs to {change.cluster}, which is not the {board}'s."
    went = Change.objects.filter(pk=change.pk)
    if not went.filter(_FINISHED).exists():
        return f"{change.reference} has not been carried out to its end, so there is nothing to look back at."
    if change.type != ChangeType.EMERGENCY and not went.filter(_FAILED).exists():
        return f"{change.reference} is no emergency and did not fail; only these are added by hand."
    return ""
