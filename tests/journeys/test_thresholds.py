"""Thresholds by keyboard alone: what is below the floor cannot be signed, what holds it is, and a change reads it."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.cab.actions import proposing
from apps.stakeholders.models import ThresholdAgreement
from apps.stakeholders.states import AgreementState
from tests.cab.conftest import content
from tests.stakeholders.negotiating import adopt


def fill(page, label: str, text: str) -> None:
    page.get_by_label(label, exact=True).first.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def press(page, role: str, name: str) -> None:
    page.get_by_role(role, name=name).first.focus()
    page.keyboard.press("Enter")


@pytest.fixture
def floored(payments, ledger, omar, ben, admin):
    return adopt(ben, admin, timezone.now())


def test_two_sides_negotiate_and_a_change_says_whose_threshold_it_met(desk, floored, payments, ledger, ada):
    owner, chair = desk.sign_in("omar"), desk.sign_in("ben")
    owner.goto("/stakeholders/thresholds/")
    press(owner, "link", "Propose thresholds for Payments")
    fill(owner, "Conditions of threshold 1", "risk ≥ 5")
    fill(owner, "Reason of threshold 1", "We know our risks.")
    fill(owner, "Why", "Risk 4 is ours.")
    press(owner, "button", "Save")
    expect(owner.locator("main")).to_contain_text("nobody can sign it")
    expect(owner.locator("main")).to_contain_text("Risk 4: threshold 1 of the floor says enterprise decides")
    expect(owner.get_by_role("button", name="Sign offer")).to_have_count(0)

    chair.goto(owner.url)
    press(chair, "link", "Make a counter-proposal")
    fill(chair, "Conditions of threshold 1", "risk ≥ 4")
    fill(chair, "Conditions of threshold 3", "downtime ≥ 30")
    chair.get_by_label("Level of threshold 3").focus()
    chair.keyboard.type("notify")
    fill(chair, "Conditions of threshold 4", "cost >= 25000")
    chair.get_by_label("Level of threshold 4").focus()
    chair.keyboard.type("consult")
    fill(chair, "Why", "The floor stays; tell us of short outages, and let us hear of what is dear.")
    press(chair, "button", "Save")
    expect(chair.locator("main")).to_contain_text("proven for every combination of facts")
    expect(chair.locator("main")).to_contain_text("+ downtime ≥ 30 minutes: notify.")
    expect(chair.locator("main")).to_contain_text("+ cost ≥ 25,000 EUR: consult.")
    press(chair, "button", "Sign offer 2 for the board")
    expect(chair.locator("main")).to_contain_text("Your side has signed this offer")
    owner.reload()
    press(owner, "button", "Sign offer 2 for the cluster")
    expect(owner.locator("main")).to_contain_text("In force")
    assert ThresholdAgreement.objects.get().state == AgreementState.IN_FORCE

    change = proposing.propose_change(
        requester=ada, content=content(payments, ledger, downtime_minutes=45), at=timezone.now()
    )
    requester = desk.sign_in("ada")
    requester.goto(change.get_absolute_url())
    panel = requester.get_by_role("region", name="Level of decision")
    expect(panel).to_contain_text("Downtime ≥ 30 minutes: notify.")
    expect(panel).to_contain_text("Cost ≥ 25,000 EUR (cost not known, so it counts): consult.")

    press(requester, "link", "Edit")
    fill(requester, "Estimated cost optional", "24000")
    press(requester, "button", "Save")
    expect(requester.get_by_role("region", name="Estimated cost")).to_contain_text("24,000.00 EUR")
    expect(panel).not_to_contain_text("Cost ≥ 25,000 EUR")
    press(requester, "link", "Edit")
    fill(requester, "Estimated cost optional", "26000")
    press(requester, "button", "Save")
    expect(panel).to_contain_text("Cost ≥ 25,000 EUR: consult.")
    panel.get_by_role("link", name="Thresholds of Payments, agreement 1").first.focus()
    requester.keyboard.press("Enter")
    expect(requester.locator("h1")).to_have_text("Thresholds of Payments, agreement 1")
