"""Change models: checked when saved, published by others, enforced at every move, migrated to on purpose."""

import pytest
from django.db import IntegrityError, transaction

from apps.cab.actions import change_models as actions
from apps.cab.actions import flow, proposing, rounds
from apps.cab.models import Change, ModelVersion
from apps.cab.queries.change_models import in_force, migrations
from apps.cab.queries.dossier import dossier
from apps.cab.rules.change_models import NEEDED, OPTIONAL, machine_moves, require_moves, states_of
from apps.cab.states import CHANGE, ChangeState
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal, StaleRevision, WrongState
from tests.cab.conftest import content
from tests.conftest import NOON, make_person, signed_in

SUBMIT, BEGIN = "draft>submitted", "scheduled>implementing"


def moves(**asks) -> dict[str, list[str]]:
    """The machine's moves; `submit` and `begin` ask for what is given."""
    return machine_moves() | {SUBMIT: asks.get("submit", []), BEGIN: asks.get("begin", [])}


def without_cancelling() -> dict[str, list[str]]:
    return {name: asks for name, asks in machine_moves().items() if not name.endswith(">cancelled")}


def drafted(author, given=None, kind="normal", category="") -> ModelVersion:
    return actions.draft_model(
        type=kind, category=category, author=author, moves=machine_moves() if given is None else given, note="", at=NOON
    )


def published(author, publisher, given=None, kind="normal", category="") -> ModelVersion:
    one = drafted(author, given, kind, category)
    return actions.publish_model(model_id=one.pk, publisher=publisher, version=one.version, at=NOON)


class TestChecked:
    def test_the_default_is_the_machine_exactly(self):
        assert require_moves(machine_moves()) == machine_moves()
        pairs = {tuple(name.split(">")) for name in machine_moves()}
        assert pairs == {(a, b) for a, targets in CHANGE.moves.items() for b in targets}

    def test_what_people_need_not_do_may_be_left_out(self):
        given = {name: asks for name, asks in machine_moves().items() if tuple(name.split(">")) not in OPTIONAL}
        kept = require_moves(given)
        assert "cancelled" not in states_of(kept)

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"draft>closed": []}, "The machine knows no move “draft → closed”"),
            ({"x": []}, "knows no move"),
            ({SUBMIT: ["colour"]}, "nothing is called colour"),
            ({"awaiting_authorization>authorized": ["test_plan"]}, "follows by itself"),
            ({SUBMIT: None}, "cannot be left out"),
            ({"awaiting_authorization>rejected": None}, "cannot be left out"),
        ],
    )
    def test_what_does_not_hold_is_refused_by_name(self, ben, change, sentence):
        given = {name: asks for name, asks in (machine_moves() | change).items() if asks is not None}
        with pytest.raises(Invalid, match=sentence) as refused:
            drafted(ben, given)
        assert refused.value.next_step
        assert not ModelVersion.objects.exists()

    @pytest.mark.parametrize("asks", ["test_plan", {"a": 1}, ["x"] * 99, 7])
    def test_what_is_no_list_of_fields_is_refused(self, ben, asks):
        with pytest.raises(Invalid):
            drafted(ben, machine_moves() | {SUBMIT: asks})

    def test_every_model_that_is_accepted_reaches_every_state_and_an_end(self):
        """All 2^n choices of optional moves: accepted or not, never accepted with a dead or an unreached state."""
        optional = sorted(f"{a}>{b}" for a, b in OPTIONAL)
        for choice in range(2 ** len(optional)):
            left_out = {name for number, name in enumerate(optional) if choice >> number & 1}
            given = {name: [] for name in machine_moves() if name not in left_out}
            try:
                kept = require_moves(given)
            except Invalid:
                continue
            pairs = [name.split(">") for name in kept]
            used = {one for pair in pairs for one in pair}
            assert _walk({"draft"}, pairs) == used
            assert used <= _walk({"closed", "rejected", "cancelled"}, [(b, a) for a, b in pairs])


def _walk(found, pairs):
    while more := {b for a, b in pairs if a in found} - found:
        found = found | more
    return found


def without_assessing() -> dict[str, list[str]]:
    return {name: asks for name, asks in machine_moves().items() if "assessing" not in name.split(">")}


