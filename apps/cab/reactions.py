"""Whom the board's area tells, and when. Each reaction is idempotent by entry: a notice is written once."""

from apps.accounts.models import Person
from apps.cab import events
from apps.cab.models import Change, Condition, Delegation, Handover, Round, Seat, SeatRole
from apps.cab.queries.boards import authors_of, barred_from, voting_seats
from apps.cab.queries.calendar import calendar_items
from apps.journal.actions import subscribe
from apps.journal.models import Entry
from apps.notify import feeds
from apps.notify.actions.telling import tell

feeds.register("changes", "Scheduled changes I may see", calendar_items)


@subscribe("cab.round_opened", events.RoundOpened)
def ask_for_votes(entry: Entry) -> None:
    """Ask every seat that may vote, and those who hold a delegation."""
    change, round_ = _change(entry), Round.objects.select_related("board").get(pk=entry.data["round_id"])
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
        body=f"The {round_.board} decides by {round_.closes_at:%d %B %Y %H:%M} UTC.",
    )


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


@subscribe("cab.decided_by_policy", events.ChangeAuthorizedByPolicy, events.ChangeRefusedByPolicy)
def tell_of_policy(entry: Entry) -> None:
    """Tell the authors that a policy decided, and why."""
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
    when = f"{change.window_start_local:%d %B %Y %H:%M} {change.window_zone}" if change.window_start_local else ""
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
        title=f"{change.reference}: the review is due {change.review.due_at:%d %B %Y}",
        body=change.title,
    )


@subscribe("cab.review_escalated", events.ReviewEscalated)
def escalate_review(entry: Entry) -> None:
    """Tell the chair of the board that decided it."""
    change = _change(entry)
    last = change.rounds.order_by("-number").first()
    _tell(
        _chairs(last, entry) if last else [],
        entry,
        change,
        kind="review",
        title=f"{change.reference}: the review is overdue",
        body=f"{change.title}. It was due {change.review.due_at:%d %B %Y}; {change.requester} was reminded.",
    )


def _change(entry: Entry) -> Change:
    return Change.objects.select_related("cluster", "requester", "implementer").get(pk=entry.data["change_id"])


def _authors(change: Change) -> list[Person]:
    return list(Person.objects.filter(pk__in=authors_of(change)))


def _chairs(round_: Round, entry: Entry) -> list[Person]:
    """Who chairs the round's board on the day of the entry."""
    seats = Seat.objects.filter(board=round_.board_id, role=SeatRole.CHAIR).filled_on(entry.at.date())
    return [seat.person for seat in seats.select_related("person")]


def _tell(people: list[Person], entry: Entry, change: Change, *, kind: str, title: str, body: str) -> None:
    tell(people, entry=entry, kind=kind, title=title, body=body, url=change.get_absolute_url(), at=entry.at)
