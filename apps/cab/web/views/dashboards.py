"""Dashboards: the list, one with its figures, arranging it by buttons, sharing it by a link."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.actions import dashboards as actions
from apps.cab.models import Dashboard, DashboardLink
from apps.cab.queries import figures
from apps.cab.queries.dashboards import require_readable
from apps.cab.queries.programme import Scope
from apps.cab.queries.targets import targets_of
from apps.cab.rules.dashboards import WIDEST, Shape
from apps.cab.rules.metrics import METRICS
from apps.cab.web.dashboard_forms import DashboardForm
from apps.cab.web.programme import TILE_COLUMNS, chart, tabs, tile_rows, told
from apps.cab.web.tables import DASHBOARDS
from apps.kernel.answers import went
from apps.kernel.exports import asked, download, export
from apps.kernel.refusals import NotFound, Refusal


@require_http_methods(["GET", "POST"])
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """One's own dashboards and those of boards; a POST makes one."""
    rows = Dashboard.objects.visible_to(request.user).select_related("board").order_by("board__name", "name")
    if kind := asked(request):
        return export(DASHBOARDS, kind, rows)
    form = DashboardForm(request.POST or None, person=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.make_dashboard(maker=request.user, at=timezone.now(), **form.values())
            return went(request, made.get_absolute_url())
        except Refusal as refusal:
            form.refuse(refusal)
    context = {"dashboards": rows, "form": form, "tabs": tabs("cab:dashboards")}
    return render(request, "cab/dashboards.html", context, status=422 if form.errors else 200)


@require_GET
@signed_in
def show(request: PersonRequest, dashboard_id: int) -> HttpResponseBase:
    """One dashboard, or its figures as a file; with `?arrange=1` each tile has its buttons."""
    return _page(request, _dashboard(request, dashboard_id))


@require_GET
@signed_in
def shared(request: PersonRequest, token: str) -> HttpResponseBase:
    """A dashboard by its link, with the figures that its reader may see."""
    link = DashboardLink.objects.select_related("dashboard__board", "dashboard__owner")
    found = link.filter(token_hash=actions.hash_of(token), revoked_at__isnull=True).first()
    if found is None:
        raise NotFound("This link leads nowhere, or it was revoked.", next_step="Ask who sent it for a new one.")
    is_mine = _may_arrange(request, found.dashboard)
    return _page(request, found.dashboard, is_shared=True, address=request.build_absolute_uri() if is_mine else "")


@require_POST
@signed_in
def arrange(request: PersonRequest, dashboard_id: int) -> HttpResponse:
    """One step: a tile earlier, later, wider, narrower or away; or a new one at the end."""
    dashboard = _dashboard(request, dashboard_id)
    of: dict[str, Any] = {"dashboard_id": dashboard.pk, "person": request.user, "at": timezone.now()}
    of["version"] = _number(request.POST.get("version", ""))
    if "metric" in request.POST:
        tile = {"metric": request.POST["metric"], "shape": request.POST.get("shape", Shape.FIGURE), "width": 1}
        actions.add_tile(tile=tile, **of)
    else:
        step, place = request.POST.get("step", ""), _number(request.POST.get("place", ""))
        actions.arrange_tile(step=step, place=place, **of)
    return went(request, f"{dashboard.get_absolute_url()}?arrange=1")


@require_POST
@signed_in
def remove(request: PersonRequest, dashboard_id: int) -> HttpResponse:
    """Remove a dashboard and its links."""
    found, version = _dashboard(request, dashboard_id), _number(request.POST.get("version", ""))
    actions.remove_dashboard(dashboard_id=found.pk, person=request.user, version=version, at=timezone.now())
    return went(request, "cab:dashboards")


@require_POST
@signed_in
def share(request: PersonRequest, dashboard_id: int) -> HttpResponse:
    """Make a link and go where it leads: that page tells its address, which nothing here keeps."""
    dashboard = _dashboard(request, dashboard_id)
    token = actions.share_dashboard(dashboard_id=dashboard.pk, person=request.user, at=timezone.now())
    return went(request, reverse("cab:shared-dashboard", args=[token]))


@require_POST
@signed_in
def revoke(request: PersonRequest, dashboard_id: int, link_id: int) -> HttpResponse:
    """Close a link."""
    dashboard = _dashboard(request, dashboard_id)
    if not dashboard.links.filter(pk=link_id).exists():
        raise NotFound("There is no such link.", next_step="Go back to the dashboard.")
    actions.revoke_link(link_id=link_id, person=request.user, at=timezone.now())
    return went(request, dashboard.get_absolute_url())


def _dashboard(request: PersonRequest, dashboard_id: int) -> Dashboard:
    rows = Dashboard.objects.visible_to(request.user).select_related("board", "owner")
    found = rows.filter(pk=dashboard_id).first()
    if found is None:
        raise NotFound("There is no such dashboard that you may see.", next_step="Go back to the list of dashboards.")
    return found


def _page(request: PersonRequest, dashboard: Dashboard, *, is_shared: bool = False, **more: Any) -> HttpResponseBase:
    now = timezone.now()
    today = now.date()
    board = dashboard.board.slug if dashboard.board else ""
    scope = Scope(
        today - timedelta(days=dashboard.days - 1), today, dashboard.cluster_slug, board, model=dashboard.model
    )
    require_readable(dashboard, request.user)
    report, targets = figures.report(request.user, scope, at=now, names_groups=False), targets_of(request.user)
    if kind := asked(request):
        return download("dashboard", kind, TILE_COLUMNS, tile_rows(dashboard, report, targets))
    may_arrange = not is_shared and _may_arrange(request, dashboard)
    context = {
        "dashboard": dashboard,
        "scope": scope,
        "query": urlencode(scope.as_query()),
        "tiles": [
            {
                "tile": tile,
                "one": told(report.overall.figures[tile.metric], report.overall, targets),
                "chart": chart(METRICS[tile.metric], report, targets) if tile.shape == Shape.TREND else None,
            }
            for tile in dashboard.placed
        ],
        "may_arrange": may_arrange,
        "arranging": may_arrange and request.GET.get("arrange") == "1",
        "links": dashboard.links.filter(revoked_at__isnull=True).order_by("pk") if may_arrange else [],
        "metrics": METRICS.values(),
        "widest": WIDEST,
        "tabs": tabs("cab:dashboards"),
        **more,
    }
    return render(request, "cab/dashboard.html", context)


def _may_arrange(request: PersonRequest, dashboard: Dashboard) -> bool:
    try:
        actions.require_may_arrange(dashboard, request.user, at=timezone.now())
    except Refusal:
        return False
    return True


def _number(text: str) -> int:
    """A small number as a form sends it; -1, which nothing has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1  # noqa: PLR2004  # fits an integer
