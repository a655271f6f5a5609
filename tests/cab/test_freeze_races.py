"""A freeze or a window that begins or ends while a change goes on: the journal tells one lawful story."""

from datetime import datetime, timedelta

import pytest

from apps.cab.actions import conflicts, flow, proposing, rounds
from apps.cab.actions.slots import take_slot
from apps.cab.models import Change, Conflict, ConflictRecheck
from apps.cab.states import ConflictState
from apps.journal.actions import deliver_due
from apps.journal.models import Entry
from apps.kernel.windows import require_window
from apps.windows.actions.freezes import draft_freeze, enforce_freeze, preview_freeze
from apps.windows.actions.recurring import change_window, plan_window, retire_window
from apps.windows.models import Freeze
from tests.cab.racing import answer_of, copies, race
from tests.conftest import NOON

ROUNDS, SEED, SPREAD_S = 30, 20260302, 0.1
MOVES = 12  # rounds in which a change moves: each is followed by a look at everything planned
SLOT_SPREAD_S = 0.02  # the two acts take about as long as each other
ORDERS = (("window", "slot"), ("slot", "window"))
CLOSED = {  # what the journal says, and what whoever is planned there then meets
    "retired": ("windows.WindowRetired", "outside_window"),
    "moved": ("windows.WindowChanged", "outside_window"),
    "blackout": ("windows.WindowPlanned", "blackout"),
    "frozen": ("windows.FreezeEnforced", "freeze"),
}
WEEK = timedelta(weeks=1)
NIGHT = datetime(2026, 3, 12, 22, 0)  # of the first week


def week_by_week(waiting: Change, implementer) -> list[Change]:
    """Copies of the change, each planned a week after the one before, so that each meets a freeze of its own."""
    waiting.implementer = implementer
    made = copies(waiting, ROUNDS)
    for week, one in enumerate(made):
        start, end = (moment + week * WEEK for moment in (one.window_start_local, one.window_end_local))
        window = require_window(start_local=start, end_local=end, zone=one.window_zone)
        one.window_start_local, one.window_end_local = window.start_local, window.end_local
        one.window_start_at, one.window_end_at = window.start_at, window.end_at
        one.save()
    return made


def hard_freeze(omar, payments, week: int) -> Freeze:
    """A hard freeze of that week, looked at and ready to be enforced."""
    values = {
        "name": f"Closing week {week}",
        "reason": "The quarter closes.",
        "strength": "hard",
        "start_local": datetime(2026, 3, 9) + week * WEEK,
        "end_local": datetime(2026, 3, 14) + week * WEEK,
        "zone": "Europe/Berlin",
        "tiers": [],
        "types": [],
        "exemptions": [],
    }
    freeze = draft_freeze(author=omar, clusters=[payments], values=values, at=NOON)
    return preview_freeze(freeze_id=freeze.pk, viewer=omar, version=1, at=NOON)


def went_on_after(freeze: Freeze, change: Change) -> list[str]:
    """What the journal says the change did once the freeze stood in it."""
    enforced = Entry.objects.get(event="windows.FreezeEnforced", subject_id=freeze.pk)
    acts = ["cab.ChangeScheduled", "cab.ImplementationStarted"]
    return list(Entry.objects.about(change).filter(pk__gt=enforced.pk, event__in=acts).values_list("event", flat=True))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["last vote", "start"])
def test_nothing_is_scheduled_or_started_once_a_freeze_is_in_force(waiting, ben, cleo, omar, payments, admin, step):
    made = week_by_week(waiting, omar)
    freezes = [hard_freeze(omar, payments, week) for week in range(ROUNDS)]

    def vote(change, voter):
        return rounds.cast_vote(change_id=change.pk, voter=voter, choice="approve", revision=1, at=NOON)

    def act(change):
        if step == "last vote":
            return vote(change, ben)
        return flow.start_implementation(change_id=change.pk, implementer=omar, at=change.window_start_at)

    for one in made:
        for voter in [cleo] if step == "last vote" else [cleo, ben]:
            vote(one, voter)
    acts = [
        {
            "freeze": lambda pk=freeze.pk: enforce_freeze(freeze_id=pk, enforcer=admin, version=1, at=NOON),
            "change": lambda one=one: act(one),
        }
        for one, freeze in zip(made, freezes, strict=True)
    ]
    # The first two in known orders, so that both ends are seen however slow the machine is; the others as it comes.
    for act_now in (acts[0]["freeze"], acts[0]["change"], acts[1]["change"], acts[1]["freeze"]):
        answer_of(act_now)
    answers = race(acts[2:], seed=SEED, spread_s=SPREAD_S)
    assert {given["freeze"] for given in answers} == {"done"}
    for one, freeze in zip(made, freezes, strict=True):
        assert went_on_after(freeze, one) == []
    stopped, went = ("authorized", "scheduled") if step == "last vote" else ("scheduled", "implementing")
    states = Change.objects.in_bulk([one.pk for one in made])
    assert [states[one.pk].state for one in made[:2]] == [stopped, went]
    assert {states[one.pk].state for one in made[2:]} <= {stopped, went}


def settle(limit: int = 200) -> None:
    """Deliver what waits, as a worker does, and look again at what was left to the job."""
    while deliver_due(at=NOON + timedelta(minutes=1), limit=limit) == limit:
        pass
    for pk in list(ConflictRecheck.objects.values_list("pk", flat=True)):
        conflicts.recheck_change(change_id=pk, at=NOON)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["retired", "planned"])
