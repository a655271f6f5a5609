"""One change among very many that are planned at the same time: what is linked is found, whatever its number."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.cab.models import Change, ChangeComponent
from apps.cab.queries import conflicts
from apps.cab.queries.conflicts import found_for
from tests.cab.test_conflicts import eve, pair, planned  # noqa: F401  # fixtures

pytestmark = pytest.mark.django_db


def crowd(change: Change, number: int) -> None:
    """So many copies of a change, planned in the same window, that touch nothing and that nobody carries out."""
    columns = [one.column for one in Change._meta.concrete_fields if not one.primary_key and not one.generated]
    given = {"number": "nextval('cab_change_number')", "implementer_id": "NULL"}
    picked = ", ".join(given.get(one, f'"{one}"') for one in columns)
    named = ", ".join(f'"{one}"' for one in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO cab_change ({named}) SELECT {picked} FROM cab_change, generate_series(1, %s) WHERE id = %s",
            [number, change.pk],
        )
        cursor.execute("ANALYZE cab_change")


def told(change):
    return [(one.kind, one.other_id, one.digest, dict(one.details)) for one in found_for(change).rows]


def test_among_100_000_the_last_is_found(submitted, eve, ada, payments, ledger):  # noqa: F811
    crowd(submitted, 100_000)
    Change.objects.filter(pk=submitted.pk).update(implementer=ada)
    last = planned(eve, payments, ledger, implementer=ada)
    submitted.refresh_from_db()
    assert last.pk == Change.objects.latest("pk").pk
    with CaptureQueriesContext(connection) as asked:
        found = found_for(submitted)
    kinds = {(one.kind, one.other_id) for one in found.rows}
    assert ("same_component", last.pk) in kinds
    assert ("person", last.pk) in kinds
    assert len(kinds) == 2
    assert not found.is_cut
    assert any("LIMIT 2001" in one["sql"] for one in asked)


def test_both_ways_of_asking_say_the_same(pair, monkeypatch, ada):  # noqa: F811
    Change.objects.update(implementer=ada)
    change = Change.objects.get(pk=pair.change_id)
    few = told(change)
    assert {kind for kind, *_ in few} == {"same_component", "person"}
    monkeypatch.setattr(conflicts, "MOST_NEAR", 0)
    assert told(change) == few
    assert told(Change.objects.get(pk=pair.other_id)) != []


def test_more_links_than_are_told_are_said_to_be_cut(submitted, ledger):
    crowd(submitted, 2_500)
    new = Change.objects.exclude(pk=submitted.pk)
    ChangeComponent.objects.bulk_create(
        ChangeComponent(change_id=pk, component=ledger) for pk in new.values_list("pk", flat=True)
    )
    found = found_for(submitted)
    assert found.is_cut
    assert len(found.rows) == conflicts.MOST_LINKS
