"""The calendar in a browser: a change is dragged, moved by keys, or rescheduled by a link; the form decides."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.cab.actions import proposing
from apps.cab.models import Change
from tests.cab.conftest import content

QUARTER = timedelta(minutes=15)


@pytest.fixture
def change(ada, payments, ledger) -> Change:
    """Scheduled for Wednesday noon, UTC, of this week; Ada reads UTC."""
    now = timezone.now()
    noon = (now - timedelta(days=now.weekday() - 2)).replace(hour=12, minute=0, second=0, microsecond=0, tzinfo=None)
    window = {"window_start": noon, "window_end": noon + timedelta(hours=2), "window_zone": "UTC"}
    change = proposing.propose_change(requester=ada, content=content(payments, ledger, **window), at=now)
    Change.objects.filter(pk=change.pk).update(state="scheduled", submitted_at=now, decided_at=now)
    change.refresh_from_db()
    return change


def opened(page, change) -> datetime:
    """The start of the window that the form proposes; the change itself is as it was."""
    page.wait_for_url(re.compile(rf"/changes/{change.reference}/edit/\?moved_to="))
    expect(page.get_by_role("status").first).to_contain_text("Not saved yet. This edit is material")
    was = change.window_start_at
    change.refresh_from_db()
    assert (change.window_start_at, change.revision) == (was, 1)
    return datetime.fromisoformat(page.input_value("[name=window_start]")).replace(tzinfo=UTC)


def test_a_change_is_dragged_to_another_day_and_saved_in_the_form(desk, ada, change):
    page = desk.sign_in("ada")
    page.goto("/calendar/")
    item = page.locator(".lane-item", has_text=change.reference)
    box, day = item.bounding_box(), page.locator(".week-day").first.bounding_box()["width"]
    page.mouse.move(box["x"] + 30, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 30 + day / 2, box["y"] + 20, steps=4)
    expect(page.locator(".move-note")).to_contain_text("Let go to open the form.")
    page.mouse.move(box["x"] + 30 + day, box["y"] + 20, steps=4)
    page.mouse.up()
    start = opened(page, change)
    assert abs(start - change.window_start_at - timedelta(days=1)) <= QUARTER
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(re.compile(rf"/changes/{change.reference}/$"))
    change.refresh_from_db()
    assert (change.window_start_at, change.revision) == (start, 2)
    assert change.window_end_at - change.window_start_at == timedelta(hours=2)


def touched(screen, kind: str, *at: float) -> None:
    points = [{"x": at[0], "y": at[1]}] if at else []
    screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_a_long_press_takes_hold_of_a_change_and_a_short_one_does_not(desk, ada, change):
    page = desk.sign_in("ada")
    page.goto("/calendar/")
    item = page.locator(".lane-item", has_text=change.reference)
    box, day = item.bounding_box(), page.locator(".week-day").first.bounding_box()["width"]
    x, y = box["x"] + 30, box["y"] + 20
    screen = page.context.new_cdp_session(page)
    touched(screen, "touchStart", x, y)
    touched(screen, "touchMove", x + day / 2, y)  # at once: the finger scrolls
    page.wait_for_timeout(600)
    expect(item).not_to_have_class(re.compile("is-moving"))
    touched(screen, "touchEnd")
    assert page.url.endswith("/calendar/")
    touched(screen, "touchStart", x, y)
    expect(item).to_have_class(re.compile("is-moving"))
    touched(screen, "touchMove", x + day / 2, y)
    touched(screen, "touchMove", x + day, y)
    expect(page.locator(".move-note")).to_contain_text("Let go to open the form.")
    touched(screen, "touchEnd")
    start = opened(page, change)
    assert abs(start - change.window_start_at - timedelta(days=1)) <= QUARTER


def test_a_change_is_moved_by_the_keyboard_alone(desk, ada, change):
    page = desk.sign_in("ada")
    page.goto("/calendar/")
    page.locator(".lane-item .lane-link", has_text=change.reference).focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".move-note")).to_contain_text("12:15")
    page.keyboard.press("Escape")
    expect(page.locator(".move-note")).to_be_empty()
    for key in ("Shift+ArrowRight", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    assert opened(page, change) - change.window_start_at == timedelta(days=1) - 2 * QUARTER


def test_a_title_wraps_to_two_lines_and_shows_whole_where_one_points_or_stands(desk, ada, change):
    long = "Move the ledger's month-end close to the cluster in the second region and keep the first as its reserve"
    Change.objects.filter(pk=change.pk).update(title=long)
    page = desk.sign_in("ada")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto("/calendar/")
    item = page.locator(".lane-item", has_text=change.reference)
    title = item.locator(".lane-title")
    expect(title).to_have_text(long)
    hidden = "one => one.scrollHeight - one.clientHeight"
    lines = "one => Math.round(one.clientHeight / parseFloat(getComputedStyle(one).lineHeight))"
    assert (title.evaluate(lines), title.evaluate(hidden) > 0) == (2, True)
    item.locator(".lane-link").focus()
    assert title.evaluate(lines) > 2
    assert title.evaluate(hidden) <= 0
    box, end = title.bounding_box(), item.bounding_box()
    assert box["y"] + box["height"] <= end["y"] + end["height"]
    page.locator("h1").click()
    assert title.evaluate(lines) == 2
    item.hover()
    assert title.evaluate(lines) > 2


def test_a_click_that_does_not_drag_opens_the_change(desk, ada, change):
    page = desk.sign_in("ada")
    page.goto("/calendar/")
    page.locator(".lane-item .lane-link", has_text=change.reference).click()
    page.wait_for_url(f"**/changes/{change.reference}/")


def test_the_link_beside_the_change_opens_the_form_also_without_scripts(stage, ada, change):
    page = stage.sign_in("ada")
    page.goto("/calendar/")
    page.get_by_role("link", name=f"Reschedule {change.reference}").click()
    expect(page.locator("#window [name=window_start]")).to_have_value(
        change.window_start_local.isoformat(timespec="minutes")
    )


def test_on_a_phone_the_week_is_a_list_that_never_scrolls_sideways(phone, ada, change):
    page = phone.sign_in("ada")
    page.goto("/calendar/")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    days = page.get_by_role("list", name="The week by day").locator(":scope > li")
    expect(days).to_have_count(7)
    item = days.nth(2).locator(".day-item", has_text=change.reference)
    expect(item).to_contain_text("12:00 – 14:00")
    link = item.get_by_role("link", name="Reschedule").bounding_box()
    assert link["width"] >= 44


def test_the_week_prints_without_what_only_a_screen_can_do(desk, ada, change):
    page = desk.sign_in("ada")
    page.goto("/calendar/")
    page.emulate_media(media="print")
    expect(page.locator(".lane-item", has_text=change.reference)).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    for unprinted in (".filters", ".lane-move", ".rail", ".page-actions", ".calendar-key"):
        assert page.locator(unprinted).first.is_hidden(), unprinted
