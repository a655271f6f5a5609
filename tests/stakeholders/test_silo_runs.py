"""Runs of the silo assessment: asked for, worked off in parcels, continued after a kill, shown whole or not at all."""

from datetime import timedelta
from itertools import combinations
from threading import Thread

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from apps.clusters.models import Cluster, Component, Dependency
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, NotAllowed, Refusal, WrongState
from apps.stakeholders.actions import silo_runs as actions
from apps.stakeholders.models import SiloAssessment, SiloRun
from apps.stakeholders.queries import silos as queries
from apps.stakeholders.rules.silo_runs import MOST_ATTEMPTS, PARCEL, is_given_up
from apps.stakeholders.states import SILO_RUN, SiloRunState
from apps.stakeholders.tasks import assess_silos, continue_silo_runs
from tests.conftest import signed_in
from tests.stakeholders.siloed import assess

CLUSTERS = 11
PAIRS = CLUSTERS * (CLUSTERS - 1) // 2
API = "/api/v1"


@pytest.fixture
def many(db):
    """So many clusters, each with one component that depends on those of all after it, that a run takes two parcels."""
    assert PARCEL < PAIRS < 2 * PARCEL
    parts = [
        Component.objects.create(cluster=Cluster.objects.create(slug=f"c{n}", name=f"C{n}"), slug=f"c{n}", name=f"C{n}")
        for n in range(CLUSTERS)
    ]
    Dependency.objects.bulk_create(Dependency(consumer=one, provider=other) for one, other in combinations(parts, 2))
    return parts


@pytest.fixture
def half(many, ben, noon):
    """A run whose worker died after the first parcel."""
    return first_parcel(actions.begin_silo_run(assessor=ben, at=noon), noon)


def first_parcel(run, at):
    run = actions.take_up(run_id=run.pk, at=at)
    run, reading = actions.read_map(run_id=run.pk, attempt=run.attempts, at=at)
    return actions.judge_parcel(run_id=run.pk, attempt=run.attempts, reading=reading, at=at)


def told(name):
    return Entry.objects.filter(event=f"stakeholders.{name}").count()


@pytest.mark.parametrize("current", SiloRunState)
@pytest.mark.parametrize("target", SiloRunState)
def test_from_state_to_state(current, target):
    allowed = {("waiting", "running"), ("running", "running"), ("running", "done"), ("running", "failed")}
    if (current, target) in allowed:
        SILO_RUN.require(current, target)
    else:
        with pytest.raises(WrongState):
            SILO_RUN.require(current, target)


class TestAsking:
    def test_it_waits_for_a_worker_and_is_journalled(self, weave, ben, noon):
        run = actions.begin_silo_run(assessor=ben, at=noon)
        assert (run.number, run.state, run.total, run.ran_at) == (1, "waiting", None, None)
        assert (told("SiloRunBegun"), told("SilosAssessed")) == (1, 0)
        assert continue_silo_runs() == 1
        run.refresh_from_db()
        assert (run.state, run.done, run.total, run.attempts) == ("done", 1, 1, 1)
        assert (told("SiloRunBegun"), told("SilosAssessed")) == (1, 1)
        assert continue_silo_runs() == 0, "there is nothing left"

    def test_by_who_governs_something(self, ada, auditor, omar, noon):
        for person in (ada, auditor):
            with pytest.raises(NotAllowed):
                actions.begin_silo_run(assessor=person, at=noon)
        assert assess(omar, noon).counts["judged"] == 0

    def test_one_at_a_time(self, half, omar, noon):
        with pytest.raises(Conflict, match=f"Assessment 1 is under way already: {PARCEL} of {PAIRS} pairs are judged"):
            actions.begin_silo_run(assessor=omar, at=noon)
        with pytest.raises(Conflict, match="under way"):
            actions.begin_silo_run(assessor=None, at=noon)
        actions.work_off(run_id=half.pk, at=noon)
        assert actions.begin_silo_run(assessor=omar, at=noon).number == 2

    def test_once_a_month_by_the_schedule_and_ever_by_hand(self, weave, ben, noon):
        assess(None, noon)
        with pytest.raises(Conflict, match="This month"):
            assess(None, noon + timedelta(days=3))
        assess(ben, noon + timedelta(days=3))
        assess(None, noon + timedelta(days=31))
        assert SiloRun.objects.count() == 3

    def test_the_schedule_leaves_a_run_by_hand_alone_and_comes_back(self, weave, ben):
        run = actions.begin_silo_run(assessor=ben, at=timezone.now())
        assert assess_silos() == 0
        actions.work_off(run_id=run.pk, at=timezone.now())
        assert [assess_silos(), assess_silos()] == [1, 0]
        assert [continue_silo_runs(), assess_silos()] == [1, 0]

    @pytest.mark.django_db(transaction=True)
    def test_two_at_once_are_one(self, weave, noon):
        at_once(lambda: actions.begin_silo_run(assessor=None, at=noon))
        assert SiloRun.objects.count() == 1


