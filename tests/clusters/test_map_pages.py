"""The page of the map and its API: the same view, drawn, as tables, as a file and as JSON."""

import pytest
from django.urls import reverse

from apps.clusters.actions.findings import settle_findings
from apps.clusters.models import Cluster, Component, Dependency, Visibility
from apps.clusters.rules.findings import Found
from tests.conftest import signed_in

URL = "/clusters/map/"


@pytest.fixture
def pair(ledger, dispatch):
    return Dependency.objects.create(consumer=ledger, provider=dispatch, weight=42, data_class="internal")


class TestPage:
    def test_all_clusters_are_drawn_and_listed(self, pair, ada):
        page = signed_in(ada).get(URL)
        text = page.content.decode()
        assert page.status_code == 200
        assert 'href="/clusters/map/?focus=payments&amp;opened=on"' in text
        assert "Payments calls Logistics · weight 42 · internal data" in text
        assert len(page.context["drawing"].boxes) == len(page.context["nodes"]) == 2
        assert len(page.context["drawing"].lines) == len(page.context["rows"]) == 1

    @pytest.mark.parametrize(
        ("query", "heading"),
        [
            ("focus=payments", "Payments"),
            ("focus=payments&opened=on", "Payments"),
            ("focus=payments/ledger&hops=3&direction=needs", "Ledger"),
            ("focus=payments/ledger&to=logistics/dispatch", "From Ledger to Dispatch"),
            ("focus=logistics/dispatch&to=payments/ledger", "From Dispatch to Ledger"),
            ("kind=calls&tier=2&data_class=internal&cluster=logistics", "Map of the federation"),
            ("kind=calls&tier=1&tier=2&cluster=logistics&cluster=&hops=", "Map of the federation"),
        ],
    )
    def test_every_state_has_its_address(self, pair, ada, query, heading):
        page = signed_in(ada).get(f"{URL}?{query}")
        assert page.status_code == 200
        assert f"<h1>{heading}</h1>" in page.content.decode()

    def test_filters_are_kept_from_one_focus_to_the_next_and_the_focus_leads_to_its_page(self, pair, ada):
        page = signed_in(ada).get(f"{URL}?focus=payments/ledger&hops=2&kind=calls")
        leads = {box.node.name: box.href for box in page.context["drawing"].boxes}
        assert leads["Dispatch"] == "/clusters/map/?focus=logistics%2Fdispatch&hops=2&kind=calls"
        assert leads["Ledger"] == f"/clusters/components/{pair.consumer_id}/"

    def test_filters_of_several_values_are_kept_and_count_any_of_them(self, pair, ada):
        query = "?focus=payments/ledger&hops=2&kind=calls&tier=1&tier=2&tier=3"
        page = signed_in(ada).get(f"{URL}{query}")
        assert page.status_code == 200
        said = page.content.decode()
        assert "kind=calls&amp;tier=1&amp;tier=2&amp;tier=3" in said

    def test_a_name_that_is_nearly_right_offers_those_it_may_mean(self, pair, ada):
        page = signed_in(ada).get(f"{URL}?focus=ledgr")
        assert page.status_code == 422
        text = page.content.decode()
        assert "No component is called “ledgr”. Did you mean one of payments/ledger?" in text
        assert text.count("Did you mean") == 1
        assert "?focus=payments/ledger" in text

    @pytest.mark.parametrize("query", ["hops=9", "direction=up", "tier=x", "focus=%00", "cluster=nowhere", "to=ledger"])
    def test_what_makes_no_sense_is_said_at_its_field(self, pair, ada, query):
        assert signed_in(ada).get(f"{URL}?{query}").status_code == 422

    def test_a_federation_without_clusters_says_so(self, ada):
        assert "There is nothing to see" in signed_in(ada).get(URL).content.decode()

    def test_what_needs_what_leaves_as_a_file(self, pair, ada):
        answer = signed_in(ada).get(f"{URL}?focus=ledger&export=csv")
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
        assert "payments/ledger,Ledger,calls,logistics/dispatch,Dispatch,1,42,internal" in text

    def test_a_column_that_is_too_tall_is_folded_and_the_table_has_them_all(self, ledger, logistics, ada):
        many = Component.objects.bulk_create(
            Component(cluster=logistics, slug=f"c-{n}", name=f"Component {n}") for n in range(60)
        )
        Dependency.objects.bulk_create(Dependency(consumer=ledger, provider=one) for one in many)
        page = signed_in(ada).get(f"{URL}?focus=ledger")
        assert page.context["drawing"].folds[0].words == "and 41 more, in the table"
        assert len(page.context["nodes"]) == 61

    def test_nobody_who_is_not_signed_in_sees_it(self, client, db):
        assert client.get(URL).status_code == 302


