"""Change models: the list by type, one version with its diagram, the draft's form, publishing, migrating."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.actions import change_models as actions
from apps.cab.models import ChangeCategory, ChangeType, ModelVersion
from apps.cab.queries import change_models as queries
from apps.cab.rules import change_models as rules
from apps.cab.web.diagram import diagram
from apps.cab.web.tables import MODELS
from apps.clusters.web.margin import margin
from apps.journal.queries import timeline
from apps.kernel.exports import asked, listed
from apps.kernel.refusals import NotFound, Refusal

_CRUMB = "Change models"


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """The three types and the categories with a model of their own: the version in force of each, and the drafts."""
    rows = queries.standings()
    if kind := asked(request):
        return listed(MODELS, kind, rows)
    context = {
        "rows": rows,
        "types": ChangeType.choices,
        "categories": ChangeCategory.choices,
        "machine": diagram(rules.machine_moves()),
        "may_write": request.user.may(Capability.MANAGE_BOARD),
    }
    return render(request, "cab/models.html", context)


@require_GET
@signed_in
def show(request: PersonRequest, pk: int) -> HttpResponse:
    """One version."""
    return _page(request, queries.version_of(pk))


@require_http_methods(["GET", "POST"])
@signed_in
def draft(request: PersonRequest, kind: str) -> HttpResponse:
    """Draft the next version of a model, of a type or of the category in the address; it begins as the one in force."""
    category = request.GET.get("category", "")
    if category and category not in ChangeCategory.values:
        raise NotFound("There is no such category of changes.", next_step="Open the list of models.")
    if kind not in ChangeType.values:
        raise NotFound("There is no such type of change.", next_step="Open the list of models.")
    request.user.require(Capability.MANAGE_BOARD, to="write change models")
    now = queries.in_force(kind, category)
    moves, note, refusal = now.moves if now else rules.machine_moves(), "", None
    if request.method == "POST":
        moves, note = asked_moves(request.POST), request.POST.get("note", "")
        try:
            return redirect(
                actions.draft_model(
                    type=kind, category=category, author=request.user, moves=moves, note=note, at=timezone.now()
                )
            )
        except Refusal as refused:
            refusal = refused
    words = f"{kind} {category}".strip()
    return _form(
        request, moves, note, refusal, heading=f"Draft the model of {words} changes", back=reverse("cab:models")
    )


@require_http_methods(["GET", "POST"])
@signed_in
def change(request: PersonRequest, pk: int) -> HttpResponse:
    """Write a draft anew."""
    version = queries.version_of(pk)
    request.user.require(Capability.MANAGE_BOARD, to="write change models")
    moves, note, refusal = version.moves, version.note, None
    if request.method == "POST":
        moves, note = asked_moves(request.POST), request.POST.get("note", "")
        try:
            return redirect(
                actions.change_draft(
                    model_id=pk,
                    author=request.user,
                    version=_number(request.POST.get("version", "")),
                    moves=moves,
                    note=note,
                    at=timezone.now(),
                )
            )
        except Refusal as refused:
            refusal = refused
    back = version.get_absolute_url()
    return _form(request, moves, note, refusal, heading=f"Change the draft: {version}", back=back, version=version)


@require_POST
@signed_in
def publish(request: PersonRequest, pk: int) -> HttpResponse:
    """Put a draft in force."""
    version = queries.version_of(pk)
    seen = _number(request.POST.get("version", ""))
    try:
        return redirect(actions.publish_model(model_id=pk, publisher=request.user, version=seen, at=timezone.now()))
    except Refusal as refusal:
        return _page(request, version, refusal)


@require_POST
@signed_in
def migrate(request: PersonRequest, pk: int) -> HttpResponse:
    """Take the ticked changes to this version."""
    version = queries.version_of(pk)
    chosen = [_number(one) for one in request.POST.getlist("change")[: queries.MOST_LISTED + 1]]
    try:
        actions.migrate_changes(model_id=pk, person=request.user, changes=chosen, at=timezone.now())
    except Refusal as refusal:
        return _page(request, version, refusal)
    return redirect(version)


def asked_moves(data: QueryDict) -> dict[str, list[str]]:
    """The moves of the form: ticked ones, and "from>to:field" for what each asks for. The actions check them."""
    moves: dict[str, list[str]] = {name[:80]: [] for name in data.getlist("move")[:60]}
    for one in data.getlist("ask")[:400]:
        name, _, field = one[:120].rpartition(":")
        if name in moves:
            moves[name].append(field)
    return moves


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0  # noqa: PLR2004  # a bigint


def _rows(moves: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Every move of the machine: whether it is in the model, may be left out, and what may be asked before it."""
    rows = []
    for name in rules.machine_moves():
        current, target = (one.replace("_", " ") for one in name.split(">"))
        pair = tuple(name.split(">"))
        chosen = moves.get(name, [])
        asks = (
            [(field, rules.in_words([field]), field in chosen) for field in rules.ASKABLE]
            if pair in rules.ASKED
            else []
        )
        rows.append(
            {
                "name": name,
                "current": current,
                "target": target,
                "is_in": name in moves,
                "is_optional": pair in rules.OPTIONAL,
                "asks": asks,
                "asked": rules.in_words(chosen),
            }
        )
    return rows


def _form(
    request: PersonRequest, moves: dict[str, list[str]], note: str, refusal: Refusal | None, **more: Any
) -> HttpResponse:
    needed = [(state.replace("_", " "), why) for state, why in rules.NEEDED.items()]
    context = {"rows": _rows(moves), "needed": needed, "note": note, "refusal": refusal, **more}
    return render(request, "cab/model_form.html", context, status=refusal.status if refusal else 200)


def _page(request: PersonRequest, version: ModelVersion, refusal: Refusal | None = None) -> HttpResponse:
    is_in_force = queries.in_force(version.type, version.category) == version
    decides = request.user.may(Capability.MANAGE_BOARD)
    context = {
        "version": version,
        "is_in_force": is_in_force,
        "drawing": diagram(version.moves),
        "rows": [row for row in _rows(version.moves) if row["is_in"]],
        "left_out": [row for row in _rows(version.moves) if not row["is_in"]],
        "refusal": refusal,
        "may_write": decides,
        "may_publish": decides and version.published_at is None and version.author_id != request.user.pk,
        "migrations": queries.migrations(version, request.user) if is_in_force and decides else [],
        "entries": margin(timeline(version, limit=30)),
        "crumbs": [{"label": _CRUMB, "url": reverse("cab:models")}, {"label": str(version)}],
    }
    return render(request, "cab/model.html", context, status=refusal.status if refusal else 200)
