"""The list of clusters, the page of one, founding and editing."""

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters import actions, panels, queries, rules
from apps.clusters.web.forms import ComponentFilterForm, EditClusterForm, FoundClusterForm, PartForm
from apps.clusters.web.margin import margin
from apps.clusters.web.tables import CLUSTERS
from apps.journal.queries import timeline
from apps.kernel.answers import went
from apps.kernel.exports import asked, export
from apps.kernel.paging import Page, page_by_key
from apps.kernel.refusals import Invalid, Refusal


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """Every cluster the person may know of."""
    if kind := asked(request):
        return export(CLUSTERS, kind, queries.clusters_with_counts(request.user))
    context = {
        "clusters": queries.clusters_with_counts(request.user),
        "may_found": request.user.may(Capability.MANAGE_CLUSTER),
        "may_import": request.user.may(Capability.IMPORT),
    }
    return render(request, "clusters/list.html", context)


@require_GET
@signed_in
def page(request: PersonRequest, slug: str) -> HttpResponse:
    """One cluster: what it is for, who answers for it, its components and what crosses its border."""
    cluster = queries.visible_cluster(slug, request.user)
    filters = ComponentFilterForm(request.GET)
    asked = filters.cleaned_data if filters.is_valid() else {}
    standing = queries.standing(request.user, cluster)
    rows = queries.components_of(cluster, text=asked.pop("q", ""), **asked)
    context = {
        "cluster": cluster,
        "crumbs": [{"label": "Clusters", "url": reverse("clusters:list")}, {"label": cluster.name}],
        "holders": queries.holders(cluster),
        "filters": filters,
        "page": _components_page(request, rows),
        "crossings": queries.crossings(cluster, request.user),
        "entries": margin(timeline(cluster, limit=30)),
        "findings": queries.standing_findings(cluster, request.user),
        "findings_url": f"{reverse('clusters:findings')}?cluster={cluster.slug}",
        "panels": panels.panels_for(cluster, request.user),
        "may_edit": rules.is_editor(standing),
        "part_form": PartForm(),
    }
    return render(request, "clusters/cluster.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def found(request: PersonRequest) -> HttpResponse:
    """Found a cluster."""
    rules.require_may_found(rules.Standing(request.user.capabilities))
    form = FoundClusterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            cluster = actions.found_cluster(founder=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "clusters:cluster", cluster.slug)
    return render(request, "clusters/found.html", {"form": form}, status=form.answer_status())


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: PersonRequest, slug: str) -> HttpResponse:
    """Edit a cluster; the form carries the version it was drawn from."""
    cluster = queries.visible_cluster(slug, request.user)
    rules.require_may_edit(queries.standing(request.user, cluster), of=cluster.name)
    form = EditClusterForm(request.POST or None, initial=vars(cluster))
    if request.method == "POST" and form.is_valid():
        changes = dict(form.cleaned_data)
        version = changes.pop("version")
        try:
            actions.describe_cluster(
                cluster_id=cluster.pk, editor=request.user, version=version, changes=changes, at=timezone.now()
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "clusters:cluster", cluster.slug)
    context = {"form": form, "cluster": cluster}
    return render(request, "clusters/edit_cluster.html", context, status=form.answer_status())


def _components_page(request: PersonRequest, rows: object) -> Page:
    asked = {name: request.GET.get(name, "") for name in ("after", "before")}
    try:
        return page_by_key(rows, order=("tier", "name", "pk"), **asked)  # type: ignore[arg-type]
    except (ValueError, TypeError, OverflowError) as error:
        raise Invalid("This page address is not one of ours.", next_step="Start from the first page.") from error
