"""The page on which one searches the catalogue."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters import queries, search
from apps.clusters.queries.search import Asked
from apps.clusters.rules.search import LONGEST_QUESTION, excerpt, marked
from apps.kernel.paging import Page

ASKED = ("kind", "cluster", "owner")
LONGEST_FACET = 150


@require_GET
@signed_in
def page(request: PersonRequest) -> HttpResponse:
    """What the catalogue holds under some words, by kind and cluster; without words, what one can ask."""
    words = request.GET.get("q", "").replace("\0", "")[:LONGEST_QUESTION]
    asked = Asked(words, *(request.GET.get(name, "").replace("\0", "")[:LONGEST_FACET] for name in ASKED))
    answer = queries.search_catalogue(asked, request.user, after=request.GET.get("after", ""))
    rows = [(one, marked(one.told.name, words), excerpt(one.told.text, words)) for one in answer.rows]
    context = {
        "asked": asked,
        "answer": answer,
        "rows": rows,
        "page": Page(rows, answer.after or None, None),
        "is_later": bool(request.GET.get("after")),
        "kinds": search.registered().values(),
        "wider": asked.kind or asked.cluster or asked.owner,
    }
    return render(request, "clusters/search.html", context)
