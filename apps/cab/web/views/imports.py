"""Importing changes in the browser: upload, watch, read what was rejected."""

import hashlib
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.actions import imports
from apps.cab.formats import rejections
from apps.cab.formats.maps import LARGEST_MAP, ColumnMap, read_map, shipped
from apps.cab.models import ImportRun
from apps.cab.web.forms import RefusableForm
from apps.cab.web.tables import IMPORTS
from apps.clusters.models import Cluster
from apps.kernel.answers import is_fragment, went
from apps.kernel.exports import asked, export
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import Invalid, NotFound, Refusal, TooLarge

MOST_SHOWN = 200  # rejections on the page; the CSV has all


class ImportForm(RefusableForm):
    """A file of records and how to read it."""

    file = forms.FileField(
        help_text="CSV, JSON Lines or YAML, also packed by gzip; or a tar or zip archive of YAML.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.jsonl,.json,.yaml,.yml,.gz,.tgz,.tar,.zip"}),
    )
    map = forms.ChoiceField(label="Column map", required=False)
    own_map = forms.FileField(
        label="Or a map of your own", required=False, help_text="YAML; takes the place of the choice above."
    )
    cluster = forms.ModelChoiceField(
        Cluster.objects.none(), to_field_name="slug", help_text="For records that name no cluster themselves."
    )
    source = forms.SlugField(
        max_length=80,
        required=False,
        help_text="Short name of where the records come from; left empty, as the map says.",
    )
    is_dry = forms.BooleanField(label="Only say what would happen", required=False)

    def __init__(self, *args: Any, person: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice, cluster = self.fields["map"], self.fields["cluster"]
        assert isinstance(choice, forms.ChoiceField)
        assert isinstance(cluster, forms.ModelChoiceField)
        choice.choices = [(one.name, one.title) for one in shipped().values()]
        cluster.queryset = Cluster.objects.visible_to(person).order_by("name")

    def column_map(self) -> ColumnMap:
        """The chosen map; refuses one of the person's own that does not fit."""
        own: UploadedFile[bytes] | None = self.cleaned_data["own_map"]
        if own is None:
            known = shipped()
            return known[self.cleaned_data["map"] or next(iter(known))]
        try:
            return read_map(own.read(LARGEST_MAP * 4 + 1).decode())
        except UnicodeDecodeError:
            sentence = "The map is not a text in UTF-8."
            raise Invalid(sentence, next_step="Save it as UTF-8.", fields={"own_map": [sentence]}) from None


@require_http_methods(["GET", "POST"])
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """Every import with its progress, and the form for a new one."""
    request.user.require(Capability.IMPORT, to="import changes")
    form = ImportForm(request.POST or None, request.FILES or None, person=request.user)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return went(request, "cab:import", _begin(request, form).pk)
            except Refusal as refusal:
                form.refuse(refusal)
                status = refusal.status
    runs = ImportRun.objects.select_related("started_by")
    if kind := asked(request):
        return export(IMPORTS, kind, runs.order_by("-pk"))
    page = page_by_key(runs, order=("-pk",), after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    return render(request, "cab/imports.html", {"form": form, "page": page}, status=status)


@require_GET
@signed_in
def show(request: PersonRequest, run_id: int) -> HttpResponse:
    """One import: how far it is, and what it would not take."""
    run = _run(request, run_id)
    context = {
        "run": run,
        "counts": imports.counts(run),
        "rejections": run.rejections.order_by("row", "field")[:MOST_SHOWN],
        "more": max(run.rejected_rows - MOST_SHOWN, 0),
    }
    return render(request, "cab/_import_run.html" if is_fragment(request) else "cab/import.html", context)


@require_GET
@signed_in
def rejected(request: PersonRequest, run_id: int) -> HttpResponse:
    """Every rejected row as CSV, for whoever corrects the source."""
    run = _run(request, run_id)
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="rejections-{run.pk}.csv"'},
    )
    rejections.write(response, run.rejections.order_by("row", "field").iterator(chunk_size=2000))
    return response


def _run(request: PersonRequest, run_id: int) -> ImportRun:
    request.user.require(Capability.IMPORT, to="see imports")
    run = ImportRun.objects.select_related("started_by").filter(pk=run_id).first()
    if run is None:
        raise NotFound("There is no such import.", next_step="Go back to the list of imports.")
    return run


def _begin(request: PersonRequest, form: ImportForm) -> ImportRun:
    file: UploadedFile[bytes] = form.cleaned_data["file"]
    name = str(file.name)
    if (file.size or 0) > settings.IMPORT_LARGEST_UPLOAD_BYTES:
        raise TooLarge(
            f"{name[:80]} is over {settings.IMPORT_LARGEST_UPLOAD_BYTES >> 20} MB.",
            next_step="Pack it with gzip, split it, or have an operator import it at the command line.",
            fields={"file": ["Too large."]},
        )
    column_map = form.column_map()

    def records() -> Any:
        file.seek(0)
        return column_map.records(file, name=name, most=settings.IMPORT_LARGEST_BYTES)

    file.seek(0)
    return imports.begin_import(
        file_name=name,
        sha256=hashlib.file_digest(file, "sha256").hexdigest(),
        column_map=column_map,
        source=form.cleaned_data["source"],
        cluster=form.cleaned_data["cluster"].slug,
        is_dry=form.cleaned_data["is_dry"],
        open_records=records,
        importer=request.user,
        file=file,
        at=timezone.now(),
    )
