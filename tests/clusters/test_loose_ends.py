"""Dependencies with an end that is not known: kept, shown, and tied when it comes."""

import pytest

from apps.accounts.rules import Role, Scope
from apps.clusters import actions, queries
from apps.clusters.formats.catalog import Catalog, ComponentRow, DependencyRow, Place
from apps.clusters.models import Component, Dependency, LooseEnd, Visibility
from apps.journal.models import Entry
from apps.kernel.refusals import NotFound
from tests.accounts.conftest import caller
from tests.cab.racing import race
from tests.conftest import make_person, signed_in

PAGE, API = "/clusters/loose-ends/", "/api/v1/loose-ends/"


def write(noon, *rows, importer=None, **options):
    found = Catalog()
    for line, row in enumerate(rows, start=2):
        kind, values = row
        found.take(kind(Place("f.csv", line), **values))
    return actions.import_catalog(catalog=found, source="csv:f.csv", importer=importer, at=noon, **options)


def needs(consumer, provider, **more):
    return DependencyRow, {"consumer": consumer, "provider": provider, **more}


def component(slug, cluster="payments"):
    return ComponentRow, {"slug": slug, "cluster": cluster}


@pytest.fixture
def loose(ledger, noon) -> LooseEnd:
    write(noon, needs("ledger", "gate"))
    return LooseEnd.objects.get()


def test_a_dependency_on_what_is_not_known_is_kept(ledger, loose):
    assert (loose.consumer, loose.provider, loose.cluster) == (ledger, None, ledger.cluster)
    assert loose.missing == "“gate”"


def test_keeping_it_again_changes_nothing(ledger, loose, noon):
    plan = write(noon, needs("ledger", "gate"), needs("ledger", "gate"))
    assert plan.counts()["loose_end"] == {"new": 0, "changed": 0, "unchanged": 1, "repeated": 1}
    assert LooseEnd.objects.count() == 1


def test_under_another_spelling_it_is_the_same(ledger, noon):
    plan = write(noon, needs("ledger", "gate"), needs("ledger", "gate", consumer_cluster="payments"))
    assert plan.counts()["loose_end"] == {"new": 1, "changed": 0, "unchanged": 0, "repeated": 1}
    assert LooseEnd.objects.count() == 1


def test_it_may_be_refused_instead(ledger, noon):
    (rejection,) = write(noon, needs("ledger", "gate"), refuse_loose=True).rejections
    assert (rejection.field, rejection.value) == ("provider", "gate")
    assert "There is no such component" in rejection.reason
    assert not LooseEnd.objects.exists()


def test_an_import_that_brings_its_end_ties_it(ledger, loose, noon):
    write(noon, component("gate"))
    edge = Dependency.objects.get()
    assert (edge.consumer, edge.provider.slug, edge.source) == (ledger, "gate", "csv:f.csv")
    assert not LooseEnd.objects.exists()
    assert Entry.objects.filter(event="clusters.CatalogImported").last().data["dependencies"] == 1
    again = write(noon, needs("ledger", "gate"))
    assert again.counts()["dependency"]["unchanged"] == 1


def test_it_comes_back_whole(ledger, noon):
    said = {"weight": 42, "data_class": "restricted", "safeguard": "mutual TLS"}
    write(noon, needs("ledger", "gate", **said))
    assert {name: getattr(LooseEnd.objects.get(), name) for name in said} == said
    write(noon, component("gate"))
    assert {name: getattr(Dependency.objects.get(), name) for name in said} == said
    assert write(noon, needs("ledger", "gate", **said)).counts()["dependency"]["unchanged"] == 1


def test_what_a_later_import_says_otherwise_of_it_is_a_change(ledger, loose, noon):
    plan = write(noon, needs("ledger", "gate", weight=7))
    assert plan.counts()["loose_end"] == {"new": 0, "changed": 1, "unchanged": 0, "repeated": 0}
    loose.refresh_from_db()
    assert (loose.weight, loose.data_class) == (7, "")
    assert write(noon, needs("ledger", "gate")).counts()["loose_end"]["unchanged"] == 1


def test_one_of_a_restricted_cluster_says_nothing_of_itself_to_an_importer_and_stays(safe, noon):
    importer = make_person("mona", Role.PROGRAMME_MANAGER)
    named = {"consumer_cluster": safe.cluster.slug, "weight": 7, "safeguard": "a vault"}
    write(noon, needs("safe", "gate", **named))
    said = needs("safe", "gate", **named | {"weight": 8, "safeguard": "none"})
    (step,) = write(noon, said, importer=importer).steps
    assert (step.status, step.changes) == ("unchanged", ())
    assert (LooseEnd.objects.get().weight, LooseEnd.objects.get().safeguard) == (7, "a vault")
    assert write(noon, said).steps[0].status == "changed", "the house sees it"


