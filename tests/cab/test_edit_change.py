from datetime import datetime, timedelta

import pytest
from django.core.files.base import ContentFile

from apps.cab.actions import proposing, rounds
from apps.cab.models import Change, Choice
from apps.cab.queries.changes import content_of
from apps.cab.rules import revisions
from apps.cab.states import ChangeState, RoundState
from apps.journal.models import Entry
from apps.kernel.refusals import Invalid, NotAllowed, Refusal, StaleRevision, TooLarge, WrongState
from tests.cab.conftest import content
from tests.conftest import NOON

SOON = NOON + timedelta(hours=1)


def edit(change, editor, **new):
    fresh = Change.objects.get(pk=change.pk)
    return proposing.edit_change(
        change_id=fresh.pk,
        editor=editor,
        content=proposing.content_from(fresh, **new),
        based_on=fresh.revision,
        at=SOON,
    )


def test_a_draft_has_its_first_revision_and_a_risk_with_reasons(draft):
    revision = draft.revisions.get()
    assert (revision.number, revision.digest) == (1, revisions.digest_of(content_of(draft)))
    assert draft.reference == f"CHG-{draft.number}"
    assert {factor["name"] for factor in draft.risk_factors} >= {"backout_plan", "failures", "clusters", "tier"}


def test_a_material_edit_opens_a_new_round_and_invalidates_the_ballots(waiting, ada, cleo):
    rounds.cast_vote(change_id=waiting.pk, voter=cleo, choice=Choice.APPROVE, revision=1, at=SOON)
    edit(waiting, ada, backout_plan="Restore the snapshot.")
    first, second = waiting.rounds.order_by("number")
    assert (first.state, second.state, second.revision) == (RoundState.INVALIDATED, RoundState.OPEN, 2)
    rounds.cast_vote(change_id=waiting.pk, voter=cleo, choice=Choice.APPROVE, revision=2, at=SOON)


def test_an_administrative_edit_leaves_ballots_and_round_alone(waiting, ada, ben, cleo):
    rounds.cast_vote(change_id=waiting.pk, voter=cleo, choice=Choice.APPROVE, revision=1, at=SOON)
    edit(waiting, ada, title="Rotate signing keys", links=[{"label": "Runbook", "url": "https://example.org/runbook"}])
    assert waiting.rounds.get().state == RoundState.OPEN
    rounds.cast_vote(change_id=waiting.pk, voter=ben, choice=Choice.APPROVE, revision=2, at=SOON)
    assert list(waiting.rounds.get().ballots.order_by("id").values_list("revision", flat=True)) == [1, 2]
    waiting.refresh_from_db()
    assert waiting.state == ChangeState.SCHEDULED


def test_a_material_edit_after_the_approval_takes_the_change_back_to_the_board(waiting, ada, ben, cleo):
    for voter in (cleo, ben):
        rounds.cast_vote(change_id=waiting.pk, voter=voter, choice=Choice.APPROVE, revision=1, at=SOON)
    edit(waiting, ada, window_end=datetime(2026, 3, 11, 2, 0))
    waiting.refresh_from_db()
    assert waiting.state == ChangeState.AWAITING_AUTHORIZATION
    assert [r.state for r in waiting.rounds.order_by("number")] == [RoundState.INVALIDATED, RoundState.OPEN]


def test_the_verdict_is_known_before_saving_and_nothing_is_kept(waiting):
    before = content_of(waiting)
    verdict = proposing.preview_edit(
        change=waiting, content=proposing.content_from(waiting, test_plan="Also on Sunday.")
    )
    assert verdict.is_material
    assert verdict.sentence(round_is_open=True, is_approved=False).startswith(
        "This edit is material (test plan): the ballots"
    )
    assert content_of(Change.objects.get(pk=waiting.pk)) == before


def test_an_edit_that_changes_nothing_writes_nothing(draft, ada):
    entries = Entry.objects.count()
    edit(draft, ada)
    draft.refresh_from_db()
    assert (draft.revision, Entry.objects.count()) == (1, entries)


def test_an_edit_of_an_older_revision_is_refused(draft, ada):
    edit(draft, ada, title="Better")
    with pytest.raises(StaleRevision, match="you saw revision 1, it is now revision 2"):
        proposing.edit_change(
            change_id=draft.pk, editor=ada, content=proposing.content_from(draft, title="Mine"), based_on=1, at=SOON
        )


def test_only_authors_and_the_clusters_owner_edit(draft, dan, omar, auditor):
    with pytest.raises(NotAllowed, match="not one of its authors"):
        edit(draft, dan, title="Theirs")
    with pytest.raises(NotAllowed):
        edit(draft, auditor, title="Theirs")
    edit(draft, omar, title="The owner's")


