"""docs/tutorial/first-board-meeting.md, step by step, on the demo organisation."""

import re
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from apps.journal.actions import deliver_due
from apps.meetings.models import Meeting
from apps.portal import demo

NAME = "Enterprise board, weekly"
WANTED = "Ask for the second factor at every payout"
TERMS = "The runbook names the limit."


def enter(stage, handle):
    """Sign in, find the meeting as a newcomer would, and enter its room."""
    page = stage.sign_in(handle, demo.PASSWORD)
    page.get_by_role("link", name="Meetings").click()
    page.get_by_role("link", name=NAME).first.click()
    page.get_by_role("link", name="Enter the room").click()
    page.wait_for_url("**/room/")
    return page


def choose(chair, words):
    option = chair.locator("#desk-item option", has_text=words).first
    chair.locator("#desk-item").select_option(value=option.get_attribute("value"))
    chair.get_by_role("button", name="Take it up").click()


def ballots(page):
    return page.get_by_role("button", name=re.compile("^Approve(?! with)"))


def approve(page):
    """The first of them, once it may be pressed: a ballot rests until it is for the item that is named."""
    button = ballots(page).first
    expect(button).to_be_enabled()
    return button


def test_your_first_board_meeting(desk, raise_organisation):
    raise_organisation()
    marit = enter(desk, "marit")
    expect(marit.locator("#room-now")).to_contain_text("2 of 4 seats filled, 3 needed.")

    anneke = enter(desk, "anneke")
    anneke.get_by_role("button", name="Join").click()
    expect(marit.locator("#room-now")).to_contain_text("The room has its quorum.")

    choose(marit, WANTED)
    for screen in (marit, anneke):
        expect(screen.locator(".room-current")).to_contain_text(WANTED)
        expect(screen.locator("[data-timer-words]")).to_contain_text(re.compile(r"[0-5]:\d\d of 12:00"))

    approve(marit).click()
    expect(marit.locator("#room-mine")).to_contain_text("You have voted")
    approve(anneke).press("Enter")
    expect(ballots(anneke)).to_have_count(1)  # her own is cast
    expect(approve(anneke)).not_to_be_focused()  # a key that is held does not vote for Rashid's seat too
    expect(marit.locator(".room-current")).to_contain_text("2 of 4 have voted")
    tomas = enter(desk, "tomas")
    tomas.get_by_text("Another ballot").first.click()
    tomas.get_by_label("Conditions").first.fill(TERMS)
    tomas.get_by_role("button", name="Approve with conditions").first.click()
    for screen in (marit, anneke, tomas):
        item = screen.locator("#room-now .agenda li", has_text=WANTED)
        expect(item).to_contain_text("Decided")
        expect(item).to_contain_text("Approved: 3 for, 0 against, 0 abstained.")
        expect(screen.locator("#room-now")).to_contain_text(TERMS)

    marit.get_by_text("Note an action item").click()
    marit.fill("#action-text", "Write the runbook")
    marit.fill("#action-owner", "joan")
    marit.fill("#action-due", (timezone.localdate() + timedelta(days=7)).isoformat())
    marit.get_by_role("button", name="Note it").click()
    for screen in (marit, anneke, tomas):
        expect(screen.locator("#room-now")).to_contain_text("Write the runbook")

    anneke.get_by_role("button", name="Leave the room").click()
    expect(anneke.get_by_role("button", name="Join")).to_be_visible()
    choose(marit, "Give the ledger")
    expect(anneke.locator(".room-current")).to_contain_text("Give the ledger a third replica")
    expect(ballots(anneke)).to_have_count(0)
    approve(marit).click()
    expect(marit.locator("#room-mine")).to_contain_text("The room has no quorum")

    meeting = Meeting.objects.get(pk=int(marit.url.split("/")[-3]))
    marit.get_by_label("Where this is").get_by_role("link", name=NAME).click()
    marit.get_by_role("button", name="Close the meeting").click()
    marit.get_by_role("button", name="Go ahead").click()
    main = marit.locator("main")
    expect(main).to_contain_text("The meeting ended first.")
    expect(main).to_contain_text("Write the runbook")
    expect(main.locator("li", has_text="Anneke Visser").first).to_contain_text("Left")
    meeting.refresh_from_db()
    assert meeting.state == "closed"
    while deliver_due(at=timezone.now() + timedelta(minutes=1)):  # what the worker does within a second
        pass
    following = meeting.series.meetings.filter(state="planned").earliest("start_at")
    assert following.items.filter(change__title="Give the ledger a third replica").exists()
