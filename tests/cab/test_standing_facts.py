"""The one fact that is of the cluster and not of the change: its open blockers."""

import pytest
from django.utils import timezone

from apps.cab.actions import flow, proposing
from apps.cab.queries.replays import facts_of_each
from apps.cab.queries.ways import facts_of
from apps.clusters.models import Finding, Severity
from apps.clusters.queries.findings import open_blockers
from apps.clusters.states import FindingState
from tests.cab.conftest import content
from tests.conftest import NOON, signed_in
from tests.policies.conftest import FLOOR, OTHERS, enable, rule
from tests.policies.conftest import floor as policy_floor  # noqa: F401  # fixture
from tests.stakeholders.negotiating import FLOOR_TEXT, agree, at_least, floor  # noqa: F401  # fixture

pytestmark = pytest.mark.django_db


def found(cluster, key, severity=Severity.BLOCKER, **more):
    return Finding.objects.create(
        checker="charters", checker_version=1, code="x", key=key, severity=severity, cluster=cluster,
        sentence=f"{key} is wrong.", inputs_sha256="0" * 64, found_at=NOON, **more,
    )  # fmt: skip


@pytest.fixture
def blocked(payments, logistics, ben):
    """Two open blockers of Payments; beside them what does not count."""
    waived = {"waived_by": ben, "waived_at": NOON, "waived_until": NOON.replace(year=2999), "waiver_reason": "Known."}
    found(payments, "one")
    found(payments, "two")
    found(payments, "waived", state=FindingState.WAIVED, **waived)
    found(payments, "gone", state=FindingState.RESOLVED, resolved_at=NOON)
    found(payments, "warning", Severity.WARNING)
    found(payments, "note", Severity.NOTE)
    found(logistics, "theirs")


def proposed(ada, payments, ledger):
    return proposing.propose_change(requester=ada, content=content(payments, ledger), at=NOON)


def handed(change, ben):
    flow.submit_change(change_id=change.pk, submitter=change.requester, at=NOON)
    flow.begin_assessment(change_id=change.pk, assessor=ben, at=NOON)
    flow.hand_to_board(change_id=change.pk, assessor=ben, at=NOON)
    change.refresh_from_db()
    return change


def test_open_blockers_of_the_owning_cluster_count_and_nothing_else(
    blocked, ada, payments, logistics, ledger, django_assert_num_queries
):
    with django_assert_num_queries(1):
        assert open_blockers([payments.pk, logistics.pk]) == {payments.pk: 2, logistics.pk: 1}
    assert facts_of(proposed(ada, payments, ledger), at=NOON)["open_findings"] == 2


def test_without_any_it_is_none_at_all_and_not_unknown(ada, payments, ledger):
    assert facts_of(proposed(ada, payments, ledger), at=NOON)["open_findings"] == 0


def test_autonomy_yields_while_they_stand_and_comes_back_when_they_close(
    blocked,
    floor,  # noqa: F811
    ada,
    ben,
    omar,
    payments,
    ledger,
):
    agree(payments, omar, ben, NOON, [*FLOOR_TEXT, at_least("open_findings", 2, "consult", "Repair first.")])
    change, told = proposed(ada, payments, ledger), "Open findings ≥ 2 blockers: consult. Repair first."
    client = signed_in(ada)
    assert told in client.get(change.get_absolute_url()).text
    Finding.objects.filter(key="two").update(state=FindingState.RESOLVED, resolved_at=NOON)
    assert told not in client.get(change.get_absolute_url()).text
    body = {"cluster": "payments", "facts": {"risk": 1, "downtime": 0, "open_findings": 2}}
    asked = signed_in(omar).post("/api/v1/thresholds/evaluate/", body, content_type="application/json").json()
    assert asked["level"] == "consult"


def test_a_policy_reads_it_and_what_was_handed_over_keeps_the_number_it_had(
    blocked,
    policy_floor,  # noqa: F811
    board,
    ada,
    ben,
    admin,
    payments,
    ledger,
):
    board.seats.filter(role="voter").update(function="security")
    enable(policy_floor, [*FLOOR, rule("enterprise", "Blocked", type=OTHERS, open_findings={"from": 1})], ben, admin)
    change = handed(proposed(ada, payments, ledger), ben)
    handover = change.handovers.get()
    assert handover.facts["open_findings"] == 2
    assert "open findings 2 blockers" in str(handover.grounds["rules"])
    Finding.objects.update(state=FindingState.RESOLVED, resolved_at=timezone.now())
    later = proposed(ada, payments, ledger)
    known = facts_of_each([change, later])
    assert (known[change.pk]["open_findings"], known[later.pk]["open_findings"]) == (2, 0)
