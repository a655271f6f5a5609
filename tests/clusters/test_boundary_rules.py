import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.clusters.rules.boundaries import Claim, Flow, Spot, Territory, Transfer, findings, reach, ruling, way
from apps.clusters.rules.places import covers, jurisdictions, require_jurisdictions
from apps.kernel.refusals import Invalid

SHOP, BANK = 1, 2
CLUSTERS = {SHOP: "Shop", BANK: "Bank"}
WIDE = Claim(frozenset({"EU", "US"}), frozenset({"public", "confidential"}), frozenset())


def spot(pk, cluster=SHOP, where=("DE",), **more):
    return Spot(pk, f"C{pk}", cluster, frozenset(where), **more)


def territory(spots, flows=(), transfers=(), charters=None):
    chartered = {SHOP: WIDE, BANK: WIDE} if charters is None else charters
    return Territory(CLUSTERS, chartered, {one.pk: one for one in spots}, list(flows), list(transfers))


def codes(found):
    return [one.code for one in found]


class TestRulings:
    rows = (
        Transfer(1, "confidential", "*", "*", "refused"),
        Transfer(2, "confidential", "EU", "*", "safeguard", "clauses"),
        Transfer(3, "confidential", "EU", "EU", "allowed"),
        Transfer(4, "confidential", "DE", "US", "refused"),
        Transfer(5, "public", "*", "*", "allowed"),
    )

    @pytest.mark.parametrize(
        ("data_class", "origin", "destination", "pk"),
        [
            ("confidential", "DE", "FR", 3),
            ("confidential", "DE", "US", 4),
            ("confidential", "FR", "US", 2),
            ("confidential", "US", "DE", 1),
            ("confidential", "JP", "US", 1),
            ("public", "DE", "US", 5),
        ],
    )
    def test_the_nearest_row_decides(self, data_class, origin, destination, pk):
        assert ruling(self.rows, data_class=data_class, origin=origin, destination=destination).pk == pk

    def test_of_two_as_near_the_stricter_decides(self):
        rows = [Transfer(1, "public", "DE", "*", "allowed"), Transfer(2, "public", "DE", "*", "refused")]
        for order in (rows, rows[::-1]):
            assert ruling(order, data_class="public", origin="DE", destination="US").pk == 2

    def test_where_no_row_speaks_nothing_is_guessed(self):
        assert ruling(self.rows, data_class="restricted", origin="DE", destination="US") is None


class TestCrossings:
    def test_refused_data_is_a_blocker_of_whoever_gives_it_away(self):
        provider, consumer = spot(1, BANK, data_class="confidential"), spot(2, SHOP, ("US",))
        (found,) = findings(
            territory([provider, consumer], [Flow(7, 2, 1)], [Transfer(3, "confidential", "DE", "US", "refused")])
        )
        assert (found.code, found.severity, found.cluster_id, found.counterpart_id) == (
            "transfer-refused",
            3,
            BANK,
            SHOP,
        )
        assert found.evidence == {"dependency": 7, "data_class": "confidential", "from": "DE", "to": "US", "rule": 3}

    def test_a_safeguard_is_asked_for_until_it_is_named(self):
        rows = [Transfer(3, "confidential", "EU", "US", "safeguard", "standard clauses")]
        ends = [spot(1, data_class="confidential"), spot(2, where=("US",))]
        (found,) = findings(territory(ends, [Flow(7, 2, 1)], rows))
        assert found.code == "transfer-without-safeguard"
        assert "standard clauses" in found.sentence
        assert not list(findings(territory(ends, [Flow(7, 2, 1, safeguard="clauses of 2025")], rows)))

    def test_a_border_nobody_ruled_on_is_named(self):
        ends = [spot(1, data_class="confidential"), spot(2, where=("US",))]
        assert codes(findings(territory(ends, [Flow(7, 2, 1)]))) == ["transfer-not-ruled"]

    def test_data_that_lives_there_already_crosses_no_border(self):
        ends = [spot(1, where=("DE", "US"), data_class="confidential"), spot(2, where=("US",))]
        assert not list(findings(territory(ends, [Flow(7, 2, 1)])))

    def test_the_consumers_data_goes_nowhere_unless_the_edge_says_so(self):
        ends = [spot(1, where=("US",)), spot(2, data_class="confidential")]
        rows = [Transfer(3, "confidential", "DE", "US", "refused")]
        assert not list(findings(territory(ends, [Flow(7, 2, 1)], rows)))
        (found,) = findings(
            territory(
                ends,
                [Flow(7, 2, 1, data_class="confidential")],
                [*rows, Transfer(4, "confidential", "US", "DE", "allowed")],
            )
        )
        assert (found.code, found.component_id) == ("transfer-refused", 2)

    def test_unknown_places_and_classes_are_not_guessed_at(self):
        assert not list(findings(territory([spot(1, where=(), data_class="confidential"), spot(2)], [Flow(7, 2, 1)])))
        assert not list(findings(territory([spot(1), spot(2, where=("US",))], [Flow(7, 2, 1)])))


