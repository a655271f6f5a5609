"""The gates before every pattern, and what they come to together."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apps.integrations.rules import checking
from apps.integrations.rules.deciding import advice, points_of, require_choice, sentence_of
from apps.integrations.rules.gates import DATA_CLASSES, Facts, judged, relaxed
from apps.integrations.rules.needs import RANGES, contradicts
from apps.integrations.rules.patterns import PROFILES, Pattern, ways_of
from apps.integrations.rules.weighing import own_weights, weighed
from apps.integrations.rules.words import Consistency, Coupling, Direction, Ordering
from apps.kernel.refusals import Conflict, Invalid

PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}  # for a busy machine
EASY = Facts(
    direction="reads",
    latency_ms=None,
    freshness_s=86_400,
    rate_per_s=1.0,
    consistency="eventual",
    ordering="none",
    replay_days=0,
    payload_kb=1,
    availability_percent=None,
    survives_s=0,
    coupling="tight",
    data_class="internal",
    offered_latency_ms=100,
    offered_availability_percent=99.9,
)
facts = st.builds(
    Facts,
    direction=st.sampled_from([*Direction]),
    latency_ms=st.none() | st.integers(1, 3_600_000) | st.integers(1, 1_000),
    freshness_s=st.integers(0, 2_678_400) | st.integers(0, 10),
    rate_per_s=st.floats(0.001, 1_000_000),
    consistency=st.sampled_from([*Consistency]),
    ordering=st.sampled_from([*Ordering]),
    replay_days=st.integers(0, 3_650),
    payload_kb=st.integers(1, 10_000_000),
    availability_percent=st.none() | st.floats(0, 99.9999),
    survives_s=st.integers(0, 2_678_400),
    coupling=st.sampled_from([*Coupling]),
    data_class=st.sampled_from(DATA_CLASSES),
    offered_latency_ms=st.none() | st.integers(1, 3_600_000),
    offered_availability_percent=st.none() | st.floats(0, 99.9999),
)


def failed(changed, pattern):
    return [one.gate for one in next(one for one in judged(changed) if one.pattern == pattern).failed]


class TestGates:
    @pytest.mark.parametrize(
        ("more", "pattern", "gates"),
        [
            ({}, Pattern.EVENTS, []),
            ({"direction": "writes"}, Pattern.CAPTURE, ["direction"]),
            ({"direction": "writes", "latency_ms": 300}, Pattern.EVENTS, ["answer"]),
            ({"latency_ms": 300}, Pattern.EVENTS, []),
            ({"latency_ms": 115}, Pattern.GATEWAY, []),
            ({"latency_ms": 114}, Pattern.GATEWAY, ["latency"]),
            ({"latency_ms": 300, "offered_latency_ms": None}, Pattern.GATEWAY, ["latency"]),
            ({"freshness_s": 1_200}, Pattern.BATCH, []),
            ({"freshness_s": 1_199}, Pattern.BATCH, ["freshness"]),
            ({"freshness_s": 0, "consistency": "strong"}, Pattern.EVENTS, ["freshness", "consistency"]),
            ({"ordering": "total"}, Pattern.GATEWAY, ["ordering"]),
            ({"ordering": "total", "rate_per_s": 1_001.0}, Pattern.EVENTS, ["ordering"]),
            ({"ordering": "key", "rate_per_s": 1_001.0}, Pattern.EVENTS, []),
            ({"rate_per_s": 10_001.0}, Pattern.GATEWAY, ["rate"]),
            ({"payload_kb": 1_025}, Pattern.CAPTURE, ["payload"]),
            ({"replay_days": 8}, Pattern.CAPTURE, ["replay"]),
            ({"replay_days": 1}, Pattern.GATEWAY, ["replay"]),
            ({"availability_percent": 99.9}, Pattern.GATEWAY, ["availability"]),
            ({"availability_percent": 99.8}, Pattern.GATEWAY, []),
            ({"availability_percent": 90, "offered_availability_percent": None}, Pattern.GATEWAY, ["availability"]),
            ({"survives_s": 86_400}, Pattern.GATEWAY, []),
            ({"survives_s": 86_401}, Pattern.GATEWAY, ["isolation"]),
            ({"survives_s": 1, "direction": "writes"}, Pattern.GATEWAY, ["isolation"]),
            ({"coupling": "loose"}, Pattern.BATCH, ["coupling"]),
            ({"data_class": "restricted"}, Pattern.FILE, ["data"]),
        ],
    )
    def test_each_gate(self, more, pattern, gates):
        assert failed(replace(EASY, **more), pattern) == gates

    @given(facts)
    @settings(max_examples=200, **PATIENT)
    def test_a_shared_database_is_always_shown_and_never_recommended(self, said):
        found = advice(said, weighed("usual"))
        assert [one.pattern for one in found.judgements] == [*Pattern]
        assert not found.judgement(Pattern.SHARED).fits
        assert Pattern.SHARED not in [one.pattern for one in (*found.places, *found.relaxations)]

    @given(facts)
    @example(  # data that may be older, as an answer takes longer, lasts through the cut as well
        replace(EASY, latency_ms=1, freshness_s=1, survives_s=2, coupling="loose", offered_latency_ms=986)
    )
    @settings(max_examples=400, **PATIENT)
    def test_the_relaxation_lets_the_pattern_in_contradicts_nothing_and_is_the_smallest(self, said):
        if contradicts(vars(said), kind="http"):
            return
        for one in judged(said):
            answer = relaxed(said, one)
            if answer is None:
                continue
            changed, changes = answer
            assert failed(changed, one.pattern) == []
            assert contradicts(vars(changed), kind="http") is None
            for change in changes:
                bounds = RANGES.get(change.field.removeprefix("offered_"))
                assert bounds is None or change.value is None or bounds.least <= change.value <= bounds.most
                back = replace(changed, **{change.field: getattr(said, change.field)})
                assert failed(back, one.pattern) or contradicts(vars(back), kind="http")  # none is there for nothing


class TestAdvice:
    @given(facts)
    @settings(max_examples=200, **PATIENT)
    def test_what_fits_is_ranked_and_what_does_not_says_why(self, said):
        found = advice(said, weighed("usual"))
        assert {one.pattern for one in found.places} == {one.pattern for one in found.judgements if one.fits}
        assert all(0 <= one.closeness <= 1 for one in found.places)
        assert all(1 <= value <= 9 for one in found.places for value in one.points.values())
        assert sentence_of(found)
        if not found.places:
            assert found.binding

    def test_nothing_fits_and_it_says_what_binds_and_what_would_help(self):
        said = replace(EASY, direction="writes", latency_ms=50, freshness_s=0, consistency="strong", coupling="loose")
        found = advice(said, weighed("usual"))
        assert sentence_of(found) == "No pattern fits these needs."
        assert dict(found.binding)["Latency"] == ["API gateway"]
        best = found.relaxations[0]
        assert (best.pattern, [one.words for one in best.changes]) == (
            Pattern.GATEWAY,
            ["allow 115 ms for an answer", "bear moderate coupling"],
        )
        assert found.relaxations[-1].changes == ()  # change data capture carries nothing into the provider
        with pytest.raises(Conflict, match="115 ms of the 50 ms") as refused:
            require_choice(found, "gateway")
        assert "Relax a need" in refused.value.next_step
        with pytest.raises(Invalid, match="is no pattern"):
            require_choice(found, "pigeons")

    def test_the_weights_decide_between_what_fits(self):
        cheap = advice(EASY, own_weights({"cost": 100}))
        free = advice(EASY, own_weights({"independence": 100}))
        assert (cheap.winner.pattern, free.winner.pattern) == (Pattern.FILE, Pattern.EVENTS)
        assert cheap.inputs_sha256 != free.inputs_sha256
        assert cheap.inputs_sha256 == advice(EASY, own_weights({"cost": 1})).inputs_sha256

    def test_a_close_call_is_named_with_the_weight_that_sways_it(self):
        base = dict.fromkeys(("timeliness", "consistency", "independence", "autonomy", "headroom"), 12.0)
        close = next(
            found for cost in range(1, 100) if (found := advice(EASY, own_weights(base | {"cost": cost}))).is_close
        )
        assert "A close call: with" in sentence_of(close)
        assert "would come first" in sentence_of(close)

    def test_tenfold_of_margin_is_two_points(self):
        points = points_of(replace(EASY, freshness_s=20), PROFILES[Pattern.EVENTS])
        assert points["timeliness"] == pytest.approx(3)


class TestFindings:
    def use(self, **more):
        base = {
            "integration_id": 7,
            "title": "Shop with Prices",
            "consumer_id": 1,
            "cluster_id": 2,
            "provider": "Prices",
            "provider_cluster_id": 3,
            "kind": "http",
            "is_data_product": False,
            "facts": EASY,
            "state": "open",
            "chosen": None,
            "decided_on": {},
        }
        return checking.Use(**base | more)

    @pytest.mark.parametrize(
        ("more", "codes"),
        [
            ({}, []),
            ({"kind": "table"}, ["shared-database"]),
            ({"kind": "table", "is_data_product": True}, []),
            ({"facts": replace(EASY, latency_ms=50)}, ["pattern-contradicted"]),
            ({"kind": "topic", "facts": replace(EASY, replay_days=400)}, ["pattern-contradicted"]),
            ({"state": "decided", "chosen": Pattern.EVENTS}, ["pattern-not-built"]),
            ({"state": "decided", "chosen": Pattern.GATEWAY}, []),
            ({"state": "reopened", "chosen": Pattern.GATEWAY, "decided_on": vars(EASY)}, ["pattern-reopened"]),
        ],
    )
    def test_what_is_found(self, more, codes):
        found = list(checking.findings_of(self.use(**more)))
        assert [one.code for one in found] == codes
        assert all(one.next_step and one.counterpart_id == 3 for one in found)

    def test_a_reopened_decision_says_what_changed(self):
        decided_on = vars(replace(EASY, latency_ms=300, freshness_s=60))
        found = next(checking.findings_of(self.use(state="reopened", chosen=Pattern.GATEWAY, decided_on=decided_on)))
        assert "an answer within: 300 ms, now nobody waits" in found.sentence
        assert "data may be old: 1 minute, now 1 day" in found.sentence

    def test_every_kind_of_interface_is_a_pattern(self):
        assert ways_of("file", is_data_product=False) == (Pattern.FILE, Pattern.BATCH)
        assert ways_of("grpc", is_data_product=False) == (Pattern.GATEWAY,)
