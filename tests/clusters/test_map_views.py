"""What one sees of the map: all clusters, one opened, what lies around a focus, and the ways between two components."""

import pytest
from guardian.shortcuts import assign_perm

from apps.clusters.models import Component, Dependency
from apps.clusters.queries.graph import Narrowing, Question, look
from apps.clusters.rules import graph as rules
from apps.clusters.rules.graph import Direction, Level
from apps.kernel.refusals import Invalid


@pytest.fixture
def gateway(payments):
    return Component.objects.create(cluster=payments, slug="card/gateway", name="Card gateway", tier=0)


@pytest.fixture
def stream(logistics):
    return Component.objects.create(cluster=logistics, slug="stream", name="Event stream", tier=3)


@pytest.fixture
def web(gateway, ledger, dispatch, stream, safe):
    """gateway → ledger → dispatch → stream, gateway → stream; ledger → safe → stream, where safe is restricted."""
    edges = [
        (gateway, ledger, "calls", 900, "restricted"),
        (gateway, ledger, "reads", 5, ""),
        (ledger, dispatch, "calls", 300, "internal"),
        (dispatch, stream, "publishes", 20, ""),
        (gateway, stream, "publishes", 7, "public"),
        (ledger, safe, "calls", 50, "restricted"),
        (safe, stream, "calls", 60, ""),
    ]
    names = ("consumer", "provider", "kind", "weight", "data_class")
    Dependency.objects.bulk_create(Dependency(**dict(zip(names, edge, strict=True))) for edge in edges)


def names(view):
    return {node.name: (node.needs, node.needed_by) for node in view.nodes}


def lines(view):
    said = {node.key: node.name for node in view.nodes}
    return {(said[edge.consumer], said[edge.provider]): edge for edge in view.edges}


@pytest.mark.usefixtures("web")
class TestAllClusters:
    def test_each_is_there_with_what_it_needs_of_the_others(self, ada):
        view = look(Question(), ada)
        assert (view.level, view.focus) == (Level.CLUSTERS, None)
        assert {node.name: node.components for node in view.nodes} == {"Payments": 2, "Logistics": 2}
        (edge,) = view.edges
        assert (edge.dependencies, edge.weight, edge.data_class) == (2, 307, "internal")
        assert edge.kinds == ("calls", "publishes")

    def test_a_restricted_one_is_there_for_those_who_may_know_of_it(self, ada, auditor, vault):
        assert "Vault" not in names(look(Question(), ada))
        assert lines(look(Question(), auditor)).keys() == {
            ("Payments", "Logistics"),
            ("Payments", "Vault"),
            ("Vault", "Logistics"),
        }
        assign_perm("own_cluster", ada, vault)
        assert "Vault" in names(look(Question(), ada))

    def test_the_narrowing_counts_only_what_fits(self, ada):
        (edge,) = look(Question(narrowing=Narrowing(kind=("publishes",))), ada).edges
        assert (edge.dependencies, edge.weight) == (1, 7)
        assert look(Question(narrowing=Narrowing(data_class="confidential")), ada).edges == []
        assert names(look(Question(narrowing=Narrowing(cluster=("vault",))), ada)) == {}

    def test_it_takes_few_queries(self, ada, django_assert_max_num_queries):
        ada.may("read")
        with django_assert_max_num_queries(3):
            look(Question(), ada)


@pytest.mark.usefixtures("web")
class TestAroundACluster:
    def test_the_clusters_within_some_steps(self, ada, auditor):
        assert names(look(Question(focus="payments"), ada)) == {"Payments": (0, 0), "Logistics": (1, None)}
        found = names(look(Question(focus="Logistics", direction=Direction.NEEDED_BY), auditor))
        assert found == {"Logistics": (0, 0), "Payments": (None, 1), "Vault": (None, 1)}

    def test_what_one_may_not_know_of_is_called_by_nobody(self, ada):
        for text in ("vault", "Vault", "vault/safe", "Safe"):
            with pytest.raises(Invalid, match="No component is called"):
                look(Question(focus=text), ada)


@pytest.mark.usefixtures("web")
class TestInsideACluster:
    def test_its_components_and_the_clusters_about_it(self, ada):
        view = look(Question(focus="payments", opened=True), ada)
        assert view.level == Level.INSIDE
        assert set(names(view)) == {"Card gateway", "Ledger", "Logistics"}
        found = lines(view)
        assert found.keys() == {("Card gateway", "Ledger"), ("Ledger", "Logistics"), ("Card gateway", "Logistics")}
        both = found["Card gateway", "Ledger"]
        assert (both.kinds, both.dependencies, both.weight, both.data_class) == (
            ("calls", "reads"),
            2,
            905,
            "restricted",
        )

    def test_only_of_a_tier(self, ada):
        view = look(Question(focus="payments", opened=True, narrowing=Narrowing(tier=("0",))), ada)
        assert set(names(view)) == {"Card gateway", "Logistics"}

    def test_more_than_a_page_tells_is_cut_and_said(self, ada, payments, monkeypatch):
        monkeypatch.setattr(rules, "MOST_NODES", 1)
        view = look(Question(focus="payments", opened=True), ada)
        assert view.is_cut
        assert [node.name for node in view.nodes if node.kind == "component"] == ["Card gateway"]


