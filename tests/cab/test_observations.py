"""Drift reports: joined to the change that covers them, or opened as an unauthorized change and explained."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from apps.accounts.actions import make_api_key
from apps.accounts.rules import Role
from apps.cab.actions import emergencies, flow, observations, reviews
from apps.cab.models import Change, Observation
from apps.cab.rules.observations import Candidate, covering
from apps.cab.states import OBSERVATION, ObservationState
from apps.clusters.models import Cluster, Visibility
from apps.journal.actions import deliver_due
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, WrongState
from apps.notify.models import Notice
from tests.cab.test_cast_vote import together
from tests.cab.test_emergencies import emergency, fire_board  # noqa: F401  # a fixture
from tests.cab.test_freezes import approve
from tests.conftest import NOON, make_person, signed_in

PLACE, JSON = "/api/v1/changes/observed/", "application/json"
BODY = {
    "source": "drift-detector",
    "external_id": "d-1",
    "component": "payments/ledger",
    "observed_at": "2026-03-02T11:30:00Z",
    "summary": "The ledger runs with a third replica",
    "found_by": "drift detector of Payments",
    "details": "- replicas: 2\n+ replicas: 3",
    "evidence": [{"label": "Diff", "url": "https://drift.example/d-1"}],
}


@pytest.fixture
def robot(db):
    return make_person("robot", Role.OPERATOR)


def report(reporter, component, external_id="d-1", at=NOON, **fields) -> Observation:
    given = {"source": "drift-detector", "summary": "A third replica", "found_by": "detector", "observed_at": at}
    told = observations.Report(component=component, external_id=external_id, **(given | fields))
    return observations.report_drift(reporter=reporter, report=told, at=NOON)


def explain(change, person, resolution="latent", reason="The team on call scaled it in the night.") -> Change:
    return observations.explain_drift(change_id=change.pk, person=person, resolution=resolution, reason=reason, at=NOON)


def names(change) -> list[str]:
    rows = Entry.objects.about(change).order_by("pk").values_list("event", flat=True)
    return [one.removeprefix("cab.") for one in rows]


class TestWhatCoversIt:
    @pytest.mark.parametrize(("hours", "is_covered"), [(-0.001, False), (0, True), (1.499, True), (1.5, False)])
    def test_a_scheduled_change_covers_its_window_half_open(
        self, waiting, ben, cleo, robot, ledger, hours, is_covered, monkeypatch
    ):
        change = approve(waiting, ben, cleo, NOON)
        moment = change.window_start_at + timedelta(hours=hours)
        told = observations.Report("s", "1", ledger, moment, "x", "y")
        one = observations.report_drift(reporter=robot, report=told, at=moment)
        assert (one.state, one.change == change) == (("attached", True) if is_covered else ("open", False))

    def test_running_work_covers_it_without_a_window(self, fire_board, ada, omar, robot, payments, ledger):  # noqa: F811
        fire = emergency(ada, omar, payments, ledger)
        emergencies.implement_first(change_id=fire.pk, implementer=omar, reason="It burns.", at=NOON)
        assert report(robot, ledger).change == fire
        assert "DriftObserved" in names(fire)
        flow.finish_implementation(
            change_id=fire.pk, implementer=omar, outcome="successful", at=NOON + timedelta(minutes=1)
        )
        assert report(robot, ledger, "d-2").change == fire  # told later, seen while it ran
        assert report(robot, ledger, "d-3", at=NOON + timedelta(minutes=1)).change != fire

    def test_what_is_still_being_decided_covers_nothing(self, waiting, robot, ledger):
        one = report(robot, ledger)
        assert (one.opened_change, one.change == waiting) == (True, False)

    def test_another_component_is_another_matter(self, waiting, ben, cleo, robot, dispatch):
        change = approve(waiting, ben, cleo, NOON)
        told = observations.Report("s", "1", dispatch, change.window_start_at, "x", "y")
        assert observations.report_drift(reporter=robot, report=told, at=change.window_start_at).state == "open"

    def test_of_several_the_one_that_began_last(self):
        start, end = NOON - timedelta(hours=1), NOON + timedelta(hours=1)
        rows = [
            Candidate(1, start, end, None, None),
            Candidate(2, None, None, NOON - timedelta(minutes=5), None),
            Candidate(3, start, end, None, None),
            Candidate(4, None, None, NOON - timedelta(minutes=5), NOON),
        ]
        assert covering(rows, NOON) == 2
        assert covering([rows[0], rows[2]], NOON) == 3
        assert covering([rows[3]], NOON) is None


class TestWhatNothingCovers:
    def test_it_opens_an_unauthorized_change_of_the_cluster(self, robot, ledger, payments):
        one = report(robot, ledger)
        change = one.change
        assert (change.state, change.unauthorized, change.latent) == ("implemented", True, False)
        assert (change.cluster, list(change.components.all()), change.requester) == (payments, [ledger], robot)
        assert "detector found it 2 March 2026 12:00 UTC" in change.unauthorized_because
        assert names(change)[-1] == "UnauthorizedChangeOpened"

    def test_the_owners_are_asked_to_explain_it(self, robot, ledger, omar):
        report(robot, ledger)
        deliver_due(at=NOON, limit=1000)
        assert Notice.objects.filter(person=omar, title__contains="no change covers").count() == 1

    def test_later_reports_join_it_until_it_is_explained(self, robot, ledger, omar):
        first, second = report(robot, ledger), report(robot, ledger, "d-2")
        assert first.change == second.change
        explain(first.change, omar)
        assert set(Observation.objects.values_list("state", flat=True)) == {"latent"}
        assert report(robot, ledger, "d-3").change != first.change

    def test_the_same_report_is_taken_once(self, robot, ledger):
        report(robot, ledger)
        with pytest.raises(Conflict, match="reported already"):
            report(robot, ledger)
        assert (Observation.objects.count(), Change.objects.count()) == (1, 1)

    @pytest.mark.parametrize("off", [timedelta(minutes=6), -timedelta(days=366)])
    def test_a_time_that_cannot_be_is_refused(self, robot, ledger, off):
        with pytest.raises(Invalid) as refused:
            report(robot, ledger, at=NOON + off)
        assert refused.value.next_step
        assert not Change.objects.exists()

    def test_who_may_propose_nothing_reports_nothing(self, auditor, vera, ledger):
        for person in (auditor, vera):
            with pytest.raises(NotAllowed):
                report(person, ledger)


class TestExplaining:
    def test_accepted_as_latent_it_goes_to_a_review(self, robot, ledger, omar, ada):
        change = report(robot, ledger).change
        with pytest.raises(WrongState, match="No review"):
            reviews.complete_review(change_id=change.pk, reviewer=omar, expected="x", happened="y", learned="", at=NOON)
        change = explain(change, omar)
        assert (change.state, change.latent, change.unauthorized) == ("implemented", True, True)
        one = Observation.objects.get()
        assert (one.state, one.resolved_by, one.resolved_at) == ("latent", omar, NOON)
        done = reviews.complete_review(
            change_id=change.pk, reviewer=omar, expected="Two.", happened="Three.", learned="", at=NOON
        )
        assert done.state == "closed"

    def test_backed_out_says_so(self, robot, ledger, omar):
        change = explain(report(robot, ledger).change, omar, "backed_out")
        assert (change.outcome, change.latent, change.state) == ("backed_out", False, "implemented")

    def test_a_false_alarm_calls_it_off_and_clears_it(self, robot, ledger, omar):
        change = explain(report(robot, ledger).change, omar, "false_alarm")
        assert (change.state, change.outcome, change.unauthorized) == ("cancelled", "not_implemented", False)

    def test_only_an_owner_who_did_not_report_it(self, ledger, omar, ben, robot):
        change = report(robot, ledger).change
        for person in (ben, robot):
            with pytest.raises(NotAllowed) as refused:
                explain(change, person)
            assert refused.value.next_step
        mine = report(omar, Change.objects.get().components.get(), "d-9", at=NOON - timedelta(hours=1)).change
        assert mine == change  # joined, so the owner is not its requester
        assert explain(change, omar).latent

    def test_an_owners_own_report_is_explained_by_another(self, ledger, omar):
        change = report(omar, ledger).change
        with pytest.raises(NotAllowed, match="does not also decide"):
            explain(change, omar)

    def test_a_reason_a_choice_and_something_open_are_needed(self, robot, ledger, omar, waiting):
        change = report(robot, ledger).change
        with pytest.raises(Invalid):
            explain(change, omar, reason=" ")
        with pytest.raises(WrongState):
            explain(change, omar, "attached")
        with pytest.raises(NotFound):
            explain(waiting, omar)
        explain(change, omar)
        with pytest.raises(WrongState, match="no observed drift"):
            explain(change, omar)

    def test_nobody_calls_it_off_the_ordinary_way(self, robot, ledger):
        change = report(robot, ledger).change
        with pytest.raises(WrongState, match="work is done"):
            flow.cancel_change(change_id=change.pk, person=robot, reason="x", at=NOON)

    @pytest.mark.parametrize("start", list(ObservationState))
    def test_every_move(self, start):
        targets = {one for one in ObservationState if OBSERVATION.allows(start, one)}
        assert targets == ({"attached", "latent", "backed_out", "false_alarm"} if start == "open" else set())


@pytest.mark.django_db(transaction=True)
def test_ten_reports_at_once_open_one_change(robot, ledger):
    together([lambda n=n: report(robot, ledger, f"d-{n}") for n in range(6)] + [lambda: report(robot, ledger, "d-0")])
    assert (Change.objects.count(), Observation.objects.count()) == (1, 6)


class TestItsDoors:
    @pytest.fixture(autouse=True)
    def _at_noon(self, monkeypatch):
        monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)

    def test_a_detector_reports_by_a_key_of_its_own_scope(self, robot, ledger, client):
        def answer(scope):
            key = make_api_key(
                owner=robot, maker=robot, name=scope, scopes=[scope], expires_at=NOON + timedelta(days=9), at=NOON
            )
            told = {"authorization": f"Bearer {key.token}", "idempotency-key": "one"}
            return client.post(PLACE, BODY, content_type=JSON, headers=told)

        assert answer("changes:write").status_code == 403
        made = answer("observations:write")
        assert (made.status_code, made.json()["state"], made.json()["opened_change"]) == (201, "open", True)
        assert made.json()["change"] == Change.objects.get().reference
        again = signed_in(robot).post(PLACE, BODY, content_type=JSON)
        assert (again.status_code, bool(again.json()["next_step"])) == (409, True)

    def test_a_key_sent_again_answers_the_same(self, robot, ledger):
        client, told = signed_in(robot), {"idempotency-key": "one"}
        answers = [client.post(PLACE, BODY, content_type=JSON, headers=told) for _ in range(2)]
        assert [one.status_code for one in answers] == [201, 201]
        assert answers[0].json() == answers[1].json()
        assert Observation.objects.count() == 1

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("component", "payments/nothing"),
            ("observed_at", "yesterday"),
            ("summary", "x" * 281),
            ("details", "x" * 20_001),
            ("evidence", [{"label": "x", "url": "javascript:alert(1)"}]),
            ("evidence", [{"label": "x", "url": "https://x.example"}] * 21),
            ("source", ""),
            ("found_by", "\x00"),
            ("surprise", 1),
        ],
    )
    def test_a_report_that_does_not_fit_is_refused_by_name(self, robot, ledger, field, value):
        answer = signed_in(robot).post(PLACE, {**BODY, field: value}, content_type=JSON)
        assert answer.status_code == 422, answer.content
        assert answer.json()["next_step"]
        assert not Observation.objects.exists()

    def test_a_huge_one_is_refused_before_it_is_read(self, robot, ledger):
        answer = signed_in(robot).post(PLACE, "[" * 70_000, content_type=JSON)
        assert (answer.status_code, "64 KB" in answer.json()["detail"]) == (413, True)

    def test_reading_the_address_as_a_change_is_not_found(self, robot):
        assert signed_in(robot).get(PLACE).status_code in {404, 405}

    def test_the_dossier_shows_it_and_its_owner_explains(self, robot, ledger, omar, ben):
        signed_in(robot).post(PLACE, BODY, content_type=JSON)
        change = Change.objects.get()
        page = change.get_absolute_url()
        owner = signed_in(omar)
        text = owner.get(page).content.decode()
        assert "+ replicas: 3" in text
        assert "Accept as latent" in text
        assert "Accept as latent" not in signed_in(ben).get(page).content.decode()
        assert owner.post(f"{page}drift-explanation/", {"resolution": "latent", "reason": ""}).status_code == 422
        sent = {"resolution": "latent", "reason": "Scaled in the night."}
        assert owner.post(f"{page}drift-explanation/", sent).status_code == 302
        assert "Scaled in the night." in owner.get(page).content.decode()

    def test_the_list_is_filtered_within_its_queries(
        self, robot, ledger, dispatch, omar, django_assert_max_num_queries
    ):
        report(robot, ledger)
        report(robot, dispatch, "d-2", summary="Another queue")
        client = signed_in(omar)
        with django_assert_max_num_queries(12):
            assert "Another queue" in client.get("/drift/").content.decode()
        assert "Another queue" not in client.get("/drift/?cluster=payments").content.decode()
        assert "No drift fits" in client.get("/drift/?state=latent").content.decode()
        assert client.get("/drift/?state=nonsense").status_code == 422

    def test_outside_a_restricted_cluster_nobody_knows_of_it(self, robot, ledger, payments, omar, ben):
        one = report(robot, ledger)
        Cluster.objects.filter(pk=payments.pk).update(visibility=Visibility.RESTRICTED)
        assert signed_in(ben).get(f"/api/v1/observations/{one.pk}/").status_code == 404
        assert signed_in(omar).get(f"/api/v1/observations/{one.pk}/").json()["state"] == "open"
        assert signed_in(ben).post(PLACE, BODY, content_type=JSON).status_code == 422

    def test_the_api_explains(self, robot, ledger, omar):
        place = f"/api/v1/observations/{report(robot, ledger).pk}/explanation/"
        body = {"resolution": "backed_out", "reason": "Scaled back."}
        assert signed_in(robot).post(place, body, content_type=JSON).status_code == 403
        assert signed_in(omar).post(place, body, content_type=JSON).json()["state"] == "backed_out"


class TestTheFormOfAPerson:
    """The page beside POST /api/v1/changes/observed/: the same action."""

    def filled(self, client, **fields):
        page = client.get("/drift/new/?component=payments/ledger").content.decode()
        (token,) = re.findall(r'name="external_id" value="(\w{32})"', page)
        assert 'value="payments/ledger"' in page
        given = {"component": "payments/ledger", "observed_at": "2026-03-02T09:30", "summary": "A rule was added"}
        return given | {"found_by": "Ada", "external_id": token} | fields

    @pytest.fixture
    def desk(self, ada, ledger, monkeypatch):
        monkeypatch.setattr(timezone, "now", lambda: NOON)
        ada.zone = "Europe/Berlin"
        ada.save()
        return signed_in(ada)

    def test_it_opens_a_change_to_explain_and_leads_there(self, desk):
        sent = self.filled(desk, details="Port 22", evidence="Scan https://example.org/scan")
        answer = desk.post("/drift/new/", sent)
        one = Observation.objects.get()
        assert (answer.status_code, answer["Location"]) == (302, one.change.get_absolute_url())
        assert (one.source, one.found_by, one.change.unauthorized) == ("by hand", "Ada", True)
        assert one.observed_at == datetime(2026, 3, 2, 8, 30, tzinfo=UTC), "the time is of the reporter's zone"
        assert one.evidence == [{"label": "Scan", "url": "https://example.org/scan"}]
        assert "was opened to explain it" in desk.get(answer["Location"]).content.decode()

    def test_sent_twice_it_is_one_report(self, desk):
        sent = self.filled(desk)
        desk.post("/drift/new/", sent)
        again = desk.post("/drift/new/", sent)
        assert (again.status_code, Observation.objects.count()) == (422, 1)
        assert "This drift has been reported already." in again.content.decode()

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"component": "payments/none"}, "There is no component"),
            ({"component": "logistics/dispatch"}, "There is no component"),
            ({"observed_at": "2026-03-03T09:30"}, "is yet to come"),
            ({"observed_at": "2020-03-03T09:30"}, "more than 365 days ago"),
            ({"observed_at": "tomorrow"}, "valid date"),
            ({"summary": ""}, "required"),
            ({"summary": "x" * 281}, "at most 280"),
            ({"evidence": "Scan javascript:alert(1)"}, "http"),
        ],
    )
    def test_what_does_not_fit_is_said_and_what_was_typed_stays(self, desk, logistics, dispatch, fields, said):
        logistics.visibility = Visibility.RESTRICTED
        logistics.save()
        answer = desk.post("/drift/new/", self.filled(desk, **{"details": "Port 22 stands open.", **fields}))
        page = answer.content.decode()
        assert (answer.status_code, Observation.objects.count()) == (422, 0)
        assert said in page
        assert "Port 22 stands open." in page

    def test_an_auditor_reports_nothing(self, auditor, ledger):
        client = signed_in(auditor)
        assert client.get("/drift/new/").status_code == 403
        assert "Report drift" not in client.get("/drift/").content.decode()
