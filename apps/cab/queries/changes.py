"""Questions about changes: what a revision says, what a risk is computed from, who waits for what."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import (
    BigIntegerField,
    Count,
    DateField,
    Exists,
    ExpressionWrapper,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Value,
)

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab import states
from apps.cab.models import (
    Ballot,
    Change,
    CoAuthorship,
    Condition,
    Delegation,
    NamedApprover,
    Reversal,
    Review,
    Revision,
    Round,
    Seat,
)
from apps.cab.models.changes import ChangeQuerySet
from apps.cab.queries.checks import unanswered_on
from apps.cab.queries.freezes import freezes_before
from apps.cab.rules import revisions, risk, separation
from apps.cab.rules.blockers import Standing as BlockerFacts
from apps.cab.rules.reviews import ESCALATE_AFTER, REMIND_BEFORE
from apps.cab.states import ChangeState, ConditionState, Outcome, RetroactiveState, ReviewState, RoundState
from apps.clusters.models import Component, Dependency
from apps.kernel.paging import PAGE_SIZE, Page, first_page
from apps.kernel.prepared import Prepared, Slot

SHORT_LIST = 20
MOST_COUNTED = 1001  # rows; counting further costs more than it tells


def content_of(change: Change) -> dict[str, Any]:
    """What the change says now, as its revision keeps it."""
    components = change.components.values_list("cluster__slug", "slug")
    return revisions.snapshot(
        change,
        cluster=change.cluster.slug,
        components=[f"{cluster}/{slug}" for cluster, slug in components],
        implementer=change.implementer.handle if change.implementer else "",
        co_authors=list(change.co_authors.values_list("handle", flat=True)),
        attachments=files_of(change),
    )


def files_of(change: Change) -> list[str]:
    """The files beside the change, as a revision names them: name and SHA-256."""
    rows = change.attachments.values_list("name", "sha256")
    return [f"{name} (SHA-256 {sha256})" for name, sha256 in rows]


def clusters_touched(change: Change) -> int:
    """How many clusters the change touches: its own and those of its components."""
    return len({change.cluster_id, *change.components.values_list("cluster_id", flat=True)})


def risk_facts(change: Change, *, at: datetime) -> risk.RiskFacts:
    """What the risk of `change` is computed from, as known at `at`."""
    touched = Component.objects.filter(touching__change=change)
    ids = list(touched.values_list("pk", flat=True))
    planned_from = change.submitted_at or at
    return risk.RiskFacts(
        type=change.type,
        has_backout_plan=bool(change.backout_plan.strip()),
        has_test_plan=bool(change.test_plan.strip()),
        clusters_touched=clusters_touched(change),
        top_tier=touched.aggregate(top=Min("tier"))["top"],
        failures=failures_on(ids, before=at, excluding=change.pk),
        dependents=Dependency.objects.filter(provider__in=ids)
        .exclude(consumer__in=ids)
        .values("consumer")
        .distinct()
        .count(),
        downtime_minutes=change.downtime_minutes,
        notice=change.window_start_at - planned_from if change.window_start_at else None,
    )


def failures_on(component_ids: list[int], *, before: datetime, excluding: int) -> int:
    """Changes on any of the components that failed within the look-back: backed out, unsuccessful, or undone later."""
    reverted = Exists(Reversal.objects.filter(undone=OuterRef("pk")))
    return (
        Change.objects.filter(
            touched__component__in=component_ids, implemented_at__lt=before, implemented_at__gte=before - risk.LOOK_BACK
        )
        .filter(Q(outcome__in=[Outcome.UNSUCCESSFUL, Outcome.BACKED_OUT]) | reverted)
        .exclude(pk=excluding)
        .distinct()
        .count()
    )


def waiting_for(person: Person, *, at: datetime) -> ChangeQuerySet:
    """Changes whose open round waits for a ballot of this person (or one delegated to them), by deadline and risk.

    Their own changes never wait for them.
    """
    return _waiting(person.pk, at.date())


def _waiting(person: Any, day: Any) -> ChangeQuerySet:
    seats = Seat.objects.filled_on(day).voting()
    own = seats.filter(person=person)
    given = Delegation.objects.filter(to_person=person, board=OuterRef("board")).in_force_on(day)
    lent = seats.filter(Exists(given.filter(from_person=OuterRef("person"))))
    unused = ~Exists(Ballot.objects.filter(round=OuterRef(OuterRef("pk")), voter=OuterRef("person")))
    for_round = Q(board=OuterRef("board"))
    # The lent seat's own person must not be barred either.
    of_round = {"change": OuterRef(OuterRef("change")), "person": OuterRef("person")}
    lent = lent.filter(~Exists(_barred(**of_round)))
    rounds = Round.objects.filter(state=RoundState.OPEN).filter(
        Exists(own.filter(for_round).filter(unused)) | Exists(lent.filter(for_round).filter(unused))
    )
    undecided = Q(state=ChangeState.AWAITING_AUTHORIZATION) | Q(retroactive=RetroactiveState.PENDING)
    waiting = Change.objects.filter(undecided, on_hold=False, rounds__in=rounds)
    return waiting.filter(
        ~Exists(_barred(change=OuterRef("pk"), person=person if isinstance(person, Slot) else Value(person)))
    )


def _barred(*, change: Any, person: Any) -> QuerySet[Change]:
    """The change itself, when the person may not decide it; see `boards.barred_from`."""
    wrote = Revision.objects.filter(change=OuterRef("pk"), author=OuterRef("barred"), is_material=True)
    with_others = CoAuthorship.objects.filter(change=OuterRef("pk"), person=OuterRef("barred"))
    return (
        Change.objects.annotate(barred=ExpressionWrapper(person, output_field=BigIntegerField()))
        .filter(pk=change)
        .filter(Q(requester=F("barred")) | Q(implementer=F("barred")) | Exists(wrote) | Exists(with_others))
    )


WAITING_ORDER, QUEUE_ORDER = ("deadline_at", "-risk", "number"), ("deadline_at", "number")
LIST_ORDER = ("-number",)


def _first_waiting(order: Sequence[str], person: Any, day: Any) -> QuerySet[Change]:
    return _waiting(person, day).in_lists().filter(deadline_at__isnull=False).order_by(*order)[: PAGE_SIZE + 1]


_FIRST_WAITING: dict[tuple[str, ...], Prepared] = {
    order: Prepared(partial(_first_waiting, order), person=BigIntegerField(), day=DateField())
    for order in (WAITING_ORDER, QUEUE_ORDER)
}


def first_waiting(person: Person, *, at: datetime, order: tuple[str, ...]) -> Page:
    """The first page of `waiting_for`: the one that everybody opens."""
    return first_page(_FIRST_WAITING[order](person=person.pk, day=at.date()), order=order)


def first_listed(person: Person) -> Page:
    """The first page of all changes the person may see, the newest first."""
    return first_page(_asked("first", person), order=LIST_ORDER)


def counted(person: Person, most: int) -> int:
    """How many changes the person may see, counted up to `most` (at most 1,001)."""
    return len(_asked("counted", person)[:most])


def on_desk(name: str, person: Person) -> list[Change]:
    """What a person has to do besides voting: `mine` to finish, `to_do` to carry out, `to_assess`; twenty at most."""
    return _asked(name, person)


def _asked(name: str, person: Person) -> list[Any]:
    return _SEEN[name, person.may(Capability.READ_RESTRICTED)](person=person.pk)


_DESK: dict[str, Callable[[ChangeQuerySet, Any], QuerySet[Any, Any]]] = {
    "first": lambda rows, _: rows.in_lists().order_by(*LIST_ORDER)[: PAGE_SIZE + 1],
    "counted": lambda rows, _: rows.values_list("pk")[:MOST_COUNTED],
    "mine": lambda rows, person: (
        rows.in_lists()
        .filter(requester=person, state__in=[ChangeState.DRAFT, ChangeState.CHANGES_REQUESTED])
        .order_by("-number")[:SHORT_LIST]
    ),
    "to_do": lambda rows, person: (
        rows.in_lists()
        .filter(implementer=person, state__in=[ChangeState.AUTHORIZED, ChangeState.SCHEDULED, ChangeState.IMPLEMENTING])
        .order_by("window_start_at", "number")[:SHORT_LIST]
    ),
    "to_assess": lambda rows, person: (
        rows.in_lists()
        .filter(state__in=[ChangeState.SUBMITTED, ChangeState.ASSESSING])
        .exclude(requester=person)
        .order_by("submitted_at", "number")[:SHORT_LIST]
    ),
}


def _seen(name: str, person: Any, *, may: bool) -> QuerySet[Any, Any]:
    return _DESK[name](Change.objects.seen_by(person, reads_restricted=may), person)


_SEEN = {
    (name, may): Prepared(partial(_seen, name, may=may), person=BigIntegerField())
    for name in _DESK
    for may in (False, True)
}


def blocker_facts(change: Change, *, at: datetime) -> BlockerFacts:
    """The facts the change's blockers are found from, as the database has them now."""
    from apps.cab.queries import boards, conflicts

    last = max(change.rounds.all(), key=lambda one: one.number, default=None)
    round_ = last if last and last.state == RoundState.OPEN else None
    return blocker_facts_from(
        change,
        has_components=change.components.exists(),
        has_open_round=round_ is not None,
        round_lapsed=bool(last and last.state == RoundState.LAPSED),
        open_conditions=Condition.objects.filter(change=change, state=ConditionState.OPEN).count(),
        quorum_unreachable=boards.standing(round_, change, at=at).quorum.unreachable if round_ else (),
        author_approvers=author_approvers(change),
        conflicts=conflicts.stops_on(change),
        at=at,
    )


