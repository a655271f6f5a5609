"""Maintenance windows and blackouts: the list, the page of one, planning, changing, retiring."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters.models import Cluster
from apps.clusters.web.margin import margin
from apps.journal.queries import timeline
from apps.kernel.exports import asked as asked_for
from apps.kernel.exports import export
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import Refusal
from apps.windows import queries
from apps.windows.actions import recurring as actions
from apps.windows.models import RecurringWindow
from apps.windows.rules.authority import is_keeper, require_keeper
from apps.windows.web.forms import SUGGESTIONS, ChangeWindowForm, PlanWindowForm, ReasonForm, WindowFilterForm
from apps.windows.web.tables import WINDOWS


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """Every window the person may know of, each with its next occurrences."""
    filters, now = WindowFilterForm(request.GET or None), timezone.now()
    asked = filters.cleaned_data if filters.is_valid() else {}
    rows = RecurringWindow.objects.visible_to(request.user).select_related("cluster")
    rows = rows.filter(retired_at__isnull=not asked.get("retired"))
    if asked.get("kind"):
        rows = rows.filter(kind=asked["kind"])
    if asked.get("cluster"):
        rows = rows.filter(cluster__slug=asked["cluster"])
    if kind := asked_for(request):
        return export(WINDOWS, kind, rows.order_by("name", "pk"))
    keys = {name: request.GET.get(name, "") for name in ("after", "before")}
    page = page_by_key(rows, order=("name", "pk"), size=25, **keys)
    context = {
        "filters": filters,
        "page": page,
        "rows": [(one, queries.upcoming(one, at=now)) for one in page.rows],
        "clusters": Cluster.objects.visible_to(request.user).order_by("name"),
        "may_plan": request.user.may(Capability.PROPOSE_CHANGE),
    }
    return render(request, "windows/list.html", context)


@require_GET
@signed_in
def page(request: PersonRequest, pk: int) -> HttpResponse:
    """One window: its rule, when it comes round next, what happened to it."""
    window = queries.visible_window(pk, request.user)
    return _page(request, window, ReasonForm(auto_id="retire_%s"))


@require_http_methods(["GET", "POST"])
@signed_in
def plan(request: PersonRequest) -> HttpResponse:
    """Plan a window; “Show the occurrences” draws them and keeps nothing."""
    request.user.require(Capability.PROPOSE_CHANGE, to="plan windows")
    form = PlanWindowForm(request.POST or None, person=request.user, initial=_first_guess(request))
    drawn: list[queries.Occurrence] = []
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        asked: dict[str, Any] = {"cluster": values.pop("cluster"), "kind": values.pop("kind"), "values": values}
        try:
            if "preview" not in request.POST:
                return redirect(actions.plan_window(planner=request.user, at=timezone.now(), **asked))
            drawn = queries.upcoming(actions.drafted_window(planner=request.user, **asked), at=timezone.now())
        except Refusal as refusal:
            form.refuse(refusal)
    return _form(request, form, drawn=drawn, back=reverse("windows:windows"))


@require_http_methods(["GET", "POST"])
@signed_in
def change(request: PersonRequest, pk: int) -> HttpResponse:
    """Change a window; the form carries the version it was drawn from."""
    window = queries.visible_window(pk, request.user)
    _require_keeper(request, window)
    form = ChangeWindowForm(request.POST or None, initial=vars(window))
    drawn: list[queries.Occurrence] = []
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        version = values.pop("version")
        try:
            if "preview" not in request.POST:
                actions.change_window(
                    window_id=pk, editor=request.user, version=version, changes=values, at=timezone.now()
                )
                return redirect(window)
            draft = actions.drafted_window(
                planner=request.user, cluster=window.cluster, kind=window.kind, values=values
            )
            drawn = queries.upcoming(draft, at=timezone.now())
        except Refusal as refusal:
            form.refuse(refusal)
    return _form(request, form, drawn=drawn, back=window.get_absolute_url(), window=window)


@require_POST
@signed_in
def retire(request: PersonRequest, pk: int) -> HttpResponse:
    """Retire a window, with a reason."""
    window, form = queries.visible_window(pk, request.user), ReasonForm(request.POST, auto_id="retire_%s")
    if form.is_valid():
        try:
            actions.retire_window(window_id=pk, person=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return redirect(window)
    return _page(request, window, form)


def _page(request: PersonRequest, window: RecurringWindow, form: ReasonForm) -> HttpResponse:
    standing = queries.standing_for(request.user, window.cluster)
    context = {
        "window": window,
        "upcoming": queries.upcoming(window, at=timezone.now()),
        "is_keeper": is_keeper(standing, of_federation=window.cluster is None) and not window.retired_at,
        "form": form,
        "entries": margin(timeline(window, limit=30)),
        "crumbs": [{"label": "Windows", "url": reverse("windows:windows")}, {"label": window.name}],
    }
    return render(request, "windows/window.html", context, status=form.answer_status())


def _form(request: PersonRequest, form: Any, **more: Any) -> HttpResponse:
    context = {"form": form, "suggestions": SUGGESTIONS, **more}
    return render(request, "windows/form.html", context, status=form.answer_status())


def _first_guess(request: PersonRequest) -> dict[str, Any]:
    cluster = Cluster.objects.visible_to(request.user).filter(slug=request.GET.get("cluster", "")[:80]).first()
    return {"zone": cluster.zone if cluster else request.user.zone, "cluster": cluster.slug if cluster else None}


def _require_keeper(request: PersonRequest, window: RecurringWindow) -> None:
    standing = queries.standing_for(request.user, window.cluster)
    require_keeper(standing, cluster=str(window.cluster or ""), what="change its windows")
