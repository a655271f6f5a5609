"""Isolation plans and their rehearsals: what is refused, what is found, and both doors; the cut-off on a small map."""

import itertools
import json
import threading
from datetime import timedelta

import pytest
import yaml
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from apps.clusters import checks
from apps.clusters.models import BusinessCapability, Cluster, Component, Dependency, Finding, Site
from apps.integrations import actions, queries
from apps.integrations.models import Integration, IsolationPlan, Rehearsal
from apps.integrations.queries import plans
from apps.integrations.queries.cutoff import Question, ground_seen_by, runs_on, simulated
from apps.integrations.rules import isolation as rules
from apps.integrations.rules.cutoff import State
from apps.integrations.rules.isolation import FOREVER, Standing
from apps.journal.models import Entry
from apps.kernel.refusals import Invalid, NotAllowed, Refusal, StaleRevision, WrongState
from tests.conftest import signed_in

STALE = {"mode": "serve_stale", "holds_s": 900, "reconciliation": "Read everything anew."}
QUEUE = {
    "mode": "queue",
    "backlog": 90_000,
    "drain_per_s": 40.0,
    "conflict": "owner_wins",
    "reconciliation": "Send what waits, oldest first.",
}
READS = {"direction": "reads", "consistency": "eventual", "latency_ms": 300, "rate_per_s": 12.5}
WRITES = READS | {"direction": "writes", "latency_ms": None}


@pytest.fixture
def plan(integration, nora, noon):
    return actions.plan_isolation(integration_id=integration.pk, planner=nora, version=0, values=STALE, at=noon)


def rehearse(integration, person, at, **more):
    said = {"version": 1, "outcome": "held", "held_s": 900, "notes": "Cut by a firewall rule.", "rehearsed_at": at}
    return actions.record_rehearsal(integration_id=integration.pk, recorder=person, at=at, **(said | more))


class TestPlanRules:
    @pytest.mark.parametrize(
        ("values", "needs", "field", "sentence"),
        [
            ({"mode": "hope"}, READS, "mode", "none of serve_stale"),
            (STALE | {"holds_s": None}, READS, "holds_s", "how old an answer may become"),
            (STALE | {"holds_s": 0}, READS, "holds_s", "between 1 second"),
            (STALE | {"reconciliation": " "}, READS, "reconciliation", "come to the same again"),
            (STALE, WRITES, "mode", "cannot be served stale"),
            (STALE, READS | {"consistency": "strong"}, "mode", "strong consistency"),
            (STALE | {"backlog": 5}, READS, "backlog", "Only a queue"),
            (QUEUE, READS, "mode", "cannot be queued"),
            (QUEUE | {"backlog": None}, WRITES, "backlog", "without a limit fills a disk"),
            (QUEUE | {"backlog": -1}, WRITES, "backlog", "Between 1 and"),
            (QUEUE | {"drain_per_s": None}, WRITES, "drain_per_s", "sent afterwards"),
            (QUEUE | {"drain_per_s": 12.5}, WRITES, "drain_per_s", "would never end"),
            (QUEUE | {"drain_per_s": float("nan")}, WRITES, "drain_per_s", "more than 0"),
            (QUEUE | {"conflict": ""}, WRITES, "conflict", "whose word counts"),
            (QUEUE | {"conflict": "fate"}, WRITES, "conflict", "none of owner_wins"),
            (QUEUE | {"holds_s": 10}, WRITES, "holds_s", "as long as its backlog"),
            ({"mode": "fail_closed", "holds_s": 10}, READS, "holds_s", "holds not at all"),
            ({"mode": "degrade", "steps": "x" * 2_001}, READS, "steps", "At most"),
        ],
    )
    def test_refused_with_a_sentence_at_its_field(self, values, needs, field, sentence):
        with pytest.raises(Invalid, match=sentence) as refused:
            rules.checked_plan(values, needs=needs)
        assert list(refused.value.fields) == [field]

    @pytest.mark.parametrize(
        ("values", "needs", "holds"),
        [
            (STALE, READS, 900),
            (QUEUE, WRITES, 7_200),
            ({"mode": "static_answer"}, READS, FOREVER),
            ({"mode": "degrade", "holds_s": 60}, READS, 60),
            ({"mode": "fail_closed"}, READS, 0),
        ],
    )
    def test_how_long_each_mode_holds(self, values, needs, holds):
        said = rules.checked_plan(values, needs=needs)
        assert (
            rules.holding_s(
                mode=said["mode"], holds_s=said["holds_s"], backlog=said["backlog"], rate_per_s=needs["rate_per_s"]
            )
            == holds
        )

    def test_a_queue_catches_up_by_what_it_sends_beyond_what_arrives(self):
        found = rules.catching_up_s(waited_s=3_600, backlog=90_000, rate_per_s=12.5, drain_per_s=40)
        assert found == pytest.approx(45_000 / 27.5)
        full = rules.catching_up_s(waited_s=1e9, backlog=90_000, rate_per_s=12.5, drain_per_s=40)
        assert full == pytest.approx(90_000 / 27.5)


