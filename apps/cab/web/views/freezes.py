"""Freezes: the list, drafting and changing, the page with every change one hits, enforcing and lifting."""

from collections.abc import Callable
from typing import Any

from django.db.models import Prefetch
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.queries.freezes import hits_shown_to, is_freeze_keeper, visible_freeze
from apps.cab.web.freeze_forms import ChangeFreezeForm, DraftFreezeForm, VersionForm
from apps.cab.web.tables import FREEZES
from apps.clusters.models import Cluster
from apps.clusters.web.forms import RefusableForm
from apps.clusters.web.margin import margin
from apps.journal.queries import timeline
from apps.kernel.exports import asked, export
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import Refusal
from apps.windows.actions import freezes as actions
from apps.windows.models import Freeze
from apps.windows.queries import scope_of
from apps.windows.rules.freezing import stopping_sentence
from apps.windows.states import FreezeState
from apps.windows.web.forms import ReasonForm


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """Every freeze the person may know of, the latest first."""
    known = Prefetch("clusters", Cluster.objects.visible_to(request.user), to_attr="known")
    rows = Freeze.objects.visible_to(request.user).prefetch_related(known)
    if kind := asked(request):
        return export(FREEZES, kind, rows.order_by("-start_at", "-pk"))
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    context = {
        "page": page_by_key(rows, order=("-start_at", "-pk"), after=after, before=before),
        "may_draft": request.user.may(Capability.PROPOSE_CHANGE),
    }
    return render(request, "cab/freezes.html", context)


@require_GET
@signed_in
def show(request: PersonRequest, pk: int) -> HttpResponse:
    """One freeze, and every change it hits."""
    return _page(request, visible_freeze(pk, request.user))


@require_http_methods(["GET", "POST"])
@signed_in
def draft(request: PersonRequest) -> HttpResponse:
    """Draft a freeze."""
    request.user.require(Capability.PROPOSE_CHANGE, to="announce freezes")
    form = DraftFreezeForm(request.POST or None, person=request.user, initial={"zone": request.user.zone})
    if request.method == "POST" and form.is_valid():
        try:
            clusters = list(form.cleaned_data["clusters"])
            return redirect(
                actions.draft_freeze(author=request.user, clusters=clusters, values=form.values(), at=timezone.now())
            )
        except Refusal as refusal:
            form.refuse(refusal)
    context = {"form": form, "back": reverse("cab:freezes")}
    return render(request, "cab/freeze_form.html", context, status=form.answer_status())


@require_http_methods(["GET", "POST"])
@signed_in
def change(request: PersonRequest, pk: int) -> HttpResponse:
    """Change a freeze that is not in force yet; it is a draft again then."""
    freeze = visible_freeze(pk, request.user)
    actions.require_freeze_keeper(freeze, request.user)
    form = ChangeFreezeForm(request.POST or None, freeze=freeze)
    if request.method == "POST" and form.is_valid():
        seen = form.cleaned_data["version"]
        try:
            return redirect(
                actions.change_freeze(
                    freeze_id=pk, editor=request.user, version=seen, changes=form.values(), at=timezone.now()
                )
            )
        except Refusal as refusal:
            form.refuse(refusal)
    context = {"form": form, "freeze": freeze, "back": freeze.get_absolute_url()}
    return render(request, "cab/freeze_form.html", context, status=form.answer_status())


def _step(
    form_class: type[RefusableForm], act: Callable[[Freeze, Person, dict[str, Any]], object]
) -> Callable[..., HttpResponseBase]:
    """A POST of one step on a freeze's way; refused, the page with the sentence."""

    @require_POST
    @signed_in
    def view(request: PersonRequest, pk: int) -> HttpResponse:
        freeze, form = visible_freeze(pk, request.user), form_class(request.POST)
        if form.is_valid():
            try:
                act(freeze, request.user, {**form.cleaned_data, "at": timezone.now()})
            except Refusal as refusal:
                form.refuse(refusal)
            else:
                return redirect(freeze)
        return _page(request, freeze, form)

    return view


preview = _step(VersionForm, lambda one, person, data: actions.preview_freeze(freeze_id=one.pk, viewer=person, **data))
enforce = _step(
    VersionForm, lambda one, person, data: actions.enforce_freeze(freeze_id=one.pk, enforcer=person, **data)
)
lift = _step(ReasonForm, lambda one, person, data: actions.lift_freeze(freeze_id=one.pk, lifter=person, **data))


def _page(request: PersonRequest, freeze: Freeze, refused: RefusableForm | None = None) -> HttpResponse:
    shown, hidden = hits_shown_to(freeze, request.user)
    context = {
        "freeze": freeze,
        "clusters": Cluster.objects.visible_to(request.user).filter(freezes=freeze),
        "hits": shown,
        "spares_some": any(one.verdict.is_exempt for one in shown),
        "shared": stopping_sentence(scope_of(freeze), what="them" if len(shown) > 1 else "it")
        if any(one.verdict.stops for one in shown)
        else "",
        "hidden": hidden,
        "is_keeper": is_freeze_keeper(freeze, request.user),
        "why_not_enforced": _why_not_enforced(freeze, request.user),
        "refused": refused,
        "form": refused if isinstance(refused, ReasonForm) else ReasonForm(),
        "entries": margin(timeline(freeze, limit=30)),
        "crumbs": [{"label": "Freezes", "url": reverse("cab:freezes")}, {"label": freeze.name}],
    }
    return render(request, "cab/freeze.html", context, status=refused.answer_status() if refused else 200)


def _why_not_enforced(freeze: Freeze, person: Person) -> Refusal | None:
    """What would refuse this person the next step, so that the page does not offer it."""
    if freeze.state != FreezeState.PREVIEWED:
        return None
    try:
        actions.require_no_author(freeze, person)
    except Refusal as refusal:
        return refusal
    return None
