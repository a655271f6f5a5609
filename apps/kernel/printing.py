"""Records as PDF: WeasyPrint in a disposable child, which reads nothing but our own fonts."""

import base64
import ctypes.util
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from apps.kernel.bounded import run_bounded
from apps.kernel.refusals import Refusal, TooLarge

FONTS = Path(__file__).resolve().parents[2] / "static" / "dist" / "fonts"
LARGEST_HTML = 1024 * 1024  # characters; about 200 pages
SECONDS, MEGABYTES = 40, 1536  # of processor time, and of address space, most of which the libraries only map
# Debian's packages of what WeasyPrint loads, by the library's name.
LIBRARIES = {
    "pango-1.0": "libpango-1.0-0",
    "pangoft2-1.0": "libpangoft2-1.0-0",
    "harfbuzz-subset": "libharfbuzz-subset0",
}


class CannotPrint(Refusal):
    """This machine lacks what PDFs are made with."""

    status = 503
    code = "cannot_print"


def missing_libraries() -> list[str]:
    """Debian's names of the system libraries that PDFs need and this machine lacks."""
    return [package for library, package in LIBRARIES.items() if not ctypes.util.find_library(library)]


def pdf_answer(request: HttpRequest, template: str, context: dict[str, Any], *, name: str) -> HttpResponse:
    """The record that `template` draws, as a tagged PDF to keep under `name`.

    Refused: records that are too long, and machines without the libraries. Takes seconds of a child's time.
    """
    html = render_to_string(template, context, request=request)
    answer = HttpResponse(pdf_of(html), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return answer


def pdf_of(html: str) -> bytes:
    """The page as PDF/UA-1; nothing outside it is fetched but our fonts (`concordat:NAME`)."""
    if len(html) > LARGEST_HTML:
        raise TooLarge("This record is too long for a PDF.", next_step="Print its page from the browser instead.")
    if missing := missing_libraries():
        raise CannotPrint(
            f"PDFs cannot be made here: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed.",
            next_step="Print the page from the browser, and ask who runs Concordat to install it.",
        )
    said = run_bounded(
        "apps.kernel.printing:draw",
        {"html": html, "base": settings.PUBLIC_URL},
        seconds=SECONDS,
        megabytes=MEGABYTES,
        what="This PDF",
    )
    return base64.b64decode(said)


def draw(argument: dict[str, str]) -> str:
    """The child's part: the PDF in base64."""
    from weasyprint import HTML  # loading it takes a second, which no page should pay
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class OwnFonts(URLFetcher):  # type: ignore[misc]  # the package publishes no types
        """Opens our fonts by name; everything else is refused, so a record reaches neither disk nor network."""

        def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
            del headers
            known = {f"concordat:{one.name}": one for one in FONTS.glob("*.woff2")}
            if url not in known:
                raise ValueError("A record holds nothing from outside.")
            return URLFetcherResponse(url, known[url].read_bytes(), {"Content-Type": "font/woff2"})

    page = HTML(string=argument["html"], base_url=argument["base"], url_fetcher=OwnFonts())
    return base64.b64encode(page.write_pdf(pdf_variant="pdf/ua-1")).decode()
