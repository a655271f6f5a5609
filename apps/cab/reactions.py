"""Whom the board's area tells, and when. Each reaction is idempotent by entry: a notice is written once."""

from collections.abc import Iterable

from django.urls import reverse

from apps.accounts.events import RoleGranted, RoleRevoked
from apps.accounts.models import Person, PersonKind
from apps.accounts.queries import administrators
from apps.cab import events
from apps.cab.actions import conflicts, handing, standards
from apps.cab.models import (
    Board,
    BoardKind,
    Change,
    ChangeType,
    Condition,
    Conflict,
    Delegation,
    FreezeException,
    Handover,
    Round,
    SampledReview,
    Seat,
    SeatRole,
    StandardProposal,
    StandardTemplate,
)
from apps.cab.queries.boards import authors_of, barred_from, unvoted_seats, voting_seats
from apps.cab.queries.calendar.feeds import calendar_items, quiet_items
from apps.cab.queries.conflicts import planned_at, planning_of
from apps.cab.queries.exceptions import deciders_of
from apps.cab.queries.freezes import hits
from apps.cab.queries.sampling import barred_from_review
from apps.cab.queries.standards import in_flight
from apps.cab.states import RoundState, SampledReviewState
from apps.clusters import events as map_events
from apps.clusters.queries import owning_people
from apps.journal.actions import subscribe
from apps.journal.models import Entry
from apps.kernel.signs import day_words, moment_words
from apps.notify import feeds
from apps.notify.actions.telling import settle_notices, tell
from apps.windows import events as window_events
from apps.windows.events import FreezeEnforced, FreezeLifted
from apps.windows.models import Freeze

feeds.register("changes", "Scheduled changes I may see", calendar_items)
feeds.register("quiet-times", "Freezes and blackouts I may know of", quiet_items)


@subscribe("cab.round_opened", events.RoundOpened)
def ask_for_votes(entry: Entry) -> None:
    """Ask every seat that may vote, and those who hold a delegation; nobody once the round is over."""
    # The lock lets the round end either before, and nobody is asked, or after, and `settle_asking` finds the notices.
    rounds = Round.objects.select_for_update(of=("self",)).select_related("board")
    change, round_ = _change(entry), rounds.get(pk=entry.data["round_id"])
    if round_.state != RoundState.OPEN:
        return
    day, barred = entry.at.date(), barred_from(change)
    people = {
        seat.person_id: seat.person for seat in voting_seats(round_.board_id, day) if seat.person_id not in barred
    }
    held = Delegation.objects.filter(board_id=round_.board_id, from_person__in=people).in_force_on(day)
    people |= {one.to_person_id: one.to_person for one in held.select_related("to_person")}
    _tell(
        [one for pk, one in people.items() if pk not in barred],
        entry,
        change,
        kind="vote",
        title=f"{change.reference} waits for your vote: {change.title}",
        body=f"The {round_.board} decides by {moment_words(round_.closes_at)} UTC.",
        url=_voting_place(change),
    )


@subscribe("cab.afterwards", events.ImplementedFirst, events.RetroactiveApprovalReminded)
def ask_for_votes_afterwards(entry: Entry) -> None:
    """Tell those who have not voted that work has begun, and later that half of their time is gone."""
    rounds = Round.objects.select_for_update(of=("self",)).select_related("board")
    change, round_ = _change(entry), rounds.get(pk=entry.data["round_id"])
    if round_.state != RoundState.OPEN:
        return
    has_begun = entry.event == events.ImplementedFirst.name()
    _tell(
        unvoted_seats(round_, change, at=entry.at),
        entry,
        change,
        kind="vote",
        title=f"{change.reference} {'began before your decision' if has_begun else 'still waits for your vote'}",
        body=f"Decide by {moment_words(round_.closes_at)} UTC. {entry.data.get('reason', change.title)}"[:500],
        url=_voting_place(change),
    )


