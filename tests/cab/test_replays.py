"""A version of a policy is replayed on past changes before anyone puts it in force."""

from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from apps.cab.actions import flow, proposing, replays
from apps.cab.models import Change, Replay, ReplayedChange
from apps.cab.queries.replays import Engines, chunk_after, tally_of
from apps.cab.queries.ways import facts_of
from apps.cab.rules.replays import Group, tally
from apps.cab.tasks import continue_replays
from apps.clusters.models import Visibility
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, WrongState
from apps.policies import actions as policies
from apps.policies.judging import answers_to
from apps.policies.queries import required
from apps.policies.rules.evaluation import ruling
from tests.cab.conftest import content
from tests.conftest import NOON, signed_in
from tests.policies.conftest import FLOOR, OTHERS, STANDARD, enable, floor, in_force, own, rule  # noqa: F401  # fixtures

LATER = NOON + timedelta(hours=1)
CEILING = 12
OPEN_DOOR = [
    rule("approve", "Light", "Of low risk.", risk={"to": 3}),
    rule("enterprise", "Heavy", risk={"from": 4}),
]


@pytest.fixture
def past(in_force, ada, ben, payments, ledger, board) -> list[Change]:  # noqa: F811
    """A standard change that a policy authorized, a normal one at a board, and an imported one that failed."""
    board.seats.filter(role="voter").update(function="security")
    made = []
    for kind in ("standard", "normal"):
        change = proposing.propose_change(requester=ada, content=content(payments, ledger, type=kind), at=NOON)
        flow.submit_change(change_id=change.pk, submitter=ada, at=NOON)
        flow.begin_assessment(change_id=change.pk, assessor=ben, at=NOON)
        flow.hand_to_board(change_id=change.pk, assessor=ben, at=NOON)
        made.append(change)
    failed = Change.objects.create(
        number=5000,
        title="Imported",
        cluster=payments,
        requester=ada,
        created_at=NOON - timedelta(days=20),
        implemented_at=NOON - timedelta(days=19),
        state="closed",
        outcome="backed_out",
        source="elsewhere",
        external_id="1",
    )
    return [*made, failed]


@pytest.fixture
def drafted(past, floor, ben):  # noqa: F811
    return policies.save_draft(policy_id=floor.pk, author=ben, rows=OPEN_DOOR, at=NOON)


def begun(version, person, months=12, **minutes) -> Replay:
    return replays.begin_replay(version_id=version.pk, starter=person, months=months, minutes=minutes, at=LATER)


def courses(replay) -> dict[int, tuple[str, str, str]]:
    return {one.change.number: (one.drafted, one.governed, one.happened) for one in replay.changes.all()}


def test_expressions_are_asked_once_a_chunk_and_those_without_an_answer_count_strictly(past, floor, ben, monkeypatch):  # noqa: F811
    told = {"passes": {"risk": 5, "notice": 0}, "fails": {"risk": 1, "notice": 400}}
    rows = [
        *OPEN_DOOR,
        rule("cluster", "Hasty") | {"expression": told | {"text": "notice < risk * 100"}},
    ]
    draft = policies.save_draft(policy_id=floor.pk, author=ben, rows=rows, at=NOON)
    begun_ = begun(draft, ben)
    engines, asked = Engines(begun_), []
    monkeypatch.setattr(
        "apps.cab.queries.replays.answers_to", lambda questions: asked.append(questions) or answers_to(questions)
    )
    replays.replay_chunk(replay_id=begun_.pk, engines=engines, at_change=0, at=LATER)
    assert len(asked) == 1
    standard, normal, imported = past
    certain = {one.change.number: (one.drafted, one.is_certain) for one in begun_.changes.select_related("change")}
    hasty = {one.number: facts_of(one, at=NOON)["notice"] < one.risk * 100 for one in (standard, normal)}
    assert certain[standard.number] == ("cluster" if hasty[standard.number] else "approve", True)
    assert certain[imported.number] == ("cluster", False)  # nobody knows its notice


def test_each_change_is_told_by_the_draft_by_what_is_in_force_and_by_what_happened(drafted, past, ben):
    replay = replays.work_off(replay_id=begun(drafted, ben).pk)
    assert (replay.state, replay.done, replay.total) == ("done", 3, 3)
    standard, normal, imported = past
    assert courses(replay) == {
        standard.number: ("approve", "approve", "approve"),
        normal.number: ("approve", "cluster", "enterprise"),  # Payments has no board of its own
        imported.number: ("approve", "cluster", ""),
    }


