"""`kill -9` in the middle of voting loses no acknowledged vote and doubles no notification; nor does losing Redis."""

import json
import threading
import time
import urllib.error
import urllib.request
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.actions.keys import make_api_key
from apps.accounts.models import Person
from apps.accounts.rules import Role, Scope
from apps.cab.actions import flow, proposing
from apps.cab.models import Ballot, Change, Seat, SeatRole
from apps.journal.actions import deliver_due
from apps.journal.models import Delivery
from apps.notify.models import Notice
from tests.cab.conftest import content
from tests.conftest import make_person

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
VOTERS = 12


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
    start = (now + timedelta(days=3)).replace(tzinfo=None)
    change = proposing.propose_change(
        requester=ada,
        content=content(payments, ledger, window_start=start, window_end=start + timedelta(hours=1)),
        at=now,
    )
    flow.submit_change(change_id=change.pk, submitter=ada, at=now)
    flow.begin_assessment(change_id=change.pk, assessor=ben, at=now)
    flow.hand_to_board(change_id=change.pk, assessor=ben, at=now)
    return change, voters


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


def test_killing_web_in_the_middle_of_voting_loses_no_acknowledged_vote(house, ballots):
    change, voters = ballots
    house.start("web")
    acknowledged: list[str] = []

    def one(person: Person, secret: str) -> None:
        if vote(house.address, change, secret):
            acknowledged.append(person.handle)

    threads = [threading.Thread(target=one, args=pair) for pair in voters]
    for thread in threads[: VOTERS // 2]:
        thread.start()
    time.sleep(0.15)  # some ballots are on their way
    house.kill("web")
    for thread in threads[VOTERS // 2 :]:
        thread.start()
    house.start("web")
    for thread in threads:
        thread.join()
    kept = list(Ballot.objects.values_list("voter__handle", flat=True))
    assert sorted(acknowledged) == sorted(kept) == sorted(person.handle for person, _ in voters)


def test_killing_the_worker_in_the_middle_of_notifying_doubles_nothing(house, ballots):
    house.start("worker")
    time.sleep(1.5)
    house.kill("worker")
    house.start("worker")
    time.sleep(1.5)
    house.kill("worker")
    # What the workers left is delivered now; what they did must not be done again.
    while deliver_due(at=timezone.now() + timedelta(hours=2)):
        pass
    assert not Delivery.objects.filter(state="waiting").exists()
    asked = list(Notice.objects.filter(kind="vote").values_list("person__handle", flat=True))
    assert len(asked) == len(set(asked))
    assert set(asked) >= {person.handle for person, _ in ballots[1]}


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
