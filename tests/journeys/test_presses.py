"""What a page draws anew by itself takes no button away from under a finger."""

import time

from django.utils import timezone
from playwright.sync_api import expect

from apps.clusters.actions.imports import begin_import

REDRAWN_WITHIN_S = 1.0
TREE = b"apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata:\n  name: payments\nspec:\n  owner: people\n"


def test_an_import_is_cancelled_by_one_press_while_its_page_follows_it(desk, admin):
    begun = {"file_name": "catalog-info.yaml", "content": TREE, "catalog_format": "backstage", "options": {}}
    upload, _ = begin_import(**begun, importer=admin, at=timezone.now())
    page = desk.sign_in(admin.handle)
    address = f"**{upload.get_absolute_url()}"
    page.goto(upload.get_absolute_url())
    cancel = page.get_by_role("button", name="Cancel the import")
    with page.expect_response(address):  # the page asks once more, so that there is time until it asks again
        expect(cancel).to_be_visible()
    time.sleep(REDRAWN_WITHIN_S)
    cancel.hover()
    with page.expect_response(address):
        page.mouse.down()
    time.sleep(REDRAWN_WITHIN_S)
    page.mouse.up()
    expect(page.locator("main")).to_contain_text("Cancelled")
    upload.refresh_from_db()
    assert upload.state == "cancelled"
