"""Wholes and parts: refused where they run in a circle, by every way they come; needs may be circular."""

import random
from itertools import pairwise
from threading import Barrier, Thread

import networkx as nx
import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.rules import Scope
from apps.clusters import actions, queries
from apps.clusters.actions.loose_ends import tie_loose_ends
from apps.clusters.actions.reading import read_catalog
from apps.clusters.formats import catalog
from apps.clusters.formats.catalog import Catalog, ComponentRow, DependencyRow, Place
from apps.clusters.models import Component, Dependency, LooseEnd
from apps.clusters.queries.nesting import nesting_above
from apps.clusters.rules.nesting import circles, nested, told
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict
from tests.accounts.conftest import caller
from tests.conftest import signed_in


def declare(declarer, consumer, provider, noon, kind="consists of"):
    return actions.declare_dependency(
        consumer_id=consumer.pk, provider_id=provider.pk, declarer=declarer, kind=kind, at=noon
    )


def write(noon, *rows, importer=None, **options):
    found = Catalog()
    for line, (kind, values) in enumerate(rows, start=2):
        found.take(kind(Place("f.csv", line), **values))
    return actions.import_catalog(catalog=found, source="csv:f.csv", importer=importer, at=noon, **options)


def consists(consumer, provider, kind="consists of", **more):
    return DependencyRow, {"consumer": consumer, "provider": provider, "kind": kind, **more}


def component(slug, cluster="payments"):
    return ComponentRow, {"slug": slug, "cluster": cluster}


def csv(text):
    return read_catalog(
        file_name="d.csv", content=text.encode(), catalog_format="csv", options={"rows": "dependencies"}
    )


@pytest.fixture
def shop(payments):
    """A shop that consists of a checkout, which consists of a cart."""
    parts = [
        Component.objects.create(cluster=payments, slug=slug, name=slug.title()) for slug in ("shop", "till", "cart")
    ]
    for whole, part in pairwise(parts):
        Dependency.objects.create(consumer=whole, provider=part, kind="consists of")
    return parts


class TestRule:
    @pytest.mark.parametrize("kind", ["consists of", "Consists-of", "contains", "has_part"])
    def test_the_whole_says_it(self, kind):
        assert nested(kind, "a", "b") == ("a", "b")

    @pytest.mark.parametrize("kind", ["part of", "is part of", "PART_OF", "subcomponent of"])
    def test_or_the_part(self, kind):
        assert nested(kind, "a", "b") == ("b", "a")

    @pytest.mark.parametrize("kind", ["calls", "uses", "is provided by", "routes to", "", "apart of"])
    def test_other_kinds_say_nothing_of_it(self, kind):
        assert nested(kind, "a", "b") is None

    def test_all_that_lies_on_a_circle_is_named_and_nothing_else(self):
        assert circles([(1, 2), (2, 3), (3, 1), (3, 4), (0, 1)]) == {0: [1, 2, 3, 1], 1: [2, 3, 1, 2], 2: [3, 1, 2, 3]}
        assert circles([(1, 1)]) == {0: [1, 1]}
        assert circles([(3, 1)], known=[(1, 2), (2, 3)]) == {0: [3, 1, 2, 3]}
        assert circles([(1, 2)], known=[(2, 3), (1, 3)]) == {}

    def test_it_is_what_the_graph_library_finds_pair_by_pair(self):
        dice, found = random.Random(5), 0
        for _ in range(300):
            pairs = [(dice.randrange(7), dice.randrange(7)) for _ in range(dice.randrange(12))]
            cut = dice.randrange(len(pairs) + 1)
            graph, ways = nx.DiGraph(pairs), circles(pairs[cut:], known=pairs[:cut])
            for place, (whole, part) in enumerate(pairs[cut:]):
                assert (place in ways) == nx.has_path(graph, part, whole)
            for place, way in ways.items():
                assert (way[0], way[1], way[-1]) == (*pairs[cut:][place], way[0])
                assert all(graph.has_edge(*step) for step in pairwise(way))
                found += 1
        assert found > 200

    def test_a_ring_of_very_many_is_told_shortly_and_soon(self):
        ring = [(n, (n + 1) % 30_000) for n in range(30_000)]
        ways = circles(ring)
        assert len(ways) == 30_000
        assert told(ways[0]) == "0 → 1 → 2 → 3 → 4 → 5 → 6 → 7 → 29,990 more → 29998 → 29999 → 0"


