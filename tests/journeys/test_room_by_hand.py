"""The room by keyboard alone at the chair's desk, by touch on a member's phone; axe finds nothing in any state."""

import re
import time
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.cab.actions import flow, proposing
from apps.cab.models import Ballot, Change
from apps.meetings.actions import agenda, consent, planning, room, session
from apps.meetings.models import Meeting
from tests.cab.conftest import content
from tests.journeys.conftest import Stage
from tests.journeys.test_accessibility import AXE, found_now

FIRST, SECOND = "Move the ledger", "Rotate the keys"
LOW = ("Rename a column", "Raise a time limit")
PATIENCE_MS = 30_000
REDRAWN_WITHIN_S = 2.0  # a screen asks half a second after the entry at the latest
FARTHEST = 200  # stops of the tab key on one page


@pytest.fixture
def meeting(transactional_db, board, ada, ben, cleo, dan, payments, ledger) -> Meeting:
    """Starts in ten minutes: two items to speak of, two to consent to."""
    type(board).objects.update(decision_hours=400)
    now = timezone.now()
    window = {"window_start": (now + timedelta(days=9)).replace(tzinfo=None)}
    window["window_end"] = window["window_start"] + timedelta(hours=1)
    for risk, title in ((5, FIRST), (4, SECOND), *((0, title) for title in LOW)):
        made = content(payments, ledger, title=title, **window)
        change = proposing.propose_change(requester=ada, content=made, at=now)
        flow.submit_change(change_id=change.pk, submitter=ada, at=now)
        flow.begin_assessment(change_id=change.pk, assessor=ben, at=now)
        if risk:
            flow.raise_risk(change_id=change.pk, assessor=ben, to=risk, reason="All money passes it.", at=now)
        flow.hand_to_board(change_id=change.pk, assessor=ben, at=now)
    start = (now + timedelta(minutes=10)).replace(second=0, microsecond=0, tzinfo=None)
    values = {"name": "Board", "place": "", "start_local": start, "duration_minutes": 60, "zone": "UTC"}
    return planning.plan_meeting(
        board_id=board.pk, planner=ben, values=values | {"lock_minutes": 5, "item_minutes": 10}, at=now
    )


def tab_to(page, words: str) -> None:
    """Walk on with the tab key until the control of that name has the focus, as a person does."""
    wanted = re.compile(words)
    for _ in range(FARTHEST):
        page.keyboard.press("Tab")
        name = page.evaluate(
            "(({labels, textContent, value}) => labels?.length ? labels[0].textContent : textContent || value || '')"
            "(document.activeElement)"
        )
        if wanted.search(name.strip()):
            return
    raise AssertionError(f"the tab key never came to “{words}”")


def press_at(page, words: str) -> None:
    tab_to(page, words)
    page.keyboard.press("Enter")


def clean(page, where: str) -> None:
    page.evaluate(AXE)
    assert found_now(page, where) == []


