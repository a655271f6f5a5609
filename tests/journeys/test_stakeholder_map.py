"""A map of stakeholders: who decides on what is needed, a move by mouse and by keyboard, a talk planned and logged."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.journal.actions import deliver_due
from apps.stakeholders import actions
from apps.stakeholders.models import Assessment, Conversation, Demand


@pytest.fixture
def initiative(ben, payments, logistics, admin):
    now = timezone.now()
    values = {"name": "One parcel", "purpose": "Pay once.", "sponsor": ben}
    row = actions.open_initiative(opener=ben, clusters=[payments, logistics], values=values, at=now)
    for name, amount in (("Finance", 300), ("Union", 100)):
        who = actions.add_stakeholder(kind="outsider", name=name, organisation="Mill", adder=admin, at=now)
        actions.record_authority(
            holder=who,
            recorder=admin,
            resource="budget",
            unit="EUR",
            amount=Decimal(amount),
            first_day=now.date() - timedelta(days=9),
            evidence="Policy",
            at=now,
        )
        actions.involve(initiative_id=row.pk, stakeholder=who, keeper=ben, at=now)
        actions.assess(
            initiative_id=row.pk,
            stakeholder=who,
            assessor=ben,
            marks={"interest": 40, "power": 50},
            evidence="First talk.",
            at=now,
        )
    return row


def newest(name):
    return Assessment.objects.filter(stakeholder__name=name).order_by("-pk")[0]


def test_what_is_needed_who_controls_it_and_whom_to_speak_to(desk, initiative, omar):
    page = desk.sign_in("ben")
    page.goto(initiative.get_absolute_url())
    page.get_by_label("Amount").fill("250")
    page.get_by_label("Unit").fill("EUR")
    page.get_by_role("button", name="Demand it").click()
    expect(page.locator("main")).to_contain_text("250 EUR · budget of the enterprise")
    expect(page.get_by_role("link", name="plan a conversation with Finance")).to_be_visible()
    assert Demand.objects.get().amount == 250
    page.get_by_role("link", name="plan a conversation with Finance").click()
    page.get_by_label("About what").fill("The licences")
    page.get_by_label("By when").fill((timezone.now() + timedelta(days=2)).date().isoformat())
    page.get_by_label("Who speaks to them").fill("omar")
    page.get_by_role("button", name="Plan it").click()
    expect(page.get_by_role("region", name="Engagement plan, table")).to_contain_text("The licences")

    assert actions.remind_of_engagements(at=timezone.now()) == 1
    deliver_due(at=timezone.now(), limit=1_000)
    owner = desk.sign_in("omar")
    owner.goto("/inbox/")
    owner.get_by_role("button", name="Due soon: speak to Finance").first.click()
    owner.get_by_text("Log it").first.click()
    owner.get_by_label("What was said", exact=True).first.fill("They pay if it runs by May.")
    owner.get_by_role("button", name="Log the conversation").click()
    expect(owner.locator("main")).to_contain_text("They pay if it runs by May.")
    assert Conversation.objects.get().held_by == omar
    page.goto(f"{initiative.get_absolute_url()}coalition/")
    expect(page.locator("main")).to_contain_text("Who must say yes: 1")
    expect(page.get_by_role("link", name="Finance")).to_be_visible()


def test_a_mark_moves_by_keyboard_within_what_is_felt(desk, initiative):
    page = desk.sign_in("ben")
    page.goto(f"{initiative.get_absolute_url()}map/")
    mark = page.locator("[data-mark]").filter(has_text="Finance")
    mark.focus()
    for key in ("ArrowRight", "Shift+ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
    expect(page.locator("[data-power-says]")).to_contain_text("interest 51")
    page.keyboard.press("Escape")
    expect(page.locator("[data-power-form]")).to_be_hidden()
    for _ in range(4):
        page.keyboard.press("Shift+ArrowUp")  # as far as it goes: felt power is a fifth
    page.get_by_label("What it rests on").fill("They signed the letter.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Assessments, table")).to_contain_text("They signed the letter.")
    assert (newest("Finance").power, newest("Finance").interest, newest("Finance").stance) == (100, 40, 0)
    assert Assessment.objects.filter(stakeholder__name="Finance").count() == 2


def test_a_mark_moves_by_mouse(desk, initiative):
    page = desk.sign_in("ben")
    page.goto(f"{initiative.get_absolute_url()}map/")
    dot = page.locator("[data-mark]").filter(has_text="Union").locator(".power-dot")
    box = dot.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=6)
    page.mouse.up()
    page.get_by_label("What it rests on").fill("They came to the meeting.")
    page.get_by_role("button", name="Keep the move").click()
    expect(page.get_by_role("region", name="Assessments, table")).to_contain_text("They came to the meeting.")
    assert newest("Union").interest > 45
    assert newest("Union").power == 50
