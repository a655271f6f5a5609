"""Checking manifests, and the definitions they are checked by."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.kernel.answers import went
from apps.kernel.refusals import Refusal
from apps.mesh import actions, checking
from apps.mesh.models import CrdBundle
from apps.mesh.web.forms import DefinitionsForm, ManifestForm


@require_http_methods(["GET", "POST"])
@signed_in
def check(request: PersonRequest) -> HttpResponse:
    """Check manifests: document by document, what is wrong and where."""
    form = ManifestForm(request.POST, request.FILES) if request.method == "POST" else ManifestForm()
    report = None
    if request.method == "POST" and form.is_valid():
        try:
            report = checking.check(form.cleaned_data["content"])
        except Refusal as refusal:
            form.refuse(refusal)
    context = {
        "form": form,
        "report": report,
        "bundle": report.bundle if report else checking.definitions_in_force(),
        "may_keep": request.user.may(Capability.MANAGE_BOARD),
        "crumbs": [{"label": "Meshes", "url": reverse("mesh:meshes")}, {"label": "Check manifests"}],
    }
    return render(request, "mesh/check.html", context, status=form.answer_status())


@require_http_methods(["GET", "POST"])
@signed_in
def definitions(request: PersonRequest) -> HttpResponse:
    """The definitions in force and the ones before; a POST brings others."""
    form = DefinitionsForm(request.POST, request.FILES) if request.method == "POST" else DefinitionsForm()
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            actions.bring_definitions(file_name=file.name, content=file.read(), keeper=request.user, at=timezone.now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "mesh:definitions")
    bundle = checking.definitions_in_force()
    context = {
        "form": form,
        "bundle": bundle,
        "kinds": bundle.schemas.order_by("group", "kind", "api_version").defer("schema") if bundle else [],
        "before": CrdBundle.objects.filter(replaced_at__isnull=False).select_related("brought_by").order_by("-pk")[:20],
        "may_keep": request.user.may(Capability.MANAGE_BOARD),
        "crumbs": [{"label": "Meshes", "url": reverse("mesh:meshes")}, {"label": "Definitions"}],
    }
    return render(request, "mesh/definitions.html", context, status=form.answer_status())