class TestApi:
    def test_it_tells_what_the_page_shows(self, pair, ada):
        told = signed_in(ada).get("/api/v1/map/", {"focus": "payments/ledger", "hops": 2}).json()
        assert told["level"] == "components"
        assert told["focus"]["slug"] == "payments/ledger"
        assert {one["slug"]: one["needs"] for one in told["nodes"]} == {"payments/ledger": 0, "logistics/dispatch": 1}
        assert told["edges"] == [
            {
                "consumer": f"component-{pair.consumer_id}",
                "provider": f"component-{pair.provider_id}",
                "kinds": ["calls"],
                "dependencies": 1,
                "weight": 42,
                "data_class": "internal",
            }
        ]
        whole = signed_in(ada).get("/api/v1/map/").json()
        assert (whole["level"], whole["focus"], len(whole["edges"])) == ("clusters", None, 1)
        opened = signed_in(ada).get("/api/v1/map/?focus=payments&opened=true").json()
        assert {one["slug"] for one in opened["nodes"]} == {"payments/ledger", "logistics"}

    def test_the_ways_between_two(self, pair, ada):
        asked = {"from": "payments/ledger", "to": "dispatch"}
        told = signed_in(ada).get(reverse("map-path"), asked).json()
        assert (told["length"], told["count"]) == (1, 1)
        assert told["ways"] == [[f"component-{pair.consumer_id}", f"component-{pair.provider_id}"]]
        none = signed_in(ada).get(reverse("map-path"), {"from": "dispatch", "to": "ledger"}).json()
        assert (none["length"], none["count"], none["ways"]) == (None, 0, [])
        assert "Exchange the two" in none["note"]

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("map/?hops=4", "hops"),
            ("map/?tier=9", "tier.0"),
            ("map/?focus=nothing-so-called", "focus"),
            ("map/path/?from=ledger", "to"),
            ("map/path/?from=nothing-so-called&to=ledger", "from"),
            ("map/path/?from=ledger&to=ledger", "to"),
        ],
    )
    def test_what_is_refused_names_its_field(self, pair, ada, query, field):
        answer = signed_in(ada).get(f"/api/v1/{query}")
        assert answer.status_code in {400, 422}
        assert field in answer.json()["errors"]

    def test_the_addresses_the_page_gives_lead_to_the_same(self, pair, ada):
        client = signed_in(ada)
        for query in ("", "?focus=payments&opened=on", "?focus=ledger&hops=2", "?focus=ledger&to=dispatch&tier=1"):
            page = client.get(f"{URL}{query}")
            told = client.get(page.context["api"]).json()
            assert {one["key"] for one in told["nodes"]} == {node.key for node, _ in page.context["nodes"]}

    def test_outsiders_learn_nothing_of_a_restricted_cluster(self, pair, ada, vault, safe):
        Dependency.objects.create(consumer=safe, provider=pair.provider)
        client = signed_in(ada)
        known = client.get("/api/v1/map/?focus=vault/safe").json() | {"instance": ""}
        unknown = client.get("/api/v1/map/?focus=vault/nope").json() | {"instance": ""}
        assert str(known).replace("safe", "nope") == str(unknown)
        assert "Safe" not in client.get(f"{URL}?focus=dispatch").content.decode()


class TestFindings:
    @pytest.fixture
    def raised(self, pair, noon):
        """Two of the ledger, the worse a blocker, and one of Logistics as such."""
        ledger, dispatch = pair.consumer, pair.provider
        found = [
            Found("a", "a", 1, ledger.cluster_id, "Small.", "", component_id=ledger.pk),
            Found("b", "b", 3, ledger.cluster_id, "Grave.", "", component_id=ledger.pk),
            Found("c", "c", 2, dispatch.cluster_id, "Middling.", ""),
        ]
        settle_findings(checker="map-test", version=1, found=found, cluster_ids=None, at=noon)

    def test_they_are_counted_on_boxes_in_the_table_and_by_the_api(self, raised, pair, ada):
        client = signed_in(ada)
        page = client.get(f"{URL}?focus=payments/ledger")
        said = {box.node.name: box.spoken for box in page.context["drawing"].boxes}
        assert "2 findings, at worst a blocker" in said["Ledger"]
        assert "finding" not in said["Dispatch"]  # its cluster's is not its own
        assert f"/clusters/findings/?state=open&amp;component={pair.consumer_id}" in page.content.decode()
        whole = client.get(URL)
        assert "/clusters/findings/?state=open&amp;cluster=logistics" in whole.content.decode()
        told = {node["slug"]: (node["findings"], node["worst"]) for node in client.get("/api/v1/map/").json()["nodes"]}
        assert told == {"payments": (2, 3), "logistics": (1, 2)}

    def test_what_tells_of_a_hidden_cluster_is_not_counted(self, raised, pair, ada, noon):
        vault = Cluster.objects.create(slug="vault", name="Vault", visibility=Visibility.RESTRICTED)
        secret = Found("d", "d", 3, pair.provider.cluster_id, "Of the vault.", "", counterpart_id=vault.pk)
        settle_findings(checker="map-other", version=1, found=[secret], cluster_ids=None, at=noon)
        nodes = signed_in(ada).get("/api/v1/map/").json()["nodes"]
        assert {node["slug"]: node["findings"] for node in nodes}["logistics"] == 1


class TestManyLines:
    def test_the_heaviest_are_drawn_thin_and_the_rest_is_said(self, payments, ada, monkeypatch):
        monkeypatch.setattr("apps.clusters.web.drawing.DENSE", 3)
        monkeypatch.setattr("apps.clusters.web.drawing.MOST_LINES", 5)
        parts = [Component.objects.create(cluster=payments, slug=f"p{n}", name=f"P{n}") for n in range(4)]
        for one in parts:
            for other in parts:
                if one != other:
                    Dependency.objects.create(consumer=one, provider=other, weight=one.pk % 7 + 1)
        page = signed_in(ada).get(f"{URL}?focus=payments&opened=on")
        drawing = page.context["drawing"]
        assert (len(drawing.lines), drawing.more_lines, drawing.is_dense) == (5, 7, True)
        assert "the table has 7 more" in page.content.decode()
        assert len(page.context["rows"]) == 12
