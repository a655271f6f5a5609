"""docs/tutorial/first-decision.md, step by step, on the demo organisation."""

import re
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from apps.portal import demo


def test_your_first_decision(desk, raise_organisation):
    raise_organisation()
    joan = desk.sign_in("joan", demo.PASSWORD)
    joan.get_by_role("link", name=re.compile("^Propose a change")).first.click()
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    joan.fill("[name=title]", "Renew the statement archive's certificate")
    joan.select_option("[name=cluster]", "payments")
    joan.fill("[name=components]", "payments/statement-archive")
    joan.fill("[name=purpose]", "The old one runs out in a week.")
    joan.fill("[name=implementation_plan]", "Install the new certificate.")
    joan.fill("[name=test_plan]", "Open a statement.")
    joan.fill("[name=communication_plan]", "Support knows the day before.")
    joan.fill("[name=backout_plan]", "Put the old one back.")
    joan.fill("[name=window_start]", f"{tomorrow}T22:00")
    joan.fill("[name=window_end]", f"{tomorrow}T23:00")
    joan.fill("[name=window_zone]", "Europe/Berlin")
    joan.fill("[name=implementer]", "joan")
    joan.get_by_role("button", name="Save as draft").click()
    joan.locator("#checks textarea").fill("We watch it for an hour.")
    joan.get_by_role("button", name="Answer the check").click()
    expect(joan.locator("#checks")).to_contain_text("We watch it for an hour.")
    joan.get_by_role("button", name=re.compile("^Submit")).click()
    expect(joan.locator("main")).to_contain_text("Submitted")
    address = joan.url

    tomas = desk.sign_in("tomas", demo.PASSWORD)
    tomas.get_by_role("link", name=re.compile("Renew the statement archive")).first.click()
    tomas.get_by_role("button", name=re.compile("^Begin the assessment")).click()
    tomas.get_by_role("button", name=re.compile("^Hand to the board")).click()
    expect(tomas.locator("main")).to_contain_text("Payments board")
    tomas.get_by_role("button", name=re.compile("^Approve")).first.click()
    expect(tomas.locator("main")).to_contain_text("1 vote more needed")

    lena = desk.sign_in("lena", demo.PASSWORD)
    lena.goto(address)
    lena.get_by_role("button", name=re.compile("^Approve")).first.click()
    expect(lena.locator("main")).to_contain_text("Approved: 2 for, 0 against, 0 abstained.")
    expect(lena.locator("main")).to_contain_text("Scheduled")

    joan.goto(address)
    joan.get_by_role("button", name="Start the implementation").click()
    joan.select_option("[name=outcome]", "successful")
    joan.get_by_role("button", name="Report the outcome").click()
    joan.fill("[name=expected]", "The new certificate is in use.")
    joan.fill("[name=happened]", "As planned.")
    joan.get_by_role("button", name="Complete the review and close").click()
    expect(joan.locator("main")).to_contain_text("Closed")
