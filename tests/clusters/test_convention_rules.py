import time
from datetime import timedelta

import pytest

from apps.clusters.rules import conventions as rules
from apps.clusters.rules.conventions import Mode, Named, Saying, Subject
from apps.clusters.rules.spelling import normalised, spellings, words
from apps.kernel.refusals import Invalid
from tests.conftest import NOON

KEBAB = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"


def demand(**more):
    values = {
        "pk": 1,
        "title": "Kebab",
        "kind": "component",
        "field": "name",
        "word": "name",
        "pattern": KEBAB,
        "passing": ("card-gateway",),
        "mode": Mode.REFUSE,
        "in_force_from": NOON,
    }
    return rules.Demand(**values | more)


def thing(name="ledger", **more):
    return Subject("component", "7", name, {"name": (name,)}, **more)


class TestPatterns:
    def test_one_with_its_examples_is_taken(self):
        rules.require_pattern(KEBAB, passing=["a", "a-b"], failing=["A", "a_b", "a-"])

    @pytest.mark.parametrize(
        ("pattern", "says"),
        [
            ("(?=x)a", "RE2 does not take this pattern"),
            (r"(a)\1", "RE2 does not take this pattern"),
            ("(", "missing"),
            ("(a{1000}){1000}", "RE2 does not take this pattern"),
            (r"(\w{1,100}-?){1,10}", "grows too large"),
            ("a" * 301, "at most 300 characters"),
            ("a\0", "at most 300 characters"),
        ],
    )
    def test_one_that_cannot_be_kept_is_refused_with_its_reason(self, pattern, says):
        with pytest.raises(Invalid, match=says) as refusal:
            rules.require_pattern(pattern, passing=["a"], failing=["b"])
        assert refusal.value.fields["pattern"]

    @pytest.mark.parametrize(
        ("passing", "failing", "field"),
        [(["A"], ["B"], "passing"), (["a"], ["b"], "failing"), ([], ["B"], "passing"), (["a"], [], "failing")],
    )
    def test_its_own_examples_must_hold(self, passing, failing, field):
        with pytest.raises(Invalid) as refusal:
            rules.require_pattern(KEBAB, passing=passing, failing=failing)
        assert list(refusal.value.fields) == [field]

    def test_what_runs_away_elsewhere_is_quick_here(self):
        rules.require_pattern("(a+)+", passing=["a"], failing=["b"])
        began = time.perf_counter()
        assert rules.breaches(thing("a" * 199 + "!"), [demand(pattern="(a+)+")], at=NOON)
        assert time.perf_counter() - began < 0.5


