"""Expressions in CEL: bounded before they are read, asked in a child, and never the weaker outcome."""

import time

import pytest

from apps.kernel import bounded
from apps.kernel.refusals import Invalid, WrongState
from apps.policies import actions, facts, judging, queries
from apps.policies.rules.analysis import analyse, compare_with_floor
from apps.policies.rules.columns import Column, Kind
from apps.policies.rules.evaluation import Named, cases, ruling
from apps.policies.rules.expressions import expression_from
from apps.policies.rules.tables import table_from
from tests.conftest import NOON, signed_in
from tests.policies.conftest import enable, rule

COLUMNS = (
    Column("risk", "risk", Kind.NUMBER, low=1, high=5),
    Column("type", "type", Kind.CHOICE, vocabulary=("normal", "standard", "emergency")),
    Column("cluster", "cluster", Kind.TEXT),
    Column("downtime", "downtime", Kind.NUMBER, low=0, high=10_000, unit="minutes"),
)
LONG_OR_RISKY = {
    "text": "risk * 20 + downtime > 100",
    "passes": {"risk": 4, "downtime": 30},
    "fails": {"risk": 2, "downtime": 10},
}
ALWAYS = rule("cluster", "All")


def where(outcome, text=LONG_OR_RISKY, *, name="Where", roles=(), **cells):
    return rule(
        outcome, name, roles=roles, reason="" if outcome not in {"approve", "refuse"} else "So it is.", **cells
    ) | {"expression": text}


def table(*rows):
    return table_from(COLUMNS, list(rows))


def required(given, *rows):
    sources = [Named("floor", table(*rows))]
    return ruling(sources, given, judging.answers_to(cases(sources, given)))


class TestWriting:
    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("", "from 1 to"),
            ("risk == 1 || " * 200 + "true", "from 1 to 2,048 bytes"),
            ("(" * 21 + "true" + ")" * 21, "more than 20 deep"),
            ("[" * 21 + "]" * 21 + " == []", "more than 20 deep"),
            ("!" * 21 + "true", "more than 20 deep"),
            ("risk == 1 ? true : " * 21 + "false", "more than 20 deep"),
            ("[1, 2].all(x, x > 0)", "“all” is neither a fact"),
            ("[1].map(x, [x, x]).size() > 0", "“map” is neither a fact"),
            ('type.matches("(a+)+b")', "“matches” is neither a fact"),
            ('int("4") == risk', "“int” is neither a fact"),
            ("secret == 1", "“secret” is neither a fact"),
            ("__class__ == 1", "“__class__” is neither a fact"),
            ('type == "a\\x00"', "is no part of an expression"),
            ("risk == 1 ; risk == 2", "is no part of an expression"),
            ("{'a': 1}.size() == risk", "is no part of an expression"),
            ("risk == 1\0", "is no part of an expression"),
            ("rısk == 1", "is no part of an expression"),
        ],
    )
    def test_what_could_explode_or_is_unknown_is_refused_before_it_is_evaluated(self, text, why):
        with pytest.raises(Invalid, match="The expression does not fit") as refused:
            expression_from(COLUMNS, LONG_OR_RISKY | {"text": text})
        assert why in refused.value.sentence
        assert refused.value.next_step

    @pytest.mark.parametrize(
        "examples",
        [{"passes": {}}, {"fails": None}, {"passes": {"nope": 1}}, {"passes": {"risk": 9}}, {"passes": {"risk": [1]}}],
    )
    def test_examples_are_facts_with_values_they_can_have(self, examples):
        with pytest.raises(Invalid, match="example"):
            expression_from(COLUMNS, LONG_OR_RISKY | examples)

    def test_it_is_kept_as_it_was_written_and_other_tables_keep_their_digest(self):
        one = table(ALWAYS, where("enterprise"))
        assert table_from(COLUMNS, one.as_data()) == one
        assert "expression" not in table(ALWAYS).as_data()[0]
        assert one.rows[1].expression.names == ("downtime", "risk")