@subscribe("cab.afterwards_late", events.RetroactiveApprovalEscalated)
def escalate_afterwards(entry: Entry) -> None:
    """Tell the chair that the decision after the fact is late."""
    change, round_ = _change(entry), Round.objects.select_related("board").get(pk=entry.data["round_id"])
    _tell(
        _chairs(round_, entry),
        entry,
        change,
        kind="vote",
        title=f"{change.reference}: the decision after the fact is late",
        body=f"The {round_.board} has until {moment_words(round_.closes_at)} UTC. {change.title}",
        url=_voting_place(change),
    )


@subscribe("cab.afterwards_lapsed", events.RetroactiveApprovalLapsed)
def alert_of_lapse(entry: Entry) -> None:
    """As for an incident: the chair, the owners of the cluster and the administrators are all told."""
    change, round_ = _change(entry), Round.objects.select_related("board").get(pk=entry.data["round_id"])
    people = [
        *_chairs(round_, entry),
        *owning_people([change.cluster_id]),
        *(grant.person for grant in administrators().select_related("person")),
    ]
    _tell(
        list({one.pk: one for one in people}.values()),
        entry,
        change,
        kind="decision",
        title=f"Alert: {change.reference} was carried out and nobody decided about it",
        body=f"{entry.data['sentence']} The chair opens another round. {change.title}"[:500],
    )


@subscribe("cab.decided_afterwards", events.RetroactivelyApproved, events.RetroactivelyRejected)
def tell_of_decision_afterwards(entry: Entry) -> None:
    """Tell the authors; when the board refused, also the owners of the cluster: unauthorized work runs there."""
    change, refused = _change(entry), entry.event == events.RetroactivelyRejected.name()
    owners = owning_people([change.cluster_id]) if refused else []
    word = "refused after the fact: it is unauthorized" if refused else "approved after the fact"
    _tell(
        list({one.pk: one for one in (*_authors(change), *owners)}.values()),
        entry,
        change,
        kind="decision",
        title=f"{change.reference} was {word}",
        body=entry.data.get("reason", change.title)[:500],
    )


@subscribe("cab.round_over", events.RoundDecided, events.RoundLapsed, events.RoundInvalidated, events.ChangeCancelled)
def settle_asking(entry: Entry) -> None:
    """Let nobody's inbox wait for a vote in a round that is over. A change has one open round, so earlier ones are."""
    opened = Entry.objects.about(_change(entry)).filter(event=events.RoundOpened.name(), pk__lt=entry.pk)
    settle_notices(entries=opened, kind="vote", at=entry.at)


@subscribe("cab.decided", events.ChangeAuthorized, events.ChangeRejected, events.RoundLapsed)
def tell_of_decision(entry: Entry) -> None:
    """Tell the authors how the board decided."""
    change, round_ = _change(entry), Round.objects.get(pk=entry.data["round_id"])
    _tell(
        _authors(change),
        entry,
        change,
        kind="decision",
        title=f"{change.reference}: {round_.tally.get('sentence', round_.state)}",
        body=change.title,
    )


@subscribe(
    "cab.decided_by_policy", events.ChangeAuthorizedByPolicy, events.ChangePreauthorized, events.ChangeRefusedByPolicy
)
def tell_of_policy(entry: Entry) -> None:
    """Tell the authors that a policy or a template decided, and why."""
    change, handover = _change(entry), Handover.objects.get(pk=entry.data["handover_id"])
    title = f"{change.reference}: {handover.grounds['sentence'][:200]}"
    _tell(_authors(change), entry, change, kind="decision", title=title, body=change.title)


@subscribe("cab.round_lapsed", events.RoundLapsed)
def tell_chair_of_lapse(entry: Entry) -> None:
    """Tell the chair, who alone can open another round."""
    change, round_ = _change(entry), Round.objects.select_related("board").get(pk=entry.data["round_id"])
    _tell(
        _chairs(round_, entry),
        entry,
        change,
        kind="vote",
        title=f"{change.reference}: the round ended without a quorum",
        body=f"Open another round of the {round_.board}, or speak with the authors. {change.title}",
    )


@subscribe("cab.changes_requested", events.ChangesRequested)
def tell_of_requested_changes(entry: Entry) -> None:
    """Tell the authors that it is theirs again."""
    change = _change(entry)
    _tell(
        _authors(change),
        entry,
        change,
        kind="changes_requested",
        title=f"{change.reference} came back to you: {change.title}",
        body=entry.data.get("reason", ""),
    )