def test_the_figures_say_what_is_caught_let_through_and_spent(drafted, ben):
    replay = replays.work_off(replay_id=begun(drafted, ben, cluster=7).pk)
    found = tally_of(replay)
    assert (found.changes, found.failed, found.caught, found.let_through) == (3, 1, 0, 1)
    assert (found.newly_caught, found.newly_let_through) == (0, 1)
    assert found.undecided_here == 1
    assert found.minutes_spent == -2 * 7


def test_a_failure_that_only_the_draft_stops_is_told():
    groups = [Group("enterprise", "approve", "", True, True, 3), Group("refuse", "refuse", "", True, True, 2)]
    found = tally(groups, minutes={"enterprise": 15})
    assert (found.caught, found.newly_caught, found.let_through) == (5, 3, 0)
    assert found.minutes_spent == 45


def test_it_asks_the_same_engine_as_the_routing(in_force, past, ben):  # noqa: F811
    replay = begun(in_force, ben)
    engines = Engines(replay)
    for change in chunk_after(replay, size=10):
        facts = facts_of(Change.objects.get(pk=change.pk), at=NOON)
        routed = required(facts, cluster_id=change.cluster_id)
        outcome = routed.ruling.outcome
        assert engines.governed(change.cluster_id).course(facts)[0] == (outcome.board or outcome.kind)
        assert ruling(engines.governed(change.cluster_id).sources, facts) == routed.ruling


def test_a_clusters_own_policy_counts_beside_a_drafted_floor(drafted, own, omar, admin, past, ben):  # noqa: F811
    rows = [
        rule("approve", "Routine", "Standard and of low risk.", type=STANDARD, risk={"to": 2}),
        rule("refuse", "Not standard", "A standard change has a low risk.", type=STANDARD, risk={"from": 3}),
        rule("enterprise", "All", roles=["security"], type=OTHERS),
    ]
    enable(own, rows, omar, admin)
    replay = replays.work_off(replay_id=begun(drafted, ben).pk)
    assert courses(replay)[past[1].number][:2] == ("enterprise", "enterprise")


def test_a_change_handed_over_counts_with_the_facts_it_had_then(drafted, past, ben):
    Change.objects.filter(pk=past[0].pk).update(risk=5, risk_computed=5)
    replay = replays.work_off(replay_id=begun(drafted, ben).pk)
    assert courses(replay)[past[0].number][0] == "approve"


def test_a_missing_fact_is_counted_as_such(in_force, floor, past, ben):  # noqa: F811
    rows = [
        rule("cluster", "Weekdays", day={"in": ["weekday"]}),
        rule("enterprise", "Weekends", day={"in": ["weekend"]}),
    ]
    draft = policies.save_draft(policy_id=floor.pk, author=ben, rows=rows, at=NOON)
    replay = replays.work_off(replay_id=begun(draft, ben).pk)
    assert tally_of(replay).uncertain == 1
    assert courses(replay)[5000][0] == "enterprise"


def test_without_a_policy_in_force_it_is_compared_with_the_fixed_rule(floor, ada, ben, payments, ledger):  # noqa: F811
    change = proposing.propose_change(requester=ada, content=content(payments, ledger), at=NOON)
    flow.submit_change(change_id=change.pk, submitter=ada, at=NOON)
    draft = policies.save_draft(policy_id=floor.pk, author=ben, rows=FLOOR, at=NOON)
    replay = replays.work_off(replay_id=begun(draft, ben).pk)
    assert courses(replay) == {change.number: ("cluster", "cluster", "")}


def test_only_the_months_asked_for_are_looked_at(drafted, ben, past):
    Change.objects.filter(number=5000).update(created_at=NOON - timedelta(days=40))
    assert replays.work_off(replay_id=begun(drafted, ben, months=1).pk).total == 2


def test_drafts_and_changes_the_starter_may_not_see_are_left_out(own, drafted, omar, admin, payments, logistics, ada):  # noqa: F811
    logistics.visibility = Visibility.RESTRICTED
    logistics.save()
    draft = policies.save_draft(policy_id=own.pk, author=omar, rows=FLOOR, at=NOON)
    proposing.propose_change(requester=ada, content=content(payments), at=NOON)  # a draft
    assert begun(draft, omar).total == 3


def test_a_second_worker_and_a_killed_one_lose_and_repeat_nothing(drafted, ben, monkeypatch):
    monkeypatch.setattr(replays, "CHUNK", 2)
    replay = begun(drafted, ben)
    read = Replay.objects.select_related("version__policy", "started_by").get(pk=replay.pk)
    engines = Engines(read)
    first = replays.replay_chunk(replay_id=replay.pk, engines=engines, at_change=0, at=LATER)
    assert (first.state, first.done) == ("running", 2)
    with pytest.raises(Conflict):  # the other worker still believes it stands at the beginning
        replays.replay_chunk(replay_id=replay.pk, engines=engines, at_change=0, at=LATER)
    assert ReplayedChange.objects.count() == 2
    assert continue_replays() == 1  # as after a kill: from where it stands
    replay.refresh_from_db()
    assert (replay.state, replay.done, ReplayedChange.objects.count()) == ("done", 3, 3)
    assert continue_replays() == 0
    assert Entry.objects.filter(event="cab.ReplayFinished").count() == 1


