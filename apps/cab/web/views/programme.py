"""Programme metrics: every figure with its target, its trend and the rows behind it; as page, JSON, CSV and XLSX."""

from urllib.parse import urlencode

from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.models import ChangeCategory, ChangeType
from apps.cab.queries import figures, programme
from apps.cab.queries.change_models import MODELS, NO_MODEL
from apps.cab.queries.metrics import with_undoings
from apps.cab.queries.programme import Scope
from apps.cab.queries.sampling import compared_within, comparisons
from apps.cab.queries.targets import targets_of
from apps.cab.rules.metrics import METRICS
from apps.cab.web.programme import (
    COLUMNS,
    as_data,
    as_rows,
    charts,
    presets,
    sections,
    tabs,
    tiles,
)
from apps.cab.web.sampling_told import in_programme
from apps.cab.web.tables import CHANGES
from apps.kernel.answers import is_fragment
from apps.kernel.exports import download, export
from apps.kernel.paging import page_by_key


@require_GET
@signed_in
def page(request: PersonRequest) -> HttpResponse:
    """The figures of the asked scope: over all with targets and trend, then by cluster, board, type, model, month."""
    now = timezone.now()
    scope = _scope(request)
    report = figures.report(request.user, scope, at=now)
    targets = targets_of(request.user)
    compared, is_sampled = compared_within(request.user, report.known.boards, scope)
    context = {
        "scope": scope,
        "query": urlencode(scope.as_query()),
        "tiles": tiles(report, targets),
        "charts": charts(report, targets),
        "sections": sections(report, targets),
        "metrics": METRICS.values(),
        "sampled": in_programme(compared, scope),
        "is_sampled": is_sampled,
        "known": report.known,
        "types": ChangeType.values,
        "categories": [*ChangeCategory.choices, (programme.NO_CATEGORY, "no category")],
        "models": _models(report, scope),
        "no_board": programme.NO_BOARD,
        "presets": presets(scope, now.date()),
        "tabs": tabs("cab:programme"),
    }
    return render(request, "cab/programme.html", context)


@require_GET
@signed_in
def figures_json(request: PersonRequest) -> JsonResponse:
    """The same figures for a program."""
    scope = _scope(request)
    report = figures.report(request.user, scope, at=timezone.now())
    return JsonResponse(
        as_data(report, targets_of(request.user), comparisons(request.user, report.known.boards, scope))
    )


@require_GET
@signed_in
def figures_file(request: PersonRequest, kind: str) -> StreamingHttpResponse:
    """The same figures for a spreadsheet: a line for each metric of each group."""
    scope = _scope(request)
    report = figures.report(request.user, scope, at=timezone.now())
    compared = comparisons(request.user, report.known.boards, scope)
    return download("programme-metrics", kind, COLUMNS, as_rows(report, targets_of(request.user), compared))


@require_GET
@signed_in
def rows(request: PersonRequest, metric: str) -> HttpResponse:
    """The changes that a figure is taken over, and no others."""
    scope, measured = _scope(request), programme.metric_named(metric)
    found = programme.rows_behind(request.user, scope, measured, at=timezone.now())
    shown = page_by_key(
        with_undoings(found.in_lists(), request.user),
        order=programme.ORDER.get(measured.rows, ("-implemented_at", "-pk")),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {
        "page": shown,
        "metric": measured,
        "scope": scope,
        "query": urlencode(scope.as_query()),
        "count": found.count(),
    }
    return render(request, "cab/_programme_rows.html" if is_fragment(request) else "cab/programme_rows.html", context)


@require_GET
@signed_in
def rows_file(request: PersonRequest, metric: str, kind: str) -> StreamingHttpResponse:
    """The same changes for a spreadsheet."""
    measured = programme.metric_named(metric)
    found = programme.rows_behind(request.user, _scope(request), measured, at=timezone.now())
    order = programme.ORDER.get(measured.rows, ("-implemented_at", "-pk"))
    return export(CHANGES, kind, found.in_lists().order_by(*order))


def _models(report: figures.Report, scope: Scope) -> list[tuple[str, str]]:
    """The models to choose from: those followed, and where one is asked for all published ones."""
    offered = {*report.known.models, *(one.scope.model for one in report.models), NO_MODEL, scope.model}
    return [(name, words) for name, words in MODELS.items() if name in offered]


def _scope(request: PersonRequest) -> Scope:
    return Scope.from_address(request.GET.dict(), today=timezone.now().date())
