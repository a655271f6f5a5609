"""Real Chromium against a live server: the stage of the journeys."""

import threading
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

PASSWORD = "correct horse battery"
expect.set_options(timeout=30_000)  # patience, not a measure: what never comes fails all the same


def pytest_collection_modifyitems(items):
    """Everything here drives a browser on committed data."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.journey)
            item.add_marker(pytest.mark.django_db(transaction=True))


class Stage:
    """People at their browsers. Each has their own window; anything the console complains about is kept."""

    def __init__(self, browser: Browser, address: str, *, javascript: bool, width: int, touch: bool = False) -> None:
        self.browser, self.address, self.javascript, self.width = browser, address, javascript, width
        self.touch = touch
        self.contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def sign_in(self, handle: str, password: str = PASSWORD) -> Page:
        """A new window in which the person has signed in as people do."""
        context = self.browser.new_context(
            viewport={"width": self.width, "height": 900},
            java_script_enabled=self.javascript,
            has_touch=self.touch,
            base_url=self.address,
        )
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto("/accounts/login/")
        page.fill("input[name=login]", handle)
        page.fill("input[name=password]", password)
        page.locator(
            "form:has(input[name=password]) button[type=submit], form:has(input[name=password]) button:not([type])"
        ).first.click()
        page.wait_for_url("**/queue/")
        return page

    def _hear(self, kind: str, text: str) -> None:
        # A refused form answers 422 by design; the browser logs every such answer.
        if kind == "error" and "422" not in text:
            self.complaints.append(text)

    def close(self) -> None:
        for context in self.contexts:
            context.close()
        until = time.monotonic() + 20  # the streams of closed windows end with their next heartbeat
        while any(one.name == "meetings-hub" for one in threading.enumerate()) and time.monotonic() < until:
            time.sleep(0.1)


@pytest.fixture(params=["with JavaScript", "without JavaScript"])
def stage(request, browser, live_server, transactional_db):
    made = Stage(browser, live_server.url, javascript=request.param == "with JavaScript", width=1280)
    yield made
    made.close()
    assert made.complaints == []


@pytest.fixture
def phone(browser, live_server, transactional_db):
    made = Stage(browser, live_server.url, javascript=True, width=390)
    yield made
    made.close()
    assert made.complaints == []


@pytest.fixture
def desk(browser, live_server, transactional_db):
    made = Stage(browser, live_server.url, javascript=True, width=1280)
    yield made
    made.close()
    assert made.complaints == []
