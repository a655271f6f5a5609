"""The level as a fact of policies and on the dossier, and an offer on thresholds replayed on the last 90 days."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.cab.actions import flow, proposing
from apps.cab.models import Change
from apps.cab.queries.levels import compared
from apps.cab.queries.replays import facts_of_each
from apps.cab.queries.ways import blast_radii, facts_of
from apps.cab.rules.levels import Judged, chosen, moved
from apps.clusters.models import Component, Dependency, Tier
from apps.stakeholders.queries.thresholds import today_of
from apps.stakeholders.rules.levels import Level
from tests.cab.conftest import content
from tests.conftest import NOON, signed_in
from tests.policies.conftest import FLOOR, OTHERS, enable, rule
from tests.policies.conftest import floor as policy_floor  # noqa: F401  # fixture
from tests.stakeholders.negotiating import FLOOR_TEXT, TEXT, adopt, agree, at_least, floor, propose  # noqa: F401  # fixtures

HOUR = timedelta(hours=1)


def made(ada, payments, ledger, at=NOON, **values):
    return proposing.propose_change(requester=ada, content=content(payments, ledger, **values), at=at)


def handed_over(change, ben, at=NOON):
    flow.submit_change(change_id=change.pk, submitter=change.requester, at=at)
    flow.begin_assessment(change_id=change.pk, assessor=ben, at=at)
    flow.hand_to_board(change_id=change.pk, assessor=ben, at=at)
    change.refresh_from_db()
    return change


def test_without_thresholds_the_level_is_not_known(ada, payments, ledger):
    assert facts_of(made(ada, payments, ledger), at=NOON)["level"] is None


def test_the_level_is_a_fact_that_policies_read(policy_floor, floor, board, ada, ben, omar, admin, payments, ledger):  # noqa: F811
    agree(payments, omar, ben, NOON, [*TEXT, at_least("tier", 0, "consult", "The ledger is everybody's.")])
    board.seats.filter(role="voter").update(function="security")
    rows = [*FLOOR, rule("enterprise", "Autonomy yields", type=OTHERS, level={"in": ["consult", "enterprise_decides"]})]
    enable(policy_floor, rows, author=ben, enabler=admin)
    change = handed_over(made(ada, payments, ledger), ben)
    handover = change.handovers.get()
    assert handover.facts["level"] == "consult"
    level = handover.grounds["level"]
    assert level["level"] == "consult"
    assert level["reasons"][0]["source"] == "Thresholds of Payments, agreement 1"
    assert "level of decision consult: the enterprise board" in str(handover.grounds["rules"])
    page = signed_in(ada).get(change.get_absolute_url()).content.decode()
    assert "The ledger is everybody&#x27;s." in page
    assert "/stakeholders/thresholds/" in page


def test_before_it_is_handed_over_the_dossier_says_the_level_of_now(floor, ada, ben, payments, ledger):  # noqa: F811
    change = made(ada, payments, ledger, downtime_minutes=240)
    page = signed_in(ada).get(change.get_absolute_url()).content.decode()
    assert "Level of decision" in page
    assert "Downtime ≥ 120 minutes: consult." in page


def test_a_policy_that_names_the_level_reads_strictly_where_there_is_none(
    policy_floor,  # noqa: F811
    board,
    ada,
    ben,
    admin,
    payments,
    ledger,
):
    board.seats.filter(role="voter").update(function="security")
    rows = [*FLOOR, rule("enterprise", "Autonomy yields", type=OTHERS, level={"in": ["prohibited"]})]
    enable(policy_floor, rows, author=ben, enabler=admin)
    change = handed_over(made(ada, payments, ledger), ben)
    assert "level of decision" in change.handovers.get().grounds["missing"]


def test_the_blast_radius_counts_what_needs_it_directly_and_not_its_own(ada, payments, logistics, ledger, dispatch):
    others = [
        Component.objects.create(cluster=logistics, slug=f"c{n}", name=f"C{n}", tier=Tier.IMPORTANT) for n in range(3)
    ]
    for consumer, provider in ((dispatch, ledger), (others[0], ledger), (others[1], dispatch), (others[2], others[0])):
        Dependency.objects.create(consumer=consumer, provider=provider, kind="calls")
    alone = made(ada, payments, ledger)
    both = proposing.propose_change(
        requester=ada, content=replace(content(payments, ledger), components=[ledger, dispatch]), at=NOON
    )
    assert blast_radii([alone.pk, both.pk]) == {alone.pk: 2, both.pk: 2}
    assert facts_of(alone, at=NOON)["blast_radius"] == 2


def test_a_change_that_was_never_handed_over_is_replayed_with_its_blast_radius(
    ada, payments, logistics, ledger, dispatch
):
    Dependency.objects.create(consumer=dispatch, provider=ledger, kind="calls")
    change = made(ada, payments, ledger)
    assert facts_of_each([change])[change.pk]["blast_radius"] == 1


@pytest.fixture
def past(ada, ben, board, payments, ledger):
    """Four changes of Payments within 90 days, and one before."""
    now = timezone.now()
    days = (100, 80, 40, 20, 1)
    changes = []
    for number, (day, minutes) in enumerate(zip(days, (240, 240, 60, 15, 15), strict=True)):
        at = now - timedelta(days=day)
        change = Change.objects.create(
            number=900 + number, title=f"Past {number}", cluster=payments, requester=ada, created_at=at,
            submitted_at=at, state="closed", outcome="successful", downtime_minutes=minutes, source="elsewhere",
            external_id=str(number),
        )  # fmt: skip
        changes.append(change)
    return changes


def test_an_offer_is_replayed_on_the_last_90_days(past, floor, omar, ben, payments, django_assert_max_num_queries):  # noqa: F811
    now = timezone.now()
    text = [at_least("risk", 4, "enterprise_decides"), at_least("downtime", 60, "enterprise_decides")]
    today = today_of(payments, now)
    offer = propose(payments, omar, now, text, effective_on=today, review_on=today + timedelta(days=90))
    with django_assert_max_num_queries(12):
        found = compared(offer, ben, at=now)
    figures = found.figures
    assert (figures.changes, figures.up, figures.down, figures.newly_enterprises) == (4, 2, 0, 2)
    assert [(one.before.value, one.after.value, one.changes) for one in figures.moves] == [
        ("autonomous", "enterprise_decides", 1),
        ("consult", "enterprise_decides", 1),
    ]
    assert figures.a_week == 0.2
    page = signed_in(ben).get(offer.agreement.get_absolute_url()).content.decode()
    assert "2 more up" in page
    rows = signed_in(ben).get(f"/thresholds/{offer.agreement_id}/changes/?which=up").content.decode()
    assert "Past 1" in rows
    assert "Past 2" in rows
    assert "Past 3" not in rows
    one = signed_in(ben).get(f"/thresholds/{offer.agreement_id}/changes/?which=consult-enterprise_decides")
    assert "Past 1" in one.content.decode()
    assert signed_in(ben).get(f"/thresholds/{offer.agreement_id}/changes/?which=odd").status_code == 404
    exported = signed_in(ben).get(f"/thresholds/{offer.agreement_id}/changes/?which=all&export=csv")
    assert len(b"".join(exported.streaming_content).splitlines()) == 5
    body = signed_in(ben).get(f"/api/v1/threshold-agreements/{offer.agreement_id}/replay/").json()
    assert (body["up"], [one["reference"] for one in body["moved"]]) == (2, ["CHG-902", "CHG-901"])


def test_a_change_counts_with_the_facts_it_was_handed_over_with(floor, board, ada, ben, payments, ledger):  # noqa: F811
    change = handed_over(made(ada, payments, ledger, downtime_minutes=240), ben)
    Change.objects.filter(pk=change.pk).update(downtime_minutes=0)
    change.refresh_from_db()
    assert facts_of_each([change])[change.pk]["downtime"] == 240
    assert facts_of_each([change])[change.pk]["level"] == "consult"


def test_the_replay_of_a_restricted_cluster_is_not_there(floor, omar, ben, payments, noon):  # noqa: F811
    offer = propose(payments, omar, noon)
    payments.visibility = "restricted"
    payments.save()
    assert signed_in(ben).get(f"/thresholds/{offer.agreement_id}/changes/").status_code == 404
    assert signed_in(ben).get(f"/api/v1/threshold-agreements/{offer.agreement_id}/replay/").status_code == 404


def test_figures_of_a_comparison():
    judged = [
        Judged(1, Level.AUTONOMOUS, Level.NOTIFY),
        Judged(2, Level.AUTONOMOUS, Level.NOTIFY, ("tier",)),
        Judged(3, Level.CONSULT, Level.ENTERPRISE),
        Judged(4, Level.PROHIBITED, Level.ENTERPRISE),
        Judged(5, Level.ENTERPRISE, Level.PROHIBITED),
        Judged(6, Level.NOTIFY, Level.NOTIFY),
    ]
    found = moved(judged)
    assert (found.changes, found.up, found.down, found.newly_enterprises, found.uncertain) == (6, 4, 1, 1, 1)
    assert [(one.before, one.after, one.changes) for one in found.moves][0] == ("autonomous", "notify", 2)
    assert sum(one.changes for one in found.moves) == 5
    for which, ids in (("up", [1, 2, 3, 5]), ("down", [4]), ("enterprise", [3]), ("uncertain", [2])):
        assert [one.change_id for one in chosen(judged, which) or []] == ids
    assert [one.change_id for one in chosen(judged, "autonomous-notify") or []] == [1, 2]
    assert chosen(judged, "odd") is None