class TestPlanning:
    def test_it_is_written_and_written_anew_and_told(self, plan, integration, nora, ben, noon):
        assert (plan.owner, plan.version, plan.holding_s) == (nora, 1, 900)
        again = actions.plan_isolation(
            integration_id=integration.pk, planner=nora, version=1, values=STALE, at=noon + timedelta(days=1)
        )
        assert (again.version, Entry.objects.filter(event="integrations.IsolationPlanned").count()) == (1, 1)
        anew = actions.plan_isolation(
            integration_id=integration.pk, planner=nora, version=1, values={"mode": "degrade"}, owner=ben, at=noon
        )
        anew.refresh_from_db()
        assert (anew.version, anew.holds_s, anew.reconciliation, anew.owner) == (2, None, "", ben)

    def test_others_and_older_readers_may_not(self, plan, integration, omar, nora, noon):
        with pytest.raises(NotAllowed):
            actions.plan_isolation(integration_id=integration.pk, planner=omar, version=1, values=STALE, at=noon)
        with pytest.raises(StaleRevision):
            actions.plan_isolation(integration_id=integration.pk, planner=nora, version=0, values=STALE, at=noon)

    def test_who_left_answers_for_nothing(self, integration, nora, ben, noon):
        ben.is_active = False
        ben.save(update_fields=["is_active"])
        with pytest.raises(Refusal, match="no longer works here"):
            actions.plan_isolation(
                integration_id=integration.pk, planner=nora, version=0, values=STALE, owner=ben, at=noon
            )
        assert not IsolationPlan.objects.exists()

    def test_it_is_withdrawn_with_a_reason_and_its_rehearsals_stay(self, plan, integration, nora, noon):
        rehearse(integration, nora, noon)
        with pytest.raises(Invalid):
            actions.withdraw_isolation_plan(integration_id=integration.pk, withdrawer=nora, reason=" ", at=noon)
        actions.withdraw_isolation_plan(integration_id=integration.pk, withdrawer=nora, reason="Over.", at=noon)
        assert (IsolationPlan.objects.count(), Rehearsal.objects.count()) == (0, 1)
        with pytest.raises(WrongState, match="no isolation plan"):
            rehearse(integration, nora, noon)

    @pytest.mark.parametrize(
        "change",
        [
            {"mode": "queue"},
            {"mode": "hope"},
            {"holds_s": None},
            {"backlog": 5},
            {"conflict": "merge"},
            {"mode": "fail_closed"},
        ],
    )
    def test_the_database_keeps_a_plan_whole(self, plan, change):
        with pytest.raises(IntegrityError), transaction.atomic():
            IsolationPlan.objects.filter(pk=plan.pk).update(**change)

    @pytest.mark.django_db(transaction=True)
    def test_of_two_at_once_one_is_stale(self, integration, nora, noon):
        refused, gate = [], threading.Barrier(2)

        def write(holds):
            gate.wait()
            try:
                actions.plan_isolation(
                    integration_id=integration.pk, planner=nora, version=0, values=STALE | {"holds_s": holds}, at=noon
                )
            except StaleRevision as refusal:
                refused.append(refusal)
            finally:
                connection.close()

        both = [threading.Thread(target=write, args=[holds]) for holds in (60, 120)]
        for one in both:
            one.start()
        for one in both:
            one.join()
        assert (len(refused), IsolationPlan.objects.count()) == (1, 1)


