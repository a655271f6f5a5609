"""Assessing, asking, recording hand-offs and acting on silos: who may, what is refused, what is kept."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from guardian.shortcuts import assign_perm

from apps.accounts.rules import Role
from apps.clusters.models import BusinessCapability, Cluster, Component, Dependency, Visibility
from apps.integrations import actions as integrations
from apps.journal.actions import deliver_due
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal, WrongState
from apps.notify.models import Notice
from apps.stakeholders.actions import silo_survey as survey
from apps.stakeholders.actions import silos as actions
from apps.stakeholders.models import HandOff, SiloAction, SiloAssessment
from apps.stakeholders.queries import silo_facts
from apps.stakeholders.queries import silos as queries
from apps.stakeholders.rules.silos import WEIGHTS
from tests.clusters.test_import_command import csv
from tests.conftest import make_person
from tests.stakeholders.siloed import FULL, answer, assess, hand_off, plan


def told(name):
    return Entry.objects.filter(event=f"stakeholders.{name}").count()


class TestAssessing:
    def test_a_run_keeps_every_pair_with_its_parts(self, weave, ben, payments, logistics, noon):
        run = assess(ben, noon)
        assert (run.number, run.month.isoformat(), run.by) == (1, "2026-03-01", ben)
        assert (run.counts["dependencies"], run.counts["judged"]) == (21, 1)
        row = run.assessments.get()
        assert {row.first, row.second} == {payments, logistics}
        parts = {one["indicator"]: one for one in row.parts}
        assert sum(one["weight"] for one in row.parts) == 100
        assert parts["mixing"]["numbers"]["inside_first"] == 10
        assert [one["text"] for one in parts["mixing"]["rows"]["there"]] == ["p0 → l0, calls"]
        weighed = [one for one in row.parts if one["value"] is not None]
        expected = sum(one["value"] * one["weight"] for one in weighed) / sum(one["weight"] for one in weighed)
        assert row.score == pytest.approx(expected, abs=0.06)
        standing = run.standings.get(cluster=payments)
        assert (standing.inside, standing.needs, standing.interactions) == (10, 1, 11)
        assert standing.ei == pytest.approx(-9 / 11)
        assert standing.homophily == pytest.approx(10 * 21 / (11 * 10))
        assert told("SilosAssessed") == 1

    def test_the_same_map_has_the_same_hash_and_another_another(self, weave, ben, payments, logistics, omar, noon):
        one = assess(ben, noon)
        other = assess(ben, noon + timedelta(hours=1))
        assert one.inputs_sha256 == other.inputs_sha256
        assert other.number == 2
        hand_off(omar, payments, logistics, noon)
        assert assess(ben, noon).inputs_sha256 != one.inputs_sha256

    def test_too_few_to_judge_never_a_score(self, payments, logistics, ledger, dispatch, ben, noon):
        Dependency.objects.create(consumer=dispatch, provider=ledger)
        row = assess(ben, noon).assessments.get()
        assert (row.score, row.level) == (None, "unjudged")
        assert row.few == "Payments and Logistics have fewer than 10 interactions: too few to judge."

    def test_products_files_twins_and_capabilities_come_with_their_rows(self, weave, omar, nora, ben, noon):
        parts = weave
        offered = {"name": "Postings", "kind": "file", "is_data_product": True}
        file = integrations.offer_interface(component_id=parts["p1"].pk, offerer=omar, values=offered, at=noon)
        topic = {"name": "stock", "kind": "topic", "protocol": "tls", "port": 9093, "is_data_product": True}
        integrations.offer_interface(component_id=parts["l1"].pk, offerer=nora, values=topic, at=noon)
        needs = {"purpose": "Nightly.", "freshness_s": 86_400}
        integrations.declare_integration(
            consumer_id=parts["l2"].pk, interface=file, declarer=nora, values=needs, at=noon
        )
        Component.objects.create(cluster=parts["l0"].cluster, slug="P0", name="P-0")
        BusinessCapability.objects.create(name="Paying out", cluster=parts["p0"].cluster, since=noon)
        BusinessCapability.objects.create(name="paying-out", cluster=parts["l0"].cluster, since=noon)
        row = assess(ben, noon).assessments.get()
        found = {one["indicator"]: one for one in row.parts}
        products = found["products"]
        assert [one["name"] for one in products["rows"]["used"]] == ["Postings"]
        assert [one["name"] for one in products["rows"]["kept"]] == ["stock"]
        assert products["value"] == 50.0
        assert [one["text"] for one in found["handoffs"]["rows"]["files"]] == ["l2 → p1, reads"]
        assert found["handoffs"]["value"] == 50.0
        texts = {one["text"] for one in found["duplicates"]["rows"]["twins"]}
        assert texts == {"p0 and P-0: names that read alike", "Paying out and paying-out: names that read alike"}
        keys = {one["key"].split(":")[0] for one in row.advice}
        assert keys == {"product", "file", "twin"}

    def test_what_was_assessed_is_never_rewritten(self, weave, ben, noon):
        run = assess(ben, noon)
        row = run.assessments.get()
        for wrong in (lambda: SiloAssessment.objects.update(score=0.0), row.delete, run.delete):
            with pytest.raises(DatabaseError), transaction.atomic():
                wrong()

    def test_pairs_of_clusters_one_may_not_know_of_are_hidden(self, weave, ben, omar, ada, admin, payments, noon):
        Cluster.objects.filter(pk=payments.pk).update(visibility=Visibility.RESTRICTED)
        run = assess(ben, noon)
        seen = {who.handle: queries.assessments_of(run, who).count() for who in (ada, omar)}
        assert seen == {"ada": 0, "omar": 1}
        assert queries.grid_of(run, ada, set()).rows[0][0].cluster.slug == "logistics"


class TestWeights:
    def test_boards_set_them_for_the_next_run(self, weave, ben, omar, noon):
        heavier = {**{key.value: value for key, value in WEIGHTS.items()}, "mixing": 45, "answers": 10}
        with pytest.raises(NotAllowed):
            actions.set_silo_weights(weights=heavier, reason="Few answer.", setter=omar, at=noon)
        with pytest.raises(Invalid):
            actions.set_silo_weights(weights={**heavier, "mixing": 46}, reason="Few answer.", setter=ben, at=noon)
        first = assess(ben, noon)
        actions.set_silo_weights(weights=heavier, reason="Few answer.", setter=ben, at=noon)
        second = assess(ben, noon)
        assert (first.weights["mixing"], second.weights["mixing"]) == (35, 45)
        assert first.inputs_sha256 != second.inputs_sha256


class TestAnswers:
    def test_owners_of_both_sides_answer_once_a_round(self, asked, payments, logistics, omar, nora, ada, ben, noon):
        for person in (ada, ben):
            with pytest.raises(NotAllowed):
                answer(person, payments, logistics, noon)
        row = answer(omar, payments, logistics, noon)
        assert (row.side, row.round.number, row.marks) == (payments, 1, [4] * 6)
        with pytest.raises(Refusal, match="answered on these two in this round"):
            answer(omar, logistics, payments, noon)
        answer(nora, logistics, payments, noon, people=0)
        assert told("SiloAnswered") == 2
        survey.open_silo_round(closes_on=noon.date() + timedelta(days=10), opener=ben, at=noon)
        assert answer(omar, payments, logistics, noon).round.number == 2

    def test_every_question_and_a_reason_for_low_marks(self, asked, payments, logistics, omar, noon):
        for marks, reasons in (
            ({"people": 4}, {}),
            ({**FULL, "people": 5}, {}),
            ({**FULL, "people": True}, {}),
            ({**FULL, "people": 1}, {}),
            ({**FULL, "people": 1}, {"people": "x" * 501}),
        ):
            with pytest.raises(Invalid) as refused:
                survey.answer_silo_questions(
                    clusters=(payments, logistics), person=omar, marks=marks, reasons=reasons, at=noon
                )
            assert refused.value.fields
        assert answer(omar, payments, logistics, noon, people=1).reasons[0] == "Nobody knows."

    def test_who_owns_both_says_for_which(self, asked, payments, logistics, omar, noon):
        assign_perm("own_cluster", omar, logistics)
        with pytest.raises(Invalid, match="own both"):
            answer(omar, payments, logistics, noon)
        with pytest.raises(NotAllowed):
            answer(omar, payments, logistics, noon, side="vault")
        assert answer(omar, payments, logistics, noon, side="logistics").side == logistics

    def test_not_before_a_round_nor_after_its_last_day(self, payments, logistics, omar, ben, noon):
        with pytest.raises(WrongState):
            answer(omar, payments, logistics, noon)
        survey.open_silo_round(closes_on=noon.date() + timedelta(days=5), opener=ben, at=noon)
        answer_at = noon + timedelta(days=6)
        with pytest.raises(WrongState):
            answer(omar, payments, logistics, answer_at)
        with pytest.raises(Invalid):
            survey.open_silo_round(closes_on=noon.date(), opener=ben, at=noon)

    def test_two_restricted_clusters_write_nothing_together(self, asked, payments, logistics, omar, noon):
        Cluster.objects.update(visibility=Visibility.RESTRICTED)
        payments.refresh_from_db()
        logistics.refresh_from_db()
        with pytest.raises(WrongState):
            answer(omar, payments, logistics, noon)

    def test_the_last_round_of_both_sides_counts(self, asked, weave, payments, logistics, omar, nora, ben, noon):
        answer(omar, payments, logistics, noon)
        answer(nora, payments, logistics, noon, people=0)
        survey.open_silo_round(closes_on=noon.date() + timedelta(days=10), opener=ben, at=noon)
        answer(omar, payments, logistics, noon, people=0)
        assert {one.marks for one in silo_facts.last_answers()} == {(4,) * 6, (0, 4, 4, 4, 4, 4)}
        row = assess(ben, noon).assessments.get()
        part = next(one for one in row.parts if one["indicator"] == "answers")
        assert part["value"] == pytest.approx(100 * (1 - (4 + 20 / 6) / 2 / 4), abs=0.06)

    def test_owners_hear_of_a_round(self, asked, omar, nora, ada):
        while deliver_due(at=asked.opened_at + timedelta(seconds=1)):
            pass
        assert set(Notice.objects.filter(title__contains="questionnaire").values_list("person__handle", flat=True)) == {
            "omar",
            "nora",
        }


class TestHandOffs:
    def test_recorded_by_their_people_and_ended_with_a_reason(self, payments, logistics, omar, nora, ada, ben, noon):
        with pytest.raises(NotAllowed):
            hand_off(ada, payments, logistics, noon)
        row = hand_off(omar, payments, logistics, noon, count=12, period="week")
        assert (row.often, round(row.monthly, 2)) == ("12 a week", 52.18)
        with pytest.raises(Conflict, match="12 a week; you say 5 a day"):
            hand_off(nora, payments, logistics, noon, what="REFUND list", count=5, period="day")
        with pytest.raises(NotAllowed):
            survey.end_handoff(handoff_id=row.pk, reason="Gone.", ender=ada, at=noon)
        with pytest.raises(Invalid):
            survey.end_handoff(handoff_id=row.pk, reason=" ", ender=nora, at=noon)
        survey.end_handoff(handoff_id=row.pk, reason="An interface replaced it.", ender=nora, at=noon)
        with pytest.raises(NotFound):
            survey.end_handoff(handoff_id=row.pk, reason="Again.", ender=nora, at=noon)
        hand_off(ben, payments, logistics, noon)
        assert HandOff.objects.current().count() == 1

    def test_never_within_one_cluster_nor_none_a_day(self, payments, logistics, omar, noon):
        with pytest.raises(Invalid):
            hand_off(omar, payments, payments, noon)
        for count in (0, -3, 10**7):
            with pytest.raises(Invalid):
                hand_off(omar, payments, logistics, noon, count=count)


class TestActions:
    def test_planned_started_done(self, payments, logistics, omar, nora, ada, noon):
        with pytest.raises(NotAllowed):
            plan(ada, payments, logistics, noon, owner=nora)
        row = plan(omar, payments, logistics, noon, owner=nora)
        with pytest.raises(NotAllowed):
            survey.move_silo_action(action_id=row.pk, state="started", mover=ada, at=noon)
        survey.move_silo_action(action_id=row.pk, state="started", mover=nora, at=noon)
        with pytest.raises(Invalid):
            survey.move_silo_action(action_id=row.pk, state="done", mover=nora, at=noon)
        survey.move_silo_action(action_id=row.pk, state="done", outcome="It is offered.", mover=omar, at=noon)
        with pytest.raises(WrongState):
            survey.move_silo_action(action_id=row.pk, state="dropped", outcome="No.", mover=omar, at=noon)
        row.refresh_from_db()
        assert (row.state, row.outcome, row.settled_at) == ("done", "It is offered.", noon)

    def test_by_somebody_who_can_on_a_day_to_come_and_once_for_an_advice(self, payments, logistics, omar, nora, noon):
        aurel = make_person("aurel", Role.AUDITOR)
        for wrong in ({"owner": aurel}, {"due_on": noon.date() - timedelta(days=1)}, {"what": ""}):
            with pytest.raises(Invalid):
                plan(omar, payments, logistics, noon, **{"owner": nora, **wrong})
        plan(omar, payments, logistics, noon, owner=nora, advice_key="product:1")
        with pytest.raises(Refusal, match="on this already"):
            plan(omar, payments, logistics, noon, owner=omar, advice_key="product:1")

    def test_who_does_it_is_told_reminded_and_reminded_once_more(self, payments, logistics, omar, nora, noon):
        row = plan(omar, payments, logistics, noon, owner=nora, due_on=noon.date() + timedelta(days=10))
        assert survey.remind_of_silo_actions(at=noon) == 0
        soon, late = noon + timedelta(days=8), noon + timedelta(days=11)
        assert [survey.remind_of_silo_actions(at=when) for when in (soon, soon, late, late)] == [1, 0, 1, 0]
        while deliver_due(at=late + timedelta(seconds=1)):
            pass
        titles = list(Notice.objects.filter(person=nora).order_by("pk").values_list("title", flat=True))
        assert [one.split(":")[0] for one in titles] == ["You are to act on a silo", "Due soon", "Overdue"]
        assert SiloAction.objects.get(pk=row.pk).reminded_at == late


@pytest.mark.realdata
def test_the_public_service_graphs(db, shared_data, admin, noon):
    """Two shops built apart: nothing crosses, the raw index says −1, and what both built is named."""
    graphs = shared_data / "service-graphs"
    csv(graphs / "nodes.csv", "shop-nodes", found_clusters=True)
    csv(graphs / "edges.csv", "shop-edges")
    run = assess(admin, noon)
    row = run.assessments.get()
    parts = {one["indicator"]: one for one in row.parts}
    assert run.counts["dependencies"] == 67
    assert parts["mixing"]["numbers"]["ei"] == -1.0
    assert parts["mixing"]["numbers"]["expected"] < 1
    assert parts["mixing"]["value"] == 100.0
    assert {one["text"] for one in parts["duplicates"]["rows"]["twins"]} == {
        "frontend and frontend: names that read alike",
        "loadgenerator and load-generator: names that read alike",
    }
    assert row.level in {"apart", "silo"}
