"""What the tests of trust share: two domains with keys, and who owns the clusters behind them."""

import json

import pytest
from guardian.shortcuts import assign_perm
from joserfc.jwk import ECKey

from apps.accounts.rules import Role
from apps.trust import actions
from tests.conftest import make_person

PAY_KEY = ECKey.generate_key("P-256", {"kid": "pay-1"})
SHIP_KEY = ECKey.generate_key("P-256", {"kid": "ship-1"})


def bundle_of(*keys, **more) -> bytes:
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]} | more).encode()


def values(name, audience, **more):
    return {
        "name": name,
        "issuer": f"https://id.{name}",
        "audience": audience,
        "algorithms": ["ES256"],
        "claims": ["email", "tenant"],
    } | more


@pytest.fixture
def nora(db, logistics):
    person = make_person("nora", Role.CLUSTER_OWNER)
    assign_perm("own_cluster", person, logistics)
    return person


@pytest.fixture
def pay(omar, payments, noon):
    domain = actions.declare_domain(
        cluster=payments, declarer=omar, values=values("payments.example", "payments"), at=noon
    )
    return actions.take_in_bundle(domain_id=domain.pk, keeper=omar, content=bundle_of(PAY_KEY), at=noon)


@pytest.fixture
def ship(nora, logistics, noon):
    domain = actions.declare_domain(
        cluster=logistics, declarer=nora, values=values("logistics.example", "logistics"), at=noon
    )
    return actions.take_in_bundle(domain_id=domain.pk, keeper=nora, content=bundle_of(SHIP_KEY), at=noon)


@pytest.fixture
def link(pay, ship, omar, nora, noon):
    """Logistics believes Payments."""
    made = actions.propose_link(
        source=pay, target=ship, proposer=omar, reason="Parcels are paid.", claims=["tenant"], at=noon
    )
    return actions.agree_to_link(link_id=made.pk, agreer=nora, at=noon)
