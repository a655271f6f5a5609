"""`kill -9` in the middle of an assessment of silos: the next worker goes on, and every pair is judged once."""

from itertools import combinations

import pytest

from apps.clusters.models import Cluster, Component, Dependency
from apps.journal.models import Entry
from apps.stakeholders.models import SiloAssessment, SiloRun
from apps.stakeholders.tasks import continue_silo_runs
from tests.conftest import signed_in
from tests.durability.conftest import kill_twice_in_the_middle, require_reaches

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
CLUSTERS = 80  # 3,160 pairs: 79 parcels


def test_killing_the_worker_in_the_middle_of_an_assessment_judges_every_pair_once(house, ben):
    parts = [
        Component.objects.create(cluster=Cluster.objects.create(slug=f"c{n}", name=f"C{n}"), slug=f"c{n}", name=f"C{n}")
        for n in range(CLUSTERS)
    ]
    Dependency.objects.bulk_create(Dependency(consumer=one, provider=other) for one, other in combinations(parts, 2))
    pairs = CLUSTERS * (CLUSTERS - 1) // 2
    client = signed_in(ben)
    page = client.post("/stakeholders/silos/runs/")["Location"]

    def look(done):
        assert done == SiloAssessment.objects.count(), "a parcel is kept whole or not at all"
        assert f"{done:,} of {pairs:,}<" in client.get(page).content.decode()
        assert "Nothing has been assessed yet" in client.get("/stakeholders/silos/").content.decode()

    kill_twice_in_the_middle(
        house, done=lambda: SiloRun.objects.get().done, look=look, whole=pairs, wake=continue_silo_runs
    )
    house.start("worker")
    require_reaches(lambda: SiloRun.objects.get().is_over, wake=continue_silo_runs)
    run = SiloRun.objects.get()
    assert (run.state, run.total) == ("done", pairs)
    assert (
        SiloAssessment.objects.values("first", "second").distinct().count() == SiloAssessment.objects.count() == pairs
    )
    assert Entry.objects.filter(event="stakeholders.SilosAssessed").count() == 1
    assert "See what it came to" in client.get(page).content.decode()
