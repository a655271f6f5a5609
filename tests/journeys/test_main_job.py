"""Propose → assess → vote → schedule → implement → review, in a real browser, with and without JavaScript."""

import re
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from apps.accounts.models import RoleGrant
from apps.accounts.rules import Role
from apps.cab.actions import flow, proposing
from apps.cab.models import Change
from apps.cab.states import ChangeState
from apps.cab.tasks import continue_imports
from tests.cab.conftest import content
from tests.conftest import make_person


def test_a_change_goes_from_an_idea_to_a_closed_record(stage, ada, ben, cleo, board, payments, ledger):
    RoleGrant.objects.create(person=ada, role=Role.OPERATOR)
    start = (timezone.now() + timedelta(days=3)).replace(hour=22, minute=0)
    page = stage.sign_in("ada")
    page.goto("/changes/new/")
    page.fill("[name=title]", "Rotate the signing keys")
    page.select_option("[name=cluster]", "payments")
    page.fill("[name=components]", "payments/ledger")
    page.fill("[name=purpose]", "The old keys expire in May.")
    page.fill("[name=implementation_plan]", "1. Publish the new key. 2. Switch.")
    page.fill("[name=test_plan]", "Sign and verify on staging.")
    page.fill("[name=backout_plan]", "Switch back to the old key.")
    page.fill("[name=window_start]", start.strftime("%Y-%m-%dT%H:%M"))
    page.fill("[name=window_end]", (start + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M"))
    page.fill("[name=window_zone]", "Europe/Berlin")
    page.fill("[name=implementer]", "ada")
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Rotate the signing keys")
    page.get_by_role("button", name=re.compile("^Submit")).click()
    expect(page.locator("main")).to_contain_text("Submitted")
    address = page.url

    chair = stage.sign_in("ben")
    expect(chair.locator("main")).to_contain_text("Rotate the signing keys")  # it waits to be assessed
    chair.goto(address)
    chair.get_by_role("button", name=re.compile("^Begin the assessment")).click()
    chair.get_by_role("button", name=re.compile("^Hand to the board")).click()
    expect(chair.locator("main")).to_contain_text("Awaiting authorization")

    voter = stage.sign_in("cleo")
    voter.get_by_role("link", name=re.compile("Rotate the signing keys")).first.click()
    voter.get_by_role("button", name=re.compile("^Approve a?$|^Approve")).first.click()
    expect(voter.locator("main")).to_contain_text("1 of 3 who may vote have voted")
    chair.goto(address)
    expect(chair.locator("main")).to_contain_text("1 ballot cast; this board shows them when the round closes")
    chair.get_by_role("button", name=re.compile("^Approve")).first.click()
    expect(chair.locator("main")).to_contain_text("Approved: 2 for, 0 against, 0 abstained.")
    expect(chair.locator("main")).to_contain_text("Scheduled")
    chair.goto(f"/calendar/{start.date().isoformat()}/")
    expect(chair.locator("main")).to_contain_text("Rotate the signing keys")

    page.goto(address)
    page.get_by_role("button", name="Start the implementation").click()
    page.select_option("[name=outcome]", "successful")
    page.get_by_role("button", name="Report the outcome").click()
    expect(page.locator("main")).to_contain_text("Post-implementation review")
    page.fill("[name=expected]", "New key in use.")
    page.fill("[name=happened]", "As planned.")
    page.get_by_role("button", name="Complete the review and close").click()
    expect(page.locator("main")).to_contain_text("Closed")
    assert Change.objects.get().state == ChangeState.CLOSED


def test_a_refused_ballot_says_why_and_keeps_what_was_written(stage, ada, ben, cleo, board, payments, ledger):
    change = _waiting(ada, ben, payments, ledger)
    page = stage.sign_in("cleo")
    page.goto(change.get_absolute_url())
    page.locator("details.more-choices summary").click()
    page.fill("[name=conditions]", "Tell the call centre.")
    page.get_by_role("button", name=re.compile("^Reject")).click()
    expect(page.locator("main")).to_contain_text("Conditions go with “approve with conditions” only.")
    expect(page.locator("[name=conditions]")).to_have_value("Tell the call centre.")
    assert not change.rounds.get().ballots.exists()


def test_an_author_is_offered_no_ballot_and_is_refused_all_the_same(stage, ada, ben, board, payments, ledger):
    change = _waiting(ada, ben, payments, ledger)
    page = stage.sign_in("ada")
    page.goto(change.get_absolute_url())
    expect(page.get_by_role("button", name=re.compile("^Approve"))).to_have_count(0)


def test_the_meaning_of_an_edit_is_shown_before_it_is_saved(stage, ada, ben, cleo, board, payments, ledger):
    change = _waiting(ada, ben, payments, ledger)
    page = stage.sign_in("ada")
    page.goto(f"{change.get_absolute_url()}edit/")
    page.fill("[name=backout_plan]", "Restore the snapshot of the evening.")
    page.get_by_role("button", name="What would this edit mean?").click()
    expect(page.locator("#verdict")).to_contain_text(
        "This edit is material (backout plan): the ballots cast so far become invalid"
    )
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("main")).to_contain_text("revision 2")
    assert change.rounds.count() == 2


def test_saving_a_material_edit_asks_once_and_again_when_the_edit_changed(
    stage, ada, ben, cleo, board, payments, ledger
):
    change = _waiting(ada, ben, payments, ledger)
    page = stage.sign_in("ada")
    page.goto(f"{change.get_absolute_url()}edit/")
    for way_back in ("Restore the snapshot.", "Restore the tape."):
        page.fill("[name=backout_plan]", way_back)
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("Not saved yet. This edit is material (backout plan)")
        assert change.revisions.count() == 1
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("main")).to_contain_text("revision 2")


