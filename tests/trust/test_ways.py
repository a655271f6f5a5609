"""Ways of trust of every declared integration, of dependencies without one, and what the check makes of them."""

import csv
import io

import pytest
from django.urls import reverse
from django.utils import timezone
from guardian.shortcuts import assign_perm

from apps.accounts.rules import Role
from apps.clusters import actions as map_actions
from apps.clusters.models import CheckRun, Cluster, Component, Dependency, Visibility
from apps.integrations import actions
from apps.journal.actions import deliver_due
from apps.trust.queries.judging import judged
from tests.conftest import make_person, signed_in
from tests.integrations.conftest import NEEDS

TOPIC = {"name": "parcels.moved", "kind": "topic"}
API = "/api/v1/trust-ways/"


@pytest.fixture
def parcels(nora, dispatch, noon):
    return actions.offer_interface(component_id=dispatch.pk, offerer=nora, values=TOPIC, at=noon)


@pytest.fixture
def use(omar, parcels, ledger, noon):
    """Makes ledger, or another component of its cluster, use an interface."""

    def declare(consumer=ledger, interface=parcels):
        return actions.declare_integration(
            consumer_id=consumer.pk, interface=interface, declarer=omar, values=NEEDS, at=noon
        )

    return declare


def page(person, **asked):
    return signed_in(person).get(reverse("trust:ways"), asked)


def rows(answer):
    return [(one.consumer.name, way.is_believed, way.words, way.claims) for one, way in answer.context["ways"]]


def test_an_integration_says_whether_it_is_believed_how_far_and_what_arrives(link, use, omar):
    use()
    answer = page(omar)
    assert rows(answer) == [("Ledger", True, "1 link", ["sub", "tenant"])]
    assert "Ledger with parcels.moved" in answer.content.decode()
    assert answer.context["loose"] == []  # the dependency is the integration's own


def test_without_a_link_it_says_why(pay, ship, use, omar):
    use()
    assert rows(page(omar)) == [("Ledger", False, "no domain believes the caller's", [])]


def test_without_a_domain_it_says_whose(pay, use, omar):
    use()
    assert rows(page(omar)) == [("Ledger", False, "the callee's cluster has no trust domain", [])]


def test_a_list_that_is_narrowed_to_none_says_what_that_means(link, use, omar):
    use()
    assert "Every integration is believed." in page(omar, believed="no").content.decode()
    link.delete()
    assert "No integration is believed." in page(omar, believed="yes").content.decode()


def test_within_a_cluster_all_claims_arrive(pay, use, payments, ledger, omar, noon):
    till = Component.objects.create(cluster=payments, slug="till", name="Till")
    offered = actions.offer_interface(component_id=ledger.pk, offerer=omar, values=TOPIC, at=noon)
    use(till, offered)
    assert rows(page(omar)) == [("Till", True, "within one domain", ["email", "sub", "tenant"])]


def test_several_integrations_of_one_pair_each_have_their_line(link, use, dispatch, nora, omar, noon):
    use()
    use(
        interface=actions.offer_interface(component_id=dispatch.pk, offerer=nora, values=TOPIC | {"name": "x"}, at=noon)
    )
    assert Dependency.objects.count() == 1
    assert len(rows(page(omar))) == 2


def test_one_whose_dependency_was_dropped_is_still_asked_about(pay, ship, use, ledger, omar, noon):
    use()
    Dependency.objects.all().delete()  # as an import drops what its file no longer names
    assert [one[0] for one in rows(page(omar))] == ["Ledger"]
    (found,) = [one for one in judged(noon).found if one.code == "no-trust-path"]
    assert found.component_id == ledger.pk


def test_dependencies_without_an_integration_are_shown_as_such(link, ledger, dispatch, omar, noon):
    map_actions.declare_dependency(consumer_id=ledger.pk, provider_id=dispatch.pk, declarer=omar, at=noon)
    answer = page(omar)
    assert rows(answer) == []
    ((one, way),) = answer.context["loose"]
    assert (one.consumer, way.words) == (ledger, "1 link")
    text = answer.content.decode()
    assert "Dependencies without an integration" in text
    assert "No integration is declared" in text


