"""Takes the README's pictures on the demo organisation; `CONCORDAT_PICTURES=1` keeps them."""

import os
from pathlib import Path

from apps.cab.models import Change
from apps.portal import demo

KEPT = Path(__file__).parents[2] / "docs" / "images"


def test_every_picture_of_the_readme_can_be_taken(desk, raise_organisation, tmp_path):
    raise_organisation()
    folder = KEPT if os.environ.get("CONCORDAT_PICTURES") else tmp_path
    page = desk.sign_in("marit", demo.PASSWORD)
    dossier = Change.objects.get(title__startswith="Fail over sign-in").get_absolute_url()
    shots = (
        ("queue", "/queue/", 1280, "light"),
        ("dossier", dossier, 1280, "light"),
        ("dossier-dark", dossier, 1280, "dark"),
        ("changes", "/changes/", 1280, "light"),
        ("week", "/calendar/", 1280, "light"),
        ("map", "/clusters/map/?focus=payments&opened=on", 1280, "light"),
        ("cut-off", "/integrations/cut-off/?clusters=identity&clusters=data-platform&lasts_s=28800", 1280, "light"),
        ("phone", dossier, 390, "light"),
    )
    for name, address, width, theme in shots:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=theme)
        page.goto(address)
        page.screenshot(path=folder / f"{name}.png")
    readme = (KEPT.parents[1] / "README.md").read_text()
    assert {f"docs/images/{name}.png" for name, *_ in shots} == {
        part.split(")")[0] for part in readme.split("](") if part.startswith("docs/images/")
    }
