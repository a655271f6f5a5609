"""After an act that can be taken back: one line that says what happened, with a button that undoes it."""

from collections.abc import Mapping

from django.contrib import messages
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from apps.accounts.web.people import PersonRequest


def offer_undo(request: PersonRequest, sentence: str, *, url: str, fields: Mapping[str, str] | None = None) -> None:
    """Show `sentence` on the next page, beside a form that posts `fields` to `url`; it works without JavaScript."""
    context = {"sentence": sentence, "url": url, "fields": fields or {}}
    line = render_to_string("components/undo.html", context, request=request)
    messages.success(request, SafeString(line))  # our own template, escaped there