@pytest.mark.slow
def test_the_chair_leads_a_whole_meeting_by_keyboard(desk, meeting, cleo):  # noqa: PLR0915  # one meeting, told in order
    chair, member = desk.sign_in("ben"), desk.sign_in("cleo")
    chair.goto(f"/meetings/{meeting.pk}/")
    chair.keyboard.press("o")
    expect(chair.locator("main")).to_contain_text("In session", timeout=PATIENCE_MS)
    press_at(chair, "^Enter the room$")
    chair.wait_for_url("**/room/")
    member.goto(f"/meetings/{meeting.pk}/room/")
    clean(chair, "no item is up")

    expect(chair.locator("#room-mine")).to_contain_text("Who is there")
    chair.keyboard.press("2")  # the second of the list: Cleo is here
    expect(chair.locator("#room-mine .people li", has_text="Cleo")).to_contain_text("Present", timeout=PATIENCE_MS)
    expect(chair.locator(".people:visible")).to_have_count(1)  # the list stands once, at the desk
    expect(member.locator("#room-now .people")).to_be_visible()
    expect(chair.locator("#room-now")).to_contain_text("The room has its quorum.")
    expect(member.get_by_role("button", name="Leave the room")).to_be_visible(timeout=PATIENCE_MS)

    chair.keyboard.press("n")
    for page in (chair, member):
        expect(page.locator(".room-current")).to_contain_text(FIRST, timeout=PATIENCE_MS)
        expect(page.get_by_role("heading", name="Your ballot")).to_be_visible(timeout=PATIENCE_MS)
    clean(chair, "an item is up")
    chair.keyboard.press("a")
    expect(chair.locator("#room-mine")).to_contain_text("You have voted", timeout=PATIENCE_MS)
    member.keyboard.press("b")
    tab_to(member, "^Conditions")
    member.keyboard.type("Tell support.")
    clean(member, "a ballot with conditions")
    press_at(member, "^Approve with conditions$")
    expect(chair.locator("#room-now .agenda li", has_text=FIRST)).to_contain_text("Decided", timeout=PATIENCE_MS)
    expect(chair.locator("#room-now")).to_contain_text("Tell support.")

    chair.keyboard.press("t")
    tab_to(chair, "^What is to be done$")
    chair.keyboard.type("Write the runbook")
    tab_to(chair, "^Who")
    chair.keyboard.type("cleo")
    tab_to(chair, "^Due$")
    chair.keyboard.type(f"{timezone.localdate() + timedelta(days=7):%m%d%Y}")
    press_at(chair, "^Note it$")
    expect(member.locator("#room-now")).to_contain_text("Write the runbook", timeout=PATIENCE_MS)

    expect(chair.locator("#desk-item option").first).to_contain_text(SECOND)  # the first is decided
    chair.keyboard.press("n")
    expect(chair.locator(".room-current")).to_contain_text(SECOND, timeout=PATIENCE_MS)
    expect(chair.get_by_role("heading", name="Your ballot")).to_be_visible(timeout=PATIENCE_MS)
    chair.keyboard.press("r")
    chair.keyboard.type("Its owner is ill.")
    chair.keyboard.press("Enter")  # in a field of the desk it presses none of its acts
    expect(chair.locator(".room-current")).to_contain_text(SECOND)
    press_at(chair, "^Defer$")
    expect(member.locator("#room-now .agenda li", has_text=SECOND)).to_contain_text(
        "Its owner is ill.", timeout=PATIENCE_MS
    )
    expect(chair.locator("#room-mine [data-of-item]")).to_have_count(0, timeout=PATIENCE_MS)

    chair.keyboard.press("m")
    for page in (chair, member):
        expect(page.get_by_role("button", name="Approve all 2")).to_be_visible(timeout=PATIENCE_MS)
    clean(chair, "the consent items are moved")
    chair.keyboard.press("y")
    expect(chair.get_by_role("button", name="Approve all 2")).to_have_count(0, timeout=PATIENCE_MS)
    member.keyboard.press("y")
    for title in LOW:
        expect(chair.locator("#room-now .agenda li", has_text=title)).to_contain_text("Decided", timeout=PATIENCE_MS)
    clean(chair, "all is settled")

    press_at(chair, "^Close the meeting$")
    press_at(chair, "^Go ahead$")
    expect(chair.locator("main")).to_contain_text("Draft of the minutes", timeout=PATIENCE_MS)
    meeting.refresh_from_db()
    assert meeting.state == "closed"
    assert list(meeting.items.order_by("position").values_list("state", flat=True)) == [
        "decided",
        "deferred",
        "decided",
        "decided",
    ]
    assert meeting.action_items.get().owner == cleo
    assert Change.objects.filter(title__in=(FIRST, *LOW), state__in=("authorized", "scheduled")).count() == 3


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_member_votes_on_a_phone_by_touch(browser, live_server, meeting, ben, theme):
    now = timezone.now()
    session.open_meeting(meeting_id=meeting.pk, chair=ben, at=now)
    item = meeting.items.earliest("position")
    room.take_item(meeting_id=meeting.pk, item_id=item.pk, chair=ben, at=now)
    phone = Stage(browser, live_server.url, javascript=True, width=390, touch=True)
    page = phone.sign_in("cleo")
    page.emulate_media(color_scheme=theme)
    page.goto(f"/meetings/{meeting.pk}/room/")
    page.get_by_role("button", name="Join").tap()
    approve = page.get_by_role("button", name=re.compile("^Approve(?! with)")).first
    expect(approve).to_be_visible(timeout=PATIENCE_MS)
    # In one step: the room may be drawn anew between two questions.
    heads = [".room-current", "#ballot-heading", "#room-agenda-heading", "#presence-heading"]
    places = page.evaluate(
        "heads => heads.map((one) => document.querySelector(one).getBoundingClientRect().top)", heads
    )
    assert places == sorted(places)
    top, bottom = approve.evaluate("one => (({top, bottom}) => [top, bottom])(one.getBoundingClientRect())")
    assert bottom < 900, "the ballot is on the first screen"
    assert bottom - top >= 24
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    clean(page, f"the room on a phone, {theme}")
    approve.tap()
    expect(page.locator("#room-mine")).to_contain_text("You have voted", timeout=PATIENCE_MS)
    assert item.change.rounds.get().ballots.get().voter.handle == "cleo"

    room.put_back(meeting_id=meeting.pk, chair=ben, at=timezone.now())
    consent.move_consent(meeting_id=meeting.pk, chair=ben, at=timezone.now())
    together = page.get_by_role("button", name="Approve all 2")
    expect(together).to_be_visible(timeout=PATIENCE_MS)
    page.locator("#consent-list > summary").tap()
    page.get_by_role("button", name=re.compile("Speak of it.*")).first.tap()
    expect(page.get_by_role("button", name="Approve this item")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Approve this item").tap()
    expect(page.get_by_role("button", name="Approve this item")).to_have_count(0, timeout=PATIENCE_MS)
    clean(page, f"after the consent items, {theme}")
    phone.close()
    assert phone.complaints == []


def hold_acts(page, *acts: str) -> list:
    """The requests of these acts, in their order: each goes on when it is let go."""
    held = []

    def hold(route) -> None:
        held.append(route)

    for act in acts:
        page.route(f"**/room/{act}/", hold)
    return held


def let_go(page, held: list) -> None:
    """The first of them, once it is there, until its answer has come."""
    until = time.monotonic() + PATIENCE_MS / 1000
    while not held and time.monotonic() < until:
        page.wait_for_timeout(20)
    route = held.pop(0)
    with page.expect_response(route.request.url):
        route.continue_()


@pytest.mark.slow
def test_what_is_written_while_an_act_is_on_its_way_stays(desk, meeting):
    """The answer to one act must not take away the reason that is typed for the next."""
    session.open_meeting(meeting_id=meeting.pk, chair=meeting.created_by, at=timezone.now())
    chair = desk.sign_in("ben")
    chair.goto(f"/meetings/{meeting.pk}/room/")
    held = hold_acts(chair, "desk")
    chair.get_by_role("button", name="Move down").click()
    chair.fill("#desk-reason", "Its owner is ill.")
    chosen = chair.locator("#desk-item option", has_text=SECOND).get_attribute("value")
    chair.select_option("#desk-item", value=chosen)
    old = chair.locator("#room-mine").element_handle()
    let_go(chair, held)
    chair.wait_for_function("old => !old.isConnected", arg=old, timeout=PATIENCE_MS)
    expect(chair.locator("#desk-reason")).to_have_value("Its owner is ill.")
    expect(chair.locator("#desk-item")).to_have_value(chosen)
    chair.unroute("**/room/desk/")
    chair.get_by_role("button", name="Defer").click()
    expect(chair.locator("#room-now")).to_contain_text("Its owner is ill.", timeout=PATIENCE_MS)
    expect(chair.locator("#desk-reason")).to_have_value("", timeout=PATIENCE_MS)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["mouse", "keyboard"])