class TestExamples:
    def test_they_are_answered_as_the_author_says(self):
        judging.require_examples(table(ALWAYS, where("enterprise")))

    @pytest.mark.parametrize(
        ("expression", "why"),
        [
            (LONG_OR_RISKY | {"passes": {"risk": 1, "downtime": 0}}, "should make it say yes"),
            (LONG_OR_RISKY | {"fails": {"risk": 5, "downtime": 90}}, "should make it say no"),
            (LONG_OR_RISKY | {"passes": {"risk": 5}}, "leaves out a fact"),
            (LONG_OR_RISKY | {"text": "risk + downtime"}, "neither yes nor no"),
            (LONG_OR_RISKY | {"text": "risk / 0 == downtime"}, "it fails"),
            (LONG_OR_RISKY | {"text": "risk > > downtime"}, "cannot be read"),
            (LONG_OR_RISKY | {"text": "(risk > downtime"}, "cannot be read"),
        ],
    )
    def test_others_are_refused_and_the_rule_is_named(self, expression, why):
        with pytest.raises(Invalid, match="Rule 2: The expression does not answer its example") as refused:
            judging.require_examples(table(ALWAYS, where("enterprise", expression)))
        assert why in refused.value.sentence


class TestTheChild:
    def test_all_are_asked_at_once_and_each_answers_for_itself(self):
        rows = [where("enterprise", LONG_OR_RISKY | {"text": text}) for text in ("risk > 3", "risk / 0 > 3", "risk")]
        asked = [one.expression.question({"risk": 4}) for one in table(*rows).rows]
        said = judging.answers_to(asked)
        assert said[asked[0]] is True
        assert said[asked[1]].startswith("it fails")
        assert said[asked[2]] == "it says neither yes nor no"

    def test_where_nothing_is_asked_no_child_is_started(self):
        began = time.perf_counter()
        assert judging.answers_to([]) == {}
        assert time.perf_counter() - began < 0.05

    def test_one_that_outgrows_its_child_is_cut_off(self, monkeypatch):
        """The widest text that may be written, with so little memory that the child dies of it."""
        monkeypatch.setattr(judging, "MEGABYTES", 30)
        question = ("risk > 3", (("risk", 4),))
        assert judging.answers_to([question]) == {question: judging.CUT_OFF}
        assert bounded.run_bounded("math:floor", 1.5, seconds=1, megabytes=256, what="It") == 1

    def test_the_longest_that_may_be_written_is_answered(self):
        text = "risk > 3 && " * 150 + "risk > 3"
        assert len(text) < 2048
        question = (text, (("risk", 4),))
        assert judging.answers_to([question])[question] in {True, "it takes too long"}


class TestDeciding:
    def test_it_applies_where_it_says_yes_and_says_so(self):
        rows = (ALWAYS, where("enterprise", roles=["security"]))
        yes, no = (required({"risk": 4, "downtime": one}, *rows) for one in (30, 0))
        assert (yes.outcome.board, no.outcome.board) == ("enterprise", "cluster")
        assert "he expression risk * 20 + downtime > 100 holds" in yes.hits[1].sentence
        assert yes.missing == no.missing == ()

    @pytest.mark.parametrize("text", ["risk / 0 == downtime", "risk + downtime", "risk > > downtime"])
    def test_one_without_an_answer_decides_for_the_stricter_outcome_and_says_so(self, text):
        found = required({"risk": 1, "downtime": 0}, ALWAYS, where("enterprise", LONG_OR_RISKY | {"text": text}))
        assert found.outcome.board == "enterprise"
        assert "what the expression of rule 2 says" in found.missing[0]
        assert "so the stricter reading counts" in found.hits[1].sentence
        assert not found.hits[1].is_certain

    def test_a_fact_that_it_names_and_nobody_knows_does_the_same(self):
        found = required({"risk": 1}, ALWAYS, where("enterprise"))
        assert (found.outcome.board, found.missing) == ("enterprise", ("downtime",))

    def test_one_without_an_answer_authorizes_nothing(self):
        found = required({"risk": 1, "downtime": 0}, where("approve", LONG_OR_RISKY | {"text": "risk / 0 == downtime"}))
        assert (found.outcome.kind, found.outcome.board) == ("board", "enterprise")

    def test_it_is_not_asked_where_its_columns_exclude_the_change(self):
        sources = [Named("floor", table(ALWAYS, where("enterprise", type={"in": ["emergency"]})))]
        assert list(cases(sources, {"risk": 4, "downtime": 30, "type": "normal"})) == []