def test_those_without_a_way_come_first_and_the_list_is_narrowed_and_exported_whole(link, use, payments, omar, noon):
    vault = Cluster.objects.create(slug="vault", name="Vault")
    safe = Component.objects.create(cluster=vault, slug="safe", name="Safe")
    keys = actions.offer_interface(component_id=safe.pk, offerer=owner_of(vault), values=TOPIC, at=noon)
    use()
    use(Component.objects.create(cluster=payments, slug="zoll", name="Zoll"), keys)
    answer = page(omar)
    assert [(name, believed) for name, believed, *_ in rows(answer)] == [("Zoll", False), ("Ledger", True)]
    assert [tab["count"] for tab in answer.context["tabs"]] == [2, 1, 1]
    assert [name for name, *_ in rows(page(omar, believed="yes"))] == ["Ledger"]
    assert [name for name, *_ in rows(page(omar, believed="no"))] == ["Zoll"]
    assert page(omar, believed="maybe").status_code == 422
    file = b"".join(page(omar, export="csv").streaming_content).decode("utf-8-sig")
    told = {row["caller"]: (row["believed"], row["links"], row["claims"]) for row in csv.DictReader(io.StringIO(file))}
    assert told["Ledger"][1:] == ("1", "sub, tenant")
    assert told["Zoll"][1:] == ("", "")
    assert told["Ledger"][0] != told["Zoll"][0]


def owner_of(cluster):
    person = make_person(f"owner-{cluster.slug}", Role.CLUSTER_OWNER)
    assign_perm("own_cluster", person, cluster)
    return person


def test_pages_follow_each_other_without_a_gap(link, use, payments, omar, nora, dispatch, noon):
    for number in range(55):
        use(Component.objects.create(cluster=payments, slug=f"till-{number:02}", name=f"Till {number:02}"))
    first = page(omar)
    second = page(omar, after=first.context["page"].after)
    names = [name for name, *_ in rows(first) + rows(second)]
    assert names == [f"Till {number:02}" for number in range(55)]


def test_what_nobody_may_know_of_is_counted_nowhere(link, use, logistics, ada, auditor):
    use()
    Cluster.objects.filter(pk=logistics.pk).update(visibility=Visibility.RESTRICTED)
    answer = page(ada)
    assert rows(answer) == []
    assert [tab["count"] for tab in answer.context["tabs"]] == [0, 0, 0]
    assert len(rows(page(auditor))) == 1


def test_the_api_lists_every_one(link, use, omar, ada, logistics):
    one = use()
    found = signed_in(omar).get(API).json()["results"]
    assert found == [
        {
            "integration": one.pk,
            "caller": one.consumer_id,
            "caller_cluster": "payments",
            "interface": one.interface_id,
            "callee": one.interface.component_id,
            "callee_cluster": "logistics",
            "is_believed": True,
            "length": 1,
            "claims": ["sub", "tenant"],
            "why_none": "",
        }
    ]
    assert signed_in(omar).get(f"{API}{one.pk}/").json() == found[0]
    assert signed_in(omar).get(API, {"is_believed": "false"}).json()["results"] == []
    Cluster.objects.filter(pk=logistics.pk).update(visibility=Visibility.RESTRICTED)
    assert signed_in(ada).get(f"{API}{one.pk}/").status_code == 404


def test_the_check_runs_again_when_integrations_come_and_go(use, omar, noon):
    def asked() -> int:
        while deliver_due(at=timezone.now()):
            pass
        return CheckRun.objects.get(checker="trust").asked

    one = use()
    before = asked()
    Dependency.objects.all().delete()  # so that only the integration itself tells
    actions.withdraw_integration(integration_id=one.pk, withdrawer=omar, reason="Over.", at=noon)
    assert asked() == before + 1
