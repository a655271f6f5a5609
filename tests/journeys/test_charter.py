"""A charter by keyboard alone: drafted, proposed, approved by somebody else; with that, a finding is gone."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.clusters.models import Charter, Finding
from apps.clusters.states import CharterState, FindingState
from apps.clusters.tasks import ask_for_all_checks, run_checks
from apps.journal.actions import deliver_due


def settle() -> None:
    """What the worker does: deliver what was said, and run the checks that it asked for."""
    deliver_due(at=timezone.now(), limit=1000)
    run_checks()


def fill(page, label: str, text: str) -> None:
    page.get_by_label(label).first.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


@pytest.fixture
def uncharted(payments, ledger, omar, ben):
    ask_for_all_checks()
    run_checks()
    return Finding.objects.get(cluster=payments, code="no-charter", state=FindingState.OPEN)


def test_a_charter_comes_into_force_and_its_finding_goes(desk, uncharted):
    owner = desk.sign_in("omar")
    owner.goto("/clusters/payments/charter/")
    owner.get_by_role("link", name="Draft a charter").focus()
    owner.keyboard.press("Enter")
    fill(owner, "Purpose", "Takes money in and pays it out.")
    fill(owner, "Accountable", "omar")
    fill(owner, "Capabilities", "Take card payments")
    fill(owner, "Where its data may live", "DE")
    owner.get_by_role("checkbox", name="confidential").focus()
    owner.keyboard.press("Space")
    owner.get_by_role("button", name="Keep the draft").focus()
    owner.keyboard.press("Enter")
    owner.get_by_role("button", name="Propose").focus()
    owner.keyboard.press("Enter")
    expect(owner.locator("main")).to_contain_text("Proposed")
    expect(owner.get_by_role("button", name="Approve")).to_have_count(0)  # nobody approves their own
    address = owner.url

    chair = desk.sign_in("ben")
    chair.goto(address)
    fill(chair, "Reason", "Read and agreed.")
    chair.get_by_role("button", name="Approve").focus()
    chair.keyboard.press("Enter")
    expect(chair.locator("main")).to_contain_text("In force")
    assert Charter.objects.get().state == CharterState.IN_FORCE
    settle()
    owner.goto(uncharted.get_absolute_url())
    expect(owner.locator("main")).to_contain_text("Resolved")
    owner.goto("/clusters/findings/?cluster=payments")
    expect(owner.locator("main")).not_to_contain_text(uncharted.sentence)