def test_a_window_that_goes_or_comes_while_a_change_moves_there_ends_as_a_conflict(waiting, ada, omar, payments, step):
    """A worker delivers meanwhile. Whoever reads first, the conflicts stand as they are once all is told."""
    made = week_by_week(waiting, omar)[:MOVES]

    def move(change: Change, week: int):
        night = {"window_start": NIGHT + week * WEEK, "window_end": NIGHT + week * WEEK + timedelta(hours=1)}
        moved = proposing.content_from(change, **night)
        return proposing.edit_change(change_id=change.pk, editor=ada, content=moved, based_on=1, at=NOON)

    if step == "retired":
        night_of(omar, payments, -1, "maintenance")  # of a week of its own: whoever is in none of them is outside
        nights = [night_of(omar, payments, week, "maintenance").pk for week in range(MOVES)]
        begin = [lambda pk=pk: retire_window(window_id=pk, person=omar, reason="Moved.", at=NOON) for pk in nights]
    else:
        begin = [lambda week=week: night_of(omar, payments, week, "blackout") for week in range(MOVES)]
    settle()
    acts = [
        {"window": begin[week], "change": lambda one=one, week=week: move(one, week), "worker": settle}
        for week, one in enumerate(made)
    ]
    for given in race(acts, seed=SEED, spread_s=SPREAD_S):
        assert given == {"window": "done", "change": "done", "worker": "done"}
    settle()
    for one in made:
        open_ones = Conflict.objects.of_change(one.pk).filter(state=ConflictState.OPEN)
        assert [conflict.kind for conflict in open_ones] == ["outside_window" if step == "retired" else "blackout"]


def night_of(omar, payments, week: int, kind: str):
    """A maintenance window or blackout of two hours in that week."""
    values = {"name": f"Night {week}", "reason": "Agreed.", "tiers": [], "duration_minutes": 120, "rrule": ""}
    values |= {"zone": "Europe/Berlin", "start_local": NIGHT + week * WEEK}
    return plan_window(planner=omar, cluster=payments, kind=kind, values=values, at=NOON)


def closing(step: str, omar, admin, payments, week: int):
    """The act that ends what makes the night of that week free."""
    if step == "frozen":
        frozen = hard_freeze(omar, payments, week)
        return lambda: enforce_freeze(freeze_id=frozen.pk, enforcer=admin, version=1, at=NOON)
    if step == "blackout":
        return lambda: night_of(omar, payments, week, "blackout")
    night = night_of(omar, payments, week, "maintenance")
    if step == "retired":
        return lambda: retire_window(window_id=night.pk, person=omar, reason="Moved.", at=NOON)
    later = {"start_local": NIGHT + week * WEEK + timedelta(days=1)}
    return lambda: change_window(window_id=night.pk, editor=omar, version=1, changes=later, at=NOON)


def take(change: Change, ada, week: int) -> Change:
    """The slot of that night, an hour long."""
    start = NIGHT + week * WEEK
    slot = require_window(start_local=start, end_local=start + timedelta(hours=1), zone="Europe/Berlin")
    asked = {"start_at": slot.start_at, "end_at": slot.end_at}
    return take_slot(change_id=change.pk, taker=ada, based_on=1, at=NOON, **asked)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["retired", "moved", "blackout", "frozen"])
def test_a_slot_is_taken_before_its_window_goes_or_not_at_all(waiting, ada, omar, admin, payments, step):
    """Either the change is planned there, and then the window goes and that is a conflict, or it stays where it was."""
    made = week_by_week(waiting, omar)

    if step in {"retired", "moved"}:
        night_of(omar, payments, -1, "maintenance")  # of a week of its own: whoever is in none of them is outside
    acts = [
        {
            "window": closing(step, omar, admin, payments, week),
            "slot": lambda one=one, week=week: take(one, ada, week),
        }
        for week, one in enumerate(made)
    ]
    # The first two in known orders, so that both ends are seen however slow the machine is; the others as it comes.
    known = [[answer_of(acts[week][name]) for name in order] for week, order in enumerate(ORDERS)]
    assert known == [["done", "wrong_state"], ["done", "done"]]
    answers = race(acts[2:], seed=SEED, spread_s=SLOT_SPREAD_S)
    assert {given["window"] for given in answers} == {"done"}
    assert {given["slot"] for given in answers} <= {"done", "wrong_state"}
    settle()
    taken = [False, True, *(given["slot"] == "done" for given in answers)]
    for one, is_taken in zip(made, taken, strict=True):
        now = Change.objects.get(pk=one.pk)
        moved = (now.revision, now.window_start_at) != (one.revision, one.window_start_at)
        kinds = Conflict.objects.of_change(one.pk).filter(state=ConflictState.OPEN).values_list("kind", flat=True)
        assert moved == is_taken
        assert (CLOSED[step][1] in kinds) == (is_taken or step != "blackout")
    ends = list(Entry.objects.filter(event=CLOSED[step][0]).order_by("pk").values_list("pk", flat=True))[-ROUNDS:]
    planned = dict(Entry.objects.filter(event="cab.ChangeEdited").values_list("subject_id", "pk"))
    assert set(planned) == {one.pk for one, is_taken in zip(made, taken, strict=True) if is_taken}
    assert all(planned[one.pk] < end for one, end in zip(made, ends, strict=True) if one.pk in planned)