class TestLeftOut:
    @pytest.mark.parametrize(
        ("missing", "sentence"),
        [
            (["submitted>assessing"], "Nothing leads to assessing."),
            (
                ["assessing>awaiting_authorization"],
                "“draft → submitted → assessing”: from there no way leads to authorized.",
            ),
            (
                [
                    f"assessing>{one}"
                    for one in ("awaiting_authorization", "changes_requested", "rejected", "cancelled")
                ],
                "“draft → submitted → assessing”: from there no way leads to an end.",
            ),
            (["implemented>in_review"], "“implemented → in review” cannot be left out: somebody else looks at"),
            (["authorized>scheduled"], "cannot be left out: work may begin from it only"),
            (["in_review>closed"], "cannot be left out: a change that is never closed"),
            (["submitted>awaiting_authorization"], "cannot be left out: no change may pass the decision"),
        ],
    )
    def test_where_a_change_would_be_stuck_its_way_is_told(self, missing, sentence):
        with pytest.raises(Invalid) as refused:
            require_moves({name: [] for name in machine_moves() if name not in missing})
        assert sentence in refused.value.sentence
        assert refused.value.sentence.count("no way leads") <= 1

    def test_every_state_that_stays_says_why(self):
        assert {*NEEDED, ChangeState.ASSESSING, ChangeState.CANCELLED} == set(ChangeState)

    def test_what_is_submitted_goes_straight_to_its_board(self, ben, cleo, admin, ada, board, payments, ledger):
        published(ben, admin, without_assessing())
        change = proposing.propose_change(requester=ada, content=content(payments, ledger), at=NOON)
        flow.submit_change(change_id=change.pk, submitter=ada, at=NOON)
        change.refresh_from_db()
        assert change.state == ChangeState.AWAITING_AUTHORIZATION
        told = Entry.objects.about(change).order_by("pk").values_list("event", flat=True)
        assert [one for one in told if one in {"cab.AssessmentSkipped", "cab.RoundOpened", "cab.ChangeAuthorized"}] == [
            "cab.AssessmentSkipped",
            "cab.RoundOpened",
        ]
        for voter in (cleo, ben):
            rounds.cast_vote(change_id=change.pk, voter=voter, choice="approve", revision=1, at=NOON)
        assert Change.objects.get(pk=change.pk).state in {ChangeState.AUTHORIZED, ChangeState.SCHEDULED}

    def test_who_wrote_it_still_does_not_decide(self, ben, admin, board, payments, ledger):
        published(admin, ben, without_assessing())
        own = proposing.propose_change(requester=ben, content=content(payments, ledger), at=NOON)
        flow.submit_change(change_id=own.pk, submitter=ben, at=NOON)
        with pytest.raises(NotAllowed):
            rounds.cast_vote(change_id=own.pk, voter=ben, choice="approve", revision=1, at=NOON)

    def test_without_a_board_it_waits_and_is_handed_over_later(self, ben, admin, ada, omar, payments, ledger):
        published(ben, admin, without_assessing())
        change = proposing.propose_change(requester=ada, content=content(payments, ledger), at=NOON)
        assert flow.submit_change(change_id=change.pk, submitter=ada, at=NOON).state == ChangeState.SUBMITTED
        assert "begin_assessment" not in dossier(change.reference, omar, at=NOON).acts
        with pytest.raises(WrongState, match="has no way from submitted to assessing"):
            flow.begin_assessment(change_id=change.pk, assessor=omar, at=NOON)

    def test_a_migrated_one_is_handed_over_by_who_may_assess(self, ben, admin, board, submitted):
        assert "begin_assessment" in dossier(submitted.reference, ben, at=NOON).acts
        version = published(ben, admin, without_assessing())
        actions.migrate_changes(model_id=version.pk, person=admin, changes=[submitted.pk], at=NOON)
        acts = dossier(submitted.reference, ben, at=NOON).acts
        assert "hand_to_board" in acts
        assert "begin_assessment" not in acts
        flow.hand_to_board(change_id=submitted.pk, assessor=ben, at=NOON)
        assert Change.objects.get(pk=submitted.pk).state == ChangeState.AWAITING_AUTHORIZATION

    def test_what_is_being_assessed_is_not_migrated_away_from_it(self, ben, admin, board, submitted):
        flow.begin_assessment(change_id=submitted.pk, assessor=ben, at=NOON)
        version = published(ben, admin, without_assessing())
        (one,) = migrations(version, admin)
        assert one.sentence == (
            "It stays: the version has no state “assessing”. Take it on by the version it follows, then migrate it."
        )
        with pytest.raises(WrongState):
            actions.migrate_changes(model_id=version.pk, person=admin, changes=[submitted.pk], at=NOON)
        flow.hand_to_board(change_id=submitted.pk, assessor=ben, at=NOON)
        assert actions.migrate_changes(model_id=version.pk, person=admin, changes=[submitted.pk], at=NOON)

    def test_the_editor_says_why_and_draws_it(self, ben, admin):
        page = signed_in(ben)
        shown = page.get("/models/normal/draft/").content.decode()
        assert "Why every model has the other states" in shown
        version = published(ben, admin, without_assessing())
        assert ">Assessing<" not in page.get(version.get_absolute_url()).content.decode()