@pytest.mark.usefixtures("web")
class TestAroundAComponent:
    def test_each_way_with_its_steps(self, ada):
        view = look(Question(focus="payments/ledger", hops=2), ada)
        assert names(view) == {
            "Ledger": (0, 0),
            "Card gateway": (None, 1),
            "Dispatch": (1, None),
            "Event stream": (2, None),
        }
        assert view.focus.name == "Ledger"
        assert ("Card gateway", "Event stream") in lines(view)  # between two of them, though neither is the focus

    def test_one_way_only(self, ada):
        assert set(names(look(Question(focus="ledger", direction=Direction.NEEDED_BY), ada))) == {
            "Ledger",
            "Card gateway",
        }
        assert set(names(look(Question(focus="ledger", direction=Direction.NEEDS), ada))) == {"Ledger", "Dispatch"}

    def test_nothing_is_reached_through_what_is_restricted(self, ada, auditor):
        Dependency.objects.filter(consumer__name="Dispatch").delete()
        assert "Event stream" not in names(look(Question(focus="ledger", hops=3, direction=Direction.NEEDS), ada))
        assert names(look(Question(focus="ledger", hops=3, direction=Direction.NEEDS), auditor))["Event stream"] == (
            2,
            None,
        )

    def test_nothing_is_reached_through_what_does_not_fit(self, ada):
        found = names(look(Question(focus="ledger", hops=3, narrowing=Narrowing(tier=("3",))), ada))
        assert set(found) == {"Ledger"}  # the stream of tier 3 lies behind the dispatch of tier 2
        assert set(names(look(Question(focus="ledger", narrowing=Narrowing(cluster=("payments",))), ada))) == {
            "Ledger",
            "Card gateway",
        }
        assert set(names(look(Question(focus="ledger", narrowing=Narrowing(data_class="confidential")), ada))) == {
            "Ledger",
            "Card gateway",
        }

    def test_it_is_found_by_its_name_too_and_a_path_may_be_a_short_name(self, ada):
        assert look(Question(focus="card GATEWAY"), ada).focus.name == "Card gateway"
        assert look(Question(focus="payments/card/gateway"), ada).focus.name == "Card gateway"

    def test_a_query_a_level_and_two_for_what_was_reached(self, ada, django_assert_max_num_queries):
        ada.may("read")
        with django_assert_max_num_queries(9):  # the name in two, twice a level, components, dependencies
            look(Question(focus="payments/ledger", hops=2), ada)

    @pytest.mark.parametrize("hops", [0, 4])
    def test_other_steps_are_refused(self, ada, hops):
        with pytest.raises(Invalid, match="told to 3 steps"):
            look(Question(focus="ledger", hops=hops), ada)


@pytest.mark.usefixtures("web")
class TestBetweenTwo:
    def test_every_shortest_way(self, ada, auditor):
        view = look(Question(focus="ledger", to="stream"), ada)
        assert (view.ways.length, view.ways.count) == (2, 1)
        assert list(names(view)) == ["Ledger", "Dispatch", "Event stream"]
        assert lines(view).keys() == {("Ledger", "Dispatch"), ("Dispatch", "Event stream")}
        assert look(Question(focus="ledger", to="stream"), auditor).ways.count == 2

    def test_the_narrowing_does_not_ask_of_the_two(self, ada):
        view = look(Question(focus="ledger", to="stream", narrowing=Narrowing(tier=("2",))), ada)
        assert view.ways.length == 2
        assert look(Question(focus="ledger", to="stream", narrowing=Narrowing(tier=("0",))), ada).ways is None

    def test_where_there_is_none_it_says_so_and_whether_it_is_the_other_way_about(self, ada, stream, ledger):
        view = look(Question(focus="stream", to="ledger"), ada)
        assert view.ways is None
        assert "Ledger needs Event stream. Exchange the two." in view.note
        alone = Component.objects.create(cluster=ledger.cluster, slug="alone", name="Alone")
        assert "Ask with fewer filters" in look(Question(focus="stream", to=alone.slug), ada).note

    def test_one_component_is_not_two(self, ada):
        with pytest.raises(Invalid, match="one component, not two"):
            look(Question(focus="ledger", to="payments/ledger"), ada)
