"""Acts that meet: a crew of real threads, a change copied for every round, and what each round left behind."""

import copy
import random
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connections
from django.db.models import Prefetch

from apps.cab.models import Change, ChangeComponent, Revision, Round
from apps.journal.models import Entry
from apps.kernel.refusals import Refusal

TURN_S = 0.0005  # of one thread in Python while others wait: by default it is ten times as long as a query
Acts = Mapping[str, Callable[[], object]]


class Left(NamedTuple):
    """What stands after a round: the change, its rounds with their ballots, the story in the journal, the answers."""

    state: str
    outcome: str
    revision: int
    waits_until: bool
    rounds: tuple[tuple[int, int, str, str, tuple[tuple[str, str], ...]], ...]
    story: tuple[tuple[str, str], ...]
    answers: tuple[tuple[str, str], ...]


def answer_of(act: Callable[[], object]) -> str:
    """ "done", the code of a refusal, or any other error by name, which no lawful outcome holds."""
    try:
        act()
    except Refusal as refusal:
        return refusal.code
    except Exception as error:  # noqa: BLE001
        return f"{type(error).__name__}: {error}"
    return "done"


def race(rounds: Sequence[Acts], *, seed: int, spread_s: float = 0.0) -> list[dict[str, str]]:
    """The answers of each round, whose acts begin at one barrier, each in its own thread on its own connection.

    The order differs from round to round: each act waits at random, up to `spread_s`, before it begins.
    """
    names = list(rounds[0])
    answers: list[dict[str, str]] = [{} for _ in rounds]
    start, was = threading.Barrier(len(names)), sys.getswitchinterval()

    def work(name: str) -> None:
        waits = random.Random(f"{seed} {name}")
        try:
            for acts, given in zip(rounds, answers, strict=True):
                start.wait()
                time.sleep(waits.random() * spread_s)
                given[name] = answer_of(acts[name])
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=[name]) for name in names]
    sys.setswitchinterval(TURN_S)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(was)
    return answers


def copies(change: Change, number: int) -> list[Change]:
    """The change so many times more, with its components, its revision and its round; no journal of its own."""
    round_, revision = change.rounds.get(), change.revisions.get()
    last = Change.objects.order_by("-number").values_list("number", flat=True)[0]
    made = [_copied(change, number=last + n) for n in range(1, number + 1)]
    Change.objects.bulk_create(made)
    Round.objects.bulk_create(_copied(round_, change=one) for one in made)
    Revision.objects.bulk_create(_copied(revision, change=one) for one in made)
    parts = list(change.touched.values_list("component_id", flat=True))
    ChangeComponent.objects.bulk_create(ChangeComponent(change=one, component_id=pk) for one in made for pk in parts)
    return made


def left_behind(made: Sequence[Change], answers: Sequence[Mapping[str, str]]) -> list[Left]:
    """Read back what each round left of its change."""
    ids = [one.pk for one in made]
    rows = Change.objects.defer("search").prefetch_related(
        Prefetch("rounds", Round.objects.order_by("number").prefetch_related("ballots__voter"))
    )
    now = rows.in_bulk(ids)
    told: dict[int, list[tuple[str, str]]] = {pk: [] for pk in ids}
    entries = Entry.objects.filter(subject_type="cab.change", subject_id__in=ids).order_by("id")
    for pk, event, handle in entries.values_list("subject_id", "event", "actor__handle"):
        told[pk].append((event.removeprefix("cab."), handle or ""))
    return [_left(now[pk], told[pk], given) for pk, given in zip(ids, answers, strict=True)]


def _left(change: Change, told: list[tuple[str, str]], answers: Mapping[str, str]) -> Left:
    return Left(
        change.state,
        change.outcome,
        change.revision,
        change.deadline_at is not None,
        tuple(_told(one) for one in change.rounds.all()),
        tuple(told),
        tuple(sorted(answers.items())),
    )


def _told(one: Round) -> tuple[int, int, str, str, tuple[tuple[str, str], ...]]:
    ballots = tuple(sorted((ballot.voter.handle, ballot.choice) for ballot in one.ballots.all()))
    return (one.number, one.revision, one.state, one.verdict, ballots)


def _copied(row: Any, **new: Any) -> Any:
    made = copy.copy(row)
    made._state = copy.copy(row._state)
    made._state.adding, made._state.fields_cache = True, {}
    made.pk = None
    for name, value in new.items():
        setattr(made, name, value)
    return made
