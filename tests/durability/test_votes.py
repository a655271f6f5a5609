"""`kill -9` in the middle of voting loses no acknowledged vote and doubles no notification; nor does losing Redis."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.actions.keys import make_api_key
from apps.accounts.models import Person
from apps.accounts.rules import Role, Scope
from apps.cab.actions import flow, proposing
from apps.cab.models import Ballot, Change, Seat, SeatRole
from apps.journal.actions import deliver_due
from apps.journal.models import Delivery, Entry
from apps.journal.tasks import deliver
from apps.notify.models import Notice
from tests.cab.conftest import content
from tests.conftest import make_person

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
VOTERS = 12
MORE = 30  # changes whose voters are asked while the worker is killed
CALLERS = 50  # at once


@pytest.fixture
def ballots(board, ada, ben, payments, ledger) -> tuple[Change, list[tuple[Person, str]]]:
    """A change that waits for twelve voters with a key each; the quorum is out of reach, so the round stays open."""
    now = timezone.now()
    board.quorum_count = 100
    board.save()
    voters = []
    for number in range(VOTERS):
        person = make_person(f"voter{number}", Role.BOARD_MEMBER)
        Seat.objects.create(
            board=board, person=person, role=SeatRole.VOTER, term=(now.date() - timedelta(days=9), None)
        )
        secret = make_api_key(
            owner=person,
            maker=person,
            name="test",
            scopes=[Scope.READ, Scope.VOTES],
            expires_at=now + timedelta(days=1),
            at=now,
        ).token
        voters.append((person, secret))
    return hand_over(ada, ben, payments, ledger, now), voters


def hand_over(ada, ben, payments, ledger, now, **more) -> Change:
    """A change that has just been handed to the board."""
    start = (now + timedelta(days=3)).replace(tzinfo=None)
    window = {"window_start": start, "window_end": start + timedelta(hours=1)}
    change = proposing.propose_change(requester=ada, content=content(payments, ledger, **window, **more), at=now)
    flow.submit_change(change_id=change.pk, submitter=ada, at=now)
    flow.begin_assessment(change_id=change.pk, assessor=ben, at=now)
    flow.hand_to_board(change_id=change.pk, assessor=ben, at=now)
    return change


def vote(address: str, change: Change, secret: str, *, tries: int = 60) -> bool:
    """Cast a ballot as a pipeline does: with an Idempotency-Key, again until it is answered. True: acknowledged."""
    body = json.dumps({"choice": "approve", "revision": change.revision}).encode()
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json", "Idempotency-Key": "the-vote"}
    for _ in range(tries):
        request = urllib.request.Request(f"{address}/api/v1/changes/{change.reference}/votes/", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status == 201
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{refused.code} {refused.read()[:300]!r}") from refused
        except OSError:
            time.sleep(0.2)
    return False


def everyone_votes(house, change, voters, *, interrupt) -> list[str]:
    """All vote, three at a time; `interrupt` runs once while some have been acknowledged and others have not."""
    acknowledged: list[str] = []
    waiting = list(voters)

    def some() -> None:
        while waiting:
            person, secret = waiting.pop()
            if vote(house.address, change, secret):
                acknowledged.append(person.handle)

    threads = [threading.Thread(target=some) for _ in range(3)]
    for thread in threads:
        thread.start()
    while not acknowledged:
        time.sleep(0.005)
    assert len(acknowledged) < len(voters), "the kill must fall in the middle"
    interrupt()
    for thread in threads:
        thread.join()
    return sorted(acknowledged)


def deliver_the_rest() -> None:
    """What the killed processes left is delivered now; what they did must not be done again."""
    while deliver_due(at=timezone.now() + timedelta(hours=2)):
        pass
    assert not Delivery.objects.exclude(state="done").exists()


def require_told_once(changes, voters) -> None:
    """Every voter has been asked for every change exactly once."""
    asked = Counter(Notice.objects.filter(kind="vote").values_list("person__handle", "url"))
    wanted = {(person.handle, change.get_absolute_url()) for person, _ in voters for change in changes}
    assert wanted <= asked.keys()
    assert set(asked.values()) == {1}


def test_killing_web_in_the_middle_of_voting_loses_no_acknowledged_vote(house, ballots):
    change, voters = ballots
    house.start("web")

    def kill() -> None:
        house.kill("web")
        house.start("web")

    acknowledged = everyone_votes(house, change, voters, interrupt=kill)
    kept = sorted(Ballot.objects.values_list("voter__handle", flat=True))
    assert acknowledged == kept == sorted(person.handle for person, _ in voters)
    assert Entry.objects.filter(event="cab.VoteCast").count() == VOTERS
    deliver_the_rest()
    require_told_once([change], voters)


def test_killing_redis_in_the_middle_of_voting_loses_no_acknowledged_vote_and_doubles_no_notice(house, ballots):
    change, voters = ballots
    house.use_own_redis()
    house.start("worker")
    house.start("web")

    def kill() -> None:
        house.kill("redis")
        time.sleep(1)  # votes go on without it
        house.start("redis")

    acknowledged = everyone_votes(house, change, voters, interrupt=kill)
    assert acknowledged == sorted(Ballot.objects.values_list("voter__handle", flat=True))
    assert len(acknowledged) == VOTERS
    house.kill("worker")
    deliver_the_rest()
    require_told_once([change], voters)


def test_killing_the_worker_in_the_middle_of_notifying_doubles_nothing(house, ballots, ada, ben, payments, ledger):
    first, voters = ballots
    now = timezone.now()
    changes = [first, *(hand_over(ada, ben, payments, ledger, now, title=f"Change {n}") for n in range(MORE))]
    left = [Delivery.objects.filter(state="waiting").count()]
    for _ in range(2):
        house.start("worker")
        deliver.delay()  # the one that was killed took its wake-up with it
        until = time.monotonic() + 60
        while (waiting := Delivery.objects.filter(state="waiting").count()) > left[-1] - 5:
            assert time.monotonic() < until, "the worker delivered nothing"
            time.sleep(0.002)
        house.kill("worker")
        left.append(waiting)
    assert left[0] > left[1] > left[2] > 0, "both kills must fall in the middle"
    deliver_the_rest()
    require_told_once(changes, voters)


def test_a_thousand_concurrent_votes_of_one_seat_over_http_give_exactly_one(house, ballots):
    change, voters = ballots
    house.env["API_RATE"] = "100000/min"
    house.start("web")
    person, secret = voters[0]
    answers: list[int] = []
    start = threading.Barrier(CALLERS)
    body = json.dumps({"choice": "approve", "revision": change.revision}).encode()
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}

    def call() -> None:
        start.wait()
        for _ in range(1000 // CALLERS):
            request = urllib.request.Request(f"{house.address}/api/v1/changes/{change.reference}/votes/", body, headers)
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    answers.append(answer.status)
            except urllib.error.HTTPError as refused:
                answers.append(refused.code)

    threads = [threading.Thread(target=call) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(answers) == {201: 1, 409: 999}
    assert Ballot.objects.get().voter == person
    assert Entry.objects.filter(event="cab.VoteCast").count() == 1


def test_voting_goes_on_without_redis(house, ballots):
    change, voters = ballots
    house.env["REDIS_URL"] = "redis://127.0.0.1:1/0"  # nobody listens there
    house.start("web")
    person, secret = voters[0]
    assert vote(house.address, change, secret, tries=3)
    assert Ballot.objects.filter(voter=person).exists()
    while deliver_due(at=timezone.now() + timedelta(hours=2)):
        pass
    assert Notice.objects.filter(kind="vote").count() >= VOTERS
