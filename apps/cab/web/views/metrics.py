"""The metrics board: change failure rate and time to restore, with the rows behind every figure."""

import csv
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.queries import metrics
from apps.cab.queries.metrics import Figures, Scope
from apps.cab.web.programme import tabs
from apps.kernel.answers import is_fragment
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import Invalid
from apps.kernel.sheets import safe_cell

WHICH = {"all": "Implemented changes", "failed": "Failed changes", "restored": "Changes that another undid"}


@require_GET
@signed_in
def board(request: PersonRequest) -> HttpResponse:
    """The figures of the asked scope: over all, by source, by cluster, and the trend by month."""
    scope = Scope.from_address(request.GET.dict())
    found = metrics.board(request.user, scope)
    context = {
        "scope": scope,
        "query": _query(scope),
        "overall": found.overall,
        "sources": _linked(found.sources, scope),
        "clusters": _linked(found.clusters, scope),
        "trend": [(month, round(figures.rate, 2)) for month, figures in found.months],
        "months": [_of_month(month, figures, scope) for month, figures in reversed(found.months)],
        "source_choices": metrics.sources(request.user),
        "cluster_choices": metrics.clusters(request.user),
        "tabs": tabs("cab:metrics"),
    }
    return render(request, "cab/metrics.html", context)


@require_GET
@signed_in
def rows(request: PersonRequest) -> HttpResponse:
    """The changes behind a figure, newest first, each with what undid it."""
    scope, which = Scope.from_address(request.GET.dict()), _which(request)
    found = _rows(request, scope, which)
    page = page_by_key(
        found,
        order=("-implemented_at", "-pk"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {"scope": scope, "query": _query(scope), "which": which, "title": WHICH[which], "page": page}
    context["count"] = f"{found.count():,}"
    return render(request, "cab/_metrics_rows.html" if is_fragment(request) else "cab/metrics_rows.html", context)


@require_GET
@signed_in
def figures_json(request: PersonRequest) -> HttpResponse:
    """The same figures for a program."""
    scope = Scope.from_address(request.GET.dict())
    found = metrics.board(request.user, scope)
    data: dict[str, Any] = {
        "overall": found.overall.as_data(),
        "sources": [one.as_data() for one in found.sources],
        "clusters": [one.as_data() for one in found.clusters],
        "months": [{"month": month, **one.as_data()} for month, one in found.months],
    }
    return JsonResponse(data)


@require_GET
@signed_in
def figures_csv(request: PersonRequest) -> HttpResponse:
    """The same figures for a spreadsheet: over all, by source, by cluster, by month."""
    scope = Scope.from_address(request.GET.dict())
    found = metrics.board(request.user, scope)
    groups = [
        ("all", [found.overall]),
        ("source", found.sources),
        ("cluster", found.clusters),
        ("month", [one for _, one in found.months]),
    ]
    response, writer = _csv("figures.csv")
    writer.writerow(["group", "name", "changes", "failed", "failure_rate_percent", "median_hours_to_restore"])
    for group, members in groups:
        for one in members:
            hours = "" if one.hours is None else round(one.hours, 4)
            writer.writerow([group, safe_cell(one.name), one.changes, one.failed, round(one.rate, 2), hours])
    return response


@require_GET
@signed_in
def rows_csv(request: PersonRequest) -> HttpResponse:
    """The changes behind a figure for a spreadsheet."""
    scope, which = Scope.from_address(request.GET.dict()), _which(request)
    response, writer = _csv(f"{which}-changes.csv")
    writer.writerow(["reference", "title", "cluster", "implemented_at", "outcome", "restored_hours", "undone_by"])
    found = _rows(request, scope, which).order_by("-implemented_at", "-pk")
    for change in found.iterator(chunk_size=2000):
        hours = round(change.undoings[0].after.total_seconds() / 3600, 4) if change.undoings else ""
        undone_by = " ".join(one.undoing.reference for one in change.undoings)
        cells = [change.reference, safe_cell(change.title), safe_cell(change.cluster.name)]
        writer.writerow([*cells, change.implemented_at.isoformat(), change.outcome, hours, undone_by])
    return response


def _rows(request: PersonRequest, scope: Scope, which: str) -> Any:
    questions = {"all": metrics.implemented, "failed": metrics.failed, "restored": metrics.restored}
    return metrics.with_undoings(questions[which](request.user, scope), request.user)


def _which(request: PersonRequest) -> str:
    which = request.GET.get("which", "failed")
    if which not in WHICH:
        raise Invalid(f"“{which[:20]}” is none of {', '.join(WHICH)}.", next_step="Choose one of them.")
    return which


def _query(scope: Scope, **other: str) -> str:
    return urlencode({name: value for name, value in {**vars(scope), **other}.items() if value})


def _linked(found: list[Figures], scope: Scope) -> list[dict[str, Any]]:
    """Each group with the address of its rows."""
    return [
        {
            "figures": one,
            "query": _query(scope, source=one.source or scope.source, cluster=one.cluster or scope.cluster),
        }
        for one in found
    ]


def _of_month(month: str, figures: Figures, scope: Scope) -> dict[str, Any]:
    """A month's figures with the address of its rows: the days of the month that lie in the scope."""
    first = date.fromisoformat(f"{month}-01")
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    since, until = max(first, scope.since or first), min(last, scope.until or last)
    return {"figures": figures, "query": _query(scope, since=str(since), until=str(until))}


def _csv(name: str) -> tuple[HttpResponse, Any]:
    response = HttpResponse(
        content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
    return response, csv.writer(response)
