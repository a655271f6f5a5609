"""The palette keeps its promise: text reads at 4.5 : 1, edges of controls show at 3 : 1, in both themes."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
THEMES = ("light", "dark")
GROUNDS = ("bg", "surface", "sunken")
TONES = ("approve", "caution", "danger", "info", "freeze")
SERIES = [f"series-{n}" for n in range(1, 7)]

TEXT_PAIRS = [
    *[(ink, ground) for ink in ("text", "muted", "accent") for ground in GROUNDS],
    *[(tone, f"{tone}-soft") for tone in TONES],
    *[("text", f"{tone}-soft") for tone in TONES],
    *[(tone, ground) for tone in TONES for ground in GROUNDS],
    ("on-accent", "accent"),
    ("bg", "text"),
]
EDGE_PAIRS = [("control-border", ground) for ground in GROUNDS] + [("accent", f"{tone}-soft") for tone in TONES]


def read_tokens() -> dict[str, tuple[str, str]]:
    css = (ROOT / "static/css/tokens.css").read_text()
    found = re.findall(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", css)
    return {name: (light, dark) for name, light, dark in found}


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_wcag_does():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("ink", "ground"), TEXT_PAIRS)
def test_text_reads(theme, ink, ground):
    tokens, place = read_tokens(), THEMES.index(theme)
    assert contrast(tokens[ink][place], tokens[ground][place]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("edge", "ground"), EDGE_PAIRS)
def test_edges_of_controls_show(theme, edge, ground):
    tokens, place = read_tokens(), THEMES.index(theme)
    assert contrast(tokens[edge][place], tokens[ground][place]) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_a_lone_series_shows(theme):
    tokens, place = read_tokens(), THEMES.index(theme)
    assert contrast(tokens["series-1"][place], tokens["bg"][place]) >= 3


def test_series_are_apart_from_each_other():
    tokens = read_tokens()
    for place in range(len(THEMES)):
        assert len({tokens[name][place] for name in SERIES}) == len(SERIES)


def test_colours_are_written_in_the_tokens_only():
    for sheet in sorted((ROOT / "static/css").glob("*.css")):
        if sheet.name == "tokens.css":
            continue
        # Shadows and the backdrop are translucent ink; print is black on white; a data URI cannot read a token.
        lines = [
            line
            for line in sheet.read_text().splitlines()
            if not re.search("shadow|backdrop|--bg: #fff|data:image", line)
        ]
        assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;, )])", "\n".join(lines)), sheet.name


def test_every_icon_a_page_names_is_in_the_sprite():
    ours = {file.stem for file in (ROOT / "static/icons").glob("*.svg")}
    known = ours | set(json.loads((ROOT / "static/icons/lucide.json").read_text()))
    for page in sorted((ROOT / "templates").rglob("*.html")):
        named = set(re.findall(r'{% icon "([a-z0-9-]+)"', page.read_text()))
        assert named <= known, f"{page.relative_to(ROOT)}: {sorted(named - known)}"


def test_every_state_has_its_shape_in_the_sprite():
    from apps.kernel.signs import SHAPES

    assert {f"state-{shape}" for shape in SHAPES} <= {file.stem for file in (ROOT / "static/icons").glob("*.svg")}


def test_templates_hold_no_inline_style_or_handler():
    for page in sorted((ROOT / "templates").rglob("*.html")):
        if "mail" in page.parts or "email" in page.parts:
            continue
        assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", page.read_text()), page.relative_to(ROOT)
