"""Questions about silos: how pairs of clusters stood in a run, over time, and what is done about them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from apps.accounts.models import Person
from apps.clusters.models import Cluster
from apps.clusters.queries import standing
from apps.kernel.refusals import NotFound
from apps.stakeholders.models import (
    HandOff,
    SiloAction,
    SiloAnswer,
    SiloAssessment,
    SiloRound,
    SiloRun,
    SiloRunQuerySet,
    SiloStanding,
    SiloWeighting,
)
from apps.stakeholders.rules.silo_survey import REMIND_BEFORE, Pairing
from apps.stakeholders.rules.silos import WEIGHTS, completed
from apps.stakeholders.states import SiloRunState

MOST_IN_GRID = 40  # clusters; a wider grid nobody reads


def weights_now() -> dict[str, int]:
    """What each indicator weighs."""
    last = SiloWeighting.objects.order_by("-number").first()
    return completed(last.weights if last else WEIGHTS)


def runs() -> SiloRunQuerySet:
    """Every run, also one that is not over, the newest first."""
    return SiloRun.objects.select_related("by", "round").order_by("-number")


def results() -> SiloRunQuerySet:
    """Every run that came to its end, the newest first."""
    return runs().finished()


def result_numbered(text: str) -> SiloRun | None:
    """The finished run of that number, the newest where none is named; None before the first."""
    if not text:
        return results().first()
    found = results().filter(number=int(text)).first() if text.isdecimal() and len(text) < 9 else None  # noqa: PLR2004  # a PostgreSQL integer
    if found is None:
        raise NotFound("There is no such assessment, or it is not over.", next_step="Go back to the newest.")
    return found


def run_numbered(number: int) -> SiloRun:
    """The run of that number, over or not."""
    found = runs().filter(number=number).first() if number < 2**31 else None
    if found is None:
        raise NotFound("There is no such assessment.", next_step="Go back to the silos.")
    return found


def is_monthly_done(month: date) -> bool:
    """Whether the schedule has assessed that month (its first day), or is at it."""
    return SiloRun.objects.filter(by__isnull=True, month=month).exclude(state=SiloRunState.FAILED).exists()


def run_under_way() -> SiloRun | None:
    """The run that is not over."""
    return runs().under_way().first()


def assessments_of(run: SiloRun, person: Person) -> QuerySet[SiloAssessment]:
    """Pairs of a run, both of whose clusters the person may know of."""
    return assessments_seen_by(person).filter(run=run)


def ranked(run: SiloRun, person: Person) -> QuerySet[SiloAssessment]:
    """The same, the farthest apart first, without their parts."""
    rows = assessments_of(run, person).defer("parts", "advice")
    return rows.order_by(F("score").desc(nulls_last=True), "first__name", "second__name", "pk")


def assessments_seen_by(person: Person) -> QuerySet[SiloAssessment]:
    """The same of every run."""
    return SiloAssessment.objects.visible_to(person).select_related("first", "second", "run")


def standings_of(run: SiloRun, person: Person) -> QuerySet[SiloStanding]:
    """How clusters of a run stood, of those the person may know of; the most closed first."""
    rows = SiloStanding.objects.filter(run=run, cluster__in=Cluster.objects.visible_to(person).values("pk"))
    return rows.select_related("cluster").order_by(
        F("is_judged").desc(), F("homophily").desc(nulls_last=True), "cluster__name", "pk"
    )


@dataclass(frozen=True)
class Cell:
    """Two clusters in the grid: their assessment, or None; whether a link between them is required and missing."""

    slugs: tuple[str, str]
    names: tuple[str, str]
    assessment: SiloAssessment | None
    is_missing: bool


@dataclass(frozen=True)
class Grid:
    """Clusters against each other: `rows` is (standing, cells), a cell None of a cluster with itself."""

    clusters: Sequence[Cluster]
    rows: Sequence[tuple[SiloStanding, Sequence[Cell | None]]]
    left_out: int


def missing_in(run: SiloRun, person: Person) -> set[tuple[int, int]]:
    """Pairs, the lower id first, with a required link through which nothing passed when the run was made."""
    return set(assessments_of(run, person).filter(missing_links__gt=0).values_list("first_id", "second_id"))


def grid_of(run: SiloRun, person: Person, missing: Collection[tuple[int, int]]) -> Grid:
    """The grid of a run, of the clusters with the most interactions; how many do not fit. `missing`: pairs to mark."""
    known = list(standings_of(run, person))
    shown = sorted(known, key=lambda one: (-one.interactions, one.cluster.name))[:MOST_IN_GRID]
    shown = sorted(shown, key=lambda one: (one.cluster.name.casefold(), one.pk))
    keys = [one.cluster_id for one in shown]
    found: Mapping[tuple[int, int], SiloAssessment] = {
        (one.first_id, one.second_id): one
        for one in assessments_of(run, person).filter(first__in=keys, second__in=keys).defer("parts", "advice")
    }
    rows = [(one, [_cell(one.cluster, each.cluster, found, missing) for each in shown]) for one in shown]
    return Grid([one.cluster for one in shown], rows, len(known) - len(shown))


def _cell(
    one: Cluster,
    other: Cluster,
    found: Mapping[tuple[int, int], SiloAssessment],
    missing: Collection[tuple[int, int]],
) -> Cell | None:
    if one.pk == other.pk:
        return None
    pair = (min(one.pk, other.pk), max(one.pk, other.pk))
    return Cell((one.slug, other.slug), (one.name, other.name), found.get(pair), pair in missing)


def pairing_of(person: Person, first: Cluster, second: Cluster) -> Pairing:
    """What the person is to two clusters."""
    return Pairing(standing(person, first), standing(person, second))


def pair_of(one: Cluster, other: Cluster) -> tuple[Cluster, Cluster]:
    """Two clusters as pairs are kept; refuses a cluster with itself."""
    if one.pk == other.pk:
        raise NotFound("A pair is of two clusters.", next_step="Go back to the grid and choose two.")
    return (one, other) if one.pk < other.pk else (other, one)


def history_of(first: Cluster, second: Cluster) -> QuerySet[SiloAssessment]:
    """How the pair stood in every run, the newest first."""
    rows = SiloAssessment.objects.whole().filter(first=first, second=second)
    return rows.select_related("run", "first", "second").order_by("-run__number")


def round_now() -> SiloRound | None:
    """The newest round of the questionnaire."""
    return SiloRound.objects.select_related("opened_by").order_by("-number").first()


def open_round(day: date) -> SiloRound | None:
    """The round in which one may answer on that day."""
    found = round_now()
    return found if found is not None and found.is_open_on(day) else None


def answers_on(first: Cluster, second: Cluster) -> QuerySet[SiloAnswer]:
    """Every answer on a pair, the newest first."""
    rows = SiloAnswer.objects.filter(first=first, second=second).select_related("person", "side", "round")
    return rows.order_by("-round__number", "-pk")


def answers_seen_by(person: Person) -> QuerySet[SiloAnswer]:
    """Answers on pairs both of which the person may know of."""
    return SiloAnswer.objects.visible_to(person).select_related("person", "side", "round", "first", "second")


def handoffs_seen_by(person: Person) -> QuerySet[HandOff]:
    """Hand-offs between clusters the person may know of."""
    return HandOff.objects.visible_to(person).select_related("source", "target", "declared_by")


def handoffs_between(first: Cluster, second: Cluster) -> QuerySet[HandOff]:
    """Hand-offs of a pair that still happen, in both directions."""
    ways = Q(source=first, target=second) | Q(source=second, target=first)
    return HandOff.objects.current().filter(ways).select_related("source", "target", "declared_by").order_by("pk")


def actions_seen_by(person: Person) -> QuerySet[SiloAction]:
    """Actions about pairs both of which the person may know of."""
    return SiloAction.objects.visible_to(person).select_related("first", "second", "owner", "planned_by")


def actions_on(first: Cluster, second: Cluster) -> QuerySet[SiloAction]:
    """Actions about a pair, open ones first, the soonest first."""
    rows = SiloAction.objects.filter(first=first, second=second).select_related("owner", "planned_by")
    return rows.order_by(F("settled_at").desc(nulls_first=True), "due_on", "pk")


def due_actions(at: datetime) -> QuerySet[SiloAction]:
    """Open actions to remind of: three days ahead, and once more when their day is past."""
    today: date = at.date()
    soon = Q(due_on__lte=today + REMIND_BEFORE, reminded_at__isnull=True)
    overdue = Q(due_on__lt=today, reminded_at__date__lte=F("due_on"))
    return SiloAction.objects.filter(settled_at__isnull=True).filter(soon | overdue).order_by("due_on", "pk")


def advice_left(assessment: SiloAssessment, actions: Sequence[SiloAction]) -> list[dict[str, Any]]:
    """The advice of an assessment that nobody is on."""
    taken = {one.advice_key for one in actions if one.settled_at is None}
    return [one for one in assessment.advice if one["key"] not in taken]