class TestRehearsals:
    def test_it_says_how_the_plan_of_that_version_went(self, plan, integration, nora, noon):
        made = rehearse(integration, nora, noon + timedelta(hours=1), rehearsed_at=noon)
        assert (made.plan_version, made.mode, made.rehearsed_at) == (1, "serve_stale", noon)
        assert Entry.objects.get(event="integrations.IsolationRehearsed").data["held_s"] == 900

    @pytest.mark.parametrize(
        ("more", "field"),
        [
            ({"outcome": "maybe"}, "outcome"),
            ({"held_s": 0}, "held_s"),
            ({"held_s": -1}, "held_s"),
            ({"notes": " "}, "notes"),
            ({"ahead": 1}, "rehearsed_at"),
            ({"ahead": -400}, "rehearsed_at"),
        ],
    )
    def test_refused_with_its_field(self, plan, integration, nora, noon, more, field):
        if "ahead" in more:
            more = {"rehearsed_at": noon + timedelta(days=more["ahead"])}
        with pytest.raises(Invalid) as refused:
            rehearse(integration, nora, noon, **more)
        assert (list(refused.value.fields), Rehearsal.objects.count()) == ([field], 0)

    def test_another_plan_by_now_is_stale(self, plan, integration, nora, noon):
        actions.plan_isolation(
            integration_id=integration.pk, planner=nora, version=1, values={"mode": "degrade"}, at=noon
        )
        with pytest.raises(StaleRevision):
            rehearse(integration, nora, noon)

    def test_the_database_rewrites_none(self, plan, integration, nora, noon):
        made = rehearse(integration, nora, noon)
        with pytest.raises(IntegrityError, match="never rewritten"), transaction.atomic():
            Rehearsal.objects.filter(pk=made.pk).update(outcome="failed")

    def test_the_plan_knows_the_latest_however_late_the_others_are_told(self, plan, integration, nora, noon):
        latest = rehearse(integration, nora, noon)
        rehearse(integration, nora, noon, outcome="failed", rehearsed_at=noon - timedelta(days=9))
        plan.refresh_from_db()
        assert plan.last_rehearsal == latest
        row = plans.planned(Integration.objects.all(), noon).get()
        assert (row.rehearsed_at, row.standing) == (noon, Standing.READY)

    def test_those_of_a_withdrawn_plan_say_nothing_of_the_next(self, plan, integration, nora, noon):
        rehearse(integration, nora, noon)
        actions.withdraw_isolation_plan(integration_id=integration.pk, withdrawer=nora, reason="Over.", at=noon)
        actions.plan_isolation(
            integration_id=integration.pk, planner=nora, version=0, values=STALE | {"holds_s": 3_600}, at=noon
        )
        assert plans.planned(Integration.objects.all(), noon).get().standing == Standing.UNTRIED


class TestStanding:
    def test_the_database_and_the_rule_say_the_same(self, integration, nora, noon):
        """Of every combination of plan, need, rehearsal and age."""
        plans_said = (None, STALE, {"mode": "degrade"}, {"mode": "fail_closed"})
        survives, outcomes, ages, newer = (0, 600, 3_600), (None, "held", "failed"), (1, 100), (False, True)
        seen = set()
        for values, must, outcome, age, is_newer in itertools.product(plans_said, survives, outcomes, ages, newer):
            IsolationPlan.objects.all().delete()
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM integrations_rehearsal")
            Integration.objects.filter(pk=integration.pk).update(survives_s=must)
            if values:
                actions.plan_isolation(integration_id=integration.pk, planner=nora, version=0, values=values, at=noon)
                if outcome:
                    rehearse(integration, nora, noon, outcome=outcome, rehearsed_at=noon - timedelta(days=age))
                if is_newer:
                    IsolationPlan.objects.update(version=2)
            row = plans.planned(Integration.objects.all(), noon).get()
            facts = plans.covered(plans.planned(queries.edges(), noon).get())
            assert row.standing == facts.standing(noon).value, (values, must, outcome, age, is_newer)
            seen.add(facts.standing(noon))
        assert seen == set(Standing)

    def test_findings_say_what_is_wrong_and_go_when_it_is_mended(self, integration, nora, noon):
        check = checks.registered()[rules.CHECKER]
        Integration.objects.filter(pk=integration.pk).update(survives_s=1_800)
        checks.actions.ask_for_check(checker=rules.CHECKER)
        checks.run(check, at=noon)
        found = Finding.objects.standing().get()
        assert (found.code, found.severity) == ("isolation-no-plan", 2)
        assert "must go on 30 minutes without it" in found.sentence
        actions.plan_isolation(integration_id=integration.pk, planner=nora, version=0, values=STALE, at=noon)
        checks.actions.ask_for_check(checker=rules.CHECKER)
        checks.run(check, at=noon)
        found = Finding.objects.standing().get()
        assert (found.code, found.sentence) == (
            "isolation-too-short",
            "Dispatch with Postings API must go on 30 minutes alone; its plan holds 15 minutes.",
        )
        actions.plan_isolation(
            integration_id=integration.pk, planner=nora, version=1, values=STALE | {"holds_s": 1_800}, at=noon
        )
        rehearse(integration, nora, noon, version=2)
        checks.actions.ask_for_check(checker=rules.CHECKER)
        checks.run(check, at=noon)
        assert not Finding.objects.standing().exists()

    def test_a_plan_that_its_needs_contradict_by_now_is_found(self, plan, integration, nora, noon):
        rehearse(integration, nora, noon)
        changes = {"consistency": "strong", "freshness_s": 0}
        actions.describe_integration(integration_id=integration.pk, editor=nora, version=1, changes=changes, at=noon)
        (found,) = plans.judged(noon).found
        assert (found.code, found.severity) == ("isolation-contradiction", 2)
        assert "not what was written last" in found.sentence


