"""`kill -9` in the middle of voting loses no acknowledged vote and doubles no notification; nor does losing Redis."""

import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from apps.accounts.actions.keys import make_api_key
from apps.accounts.models import Person
from apps.accounts.rules import Role, Scope
from apps.cab.actions import flow, proposing, replays
from apps.cab.models import Ballot, Change, ImportRun, ImportState, Replay, ReplayedChange, Seat, SeatRole
from apps.cab.queries.replays import tally_of
from apps.cab.states import ReplayState
from apps.cab.tasks import continue_imports, continue_replays
from apps.clusters.actions import imports as catalogs
from apps.clusters.models import CatalogImport, Component, Dependency
from apps.clusters.states import CatalogState
from apps.clusters.tasks import continue_imports as continue_catalogs
from apps.journal.actions import deliver_due
from apps.journal.models import Delivery, Entry
from apps.journal.tasks import deliver
from apps.notify.models import Notice
from apps.policies import actions as policies
from tests.cab.conftest import content
from tests.conftest import make_person, signed_in
from tests.policies.conftest import FLOOR

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
VOTERS = 12
MORE = 30  # changes whose voters are asked while the worker is killed
CALLERS = 50  # at once
ROWS = 12_000  # of an import: six slices
REPLAYED = 20_000  # changes: ten chunks


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


def test_killing_the_worker_in_the_middle_of_an_uploaded_import_takes_every_row_once(house, payments):
    client = signed_in(make_person("pia", Role.PROGRAMME_MANAGER))
    rows = (f"R-{n},Change {n},ada,2026-02-{n % 28 + 1:02}" for n in range(ROWS))
    upload = SimpleUploadedFile("changes.csv", "\n".join(["id,title,requester,created_at", *rows]).encode())
    answer = client.post("/imports/", {"file": upload, "map": "generic-csv", "cluster": "payments"})
    assert answer.status_code == 302, answer.content
    page, done = answer["Location"], [0]
    for _ in range(2):
        house.start("worker")
        require_reaches(lambda: ImportRun.objects.get().done_rows > done[-1], wake=continue_imports)
        house.kill("worker")
        time.sleep(0.5)  # a commit that was on its way arrives, or its connection ends
        run = ImportRun.objects.get()
        done.append(run.done_rows)
        assert run.done_rows == Change.objects.count() == run.created_rows, "a slice is kept whole or not at all"
        said = client.get(page).content.decode()
        assert f"{run.done_rows:,} of {ROWS:,}<" in said
        assert "every 2s" in said
    assert 0 < done[1] < done[2] < ROWS, "both kills must fall in the middle"
    house.start("worker")
    require_reaches(lambda: ImportRun.objects.get().state == ImportState.DONE, wake=continue_imports)
    assert Change.objects.values("external_id").distinct().count() == Change.objects.count() == ROWS
    run = ImportRun.objects.get()
    assert (run.done_rows, run.created_rows, run.updated_rows, run.rejected_rows) == (ROWS, ROWS, 0, 0)
    told = Entry.objects.filter(event="cab.ChangesImported").values_list("data__created", flat=True)
    assert sum(told) == ROWS
    assert Entry.objects.filter(event="cab.ImportFinished").count() == 1
    said = client.get(page).content.decode()
    assert "Done." in said
    assert "every 2s" not in said


@pytest.fixture
def long_replay(ben, ada, payments, ledger) -> Replay:
    """A draft to be replayed on so many changes that a worker is killed in the middle."""
    now = timezone.now()
    floor = policies.found_policy(founder=ben, slug="enterprise-floor", name="Floor", cluster=None, at=now)
    enabled = policies.save_draft(policy_id=floor.pk, author=ben, rows=FLOOR, at=now)
    changes = (
        Change(
            number=50_000 + n,
            title=f"Change {n}",
            cluster=payments,
            requester=ada,
            state="closed",
            created_at=now,
            risk=1 + n % 5,
            risk_computed=1 + n % 5,
            outcome="backed_out" if n % 10 == 0 else "successful",
        )
        for n in range(REPLAYED)
    )
    Change.objects.bulk_create(changes, batch_size=1000)
    later = now + timedelta(seconds=1)
    return replays.begin_replay(version_id=enabled.pk, starter=ben, months=12, minutes={}, at=later)