def test_a_press_counts_although_the_room_goes_on(desk, meeting, ben, cleo, way):
    """A button that is drawn anew between its press and its release would be pressed by nobody."""
    session.open_meeting(meeting_id=meeting.pk, chair=ben, at=timezone.now())
    first, second = meeting.items.order_by("position")[:2]
    room.take_item(meeting_id=meeting.pk, item_id=first.pk, chair=ben, at=timezone.now())
    session.join_room(meeting_id=meeting.pk, person=cleo, at=timezone.now())
    member = desk.sign_in("cleo")
    member.goto(f"/meetings/{meeting.pk}/room/")
    button = member.get_by_role("button", name=re.compile("^Approve(?! with)")).first
    expect(button).to_be_visible()
    member.evaluate("document.addEventListener('room:entry', (event) => { window.last = event.detail.event; })")
    if way == "mouse":
        button.hover()
        member.mouse.down()
    else:
        button.focus()
        consent.move_consent(meeting_id=meeting.pk, chair=ben, at=timezone.now())
        expect(member.get_by_role("button", name="Approve all 2")).to_be_visible(timeout=PATIENCE_MS)
        expect(button).to_be_focused()  # although all of their part was drawn anew
        member.keyboard.down(" ")
    agenda.defer_item(
        meeting_id=meeting.pk, item_id=second.pk, chair=ben, reason="Its owner is ill.", at=timezone.now()
    )
    member.wait_for_function("() => window.last?.endsWith('ItemDeferred')", timeout=PATIENCE_MS)
    time.sleep(REDRAWN_WITHIN_S)
    if way == "mouse":
        member.mouse.up()
    else:
        member.keyboard.up(" ")
    expect(member.locator("#room-mine")).to_contain_text("You have voted")
    expect(member.locator("#room-now .agenda li", has_text=SECOND)).to_contain_text("Its owner is ill.")