def test_a_component_added_by_hand_ties_it_and_says_so(omar, payments, ledger, loose, noon):
    actions.add_component(cluster_id=payments.pk, editor=omar, slug="gate", values={"name": "Gate"}, at=noon)
    assert Dependency.objects.get().provider.name == "Gate"
    assert [entry.event for entry in queries.component_timeline(ledger)] == ["clusters.DependencyDeclared"]


def test_both_ends_may_come_one_after_the_other(payments, noon):
    write(noon, needs("a", "b"))
    assert LooseEnd.objects.get().cluster is None
    write(noon, component("b"))
    half = LooseEnd.objects.get()
    assert (half.consumer, half.provider.slug, half.cluster) == (None, "b", payments)
    write(noon, component("a"))
    assert Dependency.objects.get().consumer.slug == "a"


def test_what_two_components_could_be_stays_loose(ledger, logistics, loose, noon):
    Component.objects.create(cluster=logistics, slug="gate", name="Gate")
    write(noon, component("gate"))
    assert LooseEnd.objects.exists()
    assert not Dependency.objects.exists()


def test_a_restricted_cluster_of_others_tells_nothing_by_it(ledger, vault, loose, noon):
    assert vault.visibility == Visibility.RESTRICTED
    write(noon, component("gate", "vault"))
    assert LooseEnd.objects.exists()


def test_its_page_shows_it_with_what_is_known(ada, ledger, loose):
    said = signed_in(ada).get(PAGE).content.decode()
    assert "1 loose end." in said
    assert ledger.get_absolute_url() in said
    assert "not known" in said
    assert "No loose end fits" in signed_in(ada).get(PAGE, {"q": "zzz"}).content.decode()
    assert b"payments,ledger,calls,,gate,1,,," in b"".join(signed_in(ada).get(PAGE, {"export": "csv"}))


def test_its_page_and_api_tell_what_it_will_say(ada, ledger, noon):
    write(noon, needs("ledger", "gate", weight=1200, data_class="internal", safeguard="mutual TLS"))
    assert "weight 1,200 · internal data · mutual TLS" in signed_in(ada).get(PAGE).content.decode()
    (told,) = caller(ada).get(API).json()["results"]
    assert (told["weight"], told["data_class"], told["safeguard"], told["note"]) == (1200, "internal", "mutual TLS", "")


def test_none_at_all_is_said(ada):
    assert "There is no loose end" in signed_in(ada).get(PAGE).content.decode()


def test_who_imports_gives_it_up(ada, admin, loose):
    assert signed_in(ada).post(f"{PAGE}{loose.pk}/dismissal/").status_code == 403
    assert signed_in(admin).post(f"{PAGE}{loose.pk}/dismissal/").status_code == 302
    assert not LooseEnd.objects.exists()
    assert Entry.objects.get(event="clusters.LooseEndDropped").subject_label == "ledger calls gate"


def test_those_of_a_restricted_cluster_are_not_there_for_others(ada, admin, safe, noon):
    write(noon, needs("safe", "gate"))
    loose = LooseEnd.objects.get()
    assert caller(ada).get(API).json()["results"] == []
    assert caller(ada).get(f"{API}{loose.pk}/").status_code == 404
    with pytest.raises(NotFound):
        actions.drop_loose_end(loose_end_id=loose.pk, person=ada, at=noon)


def test_over_the_api(admin, ledger, loose):
    client = caller(admin, Scope.READ, Scope.IMPORTS)
    (told,) = client.get(API, {"provider_name": "gate"}).json()["results"]
    assert (told["consumer"], told["provider"], told["consumer_cluster"]) == (ledger.pk, None, "payments")
    assert client.delete(f"{API}{loose.pk}/").status_code == 204
    assert client.get(API).json()["results"] == []


@pytest.mark.django_db(transaction=True)
def test_imports_of_the_same_loose_ends_in_different_orders_wait_for_each_other_in_turn(noon):
    """Of the two, one writes them, and the other finds them written; neither is thrown out as a deadlock."""
    names = [f"gate-{number}" for number in range(400)]
    rounds = [
        {
            "forth": lambda turn=turn: write(noon, *(needs("ghost", f"{turn}-{one}") for one in names)),
            "back": lambda turn=turn: write(noon, *(needs("ghost", f"{turn}-{one}") for one in reversed(names))),
        }
        for turn in range(6)
    ]
    answers = race(rounds, seed=11)
    assert all(set(one.values()) <= {"done", "conflict"} for one in answers), answers
    assert LooseEnd.objects.count() == len(names) * len(rounds)
