"""Conflicts: found on every input that moves, accepted by somebody else with a reason, resolved when they are gone."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from guardian.shortcuts import assign_perm

from apps.accounts.models import RoleGrant
from apps.accounts.rules import Role
from apps.cab.actions import conflicts, flow, proposing, rounds
from apps.cab.events import ConflictFound
from apps.cab.models import Change, ChangeComponent, Conflict, ConflictKind, ConflictRecheck
from apps.cab.queries.conflicts import found_for
from apps.cab.queries.dossier import dossier
from apps.cab.states import ChangeState, ConflictState
from apps.clusters.actions import declare_dependency, withdraw_dependency
from apps.clusters.models import Component, Dependency, Tier, Visibility
from apps.journal.actions import deliver_due
from apps.journal.models import Entry
from apps.kernel.refusals import Invalid, NotAllowed, NotFound, WrongState
from apps.notify.models import Notice
from apps.windows.actions.recurring import plan_window, retire_window
from apps.windows.models import Freeze, FreezeCluster, RecurringWindow, WindowKind
from tests.cab.conftest import content
from tests.conftest import NOON, make_person, signed_in

EVENING = {"window_start": datetime(2026, 3, 10, 23, 0), "window_end": datetime(2026, 3, 11, 1, 0)}
MORNING = {"window_start": datetime(2026, 3, 10, 8, 0), "window_end": datetime(2026, 3, 10, 9, 0)}


def deliver() -> None:
    while deliver_due(at=NOON + timedelta(minutes=1)):
        pass
    for pk in list(ConflictRecheck.objects.values_list("pk", flat=True)):
        conflicts.recheck_change(change_id=pk, at=NOON)


def planned(person, cluster, *components, **fields) -> Change:
    change = proposing.propose_change(requester=person, content=content(cluster, *components, **fields), at=NOON)
    return flow.submit_change(change_id=change.pk, submitter=person, at=NOON)


def edit(change, person, **fields) -> Change:
    change.refresh_from_db()
    return proposing.edit_change(
        change_id=change.pk,
        editor=person,
        content=proposing.content_from(change, **fields),
        based_on=change.revision,
        at=NOON,
    )


def kinds(change) -> set[str]:
    rows = Conflict.objects.of_change(change.pk).exclude(state=ConflictState.RESOLVED)
    return set(rows.values_list("kind", flat=True))


@pytest.fixture
def eve(db):
    return make_person("eve", Role.REQUESTER)


@pytest.fixture
def fraud(payments) -> Component:
    return Component.objects.create(cluster=payments, slug="fraud", name="Fraud scoring", tier=Tier.IMPORTANT)


@pytest.fixture
def gateway(payments) -> Component:
    return Component.objects.create(cluster=payments, slug="gateway", name="Gateway", tier=Tier.CRITICAL)


@pytest.fixture
def pair(submitted, eve, payments, ledger) -> Conflict:
    """Two changes of the ledger whose windows overlap by half an hour."""
    planned(eve, payments, ledger, **EVENING)
    deliver()
    return Conflict.objects.get()


def test_two_changes_of_one_component_at_one_time_are_in_conflict_and_read_so_from_both_sides(pair):
    assert pair.kind == ConflictKind.SAME_COMPONENT
    assert pair.is_stopping
    low, high = pair.change, pair.other
    assert pair.sentence_for(low.pk) == f"{high.reference} changes Ledger at the same time."
    assert pair.sentence_for(high.pk) == f"{low.reference} changes Ledger at the same time."


def test_windows_that_only_touch_do_not_overlap(submitted, eve, payments, ledger):
    touching = {"window_start": datetime(2026, 3, 10, 23, 30), "window_end": datetime(2026, 3, 11, 1, 0)}
    change = planned(eve, payments, ledger, **touching)
    deliver()
    assert kinds(change) == set()


def test_a_draft_is_in_nobodys_way(draft, eve, payments, ledger):
    change = planned(eve, payments, ledger, **EVENING)
    deliver()
    assert kinds(change) == set()


def test_another_zone_is_compared_as_instants(submitted, eve, payments, ledger):
    """22:00–23:30 in Berlin (UTC+1) is 17:00–18:30 in New York, which has gone to summer time already (UTC−4)."""
    there = {
        "window_start": datetime(2026, 3, 10, 18, 0),
        "window_end": datetime(2026, 3, 10, 19, 0),
        "window_zone": "America/New_York",
    }
    change = planned(eve, payments, ledger, **there)
    deliver()
    assert kinds(change) == {"same_component"}


@pytest.mark.parametrize("hops", [1, 2])
def test_a_new_dependency_wakes_the_check_and_its_withdrawal_resolves_it(
    hops, submitted, eve, omar, payments, ledger, fraud, gateway
):
    change = planned(eve, payments, fraud, **EVENING)
    deliver()
    assert kinds(change) == set()
    steps = [(fraud, ledger)] if hops == 1 else [(fraud, gateway), (gateway, ledger)]
    for consumer, provider in steps:
        declare_dependency(consumer_id=consumer.pk, provider_id=provider.pk, declarer=omar, at=NOON)
    deliver()
    found = Conflict.objects.get()
    assert (found.kind, found.is_stopping) == ("dependency", False)
    way = " through one other" if hops == 2 else ""
    assert found.sentence_for(change.pk) == (
        f"{submitted.reference} changes Ledger, which Fraud scoring needs{way}, at the same time."
    )
    assert found.sentence_for(submitted.pk) == (
        f"{change.reference} changes Fraud scoring, which needs Ledger{way}, at the same time."
    )
    withdraw_dependency(dependency_id=Dependency.objects.latest("pk").pk, withdrawer=omar, at=NOON)
    deliver()
    found.refresh_from_db()
    assert found.state == ConflictState.RESOLVED


def test_three_hops_are_too_far(submitted, eve, omar, payments, ledger, fraud, gateway):
    queue = Component.objects.create(cluster=payments, slug="queue", name="Queue")
    for consumer, provider in ((fraud, gateway), (gateway, queue), (queue, ledger)):
        declare_dependency(consumer_id=consumer.pk, provider_id=provider.pk, declarer=omar, at=NOON)
    change = planned(eve, payments, fraud, **EVENING)
    deliver()
    assert kinds(change) == set()


def test_a_failover_partner_stops_it_and_is_no_mere_dependency(submitted, eve, omar, payments, ledger, fraud):
    declare_dependency(consumer_id=fraud.pk, provider_id=ledger.pk, kind="failover", declarer=omar, at=NOON)
    change = planned(eve, payments, fraud, **EVENING)
    deliver()
    found = Conflict.objects.get()
    assert (found.kind, found.is_stopping) == ("failover", True)
    assert "the failover partner of Fraud scoring" in found.sentence_for(change.pk)


def test_one_person_is_not_in_two_places(ada, eve, payments, logistics, ledger, dispatch, omar):
    first = planned(ada, payments, ledger, implementer=omar)
    second = planned(eve, logistics, dispatch, implementer=omar, **EVENING)
    deliver()
    assert kinds(first) == kinds(second) == {"person"}
    edit(second, eve, implementer=None)
    deliver()
    assert kinds(first) == set()


def test_an_edit_of_the_window_resolves_it_and_moving_back_opens_the_same_row_again(pair, eve):
    edit(pair.other, eve, **MORNING)
    deliver()
    pair.refresh_from_db()
    assert (pair.state, pair.resolved_at) == (ConflictState.RESOLVED, NOON + timedelta(minutes=1))
    edit(pair.other, eve, **EVENING)
    deliver()
    pair.refresh_from_db()
    assert (pair.state, pair.resolved_at) == (ConflictState.OPEN, None)
    assert Conflict.objects.count() == 1


def test_a_component_added_is_looked_at(submitted, eve, payments, ledger, fraud):
    change = planned(eve, payments, fraud, **EVENING)
    edit(change, eve, components=[fraud, ledger])
    deliver()
    assert kinds(change) == {"same_component"}


def test_a_cancelled_change_is_in_nobodys_way(pair, eve):
    flow.cancel_change(change_id=pair.other_id, person=eve, reason="Not needed.", at=NOON)
    deliver()
    pair.refresh_from_db()
    assert pair.state == ConflictState.RESOLVED


def test_looking_twice_changes_nothing(pair):
    before = list(Conflict.objects.values())
    for change_id in (pair.change_id, pair.other_id, pair.change_id):
        assert conflicts.recheck_change(change_id=change_id, at=NOON) == 0
    assert list(Conflict.objects.values()) == before


def test_what_is_over_is_resolved_by_the_sweep(pair):
    later = NOON + timedelta(days=30)
    assert conflicts.mark_all_planned(at=later) == 2
    for pk in list(ConflictRecheck.objects.values_list("pk", flat=True)):
        conflicts.recheck_change(change_id=pk, at=later)
    pair.refresh_from_db()
    assert pair.state == ConflictState.RESOLVED
    assert not ConflictRecheck.objects.exists()


# Windows and freezes


def window_of(creator, kind, cluster=None, **fields) -> RecurringWindow:
    given = {
        "name": "Sunday night",
        "start_local": datetime(2026, 1, 4, 22, 0),
        "duration_minutes": 240,
        "zone": "Europe/Berlin",
        "rrule": "FREQ=WEEKLY;BYDAY=SU",
        "created_at": NOON,
    }
    return RecurringWindow.objects.create(kind=kind, cluster=cluster, created_by=creator, **(given | fields))


def test_a_cluster_with_maintenance_windows_wants_them_kept(submitted, omar, payments):
    window = window_of(omar, WindowKind.MAINTENANCE, payments)
    assert [one.kind for one in found_for(submitted).rows] == ["outside_window"]
    window.rrule = "FREQ=DAILY"
    window.save()
    assert found_for(submitted).rows == []


def test_the_whole_window_must_lie_within(submitted, omar, payments):
    window_of(omar, WindowKind.MAINTENANCE, payments, rrule="FREQ=DAILY", duration_minutes=60)
    assert [one.kind for one in found_for(submitted).rows] == ["outside_window"]
    window_of(
        omar, WindowKind.MAINTENANCE, payments, rrule="FREQ=DAILY", start_local=datetime(2026, 1, 4, 23), name="Late"
    )
    assert found_for(submitted).rows == []


def test_a_window_planned_and_retired_wakes_the_check(submitted, omar, payments):
    values = {
        "name": "Sunday night",
        "start_local": datetime(2026, 1, 4, 22),
        "duration_minutes": 240,
        "zone": "Europe/Berlin",
        "rrule": "FREQ=WEEKLY;BYDAY=SU",
    }
    window = plan_window(planner=omar, cluster=payments, kind="maintenance", values=values, at=NOON)
    deliver()
    assert kinds(submitted) == {"outside_window"}
    retire_window(window_id=window.pk, person=omar, reason="No longer needed.", at=NOON)
    deliver()
    assert kinds(submitted) == set()


@pytest.mark.parametrize(("fields", "hits"), [({}, True), ({"tiers": [3]}, False), ({"zone": "Asia/Tokyo"}, False)])
def test_a_blackout_hits_by_time_and_tier(submitted, omar, fields, hits):
    window_of(omar, WindowKind.BLACKOUT, rrule="FREQ=DAILY", duration_minutes=60, **fields)
    assert [one.kind for one in found_for(submitted).rows] == (["blackout"] if hits else [])


def test_an_emergency_waits_for_no_maintenance_window(ada, omar, payments, ledger):
    window_of(omar, WindowKind.MAINTENANCE, payments)
    assert found_for(planned(ada, payments, ledger, type="emergency")).rows == []


def freeze_of(person, *clusters, **fields) -> Freeze:
    given = {
        "name": "Quarter end",
        "start_local": datetime(2026, 3, 10),
        "end_local": datetime(2026, 3, 12),
        "zone": "UTC",
        "start_at": datetime(2026, 3, 10, tzinfo=UTC),
        "end_at": datetime(2026, 3, 12, tzinfo=UTC),
        "created_by": person,
        "created_at": NOON,
        "previewed_by": person,
        "previewed_at": NOON,
        "enforced_at": NOON,
        "state": "enforced",
    }
    freeze = Freeze.objects.create(**(given | fields))
    for cluster in clusters:
        FreezeCluster.objects.create(freeze=freeze, cluster=cluster)
    return freeze


@pytest.mark.parametrize(("strength", "stops"), [("hard", True), ("soft", False)])
def test_an_enforced_freeze_stops_or_warns(submitted, omar, payments, strength, stops):
    freeze_of(omar, payments, strength=strength)
    (found,) = found_for(submitted).rows
    assert (found.kind, found.is_stopping) == ("freeze", stops)


def test_a_freeze_of_others_a_draft_and_an_exemption_do_not(submitted, omar, logistics):
    freeze_of(omar, logistics)
    freeze_of(omar, state="previewed", name="Planned")
    freeze_of(omar, name="Spares", exemptions=[{"types": ["normal"]}])
    assert found_for(submitted).rows == []


def test_a_role_that_the_freeze_spares_wakes_the_check(ada, admin, omar, payments, ledger):
    from apps.accounts.actions import grant_role

    change = planned(ada, payments, ledger, implementer=omar)
    freeze_of(omar, exemptions=[{"roles": ["programme_manager"], "reason": "Run by the programme"}])
    conflicts.recheck_change(change_id=change.pk, at=NOON)
    assert kinds(change) == {"freeze"}
    grant_role(handle="omar", role=Role.PROGRAMME_MANAGER, granter=admin, at=NOON)
    deliver()
    assert kinds(change) == set()


# Accepting


def accept(conflict, person, reason="The two teams work side by side.") -> Conflict:
    return conflicts.accept_conflict(conflict_id=conflict.pk, acceptor=person, reason=reason, at=NOON)


def test_a_board_member_accepts_with_a_reason(pair, ben):
    accept(pair, ben)
    pair.refresh_from_db()
    assert (pair.state, pair.accepted_by, pair.accepted_at) == (ConflictState.ACCEPTED, ben, NOON)


def test_no_author_of_either_side_accepts(pair, ada, eve):
    for person in (ada, eve):
        RoleGrant.objects.create(person=person, role=Role.BOARD_MEMBER)
        fresh = type(person).objects.get(pk=person.pk)
        with pytest.raises(NotAllowed, match="your own change"):
            accept(pair, fresh)


def test_a_requester_who_is_nobody_here_does_not_accept(pair):
    with pytest.raises(NotAllowed, match="may not accept"):
        accept(pair, make_person("nell", Role.REQUESTER))


@pytest.mark.parametrize("reason", ["", "   ", "x" * 4001])
def test_a_reason_is_needed_and_bounded(pair, ben, reason):
    with pytest.raises(Invalid):
        accept(pair, ben, reason)
    pair.refresh_from_db()
    assert pair.state == ConflictState.OPEN


def test_an_acceptance_is_given_once(pair, ben, cleo):
    accept(pair, ben)
    with pytest.raises(WrongState):
        accept(pair, cleo)


def test_a_hard_freeze_is_not_accepted_away(submitted, omar, ben):
    freeze_of(omar)
    conflicts.recheck_change(change_id=submitted.pk, at=NOON)
    with pytest.raises(WrongState, match="hard freeze"):
        accept(Conflict.objects.get(), ben)


def test_an_acceptance_holds_for_what_it_was_about_only(pair, ben, eve):
    accept(pair, ben)
    edit(pair.other, eve, test_plan="Better.")
    deliver()
    pair.refresh_from_db()
    assert pair.state == ConflictState.ACCEPTED
    edit(pair.other, eve, window_end=datetime(2026, 3, 11, 2, 0))
    deliver()
    pair.refresh_from_db()
    assert (pair.state, pair.accepted_by, pair.accepted_reason) == (ConflictState.OPEN, None, "")


# What it does to the change


def test_an_open_one_keeps_the_change_out_of_the_calendar_until_it_is_accepted(
    waiting, eve, payments, ledger, ben, cleo, dan
):
    planned(eve, payments, ledger, **EVENING)
    deliver()
    for voter in (ben, cleo, dan):
        rounds.cast_vote(change_id=waiting.pk, voter=voter, choice="approve", revision=1, at=NOON)
        waiting.refresh_from_db()
        if waiting.state != ChangeState.AWAITING_AUTHORIZATION:
            break
    assert waiting.state == ChangeState.AUTHORIZED
    with pytest.raises(WrongState, match="changes Ledger at the same time"):
        flow.schedule_change(change_id=waiting.pk, scheduler=waiting.requester, at=NOON)
    accept(Conflict.objects.get(), ben)
    deliver()
    waiting.refresh_from_db()
    assert waiting.state == ChangeState.SCHEDULED


def test_a_warning_stops_nothing(submitted, eve, omar, payments, fraud, ledger):
    declare_dependency(consumer_id=fraud.pk, provider_id=ledger.pk, declarer=omar, at=NOON)
    planned(eve, payments, fraud, **EVENING)
    deliver()
    assert kinds(submitted) == {"dependency"}
    assert not Conflict.objects.stopping().exists()


def test_the_authors_are_told_and_may_see_why(pair, ada, eve):
    told = Notice.objects.filter(kind="conflict").values_list("person__handle", "body")
    assert dict(told) == {
        "ada": f"{pair.other.reference} changes Ledger at the same time.",
        "eve": f"{pair.change.reference} changes Ledger at the same time.",
    }


# Who sees what


def test_of_a_restricted_change_no_name_is_told(pair, payments, logistics, ada):
    logistics.visibility = Visibility.RESTRICTED
    logistics.save()
    Change.objects.filter(pk=pair.other_id).update(cluster=logistics)
    page = signed_in(ada).get(pair.change.get_absolute_url()).content.decode()
    assert pair.other.reference not in page
    assert "A change that not everyone may know of stands against it" in page
    assert pair.other.reference not in signed_in(ada).get("/conflicts/").content.decode()
    with pytest.raises(NotFound):
        accept(pair, ada)


# Pages


def test_the_dossier_shows_it_and_offers_to_accept_only_to_others(pair, ada, ben):
    address = pair.change.get_absolute_url()
    mine, theirs = signed_in(ada).get(address).content.decode(), signed_in(ben).get(address).content.decode()
    for page in (mine, theirs):
        assert "changes Ledger at the same time" in page
    form = f"/conflicts/{pair.pk}/acceptance/"
    assert form in theirs
    assert form not in mine


def test_accepting_on_the_page_leads_back_to_the_change(pair, ben):
    data = {"reason": "Agreed.", "change": pair.other.reference}
    answer = signed_in(ben).post(f"/conflicts/{pair.pk}/acceptance/", data)
    assert (answer.status_code, answer["Location"]) == (302, f"{pair.other.get_absolute_url()}#conflicts")


def test_a_refusal_on_the_page_is_a_sentence(pair, ada):
    RoleGrant.objects.create(person=ada, role=Role.BOARD_MEMBER)
    answer = signed_in(ada).post(f"/conflicts/{pair.pk}/acceptance/", {"reason": "Mine."})
    assert answer.status_code == 422
    assert "You cannot accept a conflict of your own change." in answer.content.decode()


@pytest.mark.parametrize("typed", ["x" * 4001, "  "])
def test_a_refused_reason_stands_in_its_form_on_the_dossier_as_it_was_typed(pair, ben, typed):
    data = {"reason": typed, "change": pair.other.reference}
    answer = signed_in(ben).post(f"/conflicts/{pair.pk}/acceptance/", data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert pair.other.title in page  # the dossier it was read on
    form = page.partition(f'id="accept-{pair.pk}"')[2].partition("</form>")[0]
    assert typed.strip() in form
    assert "optional" not in form
    assert page.count('role="alert"') == 1  # not a second time on the decision bar
    assert ("The reason has 4,001 characters." in form) if typed.strip() else ("needs a reason" in form)
    pair.refresh_from_db()
    assert pair.state == ConflictState.OPEN


def test_a_reason_that_comes_too_late_is_refused_on_the_dossier(pair, ben, cleo):
    accept(pair, cleo)
    answer = signed_in(ben).post(f"/conflicts/{pair.pk}/acceptance/", {"reason": "Agreed."})
    assert answer.status_code == 422
    assert "Accepted by Cleo" in answer.content.decode()


def test_a_freeze_is_told_once_on_the_dossier_and_accepted_there(submitted, omar, ben):
    freeze_of(omar, strength="soft")
    conflicts.recheck_change(change_id=submitted.pk, at=NOON)
    found = Conflict.objects.get()
    page = signed_in(ben).get(submitted.get_absolute_url()).content.decode()
    assert 'id="conflicts"' not in page
    freezes = page.partition('id="freezes"')[2].partition("</section>")[0]
    assert freezes.count("Quarter end") == 1
    assert f'id="accept-{found.pk}"' in freezes
    refused = signed_in(ben).post(f"/conflicts/{found.pk}/acceptance/", {"reason": " "}).text
    assert (refused.count('role="alert"'), 'id="conflicts"' in refused) == (1, False)
    accept(found, ben)
    assert "Accepted by Ben" in signed_in(ben).get(submitted.get_absolute_url()).content.decode()


@pytest.mark.parametrize("state", ["submitted", "authorized"])
def test_a_hard_freeze_is_one_blocker_that_leads_to_the_freeze(submitted, omar, ben, state):
    freeze_of(omar)
    conflicts.recheck_change(change_id=submitted.pk, at=NOON)
    Change.objects.filter(pk=submitted.pk).update(state=state)
    told = [one for one in dossier(submitted.reference, ben, at=NOON).blockers if "Quarter end" in one.sentence]
    assert [one.anchor for one in told] == ["freezes"]


def test_what_is_found_late_is_dated_when_it_is_found(submitted, eve, payments, ledger):
    """The cause came after the entry whose delivery finds it: the conflict may not be older than both."""
    planned(eve, payments, ledger, **EVENING)
    hour = NOON + timedelta(hours=1)
    while deliver_due(at=hour):
        pass
    found = Conflict.objects.get()
    assert found.found_at == hour
    assert set(Entry.objects.filter(event=ConflictFound.name()).values_list("at", flat=True)) == {hour}


def test_more_places_than_are_looked_at_are_said_to_be_more(submitted, eve, payments, ledger, ben):
    said = "in more than 2,000 places"
    planned(eve, payments, ledger, **EVENING)
    deliver()
    assert said not in signed_in(ben).get(submitted.get_absolute_url()).content.decode()
    many = [Component(cluster=payments, slug=f"part-{n}", name=f"Part {n}") for n in range(2_001)]
    parts = Component.objects.bulk_create(many)
    for change in Change.objects.all():
        ChangeComponent.objects.bulk_create(ChangeComponent(change=change, component=one) for one in parts)
    conflicts.recheck_change(change_id=submitted.pk, at=NOON)
    assert said in signed_in(ben).get(submitted.get_absolute_url()).content.decode()
    ChangeComponent.objects.filter(component__in=parts[3:]).delete()
    conflicts.recheck_change(change_id=submitted.pk, at=NOON)
    assert said not in signed_in(ben).get(submitted.get_absolute_url()).content.decode()


def test_the_step_about_a_restricted_change_names_nobody_who_may_not_see_it(pair, logistics, eve):
    """Its own people are told and see both; the owner of its cluster accepts."""
    logistics.visibility = Visibility.RESTRICTED
    logistics.save()
    Change.objects.filter(pk=pair.other_id).update(cluster=logistics)
    (blocker,) = [
        one for one in dossier(pair.change.reference, pair.change.requester, at=NOON).blockers if one.code == "conflict"
    ]
    assert (
        blocker.next_step == "Move the window. The people of the other change have been told, and may have it accepted."
    )
    assert Notice.objects.filter(kind="conflict", person=eve, body__contains=pair.change.reference).exists()
    owner = make_person("olga", Role.CLUSTER_OWNER)
    assign_perm("own_cluster", owner, logistics)
    accept(pair, owner)


def test_the_list_shows_the_open_ones_and_filters(pair, ben):
    client = signed_in(ben)
    assert pair.change.reference in client.get("/conflicts/").content.decode()
    assert "No conflict fits" in client.get("/conflicts/?state=accepted").content.decode()
    assert "No conflict fits" in client.get("/conflicts/?kind=freeze").content.decode()
    assert pair.change.reference in client.get("/conflicts/?state=&cluster=payments").content.decode()
    assert client.get("/conflicts/?state=nonsense").status_code == 422


@pytest.mark.parametrize(
    ("days", "is_found"),
    [
        ("since=2026-03-10&until=2026-03-10", True),
        ("since=2026-03-11", False),  # the second ends as that day begins (UTC)
        ("until=2026-03-09", False),
        ("until=2026-03-10", True),
        ("since=0001-01-01", True),
        ("since=0001-01-02&until=0003-01-01", False),
    ],
)
def test_the_list_is_narrowed_by_the_days_of_either_change(pair, ben, days, is_found):
    answer = signed_in(ben).get(f"/conflicts/?{days}")
    assert answer.status_code == 200
    assert (pair.change.reference in answer.content.decode()) is is_found


def test_pages_ask_few_questions(pair, ben, eve, payments, ledger):
    for _ in range(5):
        planned(eve, payments, ledger, **EVENING)
    deliver()
    client = signed_in(ben)
    for address in ("/conflicts/", pair.change.get_absolute_url()):
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        assert len(asked) <= 13, address  # the dossier's ceiling


@pytest.mark.django_db(transaction=True)
def test_two_changes_looked_at_at_once_keep_their_pair_once(ada, eve, payments, ledger):
    first, second = planned(ada, payments, ledger), planned(eve, payments, ledger, **EVENING)
    failed = []

    def look(pk):
        try:
            conflicts.recheck_change(change_id=pk, at=NOON)
        except Exception as error:  # noqa: BLE001
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=look, args=(pk,)) for pk in (first.pk, second.pk) * 4]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []
    assert Conflict.objects.count() == 1


def test_one_component_is_told_once_and_not_again_as_its_neighbours(ada, eve, omar, payments, ledger, fraud):
    declare_dependency(consumer_id=fraud.pk, provider_id=ledger.pk, declarer=omar, at=NOON)
    first = planned(ada, payments, ledger, fraud)
    planned(eve, payments, ledger, **EVENING)
    deliver()
    assert kinds(first) == {"same_component"}


def test_where_nothing_planned_is_near_the_map_is_not_asked(submitted):
    with CaptureQueriesContext(connection) as asked:
        assert found_for(Change.objects.select_related("cluster", "implementer").get(pk=submitted.pk)).rows == []
    assert [one["sql"] for one in asked if "clusters_dependency" in one["sql"]] == []
    assert len(asked) == 5  # the change itself, its targets, what is near, windows, freezes