class TestPublished:
    def test_who_wrote_it_does_not_publish_it(self, ben):
        one = drafted(ben)
        with pytest.raises(NotAllowed, match="somebody else publishes it"):
            actions.publish_model(model_id=one.pk, publisher=ben, version=1, at=NOON)
        with pytest.raises(IntegrityError), transaction.atomic():
            ModelVersion.objects.filter(pk=one.pk).update(published_by=ben, published_at=NOON)

    def test_others_write_none(self, ada):
        with pytest.raises(NotAllowed):
            drafted(ada)

    def test_one_draft_at_a_time(self, ben, admin):
        drafted(ben)
        with pytest.raises(Conflict, match="began a draft"):
            drafted(admin)

    def test_an_older_sight_is_refused_and_a_published_one_stays(self, ben, admin):
        one = drafted(ben)
        actions.change_draft(model_id=one.pk, author=ben, version=1, moves=machine_moves(), note="", at=NOON)
        with pytest.raises(StaleRevision):
            actions.publish_model(model_id=one.pk, publisher=admin, version=1, at=NOON)
        actions.publish_model(model_id=one.pk, publisher=admin, version=2, at=NOON)
        with pytest.raises(WrongState, match="not edited"):
            actions.change_draft(model_id=one.pk, author=ben, version=3, moves=machine_moves(), note="", at=NOON)

    def test_it_holds_for_its_type_from_then_on(self, ben, admin, draft, ada, payments, ledger):
        version = published(ben, admin)
        later = proposing.propose_change(requester=ada, content=content(payments, ledger), at=NOON)
        other = proposing.propose_change(requester=ada, content=content(payments, ledger, type="standard"), at=NOON)
        draft.refresh_from_db()
        assert (draft.model_version, later.model_version, other.model_version) == (None, version, None)

    def test_another_type_is_another_model(self, ben, admin, ada, payments, ledger):
        version = published(ben, admin, kind="standard")
        change = proposing.propose_change(requester=ada, content=content(payments, ledger), at=NOON)
        new = proposing.content_from(change, type="standard")
        change = proposing.edit_change(change_id=change.pk, editor=ada, content=new, based_on=1, at=NOON)
        assert change.model_version == version


