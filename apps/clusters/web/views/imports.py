"""Importing a catalogue in the browser: upload, look at what would change, write."""

import csv
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters import actions, queries, rules
from apps.clusters.actions.imports import read_catalog
from apps.clusters.models import CatalogImport
from apps.clusters.queries import Plan, Status
from apps.clusters.web.forms import CatalogForm
from apps.kernel.answers import went
from apps.kernel.refusals import Refusal
from apps.kernel.sheets import safe_cell

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
                at=timezone.now(),
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "clusters:catalog_import", kept.pk)
    return render(request, "clusters/import.html", {"form": form}, status=form.answer_status())


@require_GET
@signed_in
def preview(request: PersonRequest, pk: int) -> HttpResponse:
    """What an upload would change (before) or what it brought (after)."""
    kept = queries.visible_import(pk, request.user)
    plan = _plan(request, kept) if kept.applied_at is None else None
    steps = plan.having(Status.NEW, Status.CHANGED) if plan else []
    context: dict[str, Any] = {
        "import": kept,
        "counts": plan.counts() if plan else kept.counts,
        "steps": steps[:MOST_SHOWN],
        "more_steps": max(len(steps) - MOST_SHOWN, 0),
        "rejections": kept.rejections[:MOST_SHOWN],
        "more_rejections": max(len(kept.rejections) - MOST_SHOWN, 0),
    }
    return render(request, "clusters/preview.html", context)


@require_POST
@signed_in
def apply(request: PersonRequest, pk: int) -> HttpResponse:
    """Write a previewed upload."""
    kept = actions.apply_upload(import_id=pk, importer=request.user, at=timezone.now())
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


def _plan(request: PersonRequest, kept: CatalogImport) -> Plan:
    catalog = read_catalog(
        file_name=kept.file_name, content=bytes(kept.content or b""), catalog_format=kept.format, options=kept.options
    )
    found_clusters = bool(kept.options.get("found_clusters"))
    return queries.plan_import(catalog, person=request.user, found_clusters=found_clusters, at=timezone.now())