class TestCutOff:
    @pytest.fixture
    def shop(self, dispatch, integration, nora, noon):
        """Shop → Dispatch (Logistics) → Ledger (Payments): the first is only drawn on the map."""
        cluster = Cluster.objects.create(slug="shop", name="Shop")
        web = Component.objects.create(cluster=cluster, slug="web", name="Web", tier=1, sites=["osl-1"])
        Dependency.objects.create(consumer=web, provider=dispatch)
        return web

    def test_a_plan_runs_out_and_takes_what_needs_it_along(self, shop, plan, dispatch, ledger, ada):
        answer = simulated(Question(clusters=("payments",)), ada)
        assert (answer.fate(dispatch.pk).alone_from, answer.fate(dispatch.pk).stops_at) == (0, 900)
        assert answer.fate(shop.pk).stops_at == 900
        assert answer.fate(ledger.pk).state(1e6) == State.WHOLE
        assert [one.plan.mode for one in answer.cut_needs] == ["serve_stale"]
        assert answer.moments == [0, 900]
        assert answer.states(900) == {State.WHOLE: 1, State.LEANING: 0, State.ALONE: 0, State.DOWN: 2}
        assert [need.provider for need in answer.way(shop.pk)] == [dispatch.pk, ledger.pk]

    def test_without_a_plan_it_stops_at_once(self, shop, dispatch, ada):
        answer = simulated(Question(clusters=("payments",)), ada)
        assert {answer.fate(one).stops_at for one in (dispatch.pk, shop.pk)} == {0}

    def test_clusters_isolated_together_keep_to_each_other_and_apart_they_do_not(self, shop, plan, dispatch, ada):
        both = ("payments", "logistics")
        assert simulated(Question(clusters=both), ada).fate(dispatch.pk).stops_at == FOREVER
        assert simulated(Question(clusters=both, apart=True), ada).fate(dispatch.pk).stops_at == 900

    def test_a_country_is_all_its_sites_and_what_runs_elsewhere_too_goes_on(self, shop, dispatch, ledger, ada, noon):
        Site.objects.create(code="osl-1", name="Oslo", jurisdiction="NO", placed_by=ada, placed_at=noon)
        Component.objects.filter(pk=dispatch.pk).update(sites=["osl-1", "fra-1"])
        Component.objects.filter(pk=ledger.pk).update(sites=["fra-1"])
        answer = simulated(Question(places=("NO",)), ada)
        assert answer.fate(dispatch.pk).state(0) == State.WHOLE
        assert answer.fate(shop.pk).stops_at == 0  # its own Dispatch in Oslo stopped with the Ledger out of reach
        assert answer.unplaced == 0

    def test_capabilities_run_on_what_is_tagged_so_else_on_what_is_critical(self, shop, plan, payments, ada, noon):
        logistics = Cluster.objects.get(slug="logistics")
        for cluster, name in ((logistics, "Same-day delivery"), (payments, "Book keeping")):
            BusinessCapability.objects.create(cluster=cluster, name=name, since=noon)
        first, second = simulated(Question(clusters=("payments",)), ada).capabilities
        assert (first.name, first.fate.stops_at, second.fate.stops_at) == ("Same-day delivery", 900, FOREVER)
        assert not first.is_tagged
        Component.objects.create(cluster=logistics, slug="van", name="Van", tags=["capability:same-day-delivery"])
        found = simulated(Question(clusters=("payments",)), ada)
        tagged = next(one for one in found.capabilities if one.name == "Same-day delivery")
        assert ([part.name for part in tagged.parts], tagged.is_tagged, tagged.fate.stops_at) == (
            ["Van"],
            True,
            FOREVER,
        )

    @pytest.mark.parametrize(
        ("question", "sentence"),
        [
            (Question(), "Nothing is isolated"),
            (Question(clusters=("payments",), places=("NO",)), "not both at once"),
            (Question(clusters=("atlantis",)), "no cluster “atlantis”"),
            (Question(places=("xx-9",)), "Nothing runs in “xx-9”"),
            (Question(places=("NO", "osl-1")), "isolated twice"),
            (Question(clusters=("payments",), duration_s=5), "between a minute"),
            (Question(clusters=tuple(f"c{n}" for n in range(21))), "At most 20"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, shop, ada, noon, question, sentence):
        Site.objects.create(code="osl-1", name="Oslo", jurisdiction="NO", placed_by=ada, placed_at=noon)
        with pytest.raises(Invalid, match=sentence):
            simulated(question, ada)

    def test_what_is_hidden_is_neither_shown_nor_walked_through(self, hidden, dispatch, nora, ada, omar, noon):
        Dependency.objects.create(consumer=dispatch, provider=hidden.component)
        assert hidden.component_id not in ground_seen_by(ada).parts
        assert ground_seen_by(omar).parts.keys() >= {hidden.component_id}
        with pytest.raises(Invalid, match="no cluster"):
            simulated(Question(clusters=("vault",)), ada)

    def test_runs_on_nothing_where_the_cluster_has_nothing(self):
        assert runs_on("Anything", []) == ([], False)


def url(name, *args):
    return reverse(f"integrations:{name}", args=args)


class TestPages:
    def test_a_plan_is_written_tried_and_withdrawn(self, integration, nora, ada, omar):
        client = signed_in(nora)
        assert b"Write the plan" in client.get(url("isolation", integration.pk)).content
        assert b"Owners of Dispatch write it" in signed_in(ada).get(url("isolation", integration.pk)).content
        form = {"mode": "serve_stale", "holds_s": "", "version": 0, "reconciliation": "Read anew."}
        wrong = client.post(url("isolation", integration.pk), form)
        assert wrong.status_code == 422
        assert b"how old an answer may become" in wrong.content
        form |= {"holds_s": 900}
        assert signed_in(omar).post(url("isolation", integration.pk), form).status_code == 403
        nobody = client.post(url("isolation", integration.pk), form | {"owner": "nobody"})
        assert (nobody.status_code, "nobody of that handle" in nobody.content.decode()) == (422, True)
        assert client.post(url("isolation", integration.pk), form).status_code == 302
        assert client.post(url("isolation", integration.pk), form | {"holds_s": 90}).status_code == 412
        tried = {"outcome": "held", "held_s": 900, "notes": "Done.", "version": 1, "rehearsed_at": "2026-03-02T10:00"}
        assert client.post(url("rehearse", integration.pk), tried | {"notes": ""}).status_code == 422
        assert client.post(url("rehearse", integration.pk), tried).status_code == 302
        page = client.get(url("isolation", integration.pk)).content.decode()
        assert "15 minutes" in page
        assert "Done." in page
        csv = client.get(url("isolation", integration.pk), {"export": "csv"}).getvalue().decode("utf-8-sig")
        assert csv.splitlines()[0].startswith("rehearsed_at,outcome,held_s")
        assert client.post(url("withdraw_plan", integration.pk), {"reason": ""}).status_code == 422
        assert client.post(url("withdraw_plan", integration.pk), {"reason": "Over."}).status_code == 302

    def test_the_list_is_ranked_filtered_exported_and_bounded(
        self, plan, integration, ada, django_assert_max_num_queries
    ):
        client = signed_in(ada)
        client.get(url("isolation_plans"))
        with django_assert_max_num_queries(9):
            page = client.get(url("isolation_plans")).content.decode()
        assert "Dispatch with Postings API" in page
        assert "not rehearsed" in page
        assert "No integration fits" in client.get(url("isolation_plans"), {"standing": "ready"}).content.decode()
        rows = client.get(url("isolation_plans"), {"export": "csv"}).getvalue().decode("utf-8-sig").splitlines()
        assert rows[1].split(",")[5:8] == ["untried", "serve_stale", "900.0"]

    def test_a_cut_off_is_drawn_told_and_exported(self, plan, integration, ada, django_assert_max_num_queries):
        client = signed_in(ada)
        assert b"Simulate" in client.get(url("cutoff")).content
        empty = client.get(url("cutoff"), {"lasts_s": 3600})
        assert (empty.status_code, b"Nothing is isolated yet" in empty.content) == (422, True)
        with django_assert_max_num_queries(16):
            page = client.get(url("cutoff"), {"clusters": "payments", "lasts_s": 28_800}).content.decode()
        assert "down after 15 minutes" in page
        assert 'data-state="down"' in page
        early = client.get(url("cutoff"), {"clusters": "payments", "lasts_s": 28_800, "at": "0"}).content.decode()
        assert "Dispatch, on its plan, Logistics" in early
        book = client.get(url("cutoff"), {"clusters": "payments", "file": "runbook"})
        assert "- [ ] Dispatch (Logistics) → Ledger (Payments): serve stale, holds 15 minutes" in book.content.decode()
        assert "Read everything anew." in book.content.decode()
        (chaos,) = yaml.safe_load_all(client.get(url("cutoff"), {"clusters": "payments", "file": "chaos"}).content)
        assert chaos["spec"]["selector"] == {"namespaces": ["payments"]}
        assert chaos["spec"]["target"]["selector"] == {"namespaces": ["logistics"]}
        assert client.get(url("cutoff"), {"clusters": "payments", "file": "x"}).status_code == 404
        csv = client.get(url("cutoff"), {"clusters": "payments", "export": "csv"}).getvalue().decode("utf-8-sig")
        assert csv.splitlines()[1] == "Dispatch,Logistics,Ledger,Payments,Postings API,serve_stale,900.0"


class TestApi:
    def test_plans_are_written_listed_tried_and_withdrawn(self, integration, nora, omar):
        client, address = signed_in(nora), "/api/v1/isolation-plans/"
        body = STALE | {"integration": integration.pk, "version": 0}
        assert _post(signed_in(omar), address, body).status_code == 403
        wrong = _post(client, address, body | {"mode": "queue"})
        assert (wrong.status_code, wrong["Content-Type"]) == (422, "application/problem+json")
        made = _post(client, address, body)
        assert (made.status_code, made.json()["plan"]["owner"], made.json()["holds_s"]) == (201, "nora", 900)
        (row,) = client.get(address, {"standing": "untried"}).json()["results"]
        assert row["integration"] == integration.pk
        assert client.get(f"{address}{integration.pk}/").json()["standing"] == "untried"
        tried = {"version": 1, "outcome": "held", "held_s": 900, "notes": "Done."}
        one = _post(client, f"{address}{integration.pk}/rehearsals/", tried | {"rehearsed_at": "2026-03-02T10:00:00Z"})
        assert one.status_code == 201, one.content
        assert len(client.get(f"{address}{integration.pk}/rehearsals/").json()["results"]) == 1
        assert _post(client, f"{address}{integration.pk}/withdrawal/", {"reason": "Over."}).status_code == 204
        assert client.get(f"{address}{integration.pk}/").json()["plan"] is None

    def test_a_cut_off_says_all_of_it(self, plan, dispatch, ledger, integration, ada):
        client = signed_in(ada)
        told = client.get("/api/v1/cut-off/", {"clusters": ["payments"]}).json()
        assert told["cut"] == [
            {
                "consumer": dispatch.pk,
                "provider": ledger.pk,
                "integration": integration.pk,
                "mode": "serve_stale",
                "holds_s": 900,
            }
        ]
        (one,) = told["components"]
        assert (one["slug"], one["fate"]["stops_at_s"], one["way"]) == ("logistics/dispatch", 900, [ledger.pk])
        assert [row["second"] for row in told["timeline"]] == [0, 900]
        refused = client.get("/api/v1/cut-off/")
        assert (refused.status_code, refused.json()["detail"].startswith("Nothing is isolated")) == (422, True)


def _post(client, address, body):
    return client.post(address, json.dumps(body), content_type="application/json")