def test_approving_on_a_phone_takes_at_most_three_taps(phone, ada, ben, cleo, board, payments, ledger):
    _waiting(ada, ben, payments, ledger)
    page = phone.sign_in("cleo")
    taps = 0
    for target in (
        page.get_by_role("link", name=re.compile("Rotate the signing keys")).first,
        page.get_by_role("button", name=re.compile("^Approve")).first,
    ):
        expect(target).to_be_in_viewport()  # nobody scrolls to find it
        box = target.bounding_box()
        assert min(box["width"], box["height"]) >= 24
        target.click()
        taps += 1
    expect(page.locator("main")).to_contain_text("1 of 3 who may vote have voted")
    expect(page.locator("#decision")).to_contain_text("You have voted in this round: approve.")
    assert taps <= 3


def test_a_file_is_imported_in_the_browser_and_says_what_it_would_not_take(stage, payments, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    make_person("pia", Role.PROGRAMME_MANAGER)
    rows = b"id,title,requester,created_at\n1,Rotate the key,pia,\n2,Move the queue,pia,2026-02-30\n"
    page = stage.sign_in("pia")
    page.goto("/imports/")
    page.set_input_files("[name=file]", {"name": "changes.csv", "mimeType": "text/csv", "buffer": rows})
    page.select_option("[name=cluster]", "payments")
    page.get_by_role("button", name="Upload and import").click()
    expect(page.locator("main")).to_contain_text("Waiting for a worker.")
    assert continue_imports() == 1
    if not stage.javascript:  # with it the page looks again by itself
        page.get_by_role("link", name="Look again").click()
    expect(page.locator("main")).to_contain_text("Done.")
    expect(page.locator("main")).to_contain_text("2026-02-30")
    page.get_by_role("link", name="See the changes of this source").click()
    expect(page.locator("main")).to_contain_text("Rotate the key")
    expect(page.locator("main")).not_to_contain_text("Move the queue")


def test_the_list_narrows_as_one_chooses_and_keeps_it_in_the_address(desk, ada, ben, cleo, board, payments, ledger):
    _waiting(ada, ben, payments, ledger)
    page = desk.sign_in("cleo")
    page.goto("/changes/")
    page.select_option("[name=risk]", "5")
    expect(page.locator("#rows")).to_contain_text("No change fits these filters.")
    expect(page.locator("#rows")).to_contain_text("Risk at least: 5")
    page.wait_for_url("**/changes/?*risk=5*")
    page.get_by_role("link", name=re.compile("Risk at least: 5")).click()
    expect(page.locator("#rows")).to_contain_text("Rotate the signing keys")


def test_the_queue_is_worked_by_keyboard_alone(desk, ada, ben, cleo, board, payments, ledger):
    change = _waiting(ada, ben, payments, ledger)
    page = desk.sign_in("cleo")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{change.get_absolute_url()}")
    page.keyboard.press("a")
    expect(page.locator("main")).to_contain_text("1 of 3 who may vote have voted")


def _waiting(ada, ben, payments, ledger) -> Change:
    now = timezone.now()
    start = (now + timedelta(days=3)).replace(hour=22, minute=0, second=0, microsecond=0, tzinfo=None)
    written = content(payments, ledger, window_start=start, window_end=start + timedelta(hours=2))
    change = proposing.propose_change(requester=ada, content=written, at=now)
    flow.submit_change(change_id=change.pk, submitter=ada, at=now)
    flow.begin_assessment(change_id=change.pk, assessor=ben, at=now)
    flow.hand_to_board(change_id=change.pk, assessor=ben, at=now)
    return Change.objects.get(pk=change.pk)
