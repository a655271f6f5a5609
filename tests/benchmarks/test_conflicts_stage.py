"""The stage of the benchmarks is written in SQL: it has to follow the tables, and what it measures has to be there."""

import pytest

from apps.cab.models import Change
from benchmarks import conflicts, stage


@pytest.mark.django_db
def test_the_stage_fits_the_tables_and_holds_conflicts_to_find(monkeypatch):
    monkeypatch.setattr(conflicts, "TURNS", 20)
    monkeypatch.setattr(conflicts, "DAYS", 5)
    stage.people()
    stage.changes(1, 1200)
    conflicts.surround()
    conflicts.plan(900)
    assert Change.objects.filter(state="scheduled").count() >= 900
    found = conflicts.compared()
    assert found.planned >= 900
    assert found.near > 1
    assert found.found > 1, "nothing to find is quickly found"
    assert found.whole.at(0.5) > found.bare.at(0.5) > 0
    plans = conflicts.plans(Change.objects.filter(state="scheduled")[0])
    assert any(plan.startswith("SELECT c.id") and "actual time" in plan for plan in plans)