class TestCharters:
    def test_a_place_the_charter_does_not_cover_is_a_blocker(self):
        assert codes(findings(territory([spot(1, where=("JP", "DE"))]))) == ["jurisdiction-outside-charter"]

    def test_the_union_covers_its_members(self):
        assert covers(frozenset({"EU"}), "FR")
        assert not covers(frozenset({"EU"}), "CH")
        assert not list(findings(territory([spot(1, where=("FR",))])))

    def test_data_the_charter_does_not_name_is_a_warning(self):
        assert codes(findings(territory([spot(1, data_class="restricted")]))) == ["data-class-outside-charter"]

    def test_no_charter_is_a_note_and_judges_nothing(self):
        found = list(findings(territory([spot(1, where=("JP",), data_class="restricted")], charters={BANK: WIDE})))
        assert [(one.code, one.severity) for one in found] == [("no-charter", 1)]

    def test_a_site_nobody_placed_is_named(self):
        (found,) = findings(territory([spot(1, unknown_sites=("moon-1",))]))
        assert (found.code, found.evidence) == ("site-unknown", {"sites": ["moon-1"]})


class TestReach:
    spots = (spot(1, BANK, regimes=frozenset({"PCI-DSS"})), spot(2), spot(3), spot(4))
    flows = (Flow(1, 2, 1), Flow(2, 3, 2), Flow(3, 4, 3))
    named = Claim(frozenset({"EU"}), frozenset(), frozenset({"PCI-DSS"}))

    def test_a_regime_follows_every_flow_and_the_path_is_kept(self):
        found = list(findings(territory(self.spots, self.flows, charters={SHOP: WIDE, BANK: self.named})))
        assert [(one.component_id, one.evidence["path"]) for one in found] == [
            (2, ["C1", "C2"]),
            (3, ["C1", "C2", "C3"]),
            (4, ["C1", "C2", "C3", "C4"]),
        ]
        assert all(one.counterpart_id == BANK for one in found)

    def test_a_segment_ends_the_reach(self):
        spots = [replace(one, segments=frozenset({"PCI-DSS"})) if one.pk == 3 else one for one in self.spots]
        assert set(reach(territory(spots, self.flows), "PCI-DSS")) == {1, 2}

    def test_flows_of_harmless_data_carry_no_regime(self):
        flows = [self.flows[0], replace(self.flows[1], data_class="internal"), self.flows[2]]
        assert set(reach(territory(self.spots, flows), "PCI-DSS")) == {1, 2}

    def test_what_nobody_said_counts_as_carrying(self):
        spots = [replace(one, data_class="public") if one.pk == 1 else one for one in self.spots]
        assert set(reach(territory(spots, self.flows), "PCI-DSS")) == {1}
        assert set(reach(territory(self.spots, self.flows), "PCI-DSS")) == {1, 2, 3, 4}

    def test_what_lies_between_is_not_named_where_it_is_restricted(self):
        clusters = {SHOP: "Shop", BANK: "Bank", 3: "Vault"}
        spots = [self.spots[0], spot(2, 3), spot(3)]
        map_ = Territory(
            clusters, {SHOP: WIDE, BANK: self.named}, {one.pk: one for one in spots}, self.flows[:2], (), frozenset({3})
        )
        (found,) = [one for one in findings(map_) if one.code == "regime-outside-charter"]
        assert found.evidence["path"] == ["C1", "a restricted component", "C3"]

    @settings(max_examples=200, deadline=None)
    @given(
        st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=25),
        st.sets(st.integers(0, 9)),
        st.sets(st.integers(0, 9)),
    )
    def test_the_reach_is_what_trying_every_way_finds(self, edges, starts, segments):
        regime = frozenset({"PCI-DSS"})
        spots = [
            spot(
                pk, regimes=regime if pk in starts else frozenset(), segments=regime if pk in segments else frozenset()
            )
            for pk in range(10)
        ]
        before = reach(territory(spots, [Flow(n, one, other) for n, (one, other) in enumerate(edges)]), "PCI-DSS")
        expected = set(starts)
        for _ in range(10):
            for one, other in edges:
                for here, there in ((one, other), (other, one)):
                    if here in expected and there not in segments:
                        expected.add(there)
        assert set(before) == expected
        joined = {frozenset(edge) for edge in edges}
        for pk in before:
            steps = way(before, pk)
            assert steps[0] in starts
            assert all(frozenset(pair) in joined for pair in itertools.pairwise(steps))


def test_jurisdictions_are_the_worlds_and_the_unions():
    assert {"DE", "US", "JP", "EU"} <= set(jurisdictions())
    assert require_jurisdictions([" us", "DE", "de"]) == ["DE", "US"]
    with pytest.raises(Invalid, match="no jurisdiction “XX”"):
        require_jurisdictions(["XX"])
