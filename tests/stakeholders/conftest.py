"""What the tests of stakeholders share: two owned clusters, who decides on what, and an initiative across both."""

from datetime import date
from decimal import Decimal

import pytest
from guardian.shortcuts import assign_perm

from apps.accounts.rules import Role
from apps.clusters.models import Cluster, Visibility
from apps.stakeholders import actions
from tests.conftest import make_person
from tests.stakeholders.negotiating import floor
from tests.stakeholders.siloed import asked, weave

__all__ = ["asked", "floor", "weave"]

FIRST_DAY = date(2026, 1, 1)


@pytest.fixture
def nora(db, logistics):
    person = make_person("nora", Role.CLUSTER_OWNER)
    assign_perm("own_cluster", person, logistics)
    return person


@pytest.fixture
def vault(db) -> Cluster:
    """A restricted cluster."""
    return Cluster.objects.create(slug="vault", name="Vault", visibility=Visibility.RESTRICTED)


@pytest.fixture
def known(admin, noon):
    """Puts people on record: `known("ada")` an account, `known("Finance", "Bank")` an outsider."""

    def make(name, organisation=None):
        if organisation is None:
            return actions.add_stakeholder(kind="account", handle=name, adder=admin, at=noon)
        return actions.add_stakeholder(kind="outsider", name=name, organisation=organisation, adder=admin, at=noon)

    return make


@pytest.fixture
def grant(admin, noon):
    """Records an authority: `grant(holder, 100)` is a budget of 100 EUR over the enterprise."""

    def make(holder, amount, *, resource="budget", unit="EUR", recorder=admin, first_day=FIRST_DAY, **more):
        return actions.record_authority(
            holder=holder,
            recorder=recorder,
            resource=resource,
            unit=unit,
            amount=Decimal(amount),
            first_day=first_day,
            evidence="Signing policy",
            at=noon,
            **more,
        )

    return make


@pytest.fixture
def initiative(ben, payments, logistics, noon):
    """Across Payments and Logistics, sponsored by Ben."""
    values = {"name": "One parcel", "purpose": "Pay once.", "sponsor": ben}
    return actions.open_initiative(opener=ben, clusters=[payments, logistics], values=values, at=noon)