def test_a_record_is_not_edited(waiting, ada, cleo, ben):
    for voter in (cleo, ben):
        rounds.cast_vote(change_id=waiting.pk, voter=voter, choice=Choice.REJECT, reason="No.", revision=1, at=SOON)
    with pytest.raises(WrongState, match="now a record"):
        edit(waiting, ada, title="Again")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"title": "  "}, "title"),
        ({"window_end": datetime(2026, 3, 10, 21, 0)}, "ends before it starts"),
        ({"window_start": datetime(2026, 3, 29, 2, 30)}, "does not exist in Europe/Berlin"),
        ({"window_zone": "Europe/Atlantis"}, "no time zone called"),
        ({"window_zone": ""}, "a start, an end and a zone"),
        ({"window_end": datetime(2028, 3, 10, 21, 0)}, "longer than a year"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_kept(ada, payments, ledger, fields, sentence):
    with pytest.raises(Invalid, match=sentence):
        proposing.propose_change(requester=ada, content=content(payments, ledger, **fields), at=NOON)
    assert not Change.objects.exists()
    assert not Entry.objects.filter(event="cab.ChangeProposed").exists()


def test_an_hour_that_comes_twice_never_shrinks_the_window(ada, payments, ledger):
    change = proposing.propose_change(
        requester=ada,
        content=content(
            payments, ledger, window_start=datetime(2026, 10, 25, 2, 15), window_end=datetime(2026, 10, 25, 2, 45)
        ),
        at=NOON,
    )
    assert change.window_end_at - change.window_start_at == timedelta(minutes=90)


def test_a_file_is_kept_with_its_hash_and_its_true_kind(draft, ada, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    file = proposing.attach_file(
        change_id=draft.pk, person=ada, upload=ContentFile(b"%PDF-1.7 plan"), name="plan.pdf", at=NOON
    )
    assert (file.content_type, file.size, len(file.sha256)) == ("application/pdf", 13, 64)


def test_a_file_is_part_of_what_the_board_decides(waiting, ada, cleo, ben, settings, tmp_path):
    """Adding one, and removing one, after somebody voted or after the approval."""
    settings.MEDIA_ROOT = tmp_path
    rounds.cast_vote(change_id=waiting.pk, voter=cleo, choice=Choice.APPROVE, revision=1, at=SOON)
    file = proposing.attach_file(
        change_id=waiting.pk, person=ada, upload=ContentFile(b"the real plan"), name="plan.txt", at=SOON
    )
    waiting.refresh_from_db()
    assert waiting.revision == 2
    assert waiting.revisions.get(number=2).content["attachments"] == [f"plan.txt (SHA-256 {file.sha256})"]
    assert [r.state for r in waiting.rounds.order_by("number")] == [RoundState.INVALIDATED, RoundState.OPEN]
    for voter in (cleo, ben):
        rounds.cast_vote(change_id=waiting.pk, voter=voter, choice=Choice.APPROVE, revision=2, at=SOON)
    proposing.remove_file(change_id=waiting.pk, attachment_id=file.pk, person=ada, at=SOON)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.revision) == (ChangeState.AWAITING_AUTHORIZATION, 3)
    assert "attachments" not in waiting.revisions.get(number=3).content
    told = Entry.objects.about(waiting).filter(event="cab.ChangeEdited").values_list("data__fields", flat=True)
    assert list(told) == [["attachments"], ["attachments"]]


def test_conditions_that_fall_with_an_approval_are_told(waiting, ada, ben, cleo):
    conditions = ["Tell the call centre."]
    rounds.cast_vote(
        change_id=waiting.pk,
        voter=cleo,
        choice=Choice.APPROVE_WITH_CONDITIONS,
        conditions=conditions,
        revision=1,
        at=SOON,
    )
    rounds.cast_vote(change_id=waiting.pk, voter=ben, choice=Choice.APPROVE, revision=1, at=SOON)
    edit(waiting, ada, test_plan="Twice.")
    condition = waiting.conditions.get()
    assert (condition.state, condition.closed_at) == ("waived", SOON)
    assert Entry.objects.about(waiting).filter(event="cab.ConditionWaived", actor=ada).count() == 1


@pytest.mark.parametrize(
    ("name", "body", "kind"),
    [
        ("run.exe", b"MZ", Invalid),
        ("plan.pdf", b"<html>", Invalid),
        ("notes.txt", b"\x00\x01", Invalid),
        ("empty.txt", b"", Invalid),
        ("../up.txt", b"x", Invalid),
        ("big.txt", b"x" * (10 * 1024 * 1024 + 1), TooLarge),
    ],
)
def test_files_that_are_too_large_mistyped_or_oddly_named_are_refused(draft, ada, settings, tmp_path, name, body, kind):
    settings.MEDIA_ROOT = tmp_path
    with pytest.raises(kind) as refused:
        proposing.attach_file(change_id=draft.pk, person=ada, upload=ContentFile(body), name=name, at=NOON)
    assert isinstance(refused.value, Refusal)
    assert refused.value.next_step
    assert not draft.attachments.exists()
    assert list(tmp_path.rglob("*.*")) == []


def test_a_word_diff_reads_as_runs():
    runs = revisions.word_diff("Switch back to the old key", "Switch back to the previous key")
    assert runs == [("same", "Switch back to the "), ("removed", "old "), ("added", "previous "), ("same", "key")]