@subscribe("cab.scheduled", events.ChangeScheduled)
def tell_implementer(entry: Entry) -> None:
    """Tell who carries it out."""
    change = _change(entry)
    people = [change.implementer] if change.implementer else []
    when = f"{moment_words(change.window_start_local)} {change.window_zone}" if change.window_start_local else ""
    _tell(people, entry, change, kind="work", title=f"{change.reference} is scheduled: {change.title}", body=when)


@subscribe("cab.conditions", events.EvidenceOffered, events.ConditionMet, events.ConditionWaived)
def tell_of_condition(entry: Entry) -> None:
    """Evidence goes to who asked for it; a closed condition goes to the authors."""
    change = _change(entry)
    condition = Condition.objects.select_related("ballot__voter").get(pk=entry.data["condition_id"])
    people = [condition.ballot.voter] if entry.event == events.EvidenceOffered.name() else _authors(change)
    state = "to be confirmed" if entry.event == events.EvidenceOffered.name() else condition.state
    _tell(
        people,
        entry,
        change,
        kind="condition",
        title=f"{change.reference}: a condition is {state}",
        body=condition.text,
    )


@subscribe("cab.review_planned", events.ImplementationFinished, events.ReviewReminded)
def ask_for_review(entry: Entry) -> None:
    """Tell the requester that a look back is due."""
    change = _change(entry)
    _tell(
        [change.requester],
        entry,
        change,
        kind="review",
        title=f"{change.reference}: the review is due {day_words(change.review.due_at)}",
        body=change.title,
    )


@subscribe("cab.review_escalated", events.ReviewEscalated)
def escalate_review(entry: Entry) -> None:
    """Tell the deciding board's chair; where nobody chairs it, the cluster's owners, or administrators."""
    change = _change(entry)
    last = change.rounds.order_by("-number").first()
    _tell(
        _reachable(_chairs(last, entry) if last else [])
        or _reachable(owning_people([change.cluster_id]))
        or [grant.person for grant in administrators().select_related("person")],
        entry,
        change,
        kind="review",
        title=f"{change.reference}: the review is overdue",
        body=f"{change.title}. It was due {day_words(change.review.due_at)}; {change.requester} was reminded.",
    )


@subscribe(
    "cab.conflicts_of_change",
    events.ChangeSubmitted,
    events.ChangeEdited,
    events.ChangesRequested,
    events.ChangeRejected,
    events.ChangeRefusedByPolicy,
    events.ChangeCancelled,
    events.ImplementationFinished,
    events.RiskRaised,
    events.RiskRecomputed,
    events.FreezeExceptionGranted,
    events.FreezeExceptionExpired,
)
def find_conflicts(entry: Entry) -> None:
    """What it plans, or whether it still does, has moved; its risk counts for what freezes spare."""
    conflicts.recheck_change(change_id=entry.data["change_id"], at=entry.heard_at)


@subscribe(
    "cab.conflicts_of_map",
    map_events.DependencyDeclared,
    map_events.DependencyWithdrawn,
    map_events.ComponentDescribed,
)
def find_conflicts_on_map(entry: Entry) -> None:
    """One end of every pair that a dependency joins within two hops is the dependency's own consumer or provider."""
    names = ("consumer_id", "provider_id", "component_id")
    ends = [entry.data[name] for name in names if name in entry.data]
    conflicts.mark_for_recheck(changes=planning_of(ends, at=entry.heard_at))


@subscribe("cab.conflicts_of_person", RoleGranted, RoleRevoked)
def find_conflicts_of_person(entry: Entry) -> None:
    """Freezes spare by the roles of who carries it out."""
    theirs = planned_at(entry.heard_at).filter(implementer=entry.data["person_id"])
    conflicts.mark_for_recheck(changes=theirs.values_list("pk", flat=True))


@subscribe(
    "cab.conflicts_of_all",
    map_events.CatalogImported,
    events.ChangesImported,
    window_events.WindowPlanned,
    window_events.WindowChanged,
    window_events.WindowRetired,
    FreezeEnforced,
    FreezeLifted,
)
def find_all_conflicts(entry: Entry) -> None:
    """A window is another now, or a whole catalogue or register came in: the job goes through all that is planned."""
    conflicts.mark_all_planned(at=entry.heard_at)


