"""What the tests of integrations share: two components with owners, an API and a topic, and one integration."""

import pytest
from guardian.shortcuts import assign_perm

from apps.accounts.rules import Role
from apps.clusters.models import Cluster, Component, Visibility
from apps.integrations import actions
from apps.integrations.models import Integration
from apps.integrations.queries.decisions import advice_on
from apps.integrations.rules.weighing import weighed
from tests.conftest import make_person

API = {"name": "Postings API", "kind": "grpc", "port": 8443, "protocol": "grpc", "latency_ms": 40}
TOPIC = {"name": "ledger.posted", "kind": "topic"}
NEEDS = {
    "purpose": "Parcels are paid before they go.",
    "direction": "reads",
    "latency_ms": 300,
    "freshness_s": 60,
    "rate_per_s": 12.5,
    "consistency": "eventual",
    "ordering": "none",
    "replay_days": 0,
    "payload_kb": 2,
    "availability_percent": 99.5,
    "survives_s": 0,
    "coupling": "moderate",
    "data_class": "internal",
}


@pytest.fixture
def nora(db, logistics):
    person = make_person("nora", Role.CLUSTER_OWNER)
    assign_perm("own_cluster", person, logistics)
    return person


@pytest.fixture
def api(omar, ledger, noon):
    return actions.offer_interface(component_id=ledger.pk, offerer=omar, values=API, at=noon)


@pytest.fixture
def topic(omar, ledger, noon):
    return actions.offer_interface(component_id=ledger.pk, offerer=omar, values=TOPIC, at=noon)


@pytest.fixture
def integration(api, dispatch, nora, noon):
    """Dispatch reads postings."""
    return actions.declare_integration(consumer_id=dispatch.pk, interface=api, declarer=nora, values=NEEDS, at=noon)


@pytest.fixture
def hidden(omar, noon):
    """An interface of a restricted cluster that only Omar owns."""
    vault = Cluster.objects.create(slug="vault", name="Vault", visibility=Visibility.RESTRICTED)
    assign_perm("own_cluster", omar, vault)
    safe = Component.objects.create(cluster=vault, slug="safe", name="Safe")
    return actions.offer_interface(component_id=safe.pk, offerer=omar, values={"name": "Keys", "kind": "file"}, at=noon)


def decided(integration, decider, at, **said):
    """Decide on the integration as it is now, for what comes first unless `chosen` is said."""
    weighing = said.pop("weighing", None) or weighed("usual")
    found = advice_on(Integration.objects.select_related("interface").get(pk=integration.pk), weighing)
    values = {"chosen": found.winner and found.winner.pattern, "reasons": "It fits.", "weighing": weighing}
    values |= {"inputs_sha256": found.inputs_sha256, **said}
    return actions.decide_pattern(integration_id=integration.pk, decider=decider, at=at, **values)
