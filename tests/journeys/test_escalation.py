"""A conflict by keyboard alone: it is opened, climbs, is taken, and ends when both parties have signed."""

import pytest
from django.utils import timezone
from guardian.shortcuts import assign_perm
from playwright.sync_api import expect

from apps.accounts.rules import Role
from apps.stakeholders.actions import escalations as actions
from apps.stakeholders.models import EscalationCase
from tests.conftest import make_person
from tests.journeys.test_thresholds import fill, press
from tests.stakeholders.escalating import ask, publish


@pytest.fixture
def nora(db, logistics):
    person = make_person("nora", Role.CLUSTER_OWNER)
    assign_perm("own_cluster", person, logistics)
    return person


@pytest.fixture
def priya(db):
    return make_person("priya", Role.PROGRAMME_MANAGER)


def unfold(page, summary: str) -> None:
    page.get_by_text(summary, exact=True).focus()
    page.keyboard.press("Enter")


def test_two_clusters_settle_what_one_loses_by_the_other(
    desk,
    payments,
    logistics,
    omar,
    nora,
    priya,
    ben,
    admin,
):
    publish(ben, admin, [ask(act="notify", hours=4), ask("programme_manager")], at=timezone.now())
    owner, other, manager = desk.sign_in("omar"), desk.sign_in("nora"), desk.sign_in("priya")
    owner.goto("/stakeholders/escalations/")
    press(owner, "link", "Open a case")
    fill(owner, "Title", "Late orders")
    fill(owner, "What is in conflict", "One gains what the other loses.")
    unfold(owner, "any")
    for name in ("Logistics", "Payments"):
        owner.get_by_label(name, exact=True).focus()
        owner.keyboard.press("Space")
    owner.get_by_label("By the protocol").select_option(label="Standard")
    press(owner, "button", "Save")
    expect(owner.locator("main")).to_contain_text("You are a party to this conflict")
    expect(owner.locator("main")).to_contain_text("of working time left")

    case = EscalationCase.objects.get()
    actions.escalate(case_id=case.pk, at=case.due_at)
    manager.goto("/stakeholders/escalations/")
    press(manager, "link", "ESC-1 Late orders")
    press(manager, "button", "Take it")
    expect(manager.locator("main")).to_contain_text("the clock stands still")
    unfold(manager, "Put forward what ends it")
    manager.get_by_label("How", exact=True).select_option(label="one after the other")
    fill(manager, "What is agreed or decided", "First the orders, then the shop.")
    press(manager, "button", "Put it forward")
    expect(manager.locator("main")).to_contain_text("a resolution waits for both parties")

    owner.reload()
    press(owner, "button", "Sign for Payments")
    expect(owner.locator("main")).to_contain_text("Omar signed for Payments")
    other.goto(owner.url)
    press(other, "button", "Sign for Logistics")
    expect(other.locator("main")).to_contain_text("What was agreed")
    case.refresh_from_db()
    assert case.state == "resolved"
