"""What only a browser can show: passkeys, and that the strict policy lets our scripts and no others run."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.accounts import actions
from apps.accounts.rules import Role
from tests.accounts.test_sign_in import PASSWORD
from tests.conftest import NOON, make_person

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def violations() -> list[str]:
    return []


@pytest.fixture
def page(browser: Browser, live_server, violations) -> Page:
    context = browser.new_context(base_url=live_server.url)
    page = context.new_page()
    page.on("console", lambda line: "Content Security Policy" in line.text and violations.append(line.text))
    page.on("pageerror", lambda error: violations.append(str(error)))
    yield page
    context.close()


def come_in(page: Page) -> None:
    page.goto("/accounts/login/?next=/account/")
    page.get_by_label("Handle or e-mail").fill("ada")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/account/")


def test_a_passkey_is_added_and_opens_the_door_without_a_password(page, violations):
    make_person("ada")
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    come_in(page)
    page.goto("/accounts/2fa/webauthn/add/")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    page.wait_for_url(
        re.compile(r"/2fa/(recovery-codes/.*|webauthn/)$")
    )  # not …/webauthn/add/, where it stands until then

    page.context.clear_cookies()
    page.goto("/accounts/login/?next=/account/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/account/")
    expect(page.get_by_label("Name")).to_have_value("Ada")
    assert violations == []


def test_the_api_reference_draws_itself_under_the_strict_policy(page, violations):
    make_person("ada")
    come_in(page)
    page.goto("/api/v1/docs/")
    page.locator("#operations-tag-me").click(timeout=90_000)  # all operations are drawn
    operation = page.locator("#operations-me-me_retrieve")
    operation.locator("button").first.click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")
    assert violations == []


def test_the_policy_stops_a_script_that_is_not_ours(page, violations):
    page.goto("/accounts/login/")
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.broken = 1'}))")
    assert page.evaluate("window.broken") is None
    assert violations


AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
PAGES = [
    "/account/",
    "/account/keys/",
    "/account/people/",
    "/account/people/ben/",
    "/account/people/deploy-bot/",
    "/account/people/new/",
    "/accounts/password/change/",
    "/accounts/email/",
    "/accounts/2fa/",
    "/accounts/sessions/",
    "/accounts/social/connections/",
    "/accounts/logout/",
]
DOORS = ["/accounts/login/", "/accounts/password/reset/", "/accounts/signup/"]
WIDTHS = {"phone": 390, "desktop": 1280}


def complaints(page: Page, address: str) -> list[str]:
    page.goto(address)
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{address}: {one['id']} {[node['html'][:120] for node in one['nodes']]}" for one in found]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
def test_axe_finds_nothing_on_any_page(page, violations, width, theme):
    ada = make_person("ada", Role.ADMINISTRATOR, theme=theme)
    make_person("ben", Role.REQUESTER)
    actions.add_service(handle="deploy-bot", name="Deploy bot", adder=ada, at=NOON)
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme)
    found = [complaint for address in DOORS for complaint in complaints(page, address)]
    come_in(page)
    page.goto("/account/keys/")
    page.get_by_label("Name").fill("pipeline")
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_label("Your token")).to_have_value(re.compile("^cdt_"))
    found += [complaint for address in PAGES for complaint in complaints(page, address)]
    assert found == []
    assert violations == []