@subscribe("cab.conflict_cleared", events.ConflictAccepted, events.ConflictResolved, events.FreezeExceptionGranted)
def schedule_what_is_clear(entry: Entry) -> None:
    """An authorized change that waited for nothing else goes into the calendar."""
    conflicts.schedule_when_clear(change_id=entry.data["change_id"], at=entry.heard_at)


@subscribe("cab.conflict_found", events.ConflictFound)
def tell_of_conflict(entry: Entry) -> None:
    """Tell the authors of the change, who may move it."""
    change = _change(entry)
    one = Conflict.objects.with_both().get(pk=entry.data["conflict_id"])
    told = [person for person in _authors(change) if Conflict.objects.visible_to(person).filter(pk=one.pk).exists()]
    _tell(
        told,
        entry,
        change,
        kind="conflict",
        title=f"{change.reference} is in conflict: {one.get_kind_display()}",
        body=one.sentence_for(change.pk),
    )


@subscribe("cab.template_record", events.ImplementationFinished, events.ChangeClosed)
def weigh_template(entry: Entry) -> None:
    """An outcome counts for the template that the change came from; too many failures suspend it."""
    version = _change(entry).template_version
    if version is not None:
        standards.weigh_template(template_id=version.template_id, at=entry.at)


@subscribe("cab.template_recalled", events.TemplateSuspended)
def recall_changes(entry: Entry) -> None:
    """What rests on a suspended template goes to a board."""
    template = StandardTemplate.objects.get(pk=entry.data["template_id"])
    for pk in in_flight(template).order_by("pk").values_list("pk", flat=True):
        handing.recall_change(change_id=pk, at=entry.at)


@subscribe("cab.template_suspended", events.TemplateSuspended)
def tell_of_suspension(entry: Entry) -> None:
    """Tell the owner of the template and those of its cluster."""
    template = StandardTemplate.objects.select_related("owner", "cluster").get(pk=entry.data["template_id"])
    people = {one.pk: one for one in (template.owner, *owning_people([template.cluster_id]))}
    tell(
        list(people.values()),
        entry=entry,
        kind="work",
        title=f"The template “{template.name}” is suspended",
        body=f"{entry.data['reason']} What has not begun goes to a board. Revise it, and let somebody else publish it."[
            :500
        ],
        url=template.get_absolute_url(),
        at=entry.at,
    )


@subscribe("cab.template_proposed", events.TemplateProposed, events.TemplateRevised)
def ask_to_publish(entry: Entry) -> None:
    """Tell the cluster's owners that a version waits for one of them."""
    template = StandardTemplate.objects.select_related("cluster").get(pk=entry.data["template_id"])
    tell(
        _reachable(owning_people([template.cluster_id])),
        entry=entry,
        kind="work",
        title=f"A template waits to be published: {template.name}",
        body="Read what it fills in and what it locks; published, changes from it need no board.",
        url=template.get_absolute_url(),
        at=entry.at,
    )


@subscribe("cab.exception_requested", events.FreezeExceptionRequested)
def ask_for_exception(entry: Entry) -> None:
    """Ask who may decide it: owners of the clusters the freeze holds for, else the enterprise board's chairs."""
    exception = _exception(entry)
    _tell(
        deciders_of(exception, _keepers(exception.freeze, entry)),
        entry,
        exception.change,
        kind="vote",
        title=f"{exception.change.reference} asks to be excepted from “{exception.freeze.name}”",
        body=f"Decide by {moment_words(exception.decide_by)} UTC. {exception.reason}"[:500],
    )


