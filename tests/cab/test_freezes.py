"""Freezes: their way, what they hit, and what they do to a change."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import RoleGrant
from apps.accounts.rules import Role
from apps.cab.actions import flow, freezing, rounds
from apps.cab.models import Change
from apps.cab.queries.freezes import hits
from apps.cab.reactions import tell_of_freeze
from apps.clusters.models import Cluster, Visibility
from apps.journal.models import Entry
from apps.kernel.refusals import Invalid, NotAllowed, NotFound, StaleRevision, WrongState
from apps.notify.models import Notice
from apps.windows.actions.freezes import change_freeze, draft_freeze, enforce_freeze, lift_freeze, preview_freeze
from apps.windows.models import Freeze
from tests.conftest import signed_in

API, JSON = "/api/v1/freezes/", "application/json"
MARCH = {
    "name": "Closing week",
    "reason": "The quarter closes.",
    "strength": "hard",
    "start_local": datetime(2026, 3, 9),
    "end_local": datetime(2026, 3, 14),
    "zone": "Europe/Berlin",
    "tiers": [],
    "types": [],
    "exemptions": [],
}


@pytest.fixture
def freeze(omar, payments, noon) -> Freeze:
    return draft_freeze(author=omar, clusters=[payments], values=MARCH, at=noon)


def enforced(freeze, omar, admin, noon, **changes) -> Freeze:
    if changes:
        freeze = change_freeze(freeze_id=freeze.pk, editor=omar, version=1, changes=changes, at=noon)
    preview_freeze(freeze_id=freeze.pk, viewer=omar, version=freeze.version, at=noon)
    return enforce_freeze(freeze_id=freeze.pk, enforcer=admin, version=freeze.version, at=noon)


@pytest.fixture
def authorized(waiting, ben, cleo, dan, omar, noon) -> Change:
    Change.objects.filter(pk=waiting.pk).update(implementer=omar)
    return waiting


def approve(change, ben, cleo, noon) -> Change:
    for voter in (ben, cleo):
        rounds.cast_vote(change_id=change.pk, voter=voter, choice="approve", revision=change.revision, at=noon)
    return Change.objects.get(pk=change.pk)


class TestItsWay:
    def test_nothing_is_enforced_before_it_was_looked_at(self, freeze, admin, noon):
        with pytest.raises(WrongState):
            enforce_freeze(freeze_id=freeze.pk, enforcer=admin, version=1, at=noon)

    def test_editing_leads_back_to_the_draft_and_the_look_is_void(self, freeze, omar, admin, noon):
        preview_freeze(freeze_id=freeze.pk, viewer=omar, version=1, at=noon)
        changed = change_freeze(freeze_id=freeze.pk, editor=omar, version=1, changes={"name": "Later"}, at=noon)
        assert (changed.state, changed.previewed_at, changed.version) == ("draft", None, 2)
        with pytest.raises(StaleRevision):
            enforce_freeze(freeze_id=freeze.pk, enforcer=admin, version=1, at=noon)

    def test_who_wrote_a_hard_freeze_does_not_enforce_it(self, freeze, omar, admin, noon):
        preview_freeze(freeze_id=freeze.pk, viewer=omar, version=1, at=noon)
        with pytest.raises(NotAllowed, match="does not enforce"):
            enforce_freeze(freeze_id=freeze.pk, enforcer=omar, version=1, at=noon)
        change_freeze(freeze_id=freeze.pk, editor=admin, version=1, changes={"reason": "Else."}, at=noon)
        preview_freeze(freeze_id=freeze.pk, viewer=admin, version=2, at=noon)
        with pytest.raises(NotAllowed):  # an editor is an author too
            enforce_freeze(freeze_id=freeze.pk, enforcer=admin, version=2, at=noon)

    def test_a_soft_one_may_be_enforced_by_its_author(self, freeze, omar, noon):
        assert enforced(freeze, omar, omar, noon, strength="soft").state == "enforced"

    def test_what_is_in_force_is_lifted_not_edited(self, freeze, omar, admin, noon):
        enforced(freeze, omar, admin, noon)
        with pytest.raises(WrongState):
            change_freeze(freeze_id=freeze.pk, editor=omar, version=1, changes={"name": "X"}, at=noon)
        with pytest.raises(Invalid):
            lift_freeze(freeze_id=freeze.pk, lifter=omar, reason=" ", at=noon)
        assert lift_freeze(freeze_id=freeze.pk, lifter=omar, reason="Done.", at=noon).lifted_at == noon

    def test_only_keepers_announce_one(self, ada, omar, payments, noon):
        with pytest.raises(NotAllowed, match="owner of Payments"):
            draft_freeze(author=ada, clusters=[payments], values=MARCH, at=noon)
        with pytest.raises(NotAllowed, match="whole federation"):
            draft_freeze(author=omar, clusters=[], values=MARCH, at=noon)
        assert not Freeze.objects.exists()

    @pytest.mark.parametrize(
        "wrong",
        [
            {"zone": "Mars/Olympus"},
            {"end_local": datetime(2026, 3, 1)},
            {"exemptions": [{"reason": "friends"}]},
            {"exemptions": [{"types": ["emergency"]}] * 4},
            {"tiers": [9]},
        ],
    )
    def test_what_makes_no_sense_is_refused(self, omar, payments, noon, wrong):
        with pytest.raises(Invalid) as refused:
            draft_freeze(author=omar, clusters=[payments], values=MARCH | wrong, at=noon)
        assert refused.value.next_step
        assert not Freeze.objects.exists()


class TestWhatItDoes:
    def test_the_list_names_what_it_hits_and_what_it_spares(self, freeze, authorized, omar, noon):
        assert [one.change.pk for one in hits(freeze)] == [authorized.pk]
        spared = [{"roles": ["operator"], "types": [], "risk_at_most": None, "reason": "operators"}]
        change_freeze(freeze_id=freeze.pk, editor=omar, version=1, changes={"exemptions": spared}, at=noon)
        assert [one.verdict.is_exempt for one in hits(Freeze.objects.get())] == [True]
        RoleGrant.objects.filter(person=omar, role=Role.OPERATOR).delete()
        assert [one.verdict.is_exempt for one in hits(Freeze.objects.get())] == [False]

    def test_an_approved_change_stays_unscheduled_and_may_not_be(
        self, freeze, authorized, omar, admin, ben, cleo, noon
    ):
        enforced(freeze, omar, admin, noon)
        change = approve(authorized, ben, cleo, noon)
        assert change.state == "authorized"
        with pytest.raises(WrongState, match="Closing week") as refused:
            flow.schedule_change(change_id=change.pk, scheduler=omar, at=noon)
        assert refused.value.next_step
        assert Change.objects.get(pk=change.pk).state == "authorized"
        lift_freeze(freeze_id=freeze.pk, lifter=omar, reason="Done.", at=noon)
        assert flow.schedule_change(change_id=change.pk, scheduler=omar, at=noon).state == "scheduled"

    def test_a_scheduled_change_does_not_start(self, freeze, authorized, omar, admin, ben, cleo, noon):
        change = approve(authorized, ben, cleo, noon)
        assert change.state == "scheduled"
        enforced(freeze, omar, admin, noon)
        with pytest.raises(WrongState, match="Closing week"):
            flow.start_implementation(change_id=change.pk, implementer=omar, at=change.window_start_at)
        assert Change.objects.get(pk=change.pk).state == "scheduled"

    def test_an_exempt_one_starts(self, freeze, authorized, omar, admin, ben, cleo, noon):
        change = approve(authorized, ben, cleo, noon)
        enforced(freeze, omar, admin, noon, exemptions=[{"risk_at_most": 5, "reason": "all"}])
        began = flow.start_implementation(change_id=change.pk, implementer=omar, at=change.window_start_at)
        assert began.state == "implementing"

    def test_a_soft_one_is_acknowledged_with_a_reason(self, freeze, authorized, omar, ada, cleo, ben, noon):
        change = approve(authorized, ben, cleo, noon)
        enforced(freeze, omar, omar, noon, strength="soft")
        act = {"change_id": change.pk, "freeze_id": freeze.pk, "at": noon}
        with pytest.raises(WrongState, match="think twice"):
            flow.start_implementation(change_id=change.pk, implementer=omar, at=change.window_start_at)
        with pytest.raises(NotAllowed):
            freezing.acknowledge_freeze(person=cleo, reason="Now.", **act)
        with pytest.raises(Invalid):
            freezing.acknowledge_freeze(person=omar, reason=" ", **act)
        freezing.acknowledge_freeze(person=omar, reason="Keys expire.", **act)
        assert Entry.objects.get(event="cab.FreezeAcknowledged").data["reason"] == "Keys expire."
        with pytest.raises(WrongState, match="already"):
            freezing.acknowledge_freeze(person=omar, reason="Again.", **act)
        began = flow.start_implementation(change_id=change.pk, implementer=omar, at=change.window_start_at)
        assert began.state == "implementing"

    def test_a_hard_one_is_not_acknowledged_away(self, freeze, authorized, omar, admin, ben, cleo, noon):
        change = approve(authorized, ben, cleo, noon)
        enforced(freeze, omar, admin, noon)
        with pytest.raises(WrongState, match="hard freeze"):
            freezing.acknowledge_freeze(change_id=change.pk, person=omar, freeze_id=freeze.pk, reason="x", at=noon)
        with pytest.raises(NotFound):
            freezing.acknowledge_freeze(change_id=change.pk, person=omar, freeze_id=10**9, reason="x", at=noon)

    def test_what_starts_outside_its_window_is_stopped_by_the_freeze_of_now(
        self, freeze, authorized, omar, admin, ben, cleo, noon
    ):
        change = approve(authorized, ben, cleo, noon)
        enforced(freeze, omar, admin, noon, start_local=datetime(2026, 3, 3), end_local=datetime(2026, 3, 4))
        with pytest.raises(WrongState):
            flow.start_implementation(change_id=change.pk, implementer=omar, at=noon + timedelta(hours=20))
        assert flow.start_implementation(change_id=change.pk, implementer=omar, at=change.window_start_at)

    def test_owners_and_those_it_hits_are_told_once(self, freeze, authorized, omar, admin, ada, noon):
        enforced(freeze, omar, admin, noon)
        entry = Entry.objects.get(event="windows.FreezeEnforced")
        for _ in range(2):
            tell_of_freeze(entry)
        told = Notice.objects.filter(title__startswith="Closing week").values_list("person__handle", flat=True)
        assert sorted(told) == ["ada", "omar"]


class TestDoors:
    def test_the_page_leads_from_draft_to_lifted(self, omar, admin, authorized):
        owner, second = signed_in(omar), signed_in(admin)
        clocks = {"start_local": "2099-03-09T00:00", "end_local": "2099-03-14T00:00"}
        sent = {**MARCH, **clocks, "clusters": ["payments"], "types_1": ["emergency"], "why_1": "fire"}
        sent.pop("exemptions")
        answer = owner.post("/freezes/new/", sent)
        freeze = Freeze.objects.get()
        assert (answer.status_code, answer["Location"]) == (302, freeze.get_absolute_url())
        assert freeze.exemptions[0]["types"] == ["emergency"]
        page = freeze.get_absolute_url()
        assert owner.post(f"{page}edit/", {**sent, "version": 1, "name": "Other"}).status_code == 302
        assert owner.post(f"{page}preview/", {"version": 1}).status_code == 412
        assert owner.post(f"{page}preview/", {"version": 2}).status_code == 302
        offered = owner.get(page).text
        assert ("Enforce it" in offered, "does not enforce it" in offered) == (False, True)
        assert "Enforce it" in second.get(page).text
        refused = owner.post(f"{page}enforcement/", {"version": 2})
        assert (refused.status_code, "does not enforce it" in refused.content.decode()) == (403, True)
        assert second.post(f"{page}enforcement/", {"version": 2}).status_code == 302
        assert owner.post(f"{page}lifting/", {"reason": "Over."}).status_code == 302
        assert Freeze.objects.get().state == "lifted"

    def test_the_page_lists_the_hits_within_its_queries(self, freeze, authorized, omar):
        client = signed_in(omar)
        with CaptureQueriesContext(connection) as asked:
            text = client.get(freeze.get_absolute_url()).content.decode()
        assert authorized.reference in text
        assert "1 change in it" in text
        assert len(asked) <= 20
        with CaptureQueriesContext(connection) as asked:
            assert "Closing week" in client.get("/freezes/").content.decode()
        assert len(asked) <= 12

    def test_outside_a_restricted_cluster_nobody_knows_of_it(self, freeze, ada, cleo, payments):
        Cluster.objects.filter(pk=payments.pk).update(visibility=Visibility.RESTRICTED)
        assert signed_in(cleo).get(freeze.get_absolute_url()).status_code == 404
        assert signed_in(cleo).get(f"{API}{freeze.pk}/").status_code == 404

    def test_the_dossier_offers_to_acknowledge_a_soft_one(self, freeze, authorized, omar, ben, cleo, noon):
        change = approve(authorized, ben, cleo, noon)
        Change.objects.filter(pk=change.pk).update(window_end_at=datetime.max.replace(year=2090, tzinfo=noon.tzinfo))
        enforced(freeze, omar, omar, noon, strength="soft", end_local=datetime(2026, 12, 30))
        client = signed_in(omar)
        assert "Acknowledge the freeze" in client.get(change.get_absolute_url()).content.decode()
        sent = {"freeze_id": freeze.pk, "reason": "Keys expire."}
        assert client.post(f"{change.get_absolute_url()}freeze-acknowledgements/", sent).status_code == 302
        assert "Acknowledge the freeze" not in client.get(change.get_absolute_url()).content.decode()

    def test_the_api_does_the_same(self, omar, admin, ada, authorized):
        owner = signed_in(omar)
        sent = {**MARCH, "start_local": "2099-03-09T00:00", "end_local": "2099-03-14T00:00", "clusters": ["payments"]}
        made = owner.post(API, sent, JSON)
        assert (made.status_code, made.json()["clusters"]) == (201, ["payments"])
        address = f"{API}{made.json()['id']}/"
        assert owner.patch(address, {"name": "X"}, JSON).status_code == 428
        assert owner.patch(address, {"name": "X"}, JSON, headers={"If-Match": '"1"'}).json()["version"] == 2
        assert owner.post(f"{address}preview/", {"version": 2}, JSON).json()["state"] == "previewed"
        refused = owner.post(f"{address}enforcement/", {"version": 2}, JSON)
        assert (refused.status_code, refused.json()["code"]) == (403, "own_freeze")
        assert signed_in(admin).post(f"{address}enforcement/", {"version": 2}, JSON).json()["state"] == "enforced"
        assert signed_in(ada).post(f"{address}lifting/", {"reason": "x"}, JSON).status_code == 403
        assert owner.get(f"{address}hits/").json()["results"] == []