class TestByHand:
    def test_a_circle_is_refused_with_its_way(self, omar, shop, noon):
        with pytest.raises(Conflict) as refused:
            declare(omar, shop[2], shop[0], noon)
        assert refused.value.sentence == (
            "Nothing is a part of itself, and this closes a circle:"
            " payments/cart → payments/shop → payments/till → payments/cart."
        )
        assert refused.value.next_step.startswith("Withdraw another of these")
        assert refused.value.code == "nesting_circle"

    def test_whole_and_part_may_each_say_it(self, omar, shop, noon):
        with pytest.raises(Conflict, match="closes a circle"):
            declare(omar, shop[0], shop[2], noon, kind="part of")
        declare(omar, shop[2], shop[0], noon, kind="part of")
        assert Dependency.objects.count() == 3

    def test_a_part_of_two_wholes_is_no_circle(self, omar, shop, ledger, noon):
        declare(omar, ledger, shop[2], noon)
        declare(omar, ledger, shop[0], noon)
        assert nesting_above([shop[2].pk]) != []

    def test_needs_may_be_circular(self, omar, shop, noon):
        declare(omar, shop[2], shop[0], noon, kind="calls")
        declare(omar, shop[0], shop[2], noon, kind="calls")
        assert Dependency.objects.filter(kind="calls").count() == 2

    def test_page_and_api_say_the_same(self, omar, shop):
        sentence = "payments/cart → payments/shop → payments/till → payments/cart"
        values = {"provider": "payments/shop", "kind": "consists of", "weight": 1}
        page = signed_in(omar).post(f"/clusters/components/{shop[2].pk}/dependencies/", values)
        assert page.status_code == 409
        assert sentence in page.content.decode()
        client = caller(omar, Scope.READ, Scope.CLUSTERS)
        sent = {"consumer": shop[2].pk, "provider": shop[0].pk, "kind": "consists of"}
        answer = client.post("/api/v1/dependencies/", sent, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (409, "nesting_circle")
        assert sentence in answer.json()["detail"]

    def test_what_one_may_not_see_is_not_named(self, omar, shop, safe, noon):
        Dependency.objects.filter(consumer=shop[0]).delete()
        Dependency.objects.create(consumer=safe, provider=shop[2], kind="part of")
        Dependency.objects.create(consumer=safe, provider=shop[0], kind="consists of")
        with pytest.raises(Conflict) as refused:
            declare(omar, shop[0], shop[1], noon)
        assert refused.value.sentence.endswith(
            "payments/shop → payments/till → payments/cart → a component you may not see → payments/shop."
        )

    @pytest.mark.django_db(transaction=True)
    def test_two_that_would_close_a_circle_together_take_turns(self, omar, payments, ledger, noon):
        other = Component.objects.create(cluster=payments, slug="other", name="Other")
        start, refused = Barrier(2), []

        def say(whole, part):
            try:
                start.wait(10)
                declare(omar, whole, part, noon)
            except Conflict as refusal:
                refused.append(refusal.sentence)
            finally:
                connection.close()

        both = [Thread(target=say, args=pair) for pair in ((ledger, other), (other, ledger))]
        for one in both:
            one.start()
        for one in both:
            one.join(30)
        assert Dependency.objects.count() == 1
        assert len(refused) == 1
        assert "closes a circle" in refused[0]


class TestByImport:
    def test_what_a_file_says_in_a_circle_is_refused_with_its_way(self):
        catalog = csv(
            "consumer,provider,kind\na,b,consists of\nc,b,part of\nc,a,consists of\na,d,contains\nb,a,calls\n"
        )
        assert [(row.consumer, row.provider) for row in catalog.dependencies] == [("a", "d"), ("b", "a")]
        assert [(r.row, r.field, r.value) for r in catalog.rejections] == [
            (2, "provider", "b"),
            (3, "provider", "b"),
            (4, "provider", "a"),
        ]
        assert "closes a circle: a → b → c → a. Take one of them out of the file" in catalog.rejections[0].reason

    def test_a_ring_of_thousands_is_told_without_spelling_it_out_for_each(self, monkeypatch):
        spelled = []
        monkeypatch.setattr(catalog, "written", lambda key: spelled.append(key) or key[1])
        rows = "".join(f"c{n},c{(n + 1) % 2_000},consists of\n" for n in range(2_000))
        found = csv(f"consumer,provider,kind\n{rows}")
        assert len(found.rejections) == 2_000
        assert "c0 → c1 → c2 → c3 → c4 → c5 → c6 → c7 → 1,990 more → c1998 → c1999 → c0." in found.rejections[0].reason
        assert len(spelled) < 12 * 2_000

    def test_needs_in_a_file_may_be_circular(self):
        catalog = csv("consumer,provider\na,b\nb,c\nc,a\n")
        assert (len(catalog.dependencies), catalog.rejections) == (3, [])

    def test_what_closes_a_circle_with_the_map_is_rejected(self, shop, noon):
        plan = write(noon, consists("cart", "shop"), consists("cart", "ledger"), component("ledger"))
        (rejection,) = plan.rejections
        assert (rejection.row, rejection.field, rejection.value) == (2, "provider", "shop")
        assert "payments/cart → payments/shop → payments/till → payments/cart" in rejection.reason
        assert plan.counts()["dependency"]["new"] == 1
        assert Dependency.objects.count() == 3

    def test_with_what_is_coming_too(self, shop, noon):
        plan = write(
            noon,
            component("new"),
            consists("cart", "new"),
            consists("new", "shop"),
            consists("x", "y"),
            consists("y", "x"),
        )
        assert sorted(rejection.row for rejection in plan.rejections) == [3, 4, 5, 6]
        assert "payments/new" in plan.rejections[0].reason
        assert not LooseEnd.objects.exists()

    def test_a_name_with_a_slash_is_not_taken_for_a_cluster_and_a_name(self, shop, noon):
        plan = write(
            noon, component("new"), consists("cart", "new"), consists("payments/new", "cart", consumer_cluster="")
        )
        assert plan.rejections == []
        assert plan.counts()["loose_end"]["new"] == 1

    def test_again_it_is_rejected_again(self, shop, noon):
        for _ in range(2):
            assert len(write(noon, consists("cart", "shop")).rejections) == 1

    def test_a_row_that_closes_one_with_a_loose_end_just_tied_is_rejected(self, ledger, noon):
        write(noon, consists("ledger", "gate"))
        plan = write(noon, component("gate"), consists("gate", "ledger"))
        assert ["payments/gate → payments/ledger → payments/gate" in one.reason for one in plan.rejections] == [True]
        assert [(one.consumer.slug, one.provider.slug) for one in Dependency.objects.all()] == [("ledger", "gate")]
        assert plan.counts()["dependency"]["new"] == 0

    def test_a_loose_end_that_would_close_one_stays_loose_and_says_why(self, omar, admin, payments, ledger, noon):
        write(noon, consists("ledger", "gate"), consists("gate", "door"), consists("door", "ledger"))
        assert not LooseEnd.objects.exists(), "the three are a circle among themselves"
        write(noon, consists("ledger", "gate"))
        write(noon, consists("gate", "ledger"))
        actions.add_component(cluster_id=payments.pk, editor=omar, slug="gate", values={"name": "Gate"}, at=noon)
        assert not Dependency.objects.exists()
        assert "closes a circle: payments/ledger → payments/gate → payments/ledger." in LooseEnd.objects.first().note
        page = signed_in(admin).get("/clusters/loose-ends/").content.decode()
        assert "closes a circle" in page

    @pytest.fixture
    def held(self, omar, payments, ledger, noon):
        """That the gate consists of the ledger, loose as the ledger consists of the gate."""
        write(noon, consists("gate", "ledger"))
        gate = Component(cluster=payments, slug="gate", name="Gate")
        Component.objects.bulk_create([gate])
        declare(omar, ledger, gate, noon)
        tie_loose_ends(arrived=[gate])
        assert "closes a circle" in LooseEnd.objects.get().note
        return gate

    def test_one_that_stayed_loose_is_tied_when_the_other_is_withdrawn(self, omar, ledger, held, noon):
        edge = Dependency.objects.get()
        actions.withdraw_dependency(dependency_id=edge.pk, withdrawer=omar, at=noon)
        assert [(one.consumer, one.provider) for one in Dependency.objects.all()] == [(held, ledger)]
        assert not LooseEnd.objects.exists()
        told = Entry.objects.filter(event="clusters.DependencyDeclared").latest("pk")
        assert (told.data["consumer_id"], told.data["provider_id"], told.actor) == (held.pk, ledger.pk, omar)

    @pytest.mark.parametrize("by_hand", [True, False])
    def test_and_is_gone_when_it_is_declared_otherwise(self, omar, ledger, held, noon, by_hand):
        Dependency.objects.all().delete()
        if by_hand:
            declare(omar, held, ledger, noon)
        else:
            write(noon, consists("gate", "ledger"))
        assert (Dependency.objects.count(), LooseEnd.objects.count()) == (1, 0)

    def test_and_stays_while_another_way_closes_it(self, omar, payments, ledger, held, noon):
        other = Component.objects.create(cluster=payments, slug="other", name="Other")
        declare(omar, ledger, other, noon)
        declare(omar, other, held, noon)
        edge = Dependency.objects.get(consumer=ledger, provider=held)
        actions.withdraw_dependency(dependency_id=edge.pk, withdrawer=omar, at=noon)
        assert "payments/gate → payments/ledger → payments/other → payments/gate" in LooseEnd.objects.get().note

    @pytest.mark.django_db(transaction=True)
    def test_two_imports_that_would_close_a_circle_together(self, payments, logistics, ledger, dispatch, noon):
        start, plans = Barrier(2), []

        def bring(*row):
            try:
                start.wait(10)
                plans.append(write(noon, row))
            finally:
                connection.close()

        rows = (consists("ledger", "dispatch"), consists("dispatch", "ledger"))
        both = [Thread(target=bring, args=row) for row in rows]
        for one in both:
            one.start()
        for one in both:
            one.join(30)
        assert Dependency.objects.count() == 1
        assert sorted(len(plan.rejections) for plan in plans) == [0, 1]
        assert sorted(plan.counts()["dependency"]["new"] for plan in plans) == [0, 1]

    def test_the_preview_says_it_before_anything_is_written(self, admin, shop):
        kept, plan = actions.upload_catalog(
            file_name="d.csv",
            content=b"consumer,provider,kind\ncart,shop,consists of\n",
            catalog_format="csv",
            options={"rows": "dependencies"},
            uploader=admin,
            at=timezone.now(),
        )
        assert [rejection.row for rejection in plan.rejections] == [2]
        assert "payments/till" in signed_in(admin).get(kept.get_absolute_url()).content.decode()
        assert queries.visible_import(kept.pk, admin).counts["rejected"] == {"rows": 1}


BACKSTAGE = "apiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n"


def tree(*entities, **files):
    from apps.clusters.formats import backstage

    text = "---\n".join(BACKSTAGE.format(kind=kind, name=name, spec=spec) for kind, name, spec in entities)
    return backstage.parse({"catalog-info.yaml": text.encode(), **files})


PART = "type: service, lifecycle: production, owner: a"


class TestByBackstage:
    def test_a_subcomponent_is_a_part(self):
        (row,) = tree(("Component", "cart", f"{PART}, subcomponentOf: Shop"), ("Component", "shop", PART)).dependencies
        assert (row.consumer, row.kind, row.provider) == ("shop", "consists of", "cart")

    def test_subcomponents_in_a_circle_are_refused(self):
        parts = [("Component", one, f"{PART}, subcomponentOf: {other}") for one, other in ("ab", "bc", "ca")]
        text = "---\n".join(BACKSTAGE.format(kind=kind, name=name, spec=spec) for kind, name, spec in parts)
        catalog = read_catalog(
            file_name="c.yaml", content=text.encode(), catalog_format="backstage", options={"cluster_map": {"*": "x"}}
        )
        assert (len(catalog.components), catalog.dependencies) == (3, [])
        assert [rejection.row for rejection in catalog.rejections] == [1, 6, 11]
        assert all("closes a circle" in rejection.reason for rejection in catalog.rejections)

    def test_groups_in_a_circle_are_told_and_still_name_owners(self):
        catalog = tree(
            ("Group", "a", "type: team, children: [b], parent: c"),
            ("Group", "b", "type: team, children: []"),
            ("Group", "c", "type: team, children: [], parent: 'group:default/B'"),
            ("Group", "d", "type: team, children: [a]"),
            ("Component", "x", PART),
        )
        assert [(one.row, one.field, one.value) for one in catalog.rejections] == [
            (1, "spec.parent", "c"),
            (1, "spec.children", "b"),
            (11, "spec.parent", "group:default/B"),
        ]
        assert catalog.rejections[0].reason == (
            "No group lies above itself, and this closes a circle: c → a → b → c. Take one of them out."
        )
        assert catalog.components[0].owner_name == "a"

    def test_domains_in_a_circle_are_told(self):
        catalog = tree(("Domain", "a", "owner: x, subdomainOf: b"), ("Domain", "b", "owner: x, subdomainOf: a"))
        assert [one.field for one in catalog.rejections] == ["spec.subdomainOf"] * 2
        assert "No domain lies above itself, and this closes a circle: b → a → b." in catalog.rejections[0].reason
        assert [row.slug for row in catalog.clusters] == ["a", "b"]
        itself = tree(("Domain", "a", "owner: x, subdomainOf: a")).rejections
        assert ["a → a" in one.reason for one in itself] == [True]

    def test_locations_that_include_each_other_are_told_and_read_once(self):
        def location(name, target):
            return BACKSTAGE.format(kind="Location", name=name, spec=f"targets: ['{target}']").encode()

        catalog = tree(
            ("Location", "all", "targets: [./b.yaml, './catalog*.yaml']"),
            ("Component", "x", PART),
            **{"b.yaml": location("b", "./c.yaml"), "c.yaml": location("c", "./catalog-info.yaml")},
        )
        told = {(one.file, one.field, one.value): one.reason for one in catalog.rejections}
        ring = ["catalog-info.yaml", "b.yaml", "c.yaml", "catalog-info.yaml"]
        assert set(told) == {(file, "spec.targets", other) for file, other in pairwise(ring)}
        assert told["b.yaml", "spec.targets", "c.yaml"] == (
            "No file lies above itself, and this closes a circle:"
            " b.yaml → c.yaml → catalog-info.yaml → b.yaml. Take one of them out."
        )
        assert len(catalog.components) == 1

    def test_dependencies_may_be_circular(self):
        parts = [("Component", one, f"{PART}, dependsOn: ['component:{other}']") for one, other in ("ab", "ba")]
        catalog = tree(*parts)
        assert (len(catalog.dependencies), catalog.rejections) == (2, [])
