"""How changes went in a period: DORA's four keys, waiting, backlog, risk taken. Every figure opens its rows.

The asking person's own view of the changes (`visible_to`) is the one source: figures group its SQL, rows list it.
Instants are counted in days and months of UTC.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self

from django.db.models import (
    DurationField,
    Exists,
    F,
    Min,
    OuterRef,
    Q,
    Subquery,
)
from django.db.models.functions import Coalesce

from apps.accounts.models import Person
from apps.cab.models import Change, ChangeCategory, ChangeType, Conflict, FreezeException, Reversal, Round
from apps.cab.models.changes import ChangeQuerySet, ended_at
from apps.cab.queries.change_models import MODELS, of_model, require_model
from apps.cab.queries.metrics import FAILED
from apps.cab.queries.named import boards_visible_to
from apps.cab.rules.metrics import METRICS, Metric, Rows
from apps.cab.states import ChangeState, ExceptionState
from apps.kernel.refusals import Invalid, NotFound

USUAL = timedelta(days=365)
LONGEST = timedelta(days=3_660)  # ten years: what is grouped is bounded
NO_BOARD = "(none)"  # in an address, stands for changes that no board has had; no short name has brackets
NO_CATEGORY = "(none)"  # likewise, for changes whose category nobody said
FIRST_DAY = date(1990, 1, 1)
HANDED_IN_BEFORE = Q(submitted_at__lte=F("decided_at"))  # its decision: how long it waited is known


@dataclass(frozen=True)
class Scope:
    """Which changes are looked at, from the day `since` to the day `until` (both of UTC, both included)."""

    since: date
    until: date
    cluster: str = ""
    board: str = ""
    type: str = ""
    category: str = ""
    model: str = ""  # see change_models.MODELS

    @classmethod
    def from_address(cls, asked: Mapping[str, str], *, today: date) -> Self:
        """The scope that an address asks for: the last twelve months, where it names no days.

        Refuses days that do not exist, run backwards, or lie more than ten years apart.
        """
        until = _day("until", asked.get("until", "")) or today
        since = _day("since", asked.get("since", "")) or max(until - USUAL + timedelta(days=1), FIRST_DAY)
        if until < since:
            raise Invalid(
                "The period ends before it starts.",
                next_step="Swap the two days.",
                fields={"until": ["Must not be before the first day."]},
            )
        if until - since > LONGEST:
            raise Invalid(
                "The period is longer than ten years.",
                next_step="Ask for a shorter one.",
                fields={"since": ["Too early."]},
            )
        kind = asked.get("type", "")
        if kind and kind not in ChangeType.values:
            raise Invalid(
                f"“{kind[:20]}” is no type of change.",
                next_step=f"Choose from {', '.join(ChangeType.values)}.",
                fields={"type": ["Unknown type."]},
            )
        category = asked.get("category", "")
        if category and category not in (*ChangeCategory.values, NO_CATEGORY):
            raise Invalid(
                f"“{category[:20]}” is no category of changes.",
                next_step=f"Choose from {', '.join(ChangeCategory.values)}, or {NO_CATEGORY}.",
                fields={"category": ["Unknown category."]},
            )
        model = require_model(asked.get("model", ""))
        return cls(since, until, asked.get("cluster", "")[:80], asked.get("board", "")[:80], kind, category, model)

    @property
    def start_at(self) -> datetime:
        """The first instant of the period."""
        return datetime.combine(self.since, time.min, tzinfo=UTC)

    @property
    def end_at(self) -> datetime:
        """The first instant after the period."""
        return datetime.combine(self.until + timedelta(days=1), time.min, tzinfo=UTC)

    @property
    def weeks(self) -> float:
        """How many weeks the period lasts."""
        return ((self.until - self.since).days + 1) / 7

    @property
    def model_words(self) -> str:
        """How the model is called."""
        return MODELS.get(self.model, "")

    def within(self, month: date) -> Self:
        """The part of the period that lies in the month of that day."""
        first = month.replace(day=1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        return replace(self, since=max(first, self.since), until=min(last, self.until))

    def as_query(self) -> dict[str, str]:
        """What an address says to ask for it again."""
        return {name: str(value) for name, value in vars(self).items() if value}


Boards = Collection[int] | None  # ids of the boards the person may know of; None: they are looked up with the changes


def seen(person: Person, scope: Scope, boards: Boards = None) -> ChangeQuerySet:
    """Changes of the scope that this person may see, of any time; drafts count nowhere."""
    last_board = _last_board(boards_visible_to(person).values("pk") if boards is None else boards)
    rows = Change.objects.visible_to(person).exclude(state=ChangeState.DRAFT).annotate(last_board=last_board)
    if scope.cluster:
        rows = rows.filter(cluster__slug=scope.cluster)
    if scope.type:
        rows = rows.filter(type=scope.type)
    if scope.category:
        rows = rows.filter(category="" if scope.category == NO_CATEGORY else scope.category)
    if scope.model:
        rows = rows.filter(of_model(scope.model))
    if scope.board == NO_BOARD:
        rows = rows.filter(last_board__isnull=True)
    elif scope.board:
        board = boards_visible_to(person).filter(slug=scope.board).values("pk")
        rows = rows.filter(last_board=Subquery(board))
    return rows


def _last_board(boards: Any) -> Subquery:
    """The board that had the change last, of those the person may know of."""
    known = Round.objects.filter(change=OuterRef("pk"), board__in=boards)
    return Subquery(known.order_by("-number").values("board")[:1])


def implemented(person: Person, scope: Scope) -> ChangeQuerySet:
    """Those implemented in the period."""
    return seen(person, scope).filter(in_period("implemented_at", scope))


def decided(person: Person, scope: Scope) -> ChangeQuerySet:
    """Those handed in and decided, by a board or by policy, in the period."""
    return seen(person, scope).filter(in_period("decided_at", scope), HANDED_IN_BEFORE)


def in_period(name: str, scope: Scope) -> Q:
    """That the instant of that name lies in the period."""
    return Q(**{f"{name}__gte": scope.start_at, f"{name}__lt": scope.end_at})


def with_span(rows: ChangeQuerySet) -> Any:  # with columns that the model does not name
    """The same with `began_at` (handed in) and `ended_at` (implemented, rejected or cancelled; null while open)."""
    return rows.annotate(began_at=Coalesce("submitted_at", "created_at"), ended_at=ended_at())


def open_at(person: Person, scope: Scope, at: datetime, boards: Boards = None) -> Any:
    """The backlog at an instant."""
    still = Q(ended_at__isnull=True) | Q(ended_at__gte=at)
    return with_span(seen(person, scope, boards)).filter(still, began_at__lt=at)


def soonest_reversal() -> Subquery:
    """How long after its implementation the first other change undid it; null where none did."""
    found = Reversal.objects.filter(undone=OuterRef("pk")).order_by().values("undone").annotate(soonest=Min("after"))
    return Subquery(found.values("soonest"), output_field=DurationField())


def after_acceptance() -> Q:
    """Changes of which a conflict had been accepted before they were implemented."""
    accepted = Conflict.objects.filter(accepted_at__lte=OuterRef("implemented_at"))
    return Q(Exists(accepted.filter(change=OuterRef("pk")))) | Q(Exists(accepted.filter(other=OuterRef("pk"))))


def by_exception() -> Q:
    """Changes implemented while an exception from a freeze was granted to them."""
    ended_later = Q(ended_at__isnull=True) | Q(ended_at__gte=OuterRef("implemented_at"))
    granted = FreezeException.objects.exclude(state=ExceptionState.DENIED).filter(
        ended_later, change=OuterRef("pk"), decided_at__lte=OuterRef("implemented_at")
    )
    return Q(Exists(granted))


def rows_behind(person: Person, scope: Scope, metric: Metric, *, at: datetime) -> Any:
    """The changes that a figure of the scope is taken over."""
    if metric.rows == Rows.OPEN:
        return open_at(person, scope, min(scope.end_at, at))
    if metric.rows == Rows.DECIDED:
        return decided(person, scope)
    narrowed = {
        Rows.IMPLEMENTED: Q(),
        Rows.FAILED: FAILED,
        Rows.RESTORED: Q(pk__in=Reversal.objects.values("undone")),
        Rows.EMERGENCY: Q(type=ChangeType.EMERGENCY),
        Rows.RISKED: FAILED & after_acceptance(),
        Rows.EXCEPTED: by_exception(),
    }
    return implemented(person, scope).filter(narrowed[metric.rows])


ORDER = {Rows.OPEN: ("began_at", "pk"), Rows.DECIDED: ("-decided_at", "-pk")}


def metric_named(name: str) -> Metric:
    """The metric of that name, or a refusal that names them all."""
    if name not in METRICS:
        raise NotFound(f"There is no metric “{name[:40]}”.", next_step=f"Choose from {', '.join(METRICS)}.")
    return METRICS[name]


def _day(name: str, asked: str) -> date | None:
    if not asked:
        return None
    try:
        day = date.fromisoformat(asked)
    except ValueError:
        day = date.min
    if not FIRST_DAY <= day < date(9000, 1, 1):
        raise Invalid(
            f"“{asked[:20]}” is not a day.", next_step="Write it as 2026-03-02.", fields={name: ["Not a day."]}
        )
    return day
