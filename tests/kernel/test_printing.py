"""Records as PDF: tagged, with the digest on each page; nothing from outside gets in."""

from io import BytesIO

import pikepdf
import pytest
from pypdf import PdfReader

from apps.kernel import printing
from apps.kernel.bounded import Exhausted, run_bounded
from apps.kernel.refusals import TooLarge


def sound(content: bytes) -> pikepdf.Pdf:
    """The PDF as QPDF reads it: nothing in its syntax to complain of, titled, in English, tagged in the order read."""
    made = pikepdf.open(BytesIO(content))
    assert [*made.check_pdf_syntax(), *made.get_warnings()] == []
    root = made.Root
    assert (root.MarkInfo.Marked, str(root.Lang), root.ViewerPreferences.DisplayDocTitle) == (True, "en", True)
    with made.open_metadata() as told:
        assert (told["pdfuaid:part"], told["dc:title"]) == ("1", str(made.docinfo.Title))
    assert all(page.Tabs == "/S" for page in made.pages if "/Annots" in page)  # links by structure
    return made


def headings(made: pikepdf.Pdf) -> list[str]:
    """The tags of headings and tables in the order of the structure, which is what a screen reader follows."""
    found: list[str] = []

    def walk(node: pikepdf.Object) -> None:
        if isinstance(node, pikepdf.Array):
            for one in node:
                walk(one)
        elif isinstance(node, pikepdf.Dictionary):
            if (kind := str(node.get("/S", ""))) in {"/H1", "/H2", "/H3", "/Table"}:
                found.append(kind[1:])
            if "/K" in node:
                walk(node.K)

    walk(made.Root.StructTreeRoot.K)
    return found


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


def test_what_is_damaged_is_seen_by_the_second_reader():
    whole = printing.pdf_of(PAGE.format("<h1>Said</h1><h2>First</h2><table><tr><th>a<tr><td>b</table>"))
    assert headings(sound(whole)) == ["H1", "H2", "Table"]
    with pytest.raises((AssertionError, pikepdf.PdfError)):
        sound(whole.replace(b"startxref", b"startxxxx").replace(b"endobj", b"endobx", 1))