class TestWorkingOff:
    def test_what_is_half_written_is_no_result(self, half, ada, noon):
        assert (half.state, half.done, half.total) == ("running", PARCEL, PAIRS)
        assert SiloAssessment.objects.filter(run=half).count() == PARCEL
        assert queries.results().first() is None
        assert not queries.assessments_seen_by(ada).exists()
        assert not queries.history_of(*Cluster.objects.order_by("pk")[:2]).exists()
        actions.work_off(run_id=half.pk, at=noon)
        assert queries.assessments_seen_by(ada).count() == PAIRS

    def test_a_run_that_died_goes_on_where_it_stood(self, half, noon):
        kept = set(SiloAssessment.objects.values_list("pk", flat=True))
        run = actions.work_off(run_id=half.pk, at=noon + timedelta(minutes=3))
        pairs = SiloAssessment.objects.filter(run=run)
        assert (run.state, run.attempts, run.ran_at) == ("done", 2, noon)
        assert pairs.values("first", "second").distinct().count() == pairs.count() == PAIRS
        assert kept <= set(pairs.values_list("pk", flat=True)), "nothing was judged twice"
        assert run.standings.count() == CLUSTERS

    def test_on_another_map_it_begins_anew(self, half, many, noon):
        Dependency.objects.all()[0].delete()
        later = noon + timedelta(minutes=3)
        run = actions.work_off(run_id=half.pk, at=later)
        assert (run.counts["dependencies"], run.ran_at) == (PAIRS - 1, later)
        assert run.inputs_sha256 != half.inputs_sha256
        assert SiloAssessment.objects.filter(run=run).count() == run.total == PAIRS - 1

    def test_by_other_weights_too(self, half, ben, noon):
        from apps.stakeholders.actions.silos import set_silo_weights
        from apps.stakeholders.rules.silos import WEIGHTS

        heavier = {**{key.value: value for key, value in WEIGHTS.items()}, "mixing": 45, "answers": 10}
        set_silo_weights(weights=heavier, reason="Few answer.", setter=ben, at=noon)
        run = actions.work_off(run_id=half.pk, at=noon)
        assert run.weights["mixing"] == 45
        weighed = {
            part["weight"] for row in run.assessments.all() for part in row.parts if part["indicator"] == "mixing"
        }
        assert weighed == {45}

    def test_who_was_overtaken_writes_nothing_more(self, half, noon):
        run, reading = actions.read_map(run_id=half.pk, attempt=half.attempts, at=noon)
        actions.take_up(run_id=half.pk, at=noon)
        with pytest.raises(Conflict, match="Another process"):
            actions.judge_parcel(run_id=run.pk, attempt=half.attempts, reading=reading, at=noon)
        assert SiloAssessment.objects.count() == PARCEL

    def test_a_turn_ends_and_the_next_goes_on(self, many, ben, noon):
        run = actions.begin_silo_run(assessor=ben, at=noon)
        run = actions.work_off(run_id=run.pk, at=noon, until=timezone.now() - timedelta(seconds=1))
        assert (run.state, run.done, run.total) == ("running", PARCEL, PAIRS), "reading alone took the whole turn"
        assert actions.work_off(run_id=run.pk, at=noon).state == "done"

    def test_one_that_never_gets_on_is_given_up_and_another_may_begin(self, half, ben, noon):
        assert [is_given_up(n, 0) for n in (MOST_ATTEMPTS, MOST_ATTEMPTS + 1)] == [False, True]
        assert not is_given_up(MOST_ATTEMPTS + 1, PARCEL)
        while not half.is_over:
            half = actions.take_up(run_id=half.pk, at=noon)
        assert (half.state, half.attempts) == ("failed", MOST_ATTEMPTS + 2)
        assert "never came to its end" in half.failure
        assert not SiloAssessment.objects.exists()
        assert told("SiloRunFailed") == 1
        assert assess(ben, noon).number == 2

    def test_a_failed_run_of_the_month_is_made_up_for(self, weave, noon):
        run = actions.begin_silo_run(assessor=None, at=noon)
        while not run.is_over:
            run = actions.take_up(run_id=run.pk, at=noon)
        assert assess(None, noon).state == "done"

    def test_what_is_over_is_never_rewritten(self, weave, ben, noon):
        run = assess(ben, noon)
        for wrong in (
            lambda: SiloRun.objects.update(done=7),
            lambda: SiloAssessment.objects.update(score=0.0),
            lambda: SiloAssessment.objects.all().delete(),
            lambda: run.standings.all().delete(),
        ):
            with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic():
                wrong()

    @pytest.mark.django_db(transaction=True)
    def test_two_workers_at_once_judge_every_pair_once(self, many, noon):
        run = actions.begin_silo_run(assessor=None, at=noon)
        at_once(lambda: actions.work_off(run_id=run.pk, at=noon))
        while not SiloRun.objects.get().is_over:  # each may have overtaken the other
            actions.work_off(run_id=run.pk, at=noon)
        assert SiloAssessment.objects.count() == PAIRS
        assert told("SilosAssessed") == 1


