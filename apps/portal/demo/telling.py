"""Leads each story's change as far as it has come, by the actions that people use."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

from apps.accounts.models import Person
from apps.cab.actions import conditions, emergencies, flow, proposing, reviews, rounds
from apps.cab.models import Change, ChangeType, Choice, Condition, Seat, SeatRole
from apps.cab.rules.reviews import ESCALATE_AFTER, REMIND_BEFORE
from apps.cab.rules.reviews import due_at as reviews_due_at
from apps.cab.states import ChangeState, Outcome, RetroactiveState
from apps.clusters.models import Component
from apps.portal.demo.stories import Story

Step = Callable[[], None]


class Teller(Protocol):
    """Something with steps, each at its own time."""

    @property
    def steps(self) -> Sized:
        """What is still to be told."""

    @property
    def next_at(self) -> datetime:
        """When the next step is taken."""

    def go_on(self) -> None:
        """Take the next step."""


Steps = Iterator[datetime]  # gives the time of the step that comes next, and takes it when asked for the one after


class Together:
    """Several ways told side by side, each step at its own time."""

    def __init__(self, told: Iterable[Steps]) -> None:
        self._told = list(told)
        self._next = {number: next(steps) for number, steps in enumerate(self._told)}

    @property
    def steps(self) -> Sized:
        """What is left to tell."""
        return self._next

    @property
    def next_at(self) -> datetime:
        """When the next step is taken."""
        return min(self._next.values())

    def go_on(self) -> None:
        """Take it."""
        number = min(self._next, key=lambda one: self._next[one])
        following = next(self._told[number], None)
        if following is None:
            del self._next[number]
        else:
            self._next[number] = following


def tell_all(
    stories: Sequence[Story],
    people: dict[str, Person],
    parts: dict[str, Component],
    *,
    at: datetime,
    beside: Sequence[Teller] = (),
) -> None:
    """Tell the stories side by side, each step at its own time before `at`: the journal then reads as it happened.

    `beside` are told among them.
    """
    begun = [_begun(story, people, parts, at=at, minute=minute) for minute, story in enumerate(stories)]
    tellers: list[Teller] = [*begun, *beside]
    while waiting := [one for one in tellers if one.steps]:
        min(waiting, key=lambda one: one.next_at).go_on()


def _begun(
    story: Story, people: dict[str, Person], parts: dict[str, Component], *, at: datetime, minute: int
) -> "_Teller":
    """A story before its first step: when it began, what is proposed, and the way it will take."""
    components = [parts[name] for name in story.components.split()]
    cluster = components[0].cluster
    zone = ZoneInfo(cluster.zone)
    first = datetime.combine(at.astimezone(zone).date() + timedelta(days=story.day), time(story.start_hour))
    window_at = first.replace(tzinfo=zone)
    # What still waits began lately, so that its round is open; what is over began days before its window.
    waits = story.until in {"awaiting_authorization", "second-round", "emergency", "begun-first", "held"}
    lead = timedelta(hours=5 if story.type == ChangeType.EMERGENCY else 20) if waits else timedelta(days=3)
    begun = (
        min(at, window_at) - lead - timedelta(minutes=7 * minute)
        if not waits
        else at - lead + timedelta(minutes=minute)
    )
    content = proposing.Content(
        title=story.title, type=story.type, category=story.category, purpose=story.purpose, cluster=cluster, components=components,
        implementer=people.get(story.implementer),
        implementation_plan="1. Announce it in the channel.\n2. Take the first node out and change it.\n3. Watch the errors for ten minutes.\n4. Do the rest, one after the other.",
        test_plan="The smoke tests run against the changed node before it takes traffic again." if story.type != ChangeType.EMERGENCY else "",
        communication_plan="Support and the neighbouring clusters know the day before.",
        backout_plan=story.backout,
        window_start=first, window_end=first + timedelta(hours=story.hours), window_zone=cluster.zone, downtime_minutes=story.downtime,
        cost_amount=Decimal(story.cost) if story.cost else None, cost_currency=story.currency,
        links=[{"label": "Runbook", "url": "https://runbooks.halden.example/"}],
    )  # fmt: skip
    teller = _Teller(content, people, story, begun)
    teller.choose_way(story.until, at=at, window_at=window_at)
    return teller


class _Teller:
    """Leads one change from state to state; each step comes hours after the one before."""

    def __init__(self, content: proposing.Content, people: dict[str, Person], story: Story, begun: datetime) -> None:
        self.content, self.people, self.story, self.clock = content, people, story, begun
        self.pk, self.at, self.steps = 0, begun, deque[Step]()
        self.appointed: dict[str, datetime] = {}
        self.requester = people[story.requester]
        self.doer = people[story.implementer] if story.implementer else people["piotr"]

    @property
    def next_at(self) -> datetime:
        """When the next step is taken: at its appointed time, or soon after the one before."""
        return self.appointed.get(self.steps[0].__name__, self.clock)

    def go_on(self) -> None:
        """Take the next step."""
        self.steps.popleft()()

    def choose_way(self, end: str, *, at: datetime, window_at: datetime) -> None:
        """Lay out the steps to `end`."""
        self.at, works_at = at, min(window_at, at - timedelta(minutes=30))
        due_at = reviews_due_at(type=self.story.type, implemented_at=works_at, zone=self.content.cluster.zone)
        self.appointed = {
            "_start": works_at,
            "_lapse": at,
            # The work begins two hours after the proposal; the board then has a day.
            "_chase": self.clock + timedelta(hours=14, minutes=5),
            "_chase_again": self.clock + timedelta(hours=20, minutes=5),
            "_lapse_afterwards": self.clock + timedelta(hours=26, minutes=5),
            "_remind": due_at - REMIND_BEFORE + timedelta(hours=2),
            "_escalate": due_at + ESCALATE_AFTER + timedelta(hours=2),
        }
        is_emergency = self.story.type == ChangeType.EMERGENCY  # goes straight to its board
        skipped = {self._take_up, self._hand_over} if is_emergency else set()
        self.steps.extend((self._propose, *(step for step in self._way()[end] if step not in skipped)))

    def _way(self) -> dict[str, tuple[Step, ...]]:
        assessed = (self._submit, self._take_up)
        voting = (*assessed, self._hand_over)
        on_terms, authorized = (*voting, self._agree_on_terms), (*voting, self._agree)
        begun_first = (self._submit, self._begin_first, self._finish)
        done = (*authorized, self._start, self._finish)
        return {
            "draft": (),
            "submitted": (self._submit,),
            "assessing": assessed,
            "changes_requested": (*assessed, self._send_back),
            "awaiting_authorization": (*voting, self._vote_once),
            "emergency": voting,
            "begun-first": (self._submit, self._begin_first),
            "approved-afterwards": (*begun_first, self._agree),
            "refused-afterwards": (*begun_first, self._refuse),
            "lapsed-afterwards": (*begun_first, self._chase, self._chase_again, self._lapse_afterwards),
            "pre-authorized": voting,  # the policy in force authorizes it at the handover
            "lapsed": (*voting, self._lapse),
            "held": (*voting, self._hold),
            "second-round": (*voting, self._vote_once, self._move_window),
            "cancelled": (self._submit, self._cancel),
            "withdrawn": (*voting, self._vote_once, self._cancel),
            "rejected": (*voting, self._reject),
            "conditional": (*on_terms, self._evidence),
            "condition-met": (*on_terms, self._evidence, self._confirm),
            "condition-waived": (*on_terms, self._waive),
            "scheduled": authorized,
            "implementing": (*authorized, self._start),
            "implemented": done,
            "in_review": (*done, self._begin_review),
            "review-overdue": (*done, self._remind, self._escalate),
            "closed": (*done, self._review),
        }

    def _later(self, **more: int) -> datetime:
        self.clock += timedelta(**more) if more else timedelta(hours=1)
        return self.clock

    @property
    def _assessor(self) -> Person:
        authors = {self.story.requester, self.story.implementer}
        return next(self.people[one] for one in ("tomas", "rashid", "marit") if one not in authors)

    def _propose(self) -> None:
        self.pk = proposing.propose_change(requester=self.requester, content=self.content, at=self.clock).pk

    def _submit(self) -> None:
        flow.submit_change(change_id=self.pk, submitter=self.requester, at=self._later())

    def _take_up(self) -> None:
        flow.begin_assessment(change_id=self.pk, assessor=self._assessor, at=self._later())

    def _send_back(self) -> None:
        reason = "Say how partners are told when the numbers are late."
        flow.request_changes(change_id=self.pk, assessor=self._assessor, reason=reason, at=self._later())

    def _hold(self) -> None:
        reason = "An auditor asked to keep it for a month."
        flow.hold_change(change_id=self.pk, person=self.requester, reason=reason, at=self._later())

    def _cancel(self) -> None:
        flow.cancel_change(
            change_id=self.pk, person=self.requester, reason="Nobody needs it any more.", at=self._later()
        )

    def _hand_over(self) -> None:
        flow.hand_to_board(change_id=self.pk, assessor=self._assessor, at=self._later())

    def _vote(
        self, choice: str, most: int = 9, why: str = "Copies outside the region are not covered by the contract."
    ) -> None:
        """Seats vote until the round is decided, the chair first."""
        change = Change.objects.get(pk=self.pk)
        round_ = change.rounds.select_related("board").order_by("-number")[0]
        authors = {change.requester_id, change.implementer_id}
        seats = round_.board.seats.voting().select_related("person").order_by("role", "-function", "id")
        voters = [seat.person for seat in seats if seat.person_id not in authors]
        if most == 1:
            voters = voters[-1:]  # the chair's ballot is still to come: there is something to decide
        for number, voter in enumerate(voters):
            change.refresh_from_db()
            if change.state != ChangeState.AWAITING_AUTHORIZATION and change.retroactive != RetroactiveState.PENDING:
                break
            asks = choice == Choice.APPROVE_WITH_CONDITIONS and number == 0
            own = choice if choice == Choice.REJECT or asks else Choice.APPROVE
            reason = why if own == Choice.REJECT else ""
            wanted = ["The teams that depend on it confirm that they keep up."] if asks else []
            rounds.cast_vote(
                change_id=self.pk,
                voter=voter,
                choice=own,
                revision=change.revision,
                reason=reason,
                conditions=wanted,
                at=self._later(minutes=40),
            )

    def _agree(self) -> None:
        self._vote("approve")

    def _vote_once(self) -> None:
        self._vote("approve", most=1)

    def _agree_on_terms(self) -> None:
        self._vote("approve_with_conditions")

    def _reject(self) -> None:
        self._vote("reject")

    def _refuse(self) -> None:
        self._vote("reject", why="Nine seconds are no emergency, and the losses of the weekend were foreseeable.")

    def _begin_first(self) -> None:
        emergencies.implement_first(
            change_id=self.pk,
            implementer=self.doer,
            reason="Every minute costs; the board is asleep.",
            at=self._later(),
        )

    def _chase(self) -> None:
        self._chase_at("_chase")

    def _chase_again(self) -> None:
        self._chase_at("_chase_again")

    def _chase_at(self, step: str) -> None:
        round_ = Change.objects.get(pk=self.pk).rounds.get()
        emergencies.chase_retroactive_round(round_id=round_.pk, at=self.appointed[step])

    def _lapse_afterwards(self) -> None:
        round_ = Change.objects.get(pk=self.pk).rounds.get()
        rounds.close_overdue_round(round_id=round_.pk, at=self.appointed["_lapse_afterwards"])

    def _lapse(self) -> None:
        round_ = Change.objects.get(pk=self.pk).rounds.get()
        round_.closes_at = self.at - timedelta(hours=2)
        round_.save(update_fields=["closes_at"])
        rounds.close_overdue_round(round_id=round_.pk, at=self.at)

    def _move_window(self) -> None:
        change = Change.objects.get(pk=self.pk)
        assert change.window_end_local is not None
        content = proposing.content_from(
            change,
            window_end=change.window_end_local + timedelta(hours=1),
            test_plan="The second site answers for an hour under real load.",
        )
        proposing.edit_change(
            change_id=self.pk, editor=self.requester, content=content, based_on=change.revision, at=self._later()
        )

    def _evidence(self) -> None:
        conditions.offer_evidence(
            condition_id=self._condition.pk,
            author=self.requester,
            evidence="Measured under full load: lag under two seconds, no errors.",
            at=self._later(),
        )

    def _confirm(self) -> None:
        condition = self._condition
        conditions.confirm_condition(condition_id=condition.pk, member=condition.ballot.voter, at=self._later())

    def _waive(self) -> None:
        condition = self._condition
        chair = Seat.objects.get(board=condition.ballot.round.board, role=SeatRole.CHAIR).person
        reason = "The consumer is switched off before the window."
        conditions.waive_condition(condition_id=condition.pk, chair=chair, reason=reason, at=self._later())

    @property
    def _condition(self) -> Condition:
        return Condition.objects.select_related("ballot__round__board", "ballot__voter").get(change=self.pk)

    def _start(self) -> None:
        self.clock = self.appointed["_start"]
        flow.start_implementation(change_id=self.pk, implementer=self.doer, at=self.clock)

    def _finish(self) -> None:
        flow.finish_implementation(
            change_id=self.pk, implementer=self.doer, outcome=self.story.outcome, at=self._later(minutes=70)
        )

    def _begin_review(self) -> None:
        reviews.begin_review(change_id=self.pk, reviewer=self.requester, at=self._later())

    def _remind(self) -> None:
        reviews.remind_of_review(review_id=Change.objects.get(pk=self.pk).review.pk, at=self.appointed["_remind"])

    def _escalate(self) -> None:
        reviews.remind_of_review(review_id=Change.objects.get(pk=self.pk).review.pk, at=self.appointed["_escalate"])

    def _review(self) -> None:
        went_well = self.story.outcome == Outcome.SUCCESSFUL
        reviews.complete_review(
            change_id=self.pk, reviewer=self.requester, expected=self.story.purpose,
            happened="As planned." if went_well else "Errors rose after the second node; we went back within twenty minutes.",
            learned="" if went_well else "Watch the first node for an hour, not ten minutes.", at=self._later(hours=20),
            incidents=() if went_well else ["INC-2041", "INC-2042"],
        )  # fmt: skip
