"""Checking AsyncAPI documents with the keyboard alone: a right one, and a wrong one with its sentence and its place."""

import pytest
from playwright.sync_api import expect

RIGHT = """asyncapi: 3.0.0
info: {title: Stock levels, version: '1'}
servers:
  main: {host: broker.example.org, protocol: kafka}
channels:
  stock:
    address: stock
    servers: [{$ref: '#/servers/main'}]
    messages:
      level: {payload: {type: object}}
operations:
  hear:
    action: receive
    channel: {$ref: '#/channels/stock'}
    messages: [{$ref: '#/channels/stock/messages/level'}]
"""
WRONG = RIGHT.replace("channel: {$ref: '#/channels/stock'}", "channel: {$ref: '#/channels/stocks'}")


def tab_to(page, locator) -> None:
    """Walk there with the Tab key, as somebody without a mouse does."""
    for _ in range(120):
        if locator.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the Tab key does not lead to {locator}")


def answer_with(page, files: list[dict[str, object]]) -> None:
    """Whenever the page asks for a file, choose the next of these. Said early: a browser must know before it asks."""
    page.on("filechooser", lambda asked: asked.set_files(files.pop(0)))


def file_of(name: str, text: str) -> dict[str, object]:
    return {"name": name, "mimeType": "application/yaml", "buffer": text.encode()}


def check_file(page) -> None:
    """Choose a file and send it, keys only."""
    field = page.get_by_label("Or a file")
    tab_to(page, field)
    page.keyboard.press("Enter")
    expect(field).not_to_have_value("")
    tab_to(page, page.get_by_role("button", name="Check", exact=True))
    page.keyboard.press("Enter")


def find_the_page(page) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("check asyncapi")
    found = page.locator("#palette-results a", has_text="Check AsyncAPI documents")
    expect(found).to_be_visible()
    expect(page.locator("#palette-results a")).to_have_count(1)  # what was asked for, not all there is
    page.keyboard.press("ArrowDown")
    expect(found).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Check AsyncAPI documents")


@pytest.mark.parametrize("width", ["desk", "phone"])
def test_a_right_document_and_a_wrong_one_by_keyboard(width, request, ada):
    page = request.getfixturevalue(width).sign_in("ada")
    answer_with(page, [file_of("stock.yaml", RIGHT), file_of("stock.yaml", WRONG)])
    find_the_page(page)
    check_file(page)
    told = page.get_by_role("region", name="Documents, table")
    expect(told).to_contain_text("Stock levels")
    expect(told).to_contain_text("Nothing.")
    expect(page.get_by_role("status")).to_contain_text("1 document")

    check_file(page)
    expect(told).to_contain_text("$.operations.hear.channel")
    expect(told).to_contain_text("#/channels/stocks")
    expect(told).not_to_contain_text("Nothing.")

    tab_to(page, told)
    page.keyboard.press("End")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page itself stays in its frame"


def test_what_is_no_document_is_said_at_the_form(desk, ada):
    page = desk.sign_in("ada")
    answer_with(page, [file_of("broken.yaml", "asyncapi: 3.0.0\ninfo: [\n")])
    page.goto("/integrations/asyncapi/")
    tab_to(page, page.get_by_role("button", name="Check", exact=True))
    page.keyboard.press("Enter")
    expect(page.locator("form.form")).to_contain_text("Paste the document or choose a file, one of the two.")
    check_file(page)
    expect(page.get_by_role("region", name="Documents, table")).to_contain_text("Line")


def test_without_javascript_it_stands_too(stage, ada):
    page = stage.sign_in("ada")
    page.goto("/integrations/asyncapi/")
    page.locator("textarea[name=text]").fill(WRONG)
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_role("region", name="Documents, table")).to_contain_text("$.operations.hear.channel")