class TestDoors:
    def test_the_page_says_how_far_it_is_and_offers_to_look_again(self, half, ada, ben, noon):
        page = reverse("stakeholders:silo_run", args=[1])
        text = signed_in(ada).get(page).content.decode()
        assert f"{PARCEL} of {PAIRS}" in text
        assert "Look again" in text
        assert "every 2s" in text
        part = signed_in(ada).get(page, headers={"HX-Request": "true"}).content.decode()
        assert part.startswith('<div id="silo-run"')
        listing = signed_in(ben).get(reverse("stakeholders:silos")).content.decode()
        assert f"{PARCEL} of {PAIRS}" in listing
        assert "Assess now" not in listing
        assert "Nothing has been assessed yet" in listing
        refused = signed_in(ben).post(reverse("stakeholders:assess_silos"))
        assert refused.status_code == 409
        assert "Assessment 1 is under way already" in refused.content.decode()
        actions.work_off(run_id=half.pk, at=noon)
        text = signed_in(ada).get(page).content.decode()
        assert "See what it came to" in text
        assert "every 2s" not in text
        assert signed_in(ada).get(reverse("stakeholders:silo_run", args=[9])).status_code == 404
        assert signed_in(ada).get(reverse("stakeholders:silo_run", args=[10**12])).status_code == 404

    def test_waiting_and_given_up(self, weave, ben, ada, noon):
        run = actions.begin_silo_run(assessor=ben, at=noon)
        page = reverse("stakeholders:silo_run", args=[1])
        assert "waits for a worker" in signed_in(ada).get(page).content.decode()
        while not run.is_over:
            run = actions.take_up(run_id=run.pk, at=noon)
        text = signed_in(ada).get(page).content.decode()
        assert "was given up; nothing of it is kept" in text
        assert "the log of the workers says why" in text
        assert "Assess now" in signed_in(ben).get(reverse("stakeholders:silos")).content.decode()

    def test_asking_by_a_form_leads_to_its_page(self, weave, omar):
        sent = signed_in(omar).post(reverse("stakeholders:assess_silos"))
        assert (sent.status_code, sent["Location"]) == (302, reverse("stakeholders:silo_run", args=[1]))

    def test_by_the_api_accepted_once_a_key_and_refused_beside(self, many, omar, ada, noon):
        client = signed_in(omar)

        def post(**headers):
            return client.post(f"{API}/silo-runs/", {}, content_type="application/json", headers=headers)

        first, again = post(**{"Idempotency-Key": "one"}), post(**{"Idempotency-Key": "one"})
        assert (first.status_code, again.status_code) == (202, 202)
        assert first.json() == again.json()
        assert first["Location"] == again["Location"]
        assert first["Location"].endswith(f"{API}/silo-runs/1/")
        beside = post()
        assert (beside.status_code, beside["Content-Type"]) == (409, "application/problem+json")
        assert beside.json()["code"] == "under_way"
        first_parcel(SiloRun.objects.get(), timezone.now())
        told = signed_in(ada).get(first["Location"]).json()
        assert (told["state"], told["done"], told["total"], told["counts"]) == ("running", PARCEL, PAIRS, {})
        assert signed_in(ada).get(f"{API}/silos/?run=1").json()["results"] == []
        assert signed_in(ada).get(f"{API}/silo-runs/1/clusters/").json()["results"] == []
        continue_silo_runs()
        assert signed_in(ada).get(first["Location"]).json()["counts"]["pairs"] == PAIRS
        assert len(signed_in(ada).get(f"{API}/silo-runs/?state=done").json()["results"]) == 1
        assert len(signed_in(ada).get(f"{API}/silo-runs/1/clusters/").json()["results"]) > CLUSTERS  # and Omar's


def at_once(act):
    def go():
        try:
            act()
        except Refusal:
            pass
        finally:
            connection.close()

    threads = [Thread(target=go) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