def test_killing_the_worker_in_the_middle_of_a_replay_looks_at_every_change_once(house, long_replay, ben):
    client, page, done = signed_in(ben), long_replay.get_absolute_url(), [0]
    for _ in range(2):
        house.start("worker")
        require_reaches(lambda: Replay.objects.get().done > done[-1], wake=continue_replays)
        house.kill("worker")
        time.sleep(0.5)  # a commit that was on its way arrives, or its connection ends
        replay = Replay.objects.get()
        done.append(replay.done)
        assert replay.done == ReplayedChange.objects.count(), "a chunk is kept whole or not at all"
        assert f"{replay.done:,} of {REPLAYED:,}<" in client.get(page).content.decode()
    assert 0 < done[1] < done[2] < REPLAYED, "both kills must fall in the middle"
    house.start("worker")
    require_reaches(lambda: Replay.objects.get().state == ReplayState.DONE, wake=continue_replays)
    assert ReplayedChange.objects.values("change").distinct().count() == ReplayedChange.objects.count() == REPLAYED
    told = tally_of(Replay.objects.get())
    assert (told.changes, told.failed, told.caught + told.let_through) == (REPLAYED, REPLAYED // 10, REPLAYED // 10)
    assert Entry.objects.filter(event="cab.ReplayFinished").count() == 1
    assert "every 2s" not in client.get(page).content.decode()


def test_killing_the_worker_in_the_middle_of_a_catalogue_takes_every_row_once(house, payments):
    client = signed_in(make_person("pia", Role.PROGRAMME_MANAGER))
    rows = "\n".join(f"part-{n},payments,Does the work of part {n} all day" for n in range(ROWS))
    needs = "\n".join(f"part-{n},part-{n + 1},calls" for n in range(ROWS - 1))
    for name, text in (("parts", f"slug,cluster,description\n{rows}"), ("needs", f"consumer,provider,kind\n{needs}")):
        kinds = {"parts": "components", "needs": "dependencies"}
        sent = {"file": SimpleUploadedFile(f"{name}.csv", text.encode()), "format": "csv", "rows": kinds[name]}
        page = client.post("/clusters/import/", sent)["Location"]
        upload = CatalogImport.objects.last()
        catalogs.work_off(import_id=upload.pk)
        client.post(f"{page}application/")
        done = [0]
        for _ in range(2):
            house.start("worker")
            waiting = CatalogImport.objects.filter(pk=upload.pk, done_rows__lte=done[-1])
            require_reaches(lambda waiting=waiting: not waiting.exists(), wake=continue_catalogs)
            house.kill("worker")
            time.sleep(0.5)  # a commit that was on its way arrives, or its connection ends
            upload.refresh_from_db()
            done.append(upload.done_rows)
            written = (Component if name == "parts" else Dependency).objects.count()
            assert upload.done_rows == written, "a parcel is kept whole or not at all"
            assert f"{upload.done_rows:,} of {upload.total_rows:,}<" in client.get(page).content.decode()
        assert 0 < done[1] < done[2] < ROWS - 1, "both kills must fall in the middle"
        house.start("worker")
        require_reaches(lambda: CatalogImport.objects.last().state == CatalogState.DONE, wake=continue_catalogs)
        house.kill("worker")
    assert (Component.objects.count(), Dependency.objects.count()) == (ROWS, ROWS - 1)
    assert [one.done_rows for one in CatalogImport.objects.order_by("pk")] == [ROWS, ROWS - 1]
    assert Entry.objects.filter(event="clusters.ImportEnded").count() == 2


def test_killing_the_command_in_the_middle_of_a_catalogue_takes_every_row_once(house, payments, tmp_path):
    file = tmp_path / "parts.csv"
    rows = "\n".join(f"part-{n},payments,Does the work of part {n} all day" for n in range(ROWS))
    file.write_text(f"slug,cluster,description\n{rows}\n")
    command = [sys.executable, "manage.py", "import_catalog", str(file), "--format", "csv"]
    done = [0]
    for _ in range(2):
        kill_when_written(command, house, more_than=done[-1])
        time.sleep(0.5)  # a commit that was on its way arrives, or its connection ends
        upload = CatalogImport.objects.get()
        done.append(upload.done_rows)
        assert upload.done_rows == Component.objects.count(), "a parcel is kept whole or not at all"
    assert 0 < done[1] < done[2] < ROWS, "both kills must fall in the middle"
    said = subprocess.run(command, env=house.env, cwd=settings.BASE_DIR, capture_output=True, text=True, check=True)
    assert f"Goes on after {done[2]:,} of {ROWS:,} rows." in said.stdout
    assert f"component: {ROWS} new, 0 changed, 0 unchanged, 0 repeated" in said.stdout
    assert CatalogImport.objects.get().state == CatalogState.DONE
    assert Component.objects.count() == ROWS
    assert Entry.objects.filter(event="clusters.ImportEnded").count() == 1


def test_a_worker_ends_what_a_killed_command_began(house, payments, tmp_path):
    file = tmp_path / "parts.csv"
    file.write_text("slug,cluster\n" + "".join(f"part-{n},payments\n" for n in range(ROWS)))
    command = [sys.executable, "manage.py", "import_catalog", str(file), "--format", "csv"]
    kill_when_written(command, house, more_than=0)
    house.start("worker")
    require_reaches(lambda: CatalogImport.objects.get().state == CatalogState.DONE, wake=continue_catalogs)
    house.kill("worker")
    assert Component.objects.count() == ROWS


def kill_when_written(command, house, *, more_than) -> None:
    """Run it until it has written more rows than that, and kill it there."""
    going = subprocess.Popen(command, env=house.env, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while not CatalogImport.objects.filter(done_rows__gt=more_than).exists():
        assert going.poll() is None, "the command ended by itself"
        assert time.monotonic() < until, "the command did not go on"
        time.sleep(0.005)
    going.kill()
    going.wait()


def require_reaches(goal, *, wake) -> None:
    """Wake the worker every second, as the schedule does less often, until the work has come so far."""
    until, asked = time.monotonic() + 240, 0.0
    while not goal():
        assert time.monotonic() < until, "the worker did not go on"
        if time.monotonic() - asked > 1:
            asked = time.monotonic()
            wake.delay()  # the one that was killed took its wake-up with it
        time.sleep(0.005)