def author_approvers(change: Change) -> list[str]:
    """The authors of an imported change whom its source also names as approvers, by handle."""
    named = list(NamedApprover.objects.filter(change=change).values_list("person__handle", flat=True))
    if not named:
        return []
    people = [change.requester, change.implementer, *change.co_authors.all()]
    return separation.author_approvers(authors=[one.handle for one in people if one], approvers=named)


def blocker_facts_from(change: Change, *, at: datetime, **found: Any) -> BlockerFacts:
    """The same facts from what has been read already (`found`) and the change's own fields."""
    if "freezes" not in found and change.state in {ChangeState.AUTHORIZED, ChangeState.SCHEDULED}:
        stops = freezes_before(change, at=at)
        found["freezes"] = [(one.is_hard, one.verdict.sentence) for one in stops if one.stands]
    if change.template_version_id is not None:
        found |= _template_facts(change)
    if "unanswered" not in found and change.state in {ChangeState.DRAFT, ChangeState.CHANGES_REQUESTED}:
        found["unanswered"] = unanswered_on(change)
    return BlockerFacts(
        state=change.state,
        type=change.type,
        has_implementation_plan=bool(change.implementation_plan.strip()),
        has_backout_plan=bool(change.backout_plan.strip()),
        has_window=change.window_start_at is not None,
        has_implementer=change.implementer_id is not None,
        window_is_past=bool(change.window_end_at and change.window_end_at <= at),
        on_hold=change.on_hold,
        **found,
    )