class TestEnforced:
    def test_a_category_may_have_its_own(self, ben, admin, ada, payments, ledger):
        general, own = published(ben, admin), published(ben, admin, category="database")
        assert [in_force("normal", one) for one in ("", "network", "database")] == [general, general, own]
        said = content(payments, ledger, category="database")
        assert proposing.propose_change(requester=ada, content=said, at=NOON).model_version == own

    def test_another_category_is_another_model_and_the_same_model_stays(self, ben, admin, ada, payments, ledger):
        first = published(ben, admin)
        said = content(payments, ledger, category="network")
        change = proposing.propose_change(requester=ada, content=said, at=NOON)
        published(ben, admin)  # a second version, to which nobody migrated the change
        own = published(ben, admin, category="database")

        def becomes(category):
            change.refresh_from_db()
            new = proposing.content_from(change, category=category)
            edited = proposing.edit_change(
                change_id=change.pk, editor=ada, based_on=change.revision, content=new, at=NOON
            )
            return edited.model_version

        assert [becomes(one) for one in ("security", "database")] == [first, own]

    def test_what_it_asks_for_must_be_there(self, ben, admin, ada, payments, ledger):
        version = published(ben, admin, moves(submit=["communication_plan", "attachments"]))
        change = proposing.propose_change(requester=ada, content=content(payments, ledger), at=NOON)
        with pytest.raises(Invalid) as refused:
            flow.submit_change(change_id=change.pk, submitter=ada, at=NOON)
        assert str(refused.value) == (
            f"Before it can be submitted, its model ({version}) asks for: communication plan, evidence (a file). "
            "Edit the change and add what is named."
        )
        change.refresh_from_db()
        assert (change.state, change.submitted_at) == ("draft", None)

    def test_with_it_the_move_is_made(self, ben, admin, ada, payments, ledger):
        published(ben, admin, moves(submit=["test_plan", "window_start"]))
        change = proposing.propose_change(requester=ada, content=content(payments, ledger), at=NOON)
        assert flow.submit_change(change_id=change.pk, submitter=ada, at=NOON).state == "submitted"

    def test_a_move_that_it_leaves_out_is_none(self, ben, admin, ada, payments, ledger):
        published(ben, admin, without_cancelling())
        change = proposing.propose_change(requester=ada, content=content(payments, ledger), at=NOON)
        with pytest.raises(WrongState, match="has no way from draft to cancelled"):
            flow.cancel_change(change_id=change.pk, person=ada, reason="No.", at=NOON)

    def test_page_and_api_say_the_same(self, ben, admin, ada, payments, ledger):
        published(ben, admin, moves(submit=["communication_plan"]))
        change = proposing.propose_change(requester=ada, content=content(payments, ledger), at=NOON)
        client = signed_in(ada)
        answer = client.post(f"/api/v1/changes/{change.reference}/submission/", content_type="application/json")
        assert answer.status_code == 422
        page = client.post(f"{change.get_absolute_url()}submission/")
        assert answer.json()["detail"] in page.text


class TestMigrated:
    def test_the_preview_says_what_each_would_lack_and_nothing_moves_by_itself(self, ben, admin, draft, waiting):
        version = published(ben, admin, moves(submit=["communication_plan"], begin=["implementer"]))
        found = {one.change.pk: one for one in migrations(version, ben)}
        assert set(found) == {waiting.pk}  # Ada's draft is the one that went on
        assert found[waiting.pk].lacks == ("implementer",)  # what lies behind it is not asked for
        assert found[waiting.pk].sentence == "Would have to add: implementer."
        waiting.refresh_from_db()
        assert waiting.model_version is None

    def test_applied_twice_it_is_told_once(self, ben, admin, waiting):
        version = published(ben, admin)
        for _ in range(2):
            actions.migrate_changes(model_id=version.pk, person=admin, changes=[waiting.pk], at=NOON)
        waiting.refresh_from_db()
        assert waiting.model_version == version
        assert Entry.objects.filter(event="cab.ChangeMigrated").count() == 1
        assert migrations(version, ben) == []

    def test_a_model_of_a_category_takes_its_own_only(self, ben, admin, waiting, ada, payments, ledger):
        said = content(payments, ledger, category="database")
        one = proposing.propose_change(requester=ada, content=said, at=NOON)
        one = flow.submit_change(change_id=one.pk, submitter=ada, at=NOON)
        own, general = published(ben, admin, category="database"), published(ben, admin)
        assert [row.change for row in migrations(own, ben)] == [one]
        assert one not in [row.change for row in migrations(general, ben)]
        assert waiting in [row.change for row in migrations(general, ben)]
        with pytest.raises(WrongState, match="normal database"):
            actions.migrate_changes(model_id=general.pk, person=ben, changes=[one.pk], at=NOON)

    def test_a_state_that_it_does_not_have_stays(self, ben, admin, waiting, ada, payments, ledger):
        Change.objects.filter(pk=waiting.pk).update(state=ChangeState.CHANGES_REQUESTED)
        version = published(ben, admin)
        ModelVersion.objects.filter(pk=version.pk).update(
            moves={name: asks for name, asks in version.moves.items() if "changes_requested" not in name}
        )
        other = proposing.propose_change(requester=admin, content=content(payments, ledger), at=NOON)
        Change.objects.filter(pk=other.pk).update(model_version=None)
        with pytest.raises(WrongState, match="cannot follow"):
            actions.migrate_changes(model_id=version.pk, person=admin, changes=[other.pk, waiting.pk], at=NOON)
        assert not Change.objects.filter(model_version=version).exists()  # all or none

    @pytest.mark.parametrize("chosen", [[], [0], list(range(201))])
    def test_a_choice_that_is_none_is_refused(self, ben, admin, chosen):
        version = published(ben, admin)
        with pytest.raises((Invalid, NotFound)):
            actions.migrate_changes(model_id=version.pk, person=admin, changes=chosen, at=NOON)

    def test_only_to_the_version_in_force(self, ben, admin, waiting):
        first, second = published(ben, admin), published(ben, admin)
        assert in_force("normal") == second
        with pytest.raises(WrongState, match="not in force"):
            actions.migrate_changes(model_id=first.pk, person=admin, changes=[waiting.pk], at=NOON)


