"""The pages of silos: full, empty, refused, invisible, by forms alone."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.clusters.models import Cluster, Finding, Visibility
from apps.stakeholders.models import HandOff, SiloAction, SiloAnswer, SiloRound, SiloRun, SiloWeighting
from apps.stakeholders.rules.silo_survey import QUESTIONS
from apps.stakeholders.rules.silos import WEIGHTS
from tests.conftest import signed_in
from tests.stakeholders.siloed import answer, assess, hand_off


def url(name, *args):
    return reverse(f"stakeholders:{name}", args=args)


PAIR = ("payments", "logistics")


def day(days):
    return (timezone.now() + timedelta(days=days)).date()


@pytest.fixture
def run(weave, ben, omar, nora, payments, logistics):
    now = timezone.now()
    hand_off(omar, payments, logistics, now)
    return assess(ben, now)


class TestGrid:
    def test_empty_and_by_whom_it_is_done(self, ada, omar):
        assert "Nothing has been assessed yet" in signed_in(ada).get(url("silos")).content.decode()
        assert signed_in(ada).post(url("assess_silos")).status_code == 403
        assert signed_in(omar).post(url("assess_silos")).status_code == 302
        assert SiloRun.objects.count() == 1

    def test_numbers_and_words_in_the_cells_and_every_pair_in_a_list(self, run, ada):
        text = signed_in(ada).get(url("silos")).content.decode()
        score = f"{run.assessments.get().score:.0f}"
        assert f"<b>{score}</b>" in text
        assert text.count(url("silo", "payments", "logistics")) + text.count(url("silo", "logistics", "payments")) >= 3
        assert "Against chance" in text
        assert "E–I index, raw" in text
        assert signed_in(ada).get(url("silos") + "?run=1").status_code == 200
        assert signed_in(ada).get(url("silos") + "?run=7").status_code == 404
        assert signed_in(ada).get(url("silos") + "?run=x").status_code == 404

    def test_it_goes_as_a_file(self, run, ada):
        answered = signed_in(ada).get(url("silos") + "?export=csv")
        head, row = b"".join(answered.streaming_content).decode("utf-8-sig").splitlines()
        assert head.startswith("first,second,score,level,mixing,products,handoffs,duplicates,answers")
        assert "Payments" in row

    def test_who_may_not_know_of_a_cluster_reads_nothing_of_it(self, run, ada, payments):
        Cluster.objects.filter(pk=payments.pk).update(visibility=Visibility.RESTRICTED)
        assert "Payments" not in signed_in(ada).get(url("silos")).content.decode()
        assert signed_in(ada).get(url("silo", *PAIR)).status_code == 404
        assert signed_in(ada).post(url("plan_silo_action", *PAIR), {}).status_code == 404

    def test_a_round_and_weights_by_chairs(self, ben, ada, omar):
        until = {"closes_on": day(20).isoformat()}
        assert signed_in(omar).post(url("open_silo_round"), until).status_code == 403
        assert signed_in(ben).post(url("open_silo_round"), {"closes_on": day(-1).isoformat()}).status_code == 422
        assert signed_in(ben).post(url("open_silo_round"), until).status_code == 302
        assert SiloRound.objects.get().closes_on == day(20)
        assert signed_in(ada).get(url("silo_weights")).status_code == 403
        values = {key.value: value for key, value in WEIGHTS.items()} | {"reason": "As agreed."}
        assert signed_in(ben).get(url("silo_weights")).status_code == 200
        assert signed_in(ben).post(url("silo_weights"), values | {"mixing": 1}).status_code == 422
        assert signed_in(ben).post(url("silo_weights"), values).status_code == 302
        assert SiloWeighting.objects.get().weights["mixing"] == 35


class TestPair:
    def test_every_part_with_its_formula_and_rows(self, run, ada):
        text = signed_in(ada).get(url("silo", *PAIR)).content.decode()
        for said in (
            "p0 → l0, calls",
            "Refund list: Payments to Logistics, 12 a week by spreadsheet",
            "Formula and rows",
        ):
            assert said in text
        assert "Replace the hand-off “Refund list”" in text
        assert "Make it an action" not in text, "she keeps neither"
        assert signed_in(ada).get(url("silo", "payments", "payments")).status_code == 404
        assert signed_in(ada).get(url("silo", "payments", "nowhere")).status_code == 404
        assert signed_in(ada).get(url("silo", *PAIR) + "?run=99").status_code == 200

    def test_not_assessed(self, payments, logistics, ada):
        assert "These two were not assessed" in signed_in(ada).get(url("silo", *PAIR)).content.decode()

    def test_a_recommendation_becomes_an_action_and_is_done(self, run, omar, nora, ada):
        client, advice = signed_in(omar), run.assessments.get().advice[0]
        sent = {"what": advice["sentence"], "indicator": advice["indicator"], "advice_key": advice["key"]}
        sent |= {"owner": "nora", "due_on": day(9).isoformat()}
        assert signed_in(ada).post(url("plan_silo_action", *PAIR), sent).status_code == 403
        assert client.post(url("plan_silo_action", *PAIR), sent | {"owner": "nobody"}).status_code == 422
        assert client.post(url("plan_silo_action", *PAIR), sent | {"due_on": day(-9).isoformat()}).status_code == 422
        assert client.post(url("plan_silo_action", *PAIR), sent).status_code == 302
        row = SiloAction.objects.get()
        assert row.get_absolute_url() in client.get(url("silo_actions")).content.decode()
        assert client.get(url("silo", *PAIR)).content.decode().count("Make it an action") == 0, "taken"
        address = url("move_silo_action", *PAIR, row.pk)
        assert signed_in(nora).post(address, {"state": "done"}).status_code == 422
        assert signed_in(nora).post(address, {"state": "done", "outcome": "It is an API now."}).status_code == 302
        assert signed_in(nora).post(address, {"state": "started"}).status_code == 409
        assert "It is an API now." in client.get(url("silo_actions") + "?which=settled").content.decode()
        file = signed_in(ada).get(url("silo_actions") + "?which=all&export=json")
        assert "It is an API now." in b"".join(file.streaming_content).decode()

    def test_hand_offs_are_recorded_and_ended(self, run, nora, ada):
        client = signed_in(nora)
        sent = {
            "source": "logistics",
            "what": "Damage list",
            "way": "mail",
            "count": "3",
            "period": "day",
            "evidence": "Asked.",
        }
        assert signed_in(ada).post(url("record_handoff", *PAIR), sent).status_code == 403
        assert client.post(url("record_handoff", *PAIR), sent | {"count": "0"}).status_code == 422
        assert client.post(url("record_handoff", *PAIR), sent).status_code == 302
        assert client.post(url("record_handoff", *PAIR), sent | {"count": "9"}).status_code == 409
        row = HandOff.objects.get(what="Damage list")
        assert row.target.slug == "payments"
        assert client.post(url("end_handoff", *PAIR, row.pk), {"reason": ""}).status_code == 422
        assert client.post(url("end_handoff", *PAIR, row.pk), {"reason": "An API."}).status_code == 302
        assert client.post(url("end_handoff", *PAIR, row.pk), {"reason": "An API."}).status_code == 404

    def test_owners_answer_once(self, weave, ben, omar, ada, payments, logistics):
        address, client = url("answer_silo", *PAIR), signed_in(omar)
        assert "No round of the questionnaire is open" in client.get(address).content.decode()
        assert "Only owners" in signed_in(ada).get(address).content.decode()
        signed_in(ben).post(url("open_silo_round"), {"closes_on": day(20).isoformat()})
        marks = dict.fromkeys(QUESTIONS, "3")
        assert all(text.encode() in client.get(address).content for text in QUESTIONS.values())
        refused = client.post(address, marks | {"people": "0"})
        assert refused.status_code == 422
        assert "needs its reason" in refused.content.decode()
        assert client.post(address, {"people": "3"}).status_code == 422
        assert signed_in(ada).post(address, marks).status_code == 403
        assert client.post(address, marks | {"people": "0", "why_people": "Nobody is named."}).status_code == 302
        assert client.post(address, marks).status_code == 409
        assert SiloAnswer.objects.get().reasons[0] == "Nobody is named."
        assert "Nobody is named." in signed_in(ada).get(url("silo", *PAIR)).content.decode()

    def test_the_trend_of_several_assessments(self, run, ben, omar, ada, payments, logistics):
        now = timezone.now()
        hand_off(omar, payments, logistics, now, what="Another")
        assess(ben, now + timedelta(days=1))
        text = signed_in(ada).get(url("silo", *PAIR)).content.decode()
        assert "Over time" in text
        assert "the time before" in text
        assert "the newest is 2" in signed_in(ada).get(url("silo", *PAIR) + "?run=1").content.decode()

    def test_a_silo_is_a_finding(self, weave, ben, omar, nora, payments, logistics):
        from apps.clusters import checks
        from apps.journal.actions import deliver_due

        now = timezone.now()
        for number in range(4):
            hand_off(omar, payments, logistics, now, what=f"List {number}")
        signed_in(ben).post(url("open_silo_round"), {"closes_on": day(20).isoformat()})
        for person in (omar, nora):
            answer(person, payments, logistics, now, **dict.fromkeys(QUESTIONS, 0))
        assess(ben, now)
        while deliver_due(at=timezone.now()):
            pass
        checks.run(checks.registered()["silos"], at=now)
        found = Finding.objects.get(checker="silos")
        assert found.sentence.startswith(("Payments and Logistics are a silo", "Logistics and Payments are a silo"))
