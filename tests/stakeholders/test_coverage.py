"""Who may decide on a need, and what the check finds; the findings come and go with the map."""

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.accounts.models import Person
from apps.clusters import checks
from apps.clusters.models import Finding
from apps.journal.actions import deliver_due
from apps.stakeholders import actions
from apps.stakeholders.models import Authority
from apps.stakeholders.reactions import COVERAGE
from apps.stakeholders.rules.coverage import coverage
from apps.stakeholders.rules.resources import Need
from tests.conftest import signed_in
from tests.stakeholders.test_resources import DAY, holding

NEED = Need("budget", "EUR", 7, Decimal(100))


@pytest.mark.parametrize(
    ("held", "word"),
    [
        ([], "nobody may"),
        ([holding(1, 99)], "nobody may"),
        ([holding(1, 100, cluster=8)], "nobody may"),
        ([holding(1, 60), holding(2, 40, cluster=7)], "only together"),
        ([holding(1, 100)], "one alone"),
        ([holding(1, 100), holding(2, 100, cluster=7)], "covered"),
        ([holding(1, 100), holding(2, 50, parent=1)], "only together"),
        ([holding(1, 100, active=False)], "nobody may"),
        ([holding(1, 100, starts=-9, ends=0)], "nobody may"),
    ],
)
def test_how_a_need_is_covered(held, word):
    assert coverage(NEED, held, day=DAY).word == word


def look(at):
    """What the worker does: deliver what was said, and run the check that it asked for."""
    deliver_due(at=at, limit=1_000)
    checks.run(checks.registered()[COVERAGE], at=at)
    return sorted(Finding.objects.standing().filter(checker=COVERAGE).values_list("code", flat=True))


class TestFindings:
    @pytest.fixture
    def need(self, initiative, payments, ben, noon):
        return actions.demand_resource(
            initiative_id=initiative.pk,
            keeper=ben,
            resource="budget",
            unit="EUR",
            amount=Decimal(100),
            cluster=payments,
            at=noon,
        )

    def test_they_come_and_go_with_who_decides(self, need, known, grant, payments, admin, noon):
        assert look(noon) == ["authority-missing"]
        ada = known("Finance", "Bank")
        first = grant(ada, 100, cluster=payments)
        assert look(noon) == ["single-decider"]
        grant(known("Audit", "Bank"), 100)
        assert look(noon) == []
        Authority.objects.exclude(pk=first.pk).delete()
        actions.end_authority(authority_id=first.pk, person=admin, last_day=(noon - timedelta(days=3)).date(), at=noon)
        assert look(noon) == ["authority-expired"]

    def test_of_somebody_who_left(self, need, known, grant, ada, initiative, ben, noon):
        grant(known("ada"), 100)
        look(noon)
        Person.objects.filter(pk=ada.pk).update(is_active=False)
        actions.demand_resource(  # anything that makes it look again
            initiative_id=initiative.pk, keeper=ben, resource="data", amount=Decimal(1), at=noon
        )
        assert "authority-of-nobody" in look(noon)

    def test_an_end_that_is_near(self, need, known, grant, noon):
        grant(known("Finance", "Bank"), 100, last_day=(noon + timedelta(days=29)).date())
        assert look(noon) == ["authority-ends-soon", "single-decider"]
        assert look(noon + timedelta(days=31)) == ["authority-ends-soon", "single-decider"]  # nothing asked it to look

    def test_a_closed_initiative_needs_nothing(self, need, initiative, ben, noon):
        assert look(noon) == ["authority-missing"]
        actions.close_initiative(initiative_id=initiative.pk, keeper=ben, reason="Reached.", at=noon)
        assert look(noon) == []

    def test_of_a_restricted_cluster_nobody_else_reads_them(self, vault, payments, ada, admin, noon):
        values = {"name": "Secret", "purpose": "Quiet.", "sponsor": admin}
        row = actions.open_initiative(opener=admin, clusters=[payments, vault], values=values, at=noon)
        actions.demand_resource(
            initiative_id=row.pk, keeper=admin, resource="data", amount=Decimal(1), cluster=payments, at=noon
        )
        assert look(noon) == ["authority-missing"]
        assert not Finding.objects.visible_to(ada).filter(checker=COVERAGE).exists()
        finding = Finding.objects.get(checker=COVERAGE)
        assert signed_in(ada).get(finding.get_absolute_url()).status_code == 404
        assert signed_in(admin).get(finding.get_absolute_url()).status_code == 200
