"""The search of the catalogue: what is found by what, in which order, and what stays hidden."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from guardian.shortcuts import assign_perm

from apps.clusters.models import BusinessCapability, Charter, Cluster, Component, Site, Visibility
from apps.clusters.queries import legs
from apps.clusters.queries.search import Asked, search
from apps.clusters.rules import search as rules
from apps.kernel.refusals import Invalid
from tests.conftest import NOON, make_person, signed_in


def answers(words, person, **narrowed):
    return [(one.hit.kind, one.told.name) for one in search(Asked(words, **narrowed), person).rows]


def names(words, person, **narrowed):
    return [name for _, name in answers(words, person, **narrowed)]


@pytest.fixture
def stock(logistics):
    """Some more of what a catalogue holds."""
    made = {}
    for slug, name, fields in (
        ("card-gateway", "Card gateway", {"tags": ["pci", "money"], "description": "Takes cards of eleven schemes."}),
        ("CheckoutService", "CheckoutService", {"owner_name": "Team Juniper", "sites": ["fra"]}),
        ("gateway", "Gateway", {"description": "The history of orders goes through here."}),
        ("mail/gateway_v2", "Mail gateway", {"kind": "library"}),
        ("payments-report", "Payments report", {"description": "A report."}),
    ):
        made[name] = Component.objects.create(cluster=logistics, slug=slug, name=name, **fields)
    return made


class TestWhatIsFound:
    def test_exact_names_come_first_then_beginnings_then_words(self, ada, stock):
        assert names("gateway", ada) == ["Gateway", "Card gateway", "Mail gateway"]
        assert names("card", ada)[0] == "Card gateway"

    @pytest.mark.parametrize(
        ("words", "name"),
        [
            ("checkout service", "CheckoutService"),
            ("checkout-service", "CheckoutService"),
            ("CHECKOUTSERV", "CheckoutService"),
            ("mail gateway v2", "Mail gateway"),
            ("mail/gateway_v2", "Mail gateway"),
            ("card pci", "Card gateway"),
            ("gate car", "Card gateway"),
            ("schemes", "Card gateway"),
            ("scheme", "Card gateway"),
            ("juniper", "CheckoutService"),
            ("fra", "CheckoutService"),
            ("library", "Mail gateway"),
            ("history of orders", "Gateway"),
        ],
    )
    def test_however_it_is_written_by_tag_text_owner_site_and_kind(self, ada, stock, words, name):
        assert names(words, ada)[0] == name

    def test_every_word_counts(self, ada, stock):
        assert search(Asked("card mail"), ada).is_near
        assert not search(Asked("card gate"), ada).is_near

    @pytest.mark.parametrize("words", ["gatewya", "gatway", "checkoutservce", "chekout", "heckout"])
    def test_misspelt_or_inside_a_name_the_nearest_are_offered(self, ada, stock, words):
        answer = search(Asked(words), ada)
        assert answer.is_near
        wanted = "CheckoutService" if "out" in words else "Gateway"
        assert wanted in [one.told.name for one in answer.rows]

    def test_what_people_and_their_teams_own(self, ada, omar, payments, stock, night_shift):
        assign_perm("own_component", night_shift, stock["Gateway"])
        found = search(Asked("night"), ada).rows
        assert [(one.told.name, one.hit.through) for one in found] == [("Gateway", "Night shift")]
        omar.groups.add(night_shift)
        assert set(answers("omar", ada)) == {("person", "Omar"), ("cluster", "Payments"), ("component", "Gateway")}
        assert set(names("", ada, owner="omar")) == {"Payments", "Gateway"}
        assert names("", ada, owner="nobody-of-that-name") == []

    def test_a_capability_leads_to_the_cluster_that_owns_it(self, ada, payments):
        BusinessCapability.objects.create(name="Card acquiring", cluster=payments, since=NOON)
        assert answers("acquiring", ada) == [("capability", "Card acquiring"), ("cluster", "Payments")]
        assert search(Asked("acquiring"), ada).rows[1].hit.through == "Card acquiring"

    def test_charters_in_force_or_open_and_sites(self, ada, omar, payments):
        fields = {"cluster": payments, "purpose": "Money.", "accountable": omar, "drafted_by": omar, "drafted_at": NOON}
        Charter.objects.create(number=1, state="withdrawn", regimes=["PCI-DSS"], **fields)
        Charter.objects.create(number=2, state="draft", regimes=["PCI-DSS"], **fields)
        Site.objects.create(code="fra1", name="Frankfurt", jurisdiction="DE", placed_by=omar, placed_at=NOON)
        assert answers("pci dss", ada) == [("charter", "Charter 2 of Payments")]
        assert answers("frankf", ada) == [("site", "fra1")]

    def test_one_thing_is_told_once_by_its_best_match(self, ada, payments, ledger):
        assert answers("ledger", ada) == [("component", "Ledger")]

    def test_facets_count_and_narrow(self, ada, payments, logistics, stock):
        answer = search(Asked("payments"), ada)
        assert {(one.name, one.count) for one in answer.kinds} == {("cluster", 1), ("component", 1)}
        assert {(one.name, one.count) for one in answer.clusters} == {("payments", 1), ("logistics", 1)}
        assert names("payments", ada, cluster="logistics") == ["Payments report"]
        assert names("payments", ada, kind="cluster") == ["Payments"]
        assert [one.count for one in search(Asked("payments", kind="cluster"), ada).kinds] == [1, 1]
        assert names("", ada, kind="cluster") == ["Logistics", "Payments"]
        assert names("payments", ada, cluster="unknown") == []
        assert names("payments", ada, kind="unknown") == []

    @pytest.mark.parametrize(
        "words", ["", "  ", "\0", "'", "a:* & | !", "<->", "((", "😀", "%", "_", "\\", "x" * 5000, "\ud800", "ſ ı"]
    )
    def test_any_words_answer(self, ada, stock, words):
        search(Asked(words), ada)
        assert signed_in(ada).get("/clusters/search/", {"q": words.encode("utf-8", "replace")}).status_code == 200


class TestWhatIsHidden:
    def test_restricted_clusters_and_all_that_is_theirs(self, ada, auditor, omar, vault, safe, night_shift):
        BusinessCapability.objects.create(name="Safe keeping", cluster=vault, since=NOON)
        fields = {"purpose": "Safe.", "accountable": omar, "drafted_by": omar, "drafted_at": NOON}
        Charter.objects.create(cluster=vault, number=1, **fields)
        keeper = make_person("keeper")
        assign_perm("own_cluster", keeper, vault)
        for words in ("safe", "vault", "sefe", "keeping", "keeper"):
            answer = search(Asked(words), ada)
            assert (answer.rows, answer.kinds, answer.clusters) == ([], [], []), words
        assert names("", ada, cluster="vault") == []
        assert names("", ada, owner="keeper") == []
        assert answers("keeper", auditor) == [("person", "Keeper"), ("cluster", "Vault")]
        assert answers("safe", auditor)[0] == ("component", "Safe")
        assert answers("safe", keeper)[0] == ("component", "Safe")

    def test_it_is_seen_at_once_when_a_cluster_closes(self, ada, payments, ledger):
        assert names("ledger", ada)
        Cluster.objects.filter(pk=payments.pk).update(visibility=Visibility.RESTRICTED)
        assert names("ledger", ada) == []


class TestPages:
    @pytest.fixture
    def many(self, payments):
        Component.objects.bulk_create(
            Component(cluster=payments, slug=f"node-{n:03}", name=f"Node {n:03}") for n in range(60)
        )

    def test_long_answers_go_on_by_key(self, ada, many):
        first = search(Asked("node"), ada)
        second = search(Asked("node"), ada, after=first.after)
        third = search(Asked("node"), ada, after=second.after)
        told = [one.told.name for page in (first, second, third) for one in page.rows]
        assert told == [f"Node {n:03}" for n in range(60)]
        assert (first.count, third.after) == (60, "")

    @pytest.mark.parametrize("key", ["nonsense", "W10", "WyJhIiwyLDMsNCw1LDZd", "e30", "W251bGwsMiwzLDQsNSw2XQ"])
    def test_a_made_up_key_is_refused(self, ada, many, key):
        with pytest.raises(Invalid, match="not one of ours"):
            search(Asked("node"), ada, after=key)

    def test_common_words_are_cut_and_say_so_but_names_are_not(self, ada, many, payments, monkeypatch):
        monkeypatch.setattr(legs, "MOST_RANKED", 10)
        monkeypatch.setattr("apps.clusters.queries.search.MOST_RANKED", 10)
        legs.prepared.cache_clear()
        Component.objects.create(cluster=payments, slug="the-node", name="Node", description="Last of all")
        answer = search(Asked("node"), ada)
        legs.prepared.cache_clear()
        assert answer.is_cut
        assert answer.rows[0].told.name == "Node"

    def test_a_search_asks_the_database_few_questions_however_much_it_finds(self, ada, many, payments, omar):
        search(Asked("node"), ada)
        with CaptureQueriesContext(connection) as asked:
            search(Asked("node"), ada)
        assert len(asked) <= 6

    def test_the_page_marks_what_matches_and_says_what_to_do(self, ada, stock):
        client = signed_in(ada)
        text = client.get("/clusters/search/?q=card").content.decode()
        assert "<mark>Card</mark> gateway" in text
        assert "Takes <mark>cards</mark> of eleven schemes" in text
        assert "Type a name" in client.get("/clusters/search/").content.decode()
        assert "The nearest names" in client.get("/clusters/search/?q=gatewya").content.decode()
        nothing = client.get("/clusters/search/?q=zzzzz").content.decode()
        assert "Nothing that you may see is called “zzzzz”, or nearly so" in nothing
        assert "Search everywhere" in client.get("/clusters/search/?q=card&cluster=payments").content.decode()
        assert client.get("/clusters/search/?q=card&after=nonsense").status_code == 422
        assert b"<script>x" not in client.get("/clusters/search/?q=<script>x").content

    def test_the_api_says_the_same(self, ada, stock):
        body = signed_in(ada).get("/api/v1/catalog/search/?q=gateway&limit=2").json()
        assert [(one["kind"], one["name"], one["match"], one["cluster"]) for one in body["results"]] == [
            ("component", "Gateway", "exact", "logistics"),
            ("component", "Card gateway", "words", "logistics"),
        ]
        assert body["count"] == 3
        rest = signed_in(ada).get("/api/v1/catalog/search/", {"q": "gateway", "after": body["after"]}).json()
        assert [one["name"] for one in rest["results"]] == ["Mail gateway"]
        for bad in ("limit=0", "limit=x", f"q={'x' * 201}", "q=a&after=nonsense"):
            assert signed_in(ada).get(f"/api/v1/catalog/search/?{bad}").status_code in (400, 422), bad

    def test_strangers_sign_in_first(self, client, db):
        assert client.get("/clusters/search/?q=x").status_code == 302
        assert client.get("/api/v1/catalog/search/?q=x").status_code == 401


class TestRules:
    @pytest.mark.parametrize(
        ("text", "words", "marked"),
        [
            ("Card gateway", "gate", ["gateway"]),
            ("CheckoutService", "service", ["Service"]),
            ("mail/gateway_v2", "v2 MAIL", ["mail", "v2"]),
            ("payment", "payments", ["payment"]),
            ("Ledger", "edge", []),
            ("", "x", []),
        ],
    )
    def test_what_is_marked(self, text, words, marked):
        pieces = rules.marked(text, words)
        assert "".join(piece for piece, _ in pieces) == text
        assert [piece for piece, is_marked in pieces if is_marked] == marked

    def test_an_excerpt_is_cut_around_the_first_marked_word(self):
        text = "word " * 100 + "needle " + "tail " * 100
        said = "".join(piece for piece, _ in rules.excerpt(text, "needle"))
        assert "needle" in said
        assert said.startswith("… ")
        assert said.endswith(" …")
        assert len(said) < 2 * rules.AROUND + 20
        assert "".join(piece for piece, _ in rules.excerpt("short", "x")) == "short"