def test_one_replay_of_a_version_at_a_time(drafted, ben):
    begun(drafted, ben)
    with pytest.raises(Conflict, match="being replayed already"):
        begun(drafted, ben)
    assert Replay.objects.count() == 1


def test_what_a_replay_looks_at_is_bounded(drafted, ben):
    for months, minutes in ((0, {}), (241, {}), (12, {"cluster": -1}), (12, {"cluster": 481}), (12, {"choir": 5})):
        with pytest.raises(Invalid):
            begun(drafted, ben, months, **minutes)
    assert not Replay.objects.exists()


def test_who_may_not_write_the_policy_may_not_replay_it(drafted, ada, auditor):
    for person in (ada, auditor):
        with pytest.raises(NotAllowed):
            begun(drafted, person)


def test_a_replay_is_stopped_once(drafted, ben):
    replay = begun(drafted, ben)
    assert replays.cancel_replay(replay_id=replay.pk, person=ben, at=LATER).state == "cancelled"
    with pytest.raises(WrongState):
        replays.cancel_replay(replay_id=replay.pk, person=ben, at=LATER)
    assert continue_replays() == 0


def test_old_replays_of_a_version_go(drafted, ben):
    for _ in range(replays.KEPT + 3):
        newest = replays.work_off(replay_id=begun(drafted, ben).pk)
    assert Replay.objects.count() == replays.KEPT + 1
    assert Replay.objects.filter(pk=newest.pk).exists()


def test_in_the_browser_without_javascript(drafted, ben, ada, past, django_assert_max_num_queries):
    client = signed_in(ben)
    assert "Not replayed yet." in client.get(drafted.get_absolute_url()).text
    went = client.post(f"{drafted.get_absolute_url()}replays/", {"months": "24", "minutes-enterprise": "30"})
    assert went.status_code == 302
    page = client.get(went["Location"]).text
    assert "Waiting for a worker." in page
    assert "Look again" in page
    replays.take_up(replay_id=Replay.objects.get().pk, at_change=0, at=LATER)
    assert "A worker is on the first parcel" in client.get(went["Location"]).text
    assert continue_replays() == 1
    with django_assert_max_num_queries(CEILING):
        page = client.get(went["Location"]).text
    assert "Done." in page
    assert "board hours saved" in page
    with django_assert_max_num_queries(CEILING):
        rows = client.get(f"{went['Location']}changes/?which=newly-let-through").text
    assert "CHG-5000" in rows
    assert past[1].reference not in rows
    assert client.get(f"{went['Location']}changes/?which=nonsense").status_code == 404
    refused = client.post(f"{went['Location']}cancellation/")
    assert refused.status_code == 409
    assert "Replay it …" not in signed_in(ada).get(drafted.get_absolute_url()).text


def test_months_that_are_no_number_are_refused_with_the_same_sentence(drafted, ben):
    client = signed_in(ben)
    page = client.post(f"{drafted.get_absolute_url()}replays/", {"months": "many"})
    assert page.status_code == 422
    assert "A replay looks back over 1 to 240 months." in page.text
    api = APIClient()
    api.force_authenticate(ben)
    answer = api.post("/api/v1/policies/enterprise-floor/replays/", {"version": 2, "months": 0}, format="json")
    assert answer.status_code == 422
    assert "1" in str(answer.data)
    assert not Replay.objects.exists()


def test_through_the_api(drafted, ben, ada):
    api = APIClient()
    api.force_authenticate(ben)
    address = "/api/v1/policies/enterprise-floor/replays/"
    made = api.post(address, {"version": drafted.number, "months": 240, "minutes": {"cluster": 7}}, format="json")
    assert made.status_code == 201, made.content
    assert continue_replays() == 1
    told = api.get(f"/api/v1/replays/{made.data['id']}/").data
    assert (told["state"], told["figures"]["let_through"], told["figures"]["minutes_spent"]) == ("done", 1, -14)
    assert [one["id"] for one in api.get(address).data["results"]] == [told["id"]]
    assert api.post(f"/api/v1/replays/{told['id']}/cancellation/").status_code == 409
    api.force_authenticate(ada)
    assert api.post(address, {"version": drafted.number}, format="json").status_code == 403
