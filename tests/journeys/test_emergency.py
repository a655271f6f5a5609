"""A board member, woken by an emergency, decides it on a phone: three taps from the notice to the ballot."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.cab.actions import flow, proposing
from apps.cab.models import Ballot, Board, BoardKind, Seat
from apps.journal.actions import deliver_due
from tests.cab.conftest import content
from tests.journeys.test_accessibility import violations

COUNT = """
() => addEventListener("pointerdown", (event) => {
  if (event.isTrusted) sessionStorage.taps = Number(sessionStorage.taps || 0) + 1;
}, {capture: true})
"""


@pytest.fixture
def emergency(ada, ben, cleo, payments, ledger):
    now = timezone.now()
    board = Board.objects.create(slug="emergency", name="Emergency board", kind=BoardKind.EMERGENCY, quorum_count=2)
    for person in (ben, cleo):
        Seat.objects.create(board=board, person=person, term=(now.date() - timedelta(days=1), None))
    told = content(payments, ledger, type="emergency", title="Stop the failing batch", backout_plan="")
    change = proposing.propose_change(requester=ada, content=told, at=now)
    flow.submit_change(change_id=change.pk, submitter=ada, at=now)
    deliver_due(at=timezone.now(), limit=1000)
    return change


def test_three_taps_from_the_notice_to_the_ballot(phone, emergency, cleo):
    page = phone.sign_in("cleo")
    page.goto("/inbox/")
    page.context.add_init_script(f"({COUNT.strip()})()")
    page.evaluate(f"({COUNT.strip()})()")
    page.get_by_role("link", name="Stop the failing batch").or_(
        page.get_by_role("button", name="Stop the failing batch")
    ).first.click()
    page.wait_for_url("**/brief/")
    assert violations(page, page.url) == []
    page.get_by_text("Approve", exact=True).click()
    page.get_by_role("button", name="Cast the ballot").click()
    expect(page.locator("main")).to_contain_text("You have voted in this round: approve.")
    assert Ballot.objects.get().voter == cleo

    assert int(page.evaluate("sessionStorage.taps")) == 3
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_rejection_says_that_it_wants_a_reason(phone, emergency, cleo):
    page = phone.sign_in("cleo")
    page.goto(f"{emergency.get_absolute_url()}brief/")
    page.get_by_text("Reject", exact=True).click()
    page.get_by_role("button", name="Cast the ballot").click()
    expect(page.get_by_role("alert").first).to_contain_text("reason")
    expect(page.get_by_label("Reject")).to_be_checked()  # nothing has to be chosen again
    page.fill("[name=reason]", "It can wait until morning.")
    page.get_by_role("button", name="Cast the ballot").click()
    expect(page.locator("main")).to_contain_text("You have voted in this round: reject.")
