"""Notices, feeds, webhooks and the journal as people use them, with and without JavaScript; axe finds nothing there."""

from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.accounts.rules import Role
from apps.journal.actions import deliver_due
from apps.journal.models import Delivery, Entry
from apps.notify.actions.telling import tell
from apps.notify.models import Endpoint
from tests.conftest import NOON, make_person
from tests.journal.conftest import tell as record

AXE = (Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js").read_text()


@pytest.fixture
def greta(transactional_db):
    return make_person("greta", Role.ADMINISTRATOR)


def press(page: Page, name: str) -> None:
    """Press a button; where a script asks first, say yes."""
    page.get_by_role("button", name=name, exact=True).click()
    sure = page.locator("dialog[open]").get_by_role("button").first
    if page.locator("dialog[open]").count():
        sure.click()


def flaws(page: Page) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{page.url}: {one['id']} {[node['target'] for node in one['nodes']][:3]}" for one in found]


def test_a_notice_is_read_by_opening_it(stage, ada, greta):
    entry = record(ada, timezone.now(), actor=ada)
    tell([greta], entry=entry, kind="vote", title="CHG-1 waits for your vote", url="/journal/", at=timezone.now())
    page = stage.sign_in("greta")
    page.goto("/inbox/")
    page.get_by_role("button", name="Unread: CHG-1 waits for your vote").click()
    page.wait_for_url("**/journal/")
    page.goto("/inbox/?show=unread")
    expect(page.get_by_text("Nothing here.")).to_be_visible()


def test_mails_are_chosen_and_a_feed_is_opened_and_closed(stage, greta):
    page = stage.sign_in("greta")
    page.goto("/inbox/preferences/")
    page.get_by_label("a change waits for my vote").uncheck()
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto("/inbox/preferences/")
    expect(page.get_by_label("a change waits for my vote")).not_to_be_checked()
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.get_by_text("Copy this address now")).to_be_visible()
    address = page.locator(".callout .mono").inner_text()
    path = "/feeds/" + address.rpartition("/")[2]
    assert page.request.get(path).headers["content-type"].startswith("text/calendar")
    page.goto("/inbox/preferences/")
    assert address not in page.content()
    press(page, "Revoke Scheduled changes I may see")
    expect(page.get_by_text("None yet.")).to_be_visible()
    assert page.request.get(path).status == 410


def test_a_webhook_is_added_tested_and_given_a_new_secret(stage, greta, settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    page = stage.sign_in("greta")
    page.goto("/webhooks/")
    page.get_by_label("Address").fill("https://10.0.0.1/")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("is not on the public internet").first).to_be_visible()
    page.goto("/webhooks/")
    page.get_by_label("Address").fill("http://127.0.0.1:9/hook")
    page.get_by_label("Description").fill("Build server")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Copy this secret now")).to_be_visible()
    assert page.locator(".callout .mono").inner_text().startswith("whsec_")
    page.goto(Endpoint.objects.get().get_absolute_url())
    assert "whsec_" not in page.content()
    press(page, "Send a test")
    expect(page.get_by_role("cell", name="concordat.test")).to_be_visible()
    press(page, "Rotate the secret")
    expect(page.get_by_text("Copy this secret now")).to_be_visible()
    press(page, "Switch off")
    expect(page.get_by_role("button", name="Switch on")).to_be_visible()


def test_a_delivery_that_was_given_up_is_retried(stage, greta, ada):
    record(ada, NOON, actor=ada)
    Delivery.objects.update(state="failed", attempts=8, last_error="ValueError: no")
    page = stage.sign_in("greta")
    page.goto("/deliveries/")
    expect(page.get_by_role("cell", name="ValueError: no").first).to_be_visible()
    page.get_by_role("button", name="Retry the chosen").click()
    expect(page.get_by_text("Every delivery arrived.")).to_be_visible()
    assert not Delivery.objects.filter(state="failed").exists()


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_where_administrators_look(desk, greta, ada, theme, width):
    entry = record(ada, NOON, actor=ada)
    tell([greta], entry=entry, kind="vote", title="CHG-1 waits for your vote", body="Soon.", url="/", at=NOON)
    endpoint = Endpoint.objects.create(url="https://example.org/", secret="x", old_secret="y", owner=greta)
    deliver_due(at=timezone.now())
    Delivery.objects.update(state="failed", done_at=None, last_error="ValueError: no")
    page = desk.sign_in("greta")
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 900})
    last = Entry.objects.order_by("-pk").first()
    found = []
    for address in (
        "/inbox/",
        "/inbox/preferences/",
        "/webhooks/",
        endpoint.get_absolute_url(),
        "/journal/",
        f"/journal/{last.pk}/",
        "/deliveries/",
    ):
        page.goto(address)
        found += flaws(page)
    assert found == []
