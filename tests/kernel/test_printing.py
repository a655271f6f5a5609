"""Records as PDF: tagged, with the digest on each page; nothing from outside gets in."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from apps.kernel import printing
from apps.kernel.bounded import Exhausted, run_bounded
from apps.kernel.refusals import TooLarge

PAGE = "<!doctype html><html lang=en><title>A record</title><body>{}</body></html>"


def test_a_record_reaches_neither_disk_nor_network_nor_our_other_files():
    outside = (
        '<img src="file:///etc/hostname" alt="one"><img src="http://127.0.0.1:9/x.png" alt="two">'
        '<link rel="stylesheet" href="concordat:../app.css"><link rel="attachment" href="file:///etc/passwd">'
        "<p>Said.</p>"
    )
    made = PdfReader(BytesIO(printing.pdf_of(PAGE.format(outside))))
    assert "Said." in made.pages[0].extract_text()
    assert not made.attachments
    assert all(not page.images for page in made.pages)


def test_without_its_libraries_the_refusal_names_them_and_what_next(monkeypatch):
    monkeypatch.setattr(printing.ctypes.util, "find_library", lambda name: None if "subset" in name else name)
    with pytest.raises(printing.CannotPrint, match="libharfbuzz-subset0 is not installed") as refused:
        printing.pdf_of(PAGE.format("x"))
    assert refused.value.next_step.startswith("Print the page from the browser")


def test_what_is_too_long_is_refused_before_it_is_drawn():
    with pytest.raises(TooLarge, match="too long for a PDF"):
        printing.pdf_of("x" * (printing.LARGEST_HTML + 1))


def test_a_record_that_takes_too_long_is_given_up():
    page = {"html": PAGE.format("<table>" + "<tr><td>x" * 20_000), "base": "https://example.org"}
    with pytest.raises(Exhausted):
        run_bounded("apps.kernel.printing:draw", page, seconds=4, megabytes=printing.MEGABYTES, what="This PDF")
