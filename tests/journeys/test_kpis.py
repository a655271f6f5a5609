"""A KPI by keyboard alone: defined, carried by a metric, given a value, and the value opens what it is made of."""

from django.utils import timezone
from playwright.sync_api import expect

from apps.stakeholders.models import MetricValue
from apps.stakeholders.rules.metrics import ended_periods
from tests.journeys.test_thresholds import fill, press


def choose(page, label: str, option: str) -> None:
    page.get_by_label(label, exact=True).select_option(label=option)


def test_a_goal_is_set_carried_and_measured(desk, payments, omar, admin):
    (period,) = ended_periods("month", today=timezone.now().date(), count=1)
    manager, owner = desk.sign_in("greta"), desk.sign_in("omar")
    manager.goto("/stakeholders/kpis/")
    expect(manager.locator("main")).to_contain_text("No KPI is defined yet")
    for page, code, of in ((manager, "waiting", ""), (owner, "pay-waiting", "Payments")):
        page.goto("/stakeholders/kpis/")
        press(page, "link", "Define a KPI or a metric")
        fill(page, "Name", "Waiting" if page is manager else "Waiting in Payments")
        fill(page, "Code", code)
        if of:
            choose(page, "Of optional", of)
        fill(page, "Unit", "hours")
        fill(page, "Baseline", "10")
        fill(page, "Target", "2")
        press(page, "button", "Save")
        expect(page.locator("main")).to_contain_text("No data")

    manager.goto("/stakeholders/kpis/")
    expect(manager.locator("main")).to_contain_text("Metrics that carry no KPI")
    manager.goto("/stakeholders/kpis/waiting/")
    press(manager, "link", "Set weights")
    fill(manager, "Weight of Waiting in Payments, Payments", "0.8")
    press(manager, "button", "Save")
    expect(manager.locator("main")).to_contain_text("sum to 0.8, not to 1")
    fill(manager, "Weight of Waiting in Payments, Payments", "1")
    press(manager, "button", "Save")
    expect(manager.locator("main")).to_contain_text("What carries it")

    owner.goto("/stakeholders/kpis/pay-waiting/")
    owner.get_by_text("Send a value").focus()
    owner.keyboard.press("Enter")
    fill(owner, "Value", "4")
    press(owner, "button", "Send")
    expect(owner.locator("main")).to_contain_text("75% of the way")
    press(owner, "link", period.words)
    expect(owner.locator("main")).to_contain_text("The value was sent as a whole")
    assert MetricValue.objects.get().value == 4
    manager.goto("/stakeholders/kpis/")
    expect(manager.locator("main")).to_contain_text("At risk")