@subscribe(
    "cab.exception_ended",
    events.FreezeExceptionGranted,
    events.FreezeExceptionDenied,
    events.FreezeExceptionExpired,
    events.FreezeExceptionWithdrawn,
)
def tell_of_exception(entry: Entry) -> None:
    """Tell the authors and who asked; nobody's inbox waits for a decision any more."""
    exception, change = _exception(entry), _change(entry)
    asked = Entry.objects.about(change).filter(event=events.FreezeExceptionRequested.name(), pk__lt=entry.pk)
    mine = asked.filter(data__exception_id=exception.pk)
    settle_notices(entries=mine, kind="vote", at=entry.at)
    if entry.event == events.FreezeExceptionWithdrawn.name():
        return
    people = {one.pk: one for one in (*_authors(change), exception.requested_by)}
    _tell(
        list(people.values()),
        entry,
        change,
        kind="decision",
        title=f"{change.reference}: the exception from “{exception.freeze.name}” is {exception.state}",
        body=(exception.ended_because or exception.decision_reason)[:500],
    )


@subscribe("cab.drift_uncovered", events.UnauthorizedChangeOpened)
def ask_to_explain(entry: Entry) -> None:
    """Tell the owners of the cluster, who explain it; where it has none, the administrators."""
    change = _change(entry)
    _tell(
        _reachable(owning_people([change.cluster_id]))
        or [grant.person for grant in administrators().select_related("person")],
        entry,
        change,
        kind="work",
        title=f"{change.reference}: drift that no change covers: {change.title}"[:200],
        body=f"{change.unauthorized_because} Explain it: accepted as latent, backed out, or a false alarm."[:500],
    )


@subscribe("cab.drift_explained", events.DriftExplained)
def settle_drift(entry: Entry) -> None:
    """Nobody's inbox waits for an explanation any more; the reporter hears what it was."""
    change = _change(entry)
    opened = Entry.objects.about(change).filter(event=events.UnauthorizedChangeOpened.name(), pk__lt=entry.pk)
    settle_notices(entries=opened, kind="work", at=entry.at)
    _tell(
        _reachable([change.requester]),
        entry,
        change,
        kind="decision",
        title=f"{change.reference}: the drift was {entry.data['resolution'].replace('_', ' ')}",
        body=entry.data["reason"][:500],
    )


@subscribe("cab.standard_proposals", events.StandardChangeProposed, events.StandardProposalOverdue)
def tell_owner_of_proposal(entry: Entry) -> None:
    """Tell who sees to it, and again when its day has passed."""
    one = StandardProposal.objects.with_all().get(pk=entry.data["proposal_id"])
    is_late = entry.event == events.StandardProposalOverdue.name()
    tell(
        _reachable([one.owner]),
        entry=entry,
        kind="work",
        title=f"{one.standard}: {'overdue' if is_late else 'a change of it is proposed, and yours to see to'}",
        body=f"Due {day_words(one.due_on)}. {one.text}"[:500],
        url=reverse("cab:standard-proposals"),
        at=entry.at,
    )


@subscribe("cab.sample_drawn", events.SampleDrawn)
def tell_of_draw(entry: Entry) -> None:
    """Tell who has a vote on the board what its draw brought; nobody where it brought nothing."""
    board, drawn = Board.objects.get(pk=entry.data["board_id"]), entry.data["drawn"]
    if not drawn:
        return
    tell(
        _voters(board, entry),
        entry=entry,
        kind="work",
        title=f"{board}: {drawn} automatic approval{'s are' if drawn > 1 else ' is'} drawn for review",
        body=f"Of {entry.data['candidates']} in the period. Say of each whether the board would have agreed.",
        url=reverse("cab:board-sampling", args=[board.slug]),
        at=entry.at,
    )


@subscribe("cab.sampled_review", events.SampledReviewAdded, events.SampledReviewOverdue)
def ask_for_sampled_review(entry: Entry) -> None:
    """Tell who may review it: it was added by hand, or is late."""
    review = SampledReview.objects.with_all().get(pk=entry.data["sampled_id"])
    is_late = entry.event == events.SampledReviewOverdue.name()
    barred = barred_from_review(review)
    tell(
        [one for one in _voters(review.board, entry) if one.pk not in barred],
        entry=entry,
        kind="work",
        title=f"{review.change.reference}: its review by the {review.board} is {'overdue' if is_late else 'asked for'}",
        body=f"Due {moment_words(review.due_at)} UTC. {review.added_because}"[:500],
        url=review.get_absolute_url(),
        at=entry.at,
    )