def _template_facts(change: Change) -> dict[str, Any]:
    from apps.cab.queries import standards
    from apps.cab.rules.standards import missing_sentence

    if change.state in states.FREELY_EDITABLE:
        lacks = standards.missing_of(change)
        return {"template_asks": missing_sentence(lacks) if lacks else ""}
    waits = change.state in {ChangeState.AUTHORIZED, ChangeState.SCHEDULED}
    return {"is_stranded": waits and standards.is_stranded(change)}


def diff(change: Change, older: int, newer: int) -> revisions.EditVerdict:
    """How two revisions of the change differ."""
    content = dict(Revision.objects.filter(change=change, number__in=[older, newer]).values_list("number", "content"))
    return revisions.compare(content.get(older, {}), content.get(newer, {}))


def counts_by_state(changes: QuerySet[Change]) -> dict[str, int]:
    """How many of the given changes are in each state."""
    return dict(changes.order_by().values_list("state").annotate(Count("pk")))


def reviews_to_chase(at: datetime) -> QuerySet[Review]:
    """Planned reviews that need a reminder or an escalation at this instant."""
    remind = Q(reminded_at__isnull=True, due_at__lte=at + REMIND_BEFORE)
    escalate = Q(escalated_at__isnull=True, due_at__lte=at - ESCALATE_AFTER)
    return Review.objects.filter(remind | escalate, state=ReviewState.PLANNED).order_by("due_at")
