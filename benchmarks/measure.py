"""Takes the times: each page in turn with its floor, so that a busy moment of the machine falls on both."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import Person
from apps.cab.actions.rounds import cast_vote
from apps.cab.models import Choice, Round
from apps.cab.states import RoundState
from benchmarks import floor
from benchmarks.pages import NUMBER, PAGES, Page

WARM_UP, TURNS, VOTES = 8, 60, 30


@dataclass(frozen=True)
class Times:
    """Seconds of many turns."""

    taken: tuple[float, ...]

    def at(self, share: float) -> float:
        """The time within which this share of the turns lay, in milliseconds."""
        ordered = sorted(self.taken)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] * 1000


@dataclass(frozen=True)
class Result:
    """One page beside its floor (behind the same door, and bare)."""

    page: Page
    times: Times
    floor: Times
    bare: Times
    queries: int


def pages(reader: Person, only: Collection[str] = (), *, of_map: bool = False) -> list[Result]:
    """Every page of changes, or of the map (of that name, where names are given) beside its floors."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
    asked = [(n, page) for n, page in enumerate(PAGES) if page.is_of_map == of_map and (not only or page.name in only)]
    return [_page(client, reader, n, page) for n, page in asked]


def votes(reader: Person, other: Person) -> tuple[Times, Times]:
    """Casting one vote by the action, and one raw transaction (lock, ballot, entry, commit) for another seat."""
    rounds = list(Round.objects.filter(state=RoundState.OPEN).order_by("-pk").select_related("change")[:VOTES])
    action, raw = [], []
    for round_ in rounds:
        action.append(
            _timed(
                lambda round_=round_: cast_vote(
                    change_id=round_.change_id, voter=reader, choice=Choice.APPROVE, revision=1, at=timezone.now()
                )
            )
        )
        raw.append(_timed(lambda round_=round_: _raw_vote(round_, other)))
    return Times(tuple(action)), Times(tuple(raw))


def _page(client: Client, reader: Person, number: int, page: Page) -> Result:
    def ask(address: str) -> Callable[[], None]:
        def asked() -> None:
            answer = client.get(address)
            assert answer.status_code == 200, (address, answer.status_code)
            assert answer.content

        return asked

    whole, behind = ask(page.address), ask(f"/floor/{number}/")

    def bare() -> None:
        floor.bare(page.floor, me=reader.pk, number=NUMBER)

    with CaptureQueriesContext(connection) as counted:
        whole()
    queries = len(counted)  # now: the next request clears the log
    for _ in range(WARM_UP):
        for call in (whole, behind, bare):
            call()
    turns = [(_timed(whole), _timed(behind), _timed(bare)) for _ in range(TURNS)]
    times, floors, bares = (Times(one) for one in zip(*turns, strict=True))
    return Result(page, times, floors, bares, queries)


def _raw_vote(round_: Round, voter: Person) -> None:
    now = timezone.now()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM cab_change WHERE id = %s FOR UPDATE", [round_.change_id])
        cursor.execute(
            "INSERT INTO cab_ballot (round_id, voter_id, cast_by_id, revision, seat_role, seat_function, choice, "
            "reason, cast_at) VALUES (%s, %s, %s, 1, 'voter', '', 'approve', '', %s)",
            [round_.pk, voter.pk, voter.pk, now],
        )
        cursor.execute(
            "INSERT INTO journal_entry (event, at, recorded_at, actor_id, subject_type, subject_id, subject_label, "
            "cluster_id, data, digest) VALUES ('cab.VoteCast', %s, %s, %s, 'cab.change', %s, '', NULL, '{}', '')",
            [now, now + timedelta(0), voter.pk, round_.change_id],
        )


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