@subscribe("cab.sample_reviewed", events.SampleReviewed)
def settle_review(entry: Entry) -> None:
    """Nobody's inbox waits for that review any more, nor for its draw once the whole of it is reviewed."""
    review = SampledReview.objects.with_all().get(pk=entry.data["sampled_id"])
    asked = [events.SampledReviewAdded.name(), events.SampledReviewOverdue.name()]
    mine = Entry.objects.about(review.change).filter(event__in=asked, data__sampled_id=review.pk)
    settle_notices(entries=mine, kind="work", at=entry.at)
    period = review.candidate.period if review.candidate else None
    waiting = SampledReview.objects.filter(candidate__period=period, state=SampledReviewState.DRAWN)
    if period is not None and not waiting.exists():
        drawn = Entry.objects.about(review.board).filter(event=events.SampleDrawn.name(), data__period_id=period.pk)
        settle_notices(entries=drawn, kind="work", at=entry.at)


def _voters(board: Board, entry: Entry) -> list[Person]:
    return _reachable(seat.person for seat in voting_seats(board.pk, entry.at.date()))


def _exception(entry: Entry) -> FreezeException:
    return FreezeException.objects.with_all().get(pk=entry.data["exception_id"])


def _keepers(freeze: Freeze, entry: Entry) -> list[Person]:
    clusters = list(freeze.scope.values_list("cluster_id", flat=True))
    if clusters and (owners := _reachable(owning_people(clusters))):
        return owners
    board = Board.objects.filter(kind=BoardKind.ENTERPRISE).first()
    chairs = Seat.objects.filter(board=board, role=SeatRole.CHAIR).filled_on(entry.at.date()).select_related("person")
    return _reachable(seat.person for seat in chairs) or [
        grant.person for grant in administrators().select_related("person")
    ]


@subscribe("cab.freeze_enforced", FreezeEnforced, FreezeLifted)
def tell_of_freeze(entry: Entry) -> None:
    """Tell those who keep the clusters of a freeze, and who wrote or carries out a change that it hits."""
    freeze = Freeze.objects.get(pk=entry.data["freeze_id"])
    found = [one.change for one in hits(freeze) if one.verdict.stops]
    clusters = {one.cluster_id for one in found} | set(freeze.scope.values_list("cluster_id", flat=True))
    people = {one.pk: one for one in owning_people(clusters)}
    named = {pk for one in found for pk in (one.requester_id, one.implementer_id) if pk}
    people |= Person.objects.in_bulk(named)
    is_lifted = entry.event == FreezeLifted.name()
    tell(
        list(people.values()),
        entry=entry,
        kind="work",
        title=f"{freeze.name}: {'the freeze is lifted' if is_lifted else f'a {freeze.strength} freeze is in force'}",
        body=f"From {moment_words(freeze.start_at)} to {moment_words(freeze.end_at)} UTC. {freeze.reason}"[:500],
        url=freeze.get_absolute_url(),
        at=entry.at,
    )


def _change(entry: Entry) -> Change:
    return Change.objects.select_related("cluster", "requester", "implementer").get(pk=entry.data["change_id"])


def _authors(change: Change) -> list[Person]:
    return list(Person.objects.filter(pk__in=authors_of(change)))


def _chairs(round_: Round, entry: Entry) -> list[Person]:
    """Who chairs the round's board on the day of the entry."""
    seats = Seat.objects.filter(board=round_.board_id, role=SeatRole.CHAIR).filled_on(entry.at.date())
    return [seat.person for seat in seats.select_related("person")]


def _reachable(people: Iterable[Person]) -> list[Person]:
    """Those of them who can sign in: a seat whose holder has left is as good as vacant."""
    return [one for one in people if one.is_active and one.kind == PersonKind.HUMAN]


def _voting_place(change: Change) -> str:
    """Where one votes on it: an emergency has a short page, for phones."""
    is_emergency = change.type == ChangeType.EMERGENCY
    return reverse("cab:emergency", args=[change.reference]) if is_emergency else change.get_absolute_url()


def _tell(
    people: list[Person], entry: Entry, change: Change, *, kind: str, title: str, body: str, url: str = ""
) -> None:
    tell(people, entry=entry, kind=kind, title=title, body=body, url=url or change.get_absolute_url(), at=entry.at)