class TestBreaches:
    def test_a_name_is_judged_whole_and_a_better_one_proposed(self):
        (one,) = rules.breaches(thing("Card Gateway"), [demand()], at=NOON)
        assert (one.code, one.proposed) == ("against-convention", "card-gateway")
        assert one.next_step == "Call it “card-gateway”."
        assert not rules.breaches(thing("card-gateway"), [demand()], at=NOON)

    def test_where_no_spelling_fits_an_example_is_shown(self):
        (one,) = rules.breaches(thing("Ledger"), [demand(pattern="[0-9]{4}", passing=("2026",))], at=NOON)
        assert (one.proposed, one.next_step) == ("", "Write it like “2026”.")

    def test_endings_of_the_examples_are_tried(self):
        assert rules.proposed_name("Card Gateway", r"[a-z-]+-(svc|db)", ["stock-db", "ledger-svc", "cards-svc"]) == (
            "card-gateway-svc"
        )

    def test_what_must_be_said(self):
        asks = demand(
            pattern="", passing=(), least_description=20, needs_owner=True, needs_site=True, tag_prefixes=("data:",)
        )
        empty = thing(description="Short.", tags=("data:", "other"))
        assert [one.code for one in rules.breaches(empty, [asks], at=NOON)] == [
            "description-too-short",
            "owner-missing",
            "site-missing",
            "tag-missing",
        ]
        whole = thing(description="Keeps the money twice.", owner="Us", tags=("data:public",), sites=("fra",))
        assert not rules.breaches(whole, [asks], at=NOON)
        silent = thing(silent=frozenset(Saying))
        assert not rules.breaches(silent, [asks], at=NOON)

    def test_the_name_again_is_no_description(self):
        long = "A very long name of a ledger"
        asks = demand(pattern="", passing=(), least_description=10)
        assert rules.breaches(thing(long, description=long.upper()), [asks], at=NOON)

    def test_before_it_is_in_force_and_for_what_is_older_it_does_not_judge(self):
        later = demand(in_force_from=NOON + timedelta(seconds=1))
        assert not rules.breaches(thing("Bad"), [later], at=NOON)
        since = demand(grandfathered_before=NOON)
        assert not rules.breaches(thing("Bad", made_at=NOON - timedelta(days=1)), [since], at=NOON)
        assert rules.breaches(thing("Bad", made_at=NOON), [since], at=NOON)
        assert rules.breaches(thing("Bad"), [since], at=NOON)  # it is being added now

    def test_only_new_breaches_are_refused(self):
        with pytest.raises(Invalid) as refusal:
            rules.require_kept(thing("Bad"), [demand()], at=NOON)
        assert refusal.value.fields == {"name": ["The name “Bad” does not keep to “Kebab”."]}
        rules.require_kept(thing("Bad"), [demand()], before=thing("Bad"), at=NOON)
        rules.require_kept(thing("Bad"), [demand(mode=Mode.WARN)], at=NOON)
        with pytest.raises(Invalid):
            rules.require_kept(thing("Worse"), [demand()], before=thing("Bad"), at=NOON)


class TestNames:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("card-gateway", "Card_Gateway"),
            ("ledger", "lеdger"),  # a Cyrillic e
            ("PAYMENTS", "РАYMENTS"),  # Cyrillic P and A
            ("omega", "οmega"),  # a Greek o
            ("ledger", "1edger"),
            ("stock", "st0ck"),
            ("straße", "STRASSE"),
            ("cafe", "café"),
        ],
    )
    def test_what_a_reader_takes_for_the_same_reads_the_same(self, one, other):
        assert normalised(one) == normalised(other)

    def test_what_differs_stays_different(self):
        assert (
            len({normalised(one) for one in ("ledger", "ledgers", "lager", "10", "lo", "склад", "στοκ", "倉庫")}) == 8
        )

    def test_words_are_parted_by_separators_and_humps(self):
        assert words("CardGatewayAPI_v2") == ["card", "gateway", "api", "v2"]
        assert next(iter(spellings("Größe der Kisten"))) == "grosse-der-kisten"
        assert list(spellings("…")) == []

    def test_the_younger_of_two_that_collide_is_found_and_tells_of_the_open_one(self):
        def named(pk, name, cluster, *, days, **more):
            return Named(
                "component", "component", name, NOON + timedelta(days=days), pk, cluster, f"C{cluster}", **more
            )

        names = [
            named(1, "Ledger", 1, days=2),
            named(2, "ledger", 2, days=0, is_restricted=True),
            named(3, "LEDGER", 3, days=1),
            named(4, "Other", 3, days=1),
        ]
        found = {one.key: one for one in rules.collisions(names)}
        assert set(found) == {"component:1", "component:2"}
        assert {one.counterpart_id for one in found.values()} == {3}
        assert "reads like “LEDGER” of C3" in found["component:1"].sentence

    def test_the_same_spelling_of_what_is_shared_is_no_collision(self):
        def way(pk, name):
            return Named("dependency", "kind of dependency", name, NOON, pk, pk, f"C{pk}", is_shared=True)

        assert [one.key for one in rules.collisions([way(1, "calls"), way(2, "calls"), way(3, "Calls")])] == [
            "dependency:3"
        ]
