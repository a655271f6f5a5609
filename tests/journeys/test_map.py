"""Finding one's way on the map with the keyboard, and that it stands without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from apps.clusters.models import Component, Dependency


@pytest.fixture
def federation(payments, logistics, ledger, dispatch, ada):
    gateway = Component.objects.create(cluster=payments, slug="gateway", name="Gateway", tier=0)
    stream = Component.objects.create(cluster=logistics, slug="stream", name="Stream", tier=3)
    for consumer, provider, weight in ((gateway, ledger, 900), (ledger, dispatch, 300), (dispatch, stream, 20)):
        Dependency.objects.create(consumer=consumer, provider=provider, weight=weight)


def here(page) -> str:
    return page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.id")


@pytest.mark.usefixtures("federation")
def test_from_all_clusters_to_a_component_by_keyboard(desk):
    page = desk.sign_in("ada")
    page.goto("/clusters/map/")
    expect(page.locator("[data-map].is-live")).to_be_visible()
    page.locator("[data-node][tabindex='0']").focus()
    assert here(page) == "Payments, 2 components"
    page.keyboard.press("ArrowRight")
    assert here(page) == "Logistics, 2 components"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("focus=payments&opened=on"))
    expect(page.get_by_role("status")).to_contain_text("2 components of Payments")

    page.locator("[data-node][aria-label^=Gateway]").focus()
    page.keyboard.press("ArrowRight")
    assert here(page) == "Ledger, tier 1"
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"focus=payments%2Fledger"))
    expect(page.locator("h1")).to_have_text("Ledger")
    page.wait_for_function("document.activeElement.dataset.node")  # who walked here walks on
    assert here(page) == "Ledger, Payments · tier 1"

    page.keyboard.press("/")
    assert here(page) == "id_focus"
    page.keyboard.press("Control+a")
    page.keyboard.type("stream")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Stream")


@pytest.mark.usefixtures("federation")
def test_it_is_zoomed_and_moved_and_shown_whole_again(desk):
    page = desk.sign_in("ada")
    page.goto("/clusters/map/?focus=payments/ledger&hops=2")
    scene = page.locator("[data-scene]")
    expect(scene).to_have_attribute("transform", re.compile("scale"))
    begun = scene.get_attribute("transform")
    page.get_by_role("button", name="Larger").click()
    larger = scene.get_attribute("transform")
    frame = page.locator(".map-frame").bounding_box()
    page.mouse.move(frame["x"] + 30, frame["y"] + 30)
    page.mouse.down()
    page.mouse.move(frame["x"] + 90, frame["y"] + 60, steps=4)
    page.mouse.up()
    moved = scene.get_attribute("transform")
    assert len({begun, larger, moved}) == 3
    page.get_by_role("button", name="Show all of it").click()
    assert scene.get_attribute("transform") == begun


def seen(page) -> list[float]:
    """What the drawing shows: how far it is moved, and its scale."""
    return [float(one) for one in re.findall(r"-?[\d.]+", page.locator("[data-scene]").get_attribute("transform"))]


@pytest.mark.usefixtures("federation")
def test_a_link_shows_the_view_it_was_copied_from(desk):
    page = desk.sign_in("ada")
    page.goto("/clusters/map/?focus=payments/ledger&hops=2")
    expect(page.locator("[data-map].is-live")).to_be_visible()
    begun = seen(page)
    assert "view=" not in page.url
    page.get_by_role("button", name="Larger").click()
    frame = page.locator(".map-frame").bounding_box()
    page.mouse.move(frame["x"] + 30, frame["y"] + 30)
    page.mouse.down()
    page.mouse.move(frame["x"] + 110, frame["y"] + 70, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"focus=payments%2Fledger&hops=2&view=\d{2,3}_-?\d+_-?\d+$"))
    looked_at, link = seen(page), page.url
    assert looked_at != begun
    page.goto("/clusters/map/")
    page.goto(link)
    expect(page.locator("[data-map].is-live")).to_be_visible()
    assert seen(page) == pytest.approx(looked_at, abs=6)  # px: the address says whole percents
    assert page.url == link

    page.get_by_role("button", name="Look").click()
    assert "view=" not in page.url, "another question is another drawing"


@pytest.mark.usefixtures("federation")
@pytest.mark.parametrize(
    "view", ["", "1", "9_0_0", "301_0_0", "100_0", "100_99999_0", "1e2_0_0", "100_0_0_0", "<b>", "٣٠٠_0_0"]
)
def test_an_address_that_says_no_view_begins_as_without(desk, view):
    page = desk.sign_in("ada")
    page.goto("/clusters/map/?focus=payments/ledger")
    expect(page.locator("[data-map].is-live")).to_be_visible()
    begun = seen(page)
    page.goto(f"/clusters/map/?focus=payments/ledger&view={view}")
    expect(page.locator("[data-map].is-live")).to_be_visible()
    assert seen(page) == begun


@pytest.mark.usefixtures("federation")
def test_walking_by_keyboard_moves_the_view_in_the_address_too(desk):
    page = desk.sign_in("ada")
    page.goto("/clusters/map/?focus=payments/ledger&hops=2&view=300_0_0")
    expect(page.locator("[data-map].is-live")).to_be_visible()
    page.locator("[data-node][tabindex='0']").focus()
    expect(page).not_to_have_url(re.compile("view=300_0_0"))
    expect(page).to_have_url(re.compile(r"view=300_\d+_\d+$"))


@pytest.mark.usefixtures("federation")
def test_the_list_and_the_links_stand_in_every_browser(stage):
    page = stage.sign_in("ada")
    page.goto("/clusters/map/")
    page.locator("#map-nodes").get_by_role("link", name="Logistics").click()
    expect(page.locator("h1")).to_have_text("Logistics")
    page.locator("[data-node][aria-label^=Dispatch]").click()
    expect(page.locator("h1")).to_have_text("Dispatch")
    page.fill("[name=focus]", "gateway")
    page.fill("[name=to]", "stream")
    page.get_by_role("button", name="Look").click()
    expect(page.locator("main")).to_contain_text("Gateway needs Stream in 3 steps, by 1 shortest way.")
    assert page.locator("#map-edges tbody tr").count() == page.locator(".map-lines path[data-ends]").count() == 3
