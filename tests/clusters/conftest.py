"""What the tests of clusters share: a restricted cluster, a team, and the column maps of the public records."""

import pytest
from django.contrib.auth.models import Group

from apps.clusters.models import Cluster, Component, Tier, Visibility


@pytest.fixture
def vault(db) -> Cluster:
    """A restricted cluster."""
    return Cluster.objects.create(slug="vault", name="Vault", visibility=Visibility.RESTRICTED)


@pytest.fixture
def safe(vault) -> Component:
    return Component.objects.create(cluster=vault, slug="safe", name="Safe", tier=Tier.FOUNDATION)


@pytest.fixture
def night_shift(db) -> Group:
    return Group.objects.create(name="Night shift")