class TestDoors:
    def test_the_pages_lead_from_the_machine_to_a_migration(self, ben, admin, waiting):
        chair, second = signed_in(ben), signed_in(admin)
        assert "Draft the next version" in chair.get("/models/").text
        form = chair.get("/models/normal/draft/")
        assert 'value="draft&gt;submitted:test_plan"' in form.text
        sent = {"move": list(without_cancelling()), "ask": [f"{BEGIN}:implementer"], "note": "Nobody cancels."}
        refused = chair.post("/models/normal/draft/", {"move": [SUBMIT]})
        assert refused.status_code == 422
        assert "cannot be left out" in refused.text
        page = chair.post("/models/normal/draft/", sent).url
        shown = chair.get(page).text
        assert "<svg" in shown
        assert "asks for implementer" in shown
        assert "Publish version" not in shown
        assert second.post(f"{page}publication/", {"version": 1}).status_code == 302
        assert "Would have to add: implementer." in second.get(page).text
        assert second.post(f"{page}migration/", {"change": waiting.pk}).status_code == 302
        waiting.refresh_from_db()
        assert waiting.model_version.note == "Nobody cancels."
        assert "Change model" in second.get(waiting.get_absolute_url()).text

    def test_the_api_walks_the_same_way(self, ben, admin, waiting):
        chair, second = signed_in(ben), signed_in(admin)
        kind = {"content_type": "application/json"}
        made = chair.post("/api/v1/models/", {"type": "normal", "moves": moves(submit=["test_plan"])}, **kind)
        assert made.status_code == 201, made.content
        address = f"/api/v1/models/{made.json()['id']}/"
        assert chair.post(f"{address}publication/", {"version": 1}, **kind).status_code == 403
        edited = chair.patch(
            address, {"moves": machine_moves()}, **kind, headers={"if-match": chair.get(address)["ETag"]}
        )
        assert edited.status_code == 200, edited.content
        assert second.post(f"{address}publication/", {"version": 2}, **kind).status_code == 200
        (row,) = second.get(f"{address}migrations/").json()["results"]
        assert (row["change"], row["lacks"]) == (waiting.reference, [])
        sent = second.post(f"{address}migrations/", {"changes": [waiting.reference]}, **kind)
        assert sent.status_code == 200, sent.content
        none = second.post(f"{address}migrations/", {"changes": ["CHG-99999999"]}, **kind)
        assert none.status_code == 404
        assert second.get("/api/v1/models/?published=true").json()["results"][0]["number"] == 1

    def test_who_decides_nothing_reads_and_writes_not(self, ben, admin):
        version = published(ben, admin)
        client = signed_in(make_person("eve", "requester"))
        assert client.get(version.get_absolute_url()).status_code == 200
        for address in ("/models/normal/draft/", f"{version.get_absolute_url()}edit/"):
            assert client.get(address).status_code == 403
        assert client.post(f"{version.get_absolute_url()}migration/", {"change": 1}).status_code == 403
        assert client.get("/models/unheard/draft/").status_code == 404


def test_a_refusal_is_one(ben):
    with pytest.raises(Refusal):
        drafted(ben, kind="strange")