@pytest.mark.slow
@pytest.mark.parametrize("second", ["sent", "pressed"])
@pytest.mark.parametrize("owner", ["cleo", "nobody"])
def test_the_answer_to_one_act_takes_nothing_from_the_next(desk, meeting, ben, owner, second):
    """It must not take its form away: the next one's answer would have no place, and no news would ever again."""
    session.open_meeting(meeting_id=meeting.pk, chair=ben, at=timezone.now())
    chair = desk.sign_in("ben")
    chair.goto(f"/meetings/{meeting.pk}/room/")
    held = hold_acts(chair, "actions", "desk")
    chair.keyboard.press("t")
    chair.fill("#action-text", "Write the runbook")
    chair.fill("#action-owner", owner)
    chair.fill("#action-due", f"{timezone.localdate() + timedelta(days=7)}")
    chair.locator("#action-note").press("Enter")
    if second == "sent":
        chair.keyboard.press("n")
    else:
        chair.locator("#desk-take").hover()
        chair.mouse.down()
    let_go(chair, held)
    if second == "pressed":
        time.sleep(REDRAWN_WITHIN_S)
        chair.mouse.up()
    let_go(chair, held)
    expect(chair.get_by_role("heading", name="Your ballot")).to_be_visible()
    if owner == "nobody":
        expect(chair.locator("#room-mine [data-refused]")).to_contain_text("nobody")
        expect(chair.locator("#action-text")).to_have_value("Write the runbook")
    else:
        expect(chair.locator("#room-now")).to_contain_text("Write the runbook")
        expect(chair.locator("#action-text")).to_have_value("")
    consent.move_consent(meeting_id=meeting.pk, chair=ben, at=timezone.now())
    expect(chair.get_by_role("button", name="Approve all 2")).to_be_visible()


@pytest.mark.slow
def test_who_presses_as_another_item_comes_up_votes_on_nothing_unseen(desk, meeting, ben, cleo):
    """The press was meant for what stood there: a ballot that has just come rests for half a second."""
    session.open_meeting(meeting_id=meeting.pk, chair=ben, at=timezone.now())
    first, second = meeting.items.order_by("position")[:2]
    room.take_item(meeting_id=meeting.pk, item_id=first.pk, chair=ben, at=timezone.now())
    session.join_room(meeting_id=meeting.pk, person=cleo, at=timezone.now())
    member = desk.sign_in("cleo")
    member.goto(f"/meetings/{meeting.pk}/room/")
    approve = member.get_by_role("button", name=re.compile("^Approve(?! with)"))
    expect(approve).to_be_enabled()
    member.evaluate(
        """second => {
          window.pressed = 0;
          document.addEventListener("htmx:afterSwap", () => {
            const part = document.getElementById("room-mine");
            if (part.dataset.current !== String(second) || window.pressed) return;
            window.pressed += 1;
            for (const button of part.querySelectorAll("form button[value=approve]")) button.click();
          });
        }""",
        second.pk,
    )
    votes = []
    member.on("request", lambda request: votes.append(request.url) if request.method == "POST" else None)
    room.put_back(meeting_id=meeting.pk, chair=ben, at=timezone.now())
    room.take_item(meeting_id=meeting.pk, item_id=second.pk, chair=ben, at=timezone.now())
    member.wait_for_function("() => window.pressed === 1", timeout=PATIENCE_MS)
    expect(approve).to_be_enabled()
    assert votes == []
    approve.click()
    expect(member.locator("#room-mine")).to_contain_text("You have voted")
    assert len(votes) == 1


@pytest.mark.slow
def test_a_ballot_rests_while_the_page_names_another_item(desk, meeting, ben, cleo):
    """The two parts of the page come one after the other."""
    session.open_meeting(meeting_id=meeting.pk, chair=ben, at=timezone.now())
    first, second = meeting.items.order_by("position")[:2]
    room.take_item(meeting_id=meeting.pk, item_id=first.pk, chair=ben, at=timezone.now())
    session.join_room(meeting_id=meeting.pk, person=cleo, at=timezone.now())
    member = desk.sign_in("cleo")
    member.goto(f"/meetings/{meeting.pk}/room/")
    approve = member.get_by_role("button", name=re.compile("^Approve(?! with)"))
    expect(approve).to_be_enabled()
    held = hold_acts(member, "mine")
    room.put_back(meeting_id=meeting.pk, chair=ben, at=timezone.now())
    room.take_item(meeting_id=meeting.pk, item_id=second.pk, chair=ben, at=timezone.now())
    expect(member.locator("#room-current")).to_contain_text(SECOND)
    expect(approve).to_be_disabled()
    let_go(member, held)
    approve.click()
    expect(member.locator("#room-mine")).to_contain_text("You have voted")
    assert Ballot.objects.get().round.change == second.change
