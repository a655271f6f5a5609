"""A convention by keyboard: refused for its own example, made, what breaks it found and let off; then a search."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.clusters.models import Component, Convention, Finding
from tests.journeys.test_charter import fill, settle


@pytest.fixture
def badly_named(payments, omar, ben):
    return Component.objects.create(cluster=payments, slug="Card_Gateway", name="Card gateway", tags=["pci"])


def press(page, name: str) -> None:
    page.get_by_role("button", name=name).focus()
    page.keyboard.press("Enter")


def test_a_convention_is_made_scanned_and_a_component_let_off(desk, badly_named):
    chair = desk.sign_in("ben")
    chair.goto("/clusters/conventions/")
    chair.get_by_role("link", name="Make a convention").focus()
    chair.keyboard.press("Enter")
    chair.get_by_label("It judges").select_option("component.slug")
    fill(chair, "Title", "Kebab case")
    fill(chair, "Pattern", "[a-z0-9]+(-[a-z0-9]+)*")
    fill(chair, "Names that keep to it", "card-gateway")
    fill(chair, "Names that do not", "ledger")
    fill(chair, "Reason", "They stand in addresses.")
    chair.locator("form.form button.btn-primary").focus()
    chair.keyboard.press("Enter")
    expect(chair.locator("main")).to_contain_text("ledger")  # its own example keeps to it: refused
    assert not Convention.objects.exists()
    fill(chair, "Names that do not", "Card_Gateway")
    chair.locator("form.form button.btn-primary").focus()
    chair.keyboard.press("Enter")
    expect(chair.get_by_role("heading", level=1)).to_have_text("Kebab case")
    settle()
    chair.reload()
    assert Finding.objects.standing().filter(component=badly_named, checker="conventions").exists()
    broken = chair.get_by_role("region", name="What breaks it, table")
    expect(broken).to_contain_text("card-gateway")  # the proposed name

    fill(chair, "Component", "payments/Card_Gateway")
    chair.get_by_label("Until").fill((timezone.localdate() + timedelta(days=30)).isoformat())
    chair.locator("section[aria-labelledby=exempted-heading]").get_by_label("Reason").fill("Its partner hard-coded it.")
    press(chair, "Let it off")
    expect(chair.locator("main")).to_contain_text("Its partner hard-coded it.")
    settle()
    assert not Finding.objects.standing().filter(component=badly_named, checker="conventions").exists()

    reader = desk.sign_in("omar")
    reader.goto("/clusters/search/?q=gateway card")
    expect(reader.locator("main")).to_contain_text("Card gateway")
    reader.goto("/clusters/search/?q=pci")
    expect(reader.locator("main")).to_contain_text("Card gateway")
    reader.goto("/clusters/search/?q=gatewya")
    expect(reader.locator("main")).to_contain_text("Card gateway")  # the nearest name
