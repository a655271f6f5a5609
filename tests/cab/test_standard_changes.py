"""Standard changes: templates proposed, published by others, enforced at edit time, suspended by their record."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.cab.actions import flow, proposing, reviews, standards, templating
from apps.cab.models import Change, StandardTemplate
from apps.cab.queries.standards import last_uses, record_of, suggestions
from apps.cab.rules.intervals import wilson
from apps.cab.rules.standards import Record, kind_of
from apps.journal.actions import deliver_due
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, StaleRevision, WrongState
from apps.notify.models import Notice
from tests.cab.conftest import content
from tests.cab.test_cast_vote import together
from tests.conftest import NOON, make_person, signed_in
from tests.policies.conftest import FLOOR, enable, floor, in_force, rule  # noqa: F401  # fixtures

WINDOW = {"window_start": datetime(2026, 3, 10, 22), "window_end": datetime(2026, 3, 10, 23), "window_zone": "UTC"}


def closed(requester, cluster, *parts, outcome="successful", days=1, **fields) -> Change:
    """A finished change, as a year of history would hold it."""
    change = proposing.propose_change(requester=requester, content=content(cluster, *parts, **fields), at=NOON)
    Change.objects.filter(pk=change.pk).update(
        state="closed", outcome=outcome, implemented_at=NOON - timedelta(days=days), closed_at=NOON
    )
    return Change.objects.get(pk=change.pk)


def publish(template, publisher) -> StandardTemplate:
    template = StandardTemplate.objects.get(pk=template.pk)
    return standards.publish_template(template_id=template.pk, publisher=publisher, version=template.version, at=NOON)


@pytest.fixture
def example(ada, payments, ledger):
    return closed(ada, payments, ledger)


@pytest.fixture
def proposed(example, ada):
    return standards.propose_template(change_id=example.pk, proposer=ada, name="Key rotation", at=NOON, most_failures=1)


@pytest.fixture
def published(proposed, omar):
    return publish(proposed, omar)


@pytest.fixture
def api():
    return signed_in


def from_template(template, requester, **fields) -> Change:
    version = templating.in_force(StandardTemplate.objects.get(pk=template.pk))
    given = templating.filled(version, requester) | WINDOW | fields
    return proposing.propose_change(requester=requester, content=proposing.Content(**given), at=NOON)


def submitted(template, requester, **fields) -> Change:
    change = from_template(template, requester, **fields)
    return flow.submit_change(change_id=change.pk, submitter=requester, at=NOON)


def carried_out(template, requester, implementer, outcome="successful", at=NOON) -> Change:
    change = submitted(template, requester, implementer=implementer)
    flow.start_implementation(change_id=change.pk, implementer=implementer, at=at)
    return flow.finish_implementation(change_id=change.pk, implementer=implementer, outcome=outcome, at=at)


def deliver() -> None:
    while deliver_due(at=NOON + timedelta(minutes=1)):
        pass


class TestProposing:
    def test_it_says_what_the_change_said_with_the_usual_modes(self, proposed):
        fields = proposed.versions.get().fields
        assert fields["backout_plan"] == {"value": "Switch back to the old key.", "mode": "locked"}
        assert fields["components"] == {"value": ["payments/ledger"], "mode": "locked"}
        assert fields["communication_plan"] == {"value": "", "mode": "default"}
        assert proposed.state == "proposed"

    @pytest.mark.parametrize("outcome", ["unsuccessful", "backed_out", "not_implemented"])
    def test_only_a_change_that_went_well_is_an_example(self, ada, payments, ledger, outcome):
        change = closed(ada, payments, ledger, outcome=outcome)
        with pytest.raises(WrongState, match="not a closed change that went well"):
            standards.propose_template(change_id=change.pk, proposer=ada, name="X", at=NOON)
        assert not StandardTemplate.objects.exists()

    def test_an_open_change_is_none(self, waiting, ada):
        with pytest.raises(WrongState):
            standards.propose_template(change_id=waiting.pk, proposer=ada, name="X", at=NOON)

    @pytest.mark.parametrize(
        ("fields", "named"),
        [
            ({"colour": {"value": "red"}}, "colour"),
            ({"title": {"value": "x", "mode": "glued"}}, "title"),
            ({"test_plan": {"value": "", "mode": "locked"}}, "test_plan"),
            ({"downtime_minutes": {"value": True}}, "downtime_minutes"),
            ({"title": {"value": "x" * 301}}, "title"),
        ],
    )
    def test_fields_that_do_not_fit_are_named(self, example, ada, fields, named):
        with pytest.raises(Invalid) as refused:
            standards.propose_template(change_id=example.pk, proposer=ada, name="X", at=NOON, fields=fields)
        assert named in refused.value.fields
        assert refused.value.next_step

    def test_a_name_is_taken_once_in_a_cluster(self, proposed, example, ada):
        with pytest.raises(Conflict, match="has a template of that name already"):
            standards.propose_template(change_id=example.pk, proposer=ada, name="Key rotation", at=NOON)


class TestPublishing:
    def test_the_proposer_does_not_publish(self, example, omar):
        own = standards.propose_template(change_id=example.pk, proposer=omar, name="Mine", at=NOON)
        with pytest.raises(NotAllowed, match="somebody else publishes it"):
            publish(own, omar)
        with pytest.raises(IntegrityError), transaction.atomic():
            StandardTemplate.objects.filter(pk=own.pk).update(
                published_by=omar, published_at=NOON, in_force=own.versions.get()
            )

    def test_nor_does_who_wrote_the_version(self, proposed, omar):
        standards.revise_template(template_id=proposed.pk, editor=omar, version=1, changes={}, at=NOON)
        with pytest.raises(NotAllowed):
            publish(proposed, omar)

    def test_nor_somebody_who_keeps_nothing(self, proposed):
        with pytest.raises(NotAllowed, match="neither own"):
            publish(proposed, make_person("eli", "requester"))

    def test_a_version_seen_too_long_ago_is_refused(self, proposed, ada, omar):
        standards.revise_template(template_id=proposed.pk, editor=ada, version=1, changes={}, at=NOON)
        with pytest.raises(StaleRevision):
            standards.publish_template(template_id=proposed.pk, publisher=omar, version=1, at=NOON)

    def test_a_revision_waits_beside_the_version_in_force(self, published, ada, omar):
        before = published.in_force
        changes = {"fields": {"test_plan": {"value": "Twice.", "mode": "locked"}}}
        one = standards.revise_template(
            template_id=published.pk, editor=ada, version=published.version, changes=changes, at=NOON
        )
        assert (one.state, one.in_force) == ("published", before)
        assert publish(one, omar).in_force.number == 2

    def test_owners_are_asked(self, proposed, omar):
        deliver()
        assert Notice.objects.filter(person=omar, title__startswith="A template waits").count() == 1


class TestPreauthorized:
    def test_it_goes_straight_into_the_calendar_with_its_grounds(self, published, ada):
        change = submitted(published, ada)
        change.refresh_from_db()
        assert (change.type, change.state) == ("standard", "scheduled")
        assert not change.rounds.exists()
        handover = change.handovers.get()
        assert (handover.way, handover.template) == ("approve", published.in_force)
        assert "Key rotation”, version 1" in handover.grounds["sentence"]
        entry = Entry.objects.get(event="cab.ChangePreauthorized")
        assert (entry.actor, entry.data["number"]) == (None, 1)

    def test_a_standard_change_without_a_template_goes_as_before(self, ada, payments, ledger):
        change = proposing.propose_change(requester=ada, content=content(payments, ledger, type="standard"), at=NOON)
        assert flow.submit_change(change_id=change.pk, submitter=ada, at=NOON).state == "submitted"

    def test_what_is_mandatory_must_be_there(self, published, ada):
        change = from_template(published, ada, purpose="")
        with pytest.raises(Invalid, match=r"Its template asks for: purpose\."):
            flow.submit_change(change_id=change.pk, submitter=ada, at=NOON)

    def test_who_published_it_does_not_approve_their_own(self, published, omar):
        change = submitted(published, omar)
        assert change.state == "submitted"

    def test_a_policy_that_refuses_is_stronger(self, floor, published, ada, ben, admin):  # noqa: F811
        enable(floor, [rule("refuse", "None now", "Not this quarter.")], ben, admin)
        assert submitted(published, ada).state == "submitted"

    def test_a_later_edit_is_authorized_anew(self, published, ada):
        change = submitted(published, ada)
        later = proposing.content_from(change, window_end=datetime(2026, 3, 10, 23, 30))
        change = proposing.edit_change(change_id=change.pk, editor=ada, content=later, based_on=1, at=NOON)
        assert (change.state, change.handovers.count(), change.revision) == ("scheduled", 2, 2)

    @pytest.mark.parametrize(
        ("field", "value"), [("backout_plan", "None."), ("type", "normal"), ("components", ()), ("test_plan", "")]
    )
    def test_what_is_locked_stays(self, published, ada, field, value):
        change = from_template(published, ada)
        for act in (
            lambda one: proposing.edit_change(change_id=change.pk, editor=ada, content=one, based_on=1, at=NOON),
            lambda one: proposing.preview_edit(change=change, content=one),
        ):
            with pytest.raises(Invalid) as refused:
                act(proposing.content_from(change, **{field: value}))
            assert field in refused.value.fields
        change.refresh_from_db()
        assert change.revision == 1

    def test_nothing_begins_from_what_is_not_published(self, proposed, ada):
        with pytest.raises(WrongState, match="nothing is proposed from it"):
            from_template(proposed, ada)


class TestSuspended:
    def test_its_record_suspends_it_and_tells_its_owner(self, published, ada, omar, admin):
        carried_out(published, ada, admin, "backed_out")
        deliver()
        published.refresh_from_db()
        assert published.state == "published"  # one is borne
        carried_out(published, ada, admin, "unsuccessful")
        waits = submitted(published, ada)
        deliver()
        published.refresh_from_db()
        assert (published.state, published.state_reason) == (
            "suspended",
            "2 of its last 2 changes failed; it bears 1.",
        )
        assert Notice.objects.filter(person=ada, title="The template “Key rotation” is suspended").count() == 1
        assert Notice.objects.filter(person=omar, title="The template “Key rotation” is suspended").count() == 1
        waits.refresh_from_db()
        assert waits.state == "scheduled"  # no board was ever founded: the next class founds one

    def test_running_it_again_changes_nothing(self, published, ada, admin):
        for _ in range(2):
            carried_out(published, ada, admin, "backed_out")
        for _ in range(3):
            standards.weigh_template(template_id=published.pk, at=NOON)
        assert Entry.objects.filter(event="cab.TemplateSuspended").count() == 1

    def test_what_is_in_flight_goes_to_the_board(self, published, ada, omar, board):
        change = submitted(published, ada)
        published.refresh_from_db()
        standards.suspend_template(
            template_id=published.pk, suspender=omar, version=published.version, reason="The vendor moved.", at=NOON
        )
        with pytest.raises(WrongState, match="The template that authorized it is suspended"):
            flow.start_implementation(change_id=change.pk, implementer=ada, at=NOON)
        deliver()
        deliver()
        change.refresh_from_db()
        assert change.state == "awaiting_authorization"
        assert change.rounds.get().board == board
        assert "is suspended, so a board decides" in change.handovers.latest("pk").grounds["sentence"]

    def test_a_policy_does_not_authorize_it_instead(self, in_force, published, ada, ben, omar, board):  # noqa: F811
        change = from_template(published, ada)
        published.refresh_from_db()
        standards.suspend_template(
            template_id=published.pk, suspender=omar, version=published.version, reason="Wait.", at=NOON
        )
        flow.submit_change(change_id=change.pk, submitter=ada, at=NOON)
        flow.begin_assessment(change_id=change.pk, assessor=ben, at=NOON)
        round_ = flow.hand_to_board(change_id=change.pk, assessor=ben, at=NOON)
        assert round_ is not None

    def test_published_again_its_failures_count_anew(self, published, ada, omar, admin):
        for _ in range(2):
            carried_out(published, ada, admin, "backed_out")
        standards.weigh_template(template_id=published.pk, at=NOON)
        published.refresh_from_db()
        again = standards.publish_template(
            template_id=published.pk, publisher=omar, version=published.version, at=NOON + timedelta(hours=1)
        )
        assert (again.state, record_of(last_uses(again)).failed) == ("published", 0)

    def test_retired_it_ends(self, published, ada):
        standards.retire_template(
            template_id=published.pk, person=ada, version=published.version, reason="No longer run.", at=NOON
        )
        with pytest.raises(WrongState):
            from_template(published, ada)
        with pytest.raises(NotFound):
            standards.retire_template(template_id=0, person=ada, version=1, reason="x", at=NOON)


class TestSuggested:
    # Reference values of the score interval, z = 1.959964: 8 of 10 and 1 of 1 as in Wilson's formula worked by hand.
    @pytest.mark.parametrize(
        ("well", "of", "lower"), [(0, 0, 0.0), (1, 1, 0.2065), (8, 10, 0.4902), (16, 16, 0.8064), (0, 10, 0.0)]
    )
    def test_the_bound_is_wilsons(self, well, of, lower):
        assert wilson(well, of).low == pytest.approx(lower, abs=1e-4)

    def test_no_record_reaches_certainty(self):
        assert all(Record(n, 0).at_least < 1 for n in range(1, 2_000, 37))
        assert Record(20, 0).at_least > Record(20, 1).at_least > Record(10, 1).at_least

    def test_titles_of_one_kind(self):
        assert kind_of("Patches for March 2026 (R2)") == kind_of("patches for April 2027") == "patches for"

    def test_a_kind_that_goes_well_is_suggested_with_its_rows(self, ada, omar, payments, ledger, dispatch):
        for number in range(16):
            closed(ada, payments, ledger, title=f"Patches, week {number}", days=number + 1)
        closed(ada, payments, ledger, dispatch, title="Patches, week 99")
        closed(ada, payments, ledger, title="Something else")
        (one,) = suggestions(omar, level=0.8, at=NOON)
        assert (one.record.succeeded, one.record.failed, one.kind) == (16, 0, "patches week")
        assert suggestions(omar, level=0.81, at=NOON) == []
        standards.propose_template(change_id=one.change.pk, proposer=ada, name="Patches", at=NOON)
        assert suggestions(omar, level=0.8, at=NOON) == []

    def test_failures_lower_it(self, ada, omar, payments, ledger):
        for number in range(16):
            outcome = "backed_out" if number == 3 else "successful"
            closed(ada, payments, ledger, title=f"Patches {number}", outcome=outcome)
        assert suggestions(omar, level=0.8, at=NOON) == []


def test_a_review_closes_it_into_the_record(published, ada, admin):
    change = carried_out(published, ada, admin)
    reviews.complete_review(
        change_id=change.pk, reviewer=ada, expected="A key.", happened="A key.", learned="", at=NOON
    )
    record = record_of(last_uses(StandardTemplate.objects.get(pk=published.pk)))
    assert (record.succeeded, record.failed) == (1, 0)


class TestDoors:
    def test_the_pages_lead_from_a_closed_change_to_one_that_needs_no_board(self, example, ada, omar):
        author, owner = signed_in(ada), signed_in(omar)
        assert f"/changes/{example.reference}/template/" in author.get(example.get_absolute_url()).text
        address = f"/changes/{example.reference}/template/"
        form = author.get(address).context["form"]
        sent = {name: form[name].value() for name in form.fields if form[name].value() is not None}
        sent["components"] = "payments/ledger"
        answer = author.post(address, sent | {"name": "Keys"})
        template = StandardTemplate.objects.get()
        assert answer.url == template.get_absolute_url()
        assert "Publish version" not in author.get(answer.url).text
        assert "Publish version 1" in owner.get(answer.url).text
        assert owner.post(f"{answer.url}publication/", {"version": 1}).status_code == 302
        new = f"/changes/new/?template={template.pk}"
        page = author.get(new)
        assert "Locked by the template." in page.text
        form = page.context["form"]
        sent = {name: form[name].value() for name in form.fields if form[name].value() is not None}
        sent |= {
            "components": "payments/ledger",
            "template": template.pk,
            "window_zone": "UTC",
            "co_authors": "",
            "links": "",
        }
        sent |= {"window_start": "2030-03-10T22:00", "window_end": "2030-03-10T23:00"}
        refused = author.post("/changes/new/", sent | {"backout_plan": "None."})
        assert refused.status_code == 422
        assert "Locked by the template “Keys”, version 1." in refused.text
        change = Change.objects.get(number=int(author.post("/changes/new/", sent).url.split("-")[1].strip("/")))
        author.post(f"{change.get_absolute_url()}submission/")
        change.refresh_from_db()
        assert change.state == "scheduled"
        shown = author.get(change.get_absolute_url()).text
        assert "Why no board was asked" in shown
        assert "Keys, version 1" in shown

    def test_every_number_of_the_record_opens_its_rows(self, published, ada, admin):
        went = [carried_out(published, ada, admin, outcome) for outcome in ("successful", "backed_out")]
        submitted(published, ada)
        client = signed_in(ada)
        counts = client.get(published.get_absolute_url()).context["counts"]
        assert counts == {"all": 3, "open": 1, "well": 1, "wrong": 1, "finished": 2}
        for how, many in (("open", 1), ("well", 1), ("wrong", 1), ("", 3)):
            page = client.get(f"/changes/?template={published.pk}&went={how}").context["page"]
            assert len(page.rows) == many
        assert went[0].reference in client.get(published.get_absolute_url()).text

    def test_a_suggestion_opens_the_changes_it_rests_on(self, ada, payments, ledger):
        rows = [closed(ada, payments, ledger, title=f"Patches {n}", days=n) for n in range(1, 3)]
        closed(ada, payments, ledger, title="Other")
        page = signed_in(ada).get(f"/changes/?like={rows[0].reference}").context["page"]
        assert {one.pk for one in page.rows} == {one.pk for one in rows}
        assert signed_in(ada).get("/templates/suggested/").status_code == 200

    def test_page_and_api_refuse_in_the_same_words(self, published, ada, api):
        change = from_template(published, ada)
        answer = api(ada).patch(
            f"/api/v1/changes/{change.reference}/",
            {"backout_plan": "None."},
            content_type="application/json",
            headers={"if-match": '"1"'},
        )
        assert answer.status_code == 422
        sentence = "The template “Key rotation”, version 1, locks: backout plan."
        assert answer.json()["detail"] == sentence
        page = signed_in(ada)
        form = page.get(f"{change.get_absolute_url()}edit/").context["form"]
        sent = {name: form[name].value() for name in form.fields if form[name].value() is not None}
        sent |= {"components": "payments/ledger", "co_authors": "", "links": "", "backout_plan": "None."}
        sent |= {"window_start": "2026-03-10T22:00", "window_end": "2026-03-10T23:00"}
        assert sentence in page.post(f"{change.get_absolute_url()}edit/", sent).text

    def test_the_api_walks_the_whole_way(self, example, ada, omar, api):
        author, owner = api(ada), api(omar)
        made = author.post(
            "/api/v1/templates/", {"change": example.reference, "name": "Keys"}, content_type="application/json"
        )
        assert made.status_code == 201, made.content
        address = f"/api/v1/templates/{made.json()['id']}/"
        own = author.post(f"{address}publication/", {"version": 1}, content_type="application/json")
        assert own.status_code == 403
        assert owner.post(f"{address}publication/", {"version": 1}, content_type="application/json").status_code == 200
        window = {"window_start": "2030-03-10T22:00", "window_end": "2030-03-10T23:00", "window_zone": "UTC"}
        change = author.post(f"{address}changes/", window, content_type="application/json")
        assert change.status_code == 201, change.content
        assert (change.json()["type"], change.json()["template"]) == ("standard", made.json()["id"])
        sent = author.post(f"/api/v1/changes/{change.json()['reference']}/submission/", content_type="application/json")
        assert sent.json()["state"] == "scheduled"
        revised = author.patch(
            address,
            {"fields": {"test_plan": {"value": "Twice.", "mode": "locked"}}},
            content_type="application/json",
            headers={"if-match": author.get(address)["ETag"]},
        )
        assert revised.status_code == 200, revised.content
        assert [one["number"] for one in author.get(f"{address}versions/").json()["results"]] == [2, 1]
        stopped = owner.post(
            f"{address}suspension/", {"version": 3, "reason": "Wait."}, content_type="application/json"
        )
        assert stopped.json()["state"] == "suspended"
        assert author.get(f"{address}record/").json()["open"] == 1
        assert author.get("/api/v1/templates/suggested/").json()["results"] == []

    def test_a_template_of_a_cluster_one_may_not_know_is_none(self, published, payments):
        payments.visibility = "restricted"
        payments.save()
        client = signed_in(make_person("eve", "requester", "board_chair"))
        for address in (published.get_absolute_url(), f"/changes/new/?template={published.pk}"):
            assert client.get(address).status_code == 404


@pytest.fixture
def committed(transactional_db, proposed, board):
    """A template that other connections see, and the board that decides instead of it."""
    return proposed


def test_two_who_publish_at_once_publish_once(committed, omar, ben):
    """The lock lets one go first; the other has seen an older version."""
    went = together(
        [
            lambda person=person: standards.publish_template(
                template_id=committed.pk, publisher=person, version=1, at=NOON
            )
            for person in (omar, ben)
        ]
    )
    assert sorted(went) == ["stale_revision", "voted"]
    assert Entry.objects.filter(event="cab.TemplatePublished").count() == 1


def test_a_suspension_beside_a_submission_leaves_nothing_authorized(committed, ada, omar):
    """Whichever comes first: the submission finds it suspended, or the suspension finds what was submitted."""
    template = publish(committed, omar)
    change = from_template(template, ada)
    together(
        [
            lambda: flow.submit_change(change_id=change.pk, submitter=ada, at=NOON),
            lambda: standards.suspend_template(
                template_id=template.pk, suspender=omar, version=template.version, reason="Wait.", at=NOON
            ),
        ]
    )
    deliver()
    change.refresh_from_db()
    assert change.state in {"submitted", "awaiting_authorization"}
