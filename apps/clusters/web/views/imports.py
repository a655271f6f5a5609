"""Importing a catalogue in the browser: upload, look at what would change, write."""

import csv
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters import actions, queries, rules
from apps.clusters.actions.imports import PARCEL_ROWS
from apps.clusters.actions.reading import read_upload, top_of_upload
from apps.clusters.formats import exporting
from apps.clusters.formats.catalog_csv import FIELDS
from apps.clusters.models import CatalogFormat, CatalogImport
from apps.clusters.queries import Plan, Status
from apps.clusters.queries.steps import WHAT
from apps.clusters.states import WORKED_OFF, CatalogState
from apps.clusters.web.column_form import ColumnsForm
from apps.clusters.web.forms import CatalogForm
from apps.kernel.answers import is_fragment, went
from apps.kernel.refusals import NotFound, Refusal
from apps.kernel.sheets import safe_cell

WORDS = {  # of what is counted: the row, and where the map shows it
    "cluster": ("Clusters", "clusters:list"),
    "component": ("Components", "clusters:search"),
    "dependency": ("Dependencies", "clusters:map"),
    "loose_end": ("Loose ends", "clusters:loose_ends"),
    "placement": ("Placements", "clusters:running"),
}
MOST_RECENT = 20  # imports that the page of uploading lists
MOST_SHOWN = 500  # rows of a preview; the counts tell of all


@require_http_methods(["GET", "POST"])
@signed_in
def upload(request: PersonRequest) -> HttpResponse:
    """Upload a catalogue; nothing is written to the map yet."""
    rules.require_may_import(rules.Standing(request.user.capabilities))
    form = CatalogForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        file = data.pop("file")
        try:
            kept, _ = actions.upload_catalog(
                file_name=file.name,
                content=file.read(),
                catalog_format=data.pop("format"),
                options=data,
                uploader=request.user,
                keep_unmapped=True,
                at=timezone.now(),
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "clusters:catalog_import", kept.pk)
    recent = queries.visible_imports(request.user).defer("content", "rejections", "steps").order_by("-pk")[:MOST_RECENT]
    return render(request, "clusters/import.html", {"form": form, "recent": recent}, status=form.answer_status())


@require_GET
@signed_in
def preview(request: PersonRequest, pk: int) -> HttpResponse:
    """What an upload would change (before) or what it brought (after)."""
    kept = queries.visible_import(pk, request.user)
    if kept.state == CatalogState.MAPPING:
        return went(request, "clusters:import_columns", pk)
    is_small = kept.state == CatalogState.READY and (kept.total_rows or 0) <= PARCEL_ROWS
    plan = _plan(request, kept) if is_small else None
    steps: Any = plan.having(Status.NEW, Status.CHANGED) if plan else kept.steps
    counts = plan.counts() if plan else kept.counts
    context: dict[str, Any] = {
        "import": kept,
        "counts": [(*WORDS[what], counts[what]) for what in WHAT],
        "steps": steps[:MOST_SHOWN],
        "more_steps": max(_changing(counts) - MOST_SHOWN, 0) if steps else 0,
        "rejected": counts["rejected"]["rows"],
        "rejections": kept.rejections[:MOST_SHOWN],
        "more_rejections": max(len(kept.rejections) - MOST_SHOWN, 0),
        "is_working": kept.state in WORKED_OFF,
        "has_columns": kept.state == CatalogState.READY and kept.format == CatalogFormat.CSV,
    }
    return render(request, "clusters/_import.html" if is_fragment(request) else "clusters/preview.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def columns(request: PersonRequest, pk: int) -> HttpResponse:
    """Say which column of an uploaded CSV is what."""
    kept = queries.visible_import(pk, request.user)
    rules.require_may_import(rules.Standing(request.user.capabilities))
    top, asked = top_of_upload(kept), request.GET.get("rows") or kept.options.get("rows", "")
    rows = asked if asked in FIELDS else "components"
    form = ColumnsForm(request.POST or None, rows=rows, top=top)
    if request.method == "POST" and form.is_valid():
        try:
            actions.choose_columns(import_id=pk, person=request.user, column_map=form.column_map(), at=timezone.now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "clusters:catalog_import", pk)
    context = {"form": form, "import": kept, "top": top, "rows": rows, "kinds": list(FIELDS)}
    return render(request, "clusters/columns.html", context, status=form.answer_status())


@require_POST
@signed_in
def apply(request: PersonRequest, pk: int) -> HttpResponse:
    """Write a previewed upload."""
    kept = actions.apply_upload(import_id=pk, importer=request.user, at=timezone.now())
    return went(request, "clusters:catalog_import", kept.pk)


@require_POST
@signed_in
def cancel(request: PersonRequest, pk: int) -> HttpResponse:
    """Stop an import, or give an upload up."""
    kept = actions.cancel_import(import_id=pk, person=request.user, at=timezone.now())
    return went(request, "clusters:catalog_import", kept.pk)


@require_GET
@signed_in
def rejected(request: PersonRequest, pk: int) -> HttpResponse:
    """Every row that was not taken, as CSV for whoever corrects the source."""
    kept = queries.visible_import(pk, request.user)
    names = ["file", "row", "field", "value", "reason"]
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="rejected-{kept.pk}.csv"'},
    )
    writer = csv.writer(response)
    writer.writerow(names)
    for rejection in kept.rejections:
        writer.writerow([safe_cell(rejection[name]) for name in names])
    return response


@require_GET
@signed_in
def export(request: PersonRequest) -> HttpResponse:
    """The map, or one cluster, as an archive that an import reads again."""
    slug, kind = request.GET.get("cluster", ""), request.GET.get("as", "csv")
    cluster = queries.visible_cluster(slug, request.user) if slug else None
    if kind not in exporting.FORMATS:
        raise NotFound(f"There is no export as “{kind[:20]}”.", next_step="Ask for csv or backstage.")
    content = queries.archive_of(request.user, cluster=cluster, as_format=kind)
    name = f"{cluster.slug if cluster else 'catalogue'}-{kind}.zip"
    return HttpResponse(
        content,
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _plan(request: PersonRequest, kept: CatalogImport) -> Plan:
    return queries.plan_import(
        read_upload(kept),
        person=request.user,
        found_clusters=bool(kept.options.get("found_clusters")),
        refuse_loose=bool(kept.options.get("refuse_loose")),
        at=timezone.now(),
    )


def _changing(counts: Mapping[str, Mapping[str, int]]) -> int:
    return sum(counts[what]["new"] + counts[what]["changed"] for what in WHAT)