class TestTheAnalysis:
    def test_it_closes_no_gap(self):
        found = analyse(table(rule("cluster", "Light", risk={"to": 3}), where("enterprise", risk={"from": 4})))
        assert [one.kind for one in found.findings] == ["gap"]
        assert found.findings[0].sentence == "Risk 4: nobody decides unless the expression of rule 2 says yes."

    def test_it_contradicts_nothing_as_the_stricter_counts_and_that_is_said(self):
        found = analyse(table(rule("approve", "All", "Light."), where("enterprise")))
        assert found.is_clean
        assert "The expression of rule 2 cannot be analysed" in found.unseen[0]

    def test_it_makes_no_other_rule_idle(self):
        assert analyse(table(ALWAYS, where("enterprise"), rule("enterprise", "Risky", risk={"from": 4}))).is_clean

    def test_it_is_idle_itself_where_others_ask_for_as_much_everywhere(self):
        found = analyse(table(rule("enterprise", "All"), where("cluster")))
        assert [(one.kind, one.rules) for one in found.findings] == [("without_effect", (2, 1))]

    def test_a_proof_that_would_need_it_is_refused_with_the_sentence(self):
        floor = table(ALWAYS, rule("enterprise", "Risky", risk={"from": 4}))
        found = compare_with_floor(table(ALWAYS, where("enterprise")), floor)
        assert [one.kind for one in found.findings] == ["weaker"]
        assert "The proof would need an expression, which cannot be analysed" in found.findings[0].sentence

    def test_a_floors_own_counts_wherever_its_columns_do(self):
        floor = table(ALWAYS, where("enterprise", risk={"from": 3}))
        assert not compare_with_floor(table(ALWAYS), floor).is_clean
        found = compare_with_floor(table(ALWAYS, rule("enterprise", "Risky", risk={"from": 3})), floor)
        assert found.is_clean
        assert "takes each as holding" in found.unseen[0]


@pytest.fixture
def floor(db, ben):
    return actions.found_policy(founder=ben, slug="enterprise-floor", name="Enterprise floor", cluster=None, at=NOON)


ROWS = [ALWAYS, where("enterprise", name="Long or risky")]


class TestDoors:
    def test_a_version_is_saved_enabled_and_decides(self, floor, ben, admin):
        enable(floor, ROWS, ben, admin)
        decided = queries.required({"risk": 4, "downtime": 30}, cluster_id=None)
        assert decided.ruling.outcome.board == "enterprise"
        assert queries.required({"risk": 1, "downtime": 0}, cluster_id=None).ruling.outcome.board == "cluster"

    def test_a_draft_that_leans_on_one_is_not_saved(self, floor, ben):
        with pytest.raises(WrongState, match="nobody decides"):
            actions.save_draft(policy_id=floor.pk, author=ben, rows=ROWS[1:], at=NOON)
        assert not floor.versions.exists()

    def test_the_editor_takes_it_shows_it_and_refuses_a_wrong_example(self, floor, ben):
        client, address = signed_in(ben), f"{floor.get_absolute_url()}edit/"
        form = {
            "rows": 2, "columns": ["risk"], "act": "save", "name-0": "All", "way-0": "cluster",
            "name-1": "Where", "way-1": "enterprise", "expression-1": LONG_OR_RISKY["text"],
            "passes-1": "risk=4; downtime=30", "fails-1": "risk=2; downtime=10",
        }  # fmt: skip
        refused = client.post(address, form | {"passes-1": "risk=1; downtime=0"})
        assert refused.status_code == 422
        assert "The expression does not answer its example" in refused.text
        assert "risk=1; downtime=0" in refused.text
        assert client.post(address, form | {"fails-1": "colour=2"}).status_code == 422
        saved = client.post(address, form)
        assert saved.status_code == 302
        page = client.get(saved["Location"]).text
        assert "risk * 20 + downtime &gt; 100" in page
        assert "not analysable" in page
        assert "risk=4; downtime=30" in client.get(address).text.replace("downtime=30; risk=4", "risk=4; downtime=30")

    def test_the_same_by_json(self, floor, ben):
        address = "/api/v1/policies/enterprise-floor/analysis/"
        ask = {"content_type": "application/json", "headers": {"idempotency-key": "one"}}
        told = signed_in(ben).post(address, {"rows": ROWS}, **ask).json()
        assert told["findings"] == []
        assert "cannot be analysed" in told["unseen"][0]
        ask["headers"] = {"idempotency-key": "two"}
        refused = signed_in(ben).post(address, {"rows": [ALWAYS, where("enterprise", {"text": "x"})]}, **ask)
        assert (refused.status_code, refused.json()["code"]) == (422, "expression_misfit")

    def test_its_names_are_those_of_the_house(self):
        assert {"risk", "downtime"} <= {column.name for column in facts.columns()}
