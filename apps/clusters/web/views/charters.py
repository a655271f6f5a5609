"""The charter of a cluster: the one in force, its history, writing the next, and deciding on it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters import actions, queries
from apps.clusters.actions.charters import FIELDS
from apps.clusters.models import Charter, Cluster
from apps.clusters.queries import boundaries
from apps.clusters.rules import charters as rules
from apps.clusters.rules.parts import is_editor
from apps.clusters.states import OPEN_CHARTERS, CharterState
from apps.clusters.web.boundary_forms import CharterForm, DecisionForm, VersionForm
from apps.kernel.answers import went
from apps.kernel.refusals import Refusal


@require_GET
@signed_in
def of_cluster(request: PersonRequest, slug: str) -> HttpResponse:
    """The charter in force of a cluster, and its other versions."""
    cluster = queries.visible_cluster(slug, request.user)
    rows = list(boundaries.charters_seen_by(request.user).filter(cluster=cluster).order_by("-number")[:50])
    context = {
        "cluster": cluster,
        "charter": next((one for one in rows if one.state == CharterState.IN_FORCE), None),
        "open": next((one for one in rows if one.state in OPEN_CHARTERS), None),
        "versions": rows,
        "may_write": is_editor(queries.standing(request.user, cluster)),
        "crumbs": _crumbs(cluster, "Charter"),
    }
    return render(request, "clusters/charters.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def draft(request: PersonRequest, slug: str) -> HttpResponse:
    """Draft the next charter of a cluster, from the one in force."""
    cluster = queries.visible_cluster(slug, request.user)
    rules.require_may_write(queries.standing(request.user, cluster), cluster=cluster.name)
    in_force, _ = boundaries.charters_of(cluster)
    first = _written(in_force) if in_force else {"purpose": cluster.purpose, "accountable": request.user.handle}
    form = CharterForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        values = {name: form.cleaned_data[name] for name in FIELDS}
        try:
            charter = actions.draft_charter(cluster=cluster, author=request.user, values=values, at=timezone.now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "clusters:charter", charter.pk)
    context = {"form": form, "cluster": cluster, "crumbs": _crumbs(cluster, "Draft a charter")}
    return render(request, "clusters/charter_form.html", context, status=form.answer_status())


@require_http_methods(["GET", "POST"])
@signed_in
def rewrite(request: PersonRequest, pk: int) -> HttpResponse:
    """Change a draft; the form carries the version it was drawn from."""
    charter = boundaries.visible_charter(pk, request.user)
    rules.require_may_write(queries.standing(request.user, charter.cluster), cluster=charter.cluster.name)
    form = CharterForm(request.POST or None, initial=_written(charter))
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        version = values.pop("version") or 0
        try:
            actions.rewrite_charter(
                charter_id=pk, author=request.user, version=version, changes=values, at=timezone.now()
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "clusters:charter", pk)
    context = {"form": form, "cluster": charter.cluster, "crumbs": _crumbs(charter.cluster, "Rewrite the draft")}
    return render(request, "clusters/charter_form.html", context, status=form.answer_status())


@require_GET
@signed_in
def page(request: PersonRequest, pk: int) -> HttpResponse:
    """One version: what it says, what it would change, and who decides on it."""
    return _page(request, boundaries.visible_charter(pk, request.user))


@require_POST
@signed_in
def propose(request: PersonRequest, pk: int) -> HttpResponse:
    """Hand a draft to those who decide."""
    return _acted(request, pk, "propose", VersionForm(request.POST), actions.propose_charter, as_="author")


@require_POST
@signed_in
def approve(request: PersonRequest, pk: int) -> HttpResponse:
    """Bring a proposed charter into force."""
    return _acted(request, pk, "decide", DecisionForm(request.POST), actions.approve_charter, as_="approver")


@require_POST
@signed_in
def send_back(request: PersonRequest, pk: int) -> HttpResponse:
    """Send a proposed charter back."""
    form = DecisionForm(request.POST)
    return _acted(request, pk, "decide", form, actions.return_charter, as_="approver", leaves_out=("version",))


@require_POST
@signed_in
def withdraw(request: PersonRequest, pk: int) -> HttpResponse:
    """Give up a charter that is not in force."""
    actions.withdraw_charter(charter_id=pk, author=request.user, at=timezone.now())
    return went(request, "clusters:charter", pk)


def _acted(
    request: PersonRequest,
    pk: int,
    name: str,
    form: Any,
    action: Callable[..., Charter],
    *,
    as_: str,
    leaves_out: tuple[str, ...] = (),
) -> HttpResponse:
    charter = boundaries.visible_charter(pk, request.user)
    if form.is_valid():
        values = {key: value for key, value in form.cleaned_data.items() if key not in leaves_out}
        try:
            action(charter_id=pk, at=timezone.now(), **{as_: request.user}, **values)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "clusters:charter", pk)
    return _page(request, charter, **{name: form})


def _page(request: PersonRequest, charter: Charter, **refused: Any) -> HttpResponse:
    standing = queries.standing(request.user, charter.cluster)
    wrote_it = request.user.pk in {charter.proposed_by_id, charter.drafted_by_id}
    first = {"version": charter.version}
    is_open = charter.state in OPEN_CHARTERS
    form = next(iter(refused.values()), None)
    context = {
        "charter": charter,
        "cluster": charter.cluster,
        "crumbs": [
            *_crumbs(charter.cluster, "")[:-1],
            {"label": "Charter", "url": reverse("clusters:charters", args=[charter.cluster.slug])},
            {"label": f"Version {charter.number}"},
        ],
        "difference": boundaries.difference(charter, request.user) if is_open else None,
        "may_write": is_editor(standing) and is_open,
        "may_decide": charter.state == CharterState.PROPOSED and rules.is_approver(standing, proposed_it=wrote_it),
        "propose_form": refused.get("propose") or VersionForm(initial=first),
        "decide_form": refused.get("decide") or DecisionForm(initial=first),
    }
    return render(request, "clusters/charter.html", context, status=form.answer_status() if form else 200)


def _written(charter: Charter) -> dict[str, Any]:
    values = {name: getattr(charter, name) for name in FIELDS}
    return values | {"accountable": charter.accountable.handle, "version": charter.version}


def _crumbs(cluster: Cluster, label: str) -> list[dict[str, str]]:
    return [
        {"label": "Clusters", "url": reverse("clusters:list")},
        {"label": cluster.name, "url": cluster.get_absolute_url()},
        {"label": label},
    ]
