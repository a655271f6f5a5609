"""Thresholds: what is in force where, the negotiation of one agreement, and what level given facts come to."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters.models import Cluster
from apps.clusters.queries import standing, visible_cluster
from apps.journal.queries import timeline
from apps.kernel.answers import went
from apps.kernel.exports import asked, export
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import Refusal
from apps.policies.rules.asking import facts_written
from apps.stakeholders.actions import thresholds as actions
from apps.stakeholders.models import ThresholdAgreement, ThresholdOffer
from apps.stakeholders.panels import panels_for
from apps.stakeholders.queries import thresholds as queries
from apps.stakeholders.rules.negotiating import require_side, side_of
from apps.stakeholders.rules.thresholds import difference, side_by_side
from apps.stakeholders.states import OPEN_AGREEMENTS, AgreementState
from apps.stakeholders.web.margin import lines
from apps.stakeholders.web.threshold_forms import LEVELS, BreakOffForm, DigestForm, OfferForm, sheet_from, sheet_of
from apps.stakeholders.web.threshold_tables import AGREEMENTS

TERM = timedelta(days=182)  # a first offer names a review in half a year


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """The floor in force, and every agreement the person may know of, the newest first."""
    rows = queries.agreements_seen_by(request.user)
    if kind := asked(request):
        return export(AGREEMENTS, kind, rows.order_by("-pk"))
    page = page_by_key(rows, order=("-pk",), after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    floor = queries.floor_in_force()
    context = {
        "page": page,
        "floor": floor,
        "lines": queries.lines_of(floor),
        "without": _without(request)[:100],
        "may_write_floor": request.user.may(Capability.MANAGE_BOARD),
    }
    return render(request, "stakeholders/thresholds.html", context)


@require_GET
@signed_in
def evaluate(request: PersonRequest) -> HttpResponse:
    """Ask to which level some facts come in a cluster."""
    clusters = Cluster.objects.visible_to(request.user).order_by("name")
    slug = request.GET.get("cluster", "")
    cluster = visible_cluster(slug, request.user) if slug else None
    judgement, refusal = None, None
    if cluster is not None:
        try:
            given = facts_written(queries.columns(), request.GET.dict())
            judgement = queries.judged(cluster.pk, given)
        except Refusal as error:
            refusal = error
    context = {
        "clusters": clusters,
        "cluster": cluster,
        "judgement": judgement,
        "refusal": refusal,
        "fields": [(column, request.GET.get(column.name, "")) for column in queries.columns()],
        "crumbs": _crumbs("Which level?"),
    }
    return render(request, "stakeholders/threshold_question.html", context, status=refusal.status if refusal else 200)


@require_GET
@signed_in
def page(request: PersonRequest, pk: int) -> HttpResponse:
    """One agreement: the offers, what changed, whether they hold the floor, and who has signed."""
    return _page(request, queries.visible_agreement(pk, request.user))


@require_http_methods(["GET", "POST"])
@signed_in
def propose(request: PersonRequest, slug: str) -> HttpResponse:
    """Propose thresholds for a cluster: from those in force, else from the floor."""
    cluster = visible_cluster(slug, request.user)
    require_side(standing(request.user, cluster), cluster=cluster.name)
    before = queries.agreement_in_force(cluster)
    first = before.offer if before else queries.floor_in_force()
    today = queries.today_of(cluster, timezone.now())

    def act(data: Any, values: dict[str, Any]) -> ThresholdOffer:
        values.pop("seen")
        return actions.open_negotiation(
            cluster=cluster, proposer=request.user, thresholds=data, at=timezone.now(), **values
        )

    initial = {"effective_on": today, "review_on": today + TERM}
    return _offered(request, f"Propose thresholds for {cluster.name}", first, initial, act)


@require_http_methods(["GET", "POST"])
@signed_in
def counter(request: PersonRequest, pk: int) -> HttpResponse:
    """Make a counter-proposal, from the last offer."""
    agreement = queries.visible_agreement(pk, request.user)
    require_side(standing(request.user, agreement.cluster), cluster=agreement.cluster.name)
    last = agreement.offers.all()[0]

    def act(data: Any, values: dict[str, Any]) -> ThresholdOffer:
        values["seen"] = values["seen"] or 0
        return actions.make_offer(agreement_id=pk, author=request.user, thresholds=data, at=timezone.now(), **values)

    initial: dict[str, date | int] = {
        "effective_on": last.effective_on,
        "review_on": last.review_on,
        "seen": last.number,
    }
    title = f"Counter-proposal on the thresholds of {agreement.cluster}"
    return _offered(request, title, last, initial, act, back=agreement.get_absolute_url())


@require_POST
@signed_in
def sign(request: PersonRequest, pk: int) -> HttpResponse:
    """Sign the last offer, under the hash of the text that was read."""
    form = DigestForm(request.POST)
    return _acted(request, pk, "sign_form", form, lambda **values: actions.sign_offer(signer=request.user, **values))


@require_POST
@signed_in
def break_off(request: PersonRequest, pk: int) -> HttpResponse:
    """End a negotiation."""
    form = BreakOffForm(request.POST)
    return _acted(request, pk, "end_form", form, lambda **values: actions.break_off(person=request.user, **values))


def _offered(
    request: PersonRequest,
    title: str,
    first: Any,
    initial: dict[str, Any],
    act: Callable[[Any, dict[str, Any]], ThresholdOffer],
    *,
    back: str = "",
) -> HttpResponse:
    columns = queries.columns()
    form = OfferForm(request.POST or None, initial=initial)
    sheet = sheet_from(request.POST) if request.method == "POST" else sheet_of(columns, queries.thresholds_of(first))
    if request.method == "POST" and form.is_valid():
        try:
            offer = act(sheet.as_data(columns), dict(form.cleaned_data))
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:threshold_agreement", offer.agreement_id)
    context = {
        "form": form,
        "title": title,
        "rows": sheet.drawn(),
        "levels": LEVELS,
        "columns": columns,
        "floor": queries.floor_in_force(),
        "back": back or reverse("stakeholders:thresholds"),
        "crumbs": _crumbs(title),
    }
    return render(request, "stakeholders/threshold_form.html", context, status=form.answer_status())


def _acted(request: PersonRequest, pk: int, name: str, form: Any, act: Callable[..., Any]) -> HttpResponse:
    agreement = queries.visible_agreement(pk, request.user)
    if form.is_valid():
        try:
            act(agreement_id=pk, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:threshold_agreement", pk)
    return _page(request, agreement, **{name: form})


def _page(request: PersonRequest, agreement: ThresholdAgreement, **refused: Any) -> HttpResponse:
    offers = list(agreement.offers.all())
    offer = next((one for one in offers if one.pk == agreement.offer_id), offers[0])
    left, left_name = _against(request, agreement, offers, offer)
    floor = queries.floor_in_force()
    said, columns = queries.thresholds_of(offer), queries.columns()
    side = side_of(standing(request.user, agreement.cluster))
    signed = {one.side: one for one in offer.signatures.all()}
    is_open = agreement.state == AgreementState.NEGOTIATING
    form = next(iter(refused.values()), None)
    context = {
        "agreement": agreement,
        "cluster": agreement.cluster,
        "offers": offers,
        "offer": offer,
        "lines": queries.lines_of(offer),
        "left": left,
        "left_name": left_name,
        "pairs": side_by_side(columns, queries.thresholds_of(left), said) if left else [],
        "difference": difference(columns, queries.thresholds_of(left), said) if left else [],
        "floor": floor,
        "proof": queries.proof_of(said, floor) if agreement.state != AgreementState.SUPERSEDED else None,
        "signatures": signed.values(),
        "side": side,
        "is_open": is_open,
        "may_end": side is not None and agreement.state in OPEN_AGREEMENTS,
        "has_signed": side in signed,
        "is_mine": offer.author_id == request.user.pk and side != offer.side,
        "panels": panels_for(offer, request.user) if is_open or agreement.state == AgreementState.AGREED else [],
        "entries": lines(timeline(agreement, limit=30)),
        "crumbs": _crumbs(str(agreement)),
        "sign_form": DigestForm(initial={"digest": offer.digest}),
        "end_form": BreakOffForm(),
        "refused": form,
        **refused,
    }
    status = form.answer_status() if form else 200
    return render(request, "stakeholders/threshold_agreement.html", context, status=status)


def _against(
    request: PersonRequest, agreement: ThresholdAgreement, offers: list[ThresholdOffer], offer: ThresholdOffer
) -> tuple[Any, str]:
    """What the offer is read beside: the one asked for, the one before it, what is in force, or the floor."""
    wanted = request.GET.get("against", "")
    others = {str(one.number): one for one in offers if one.pk != offer.pk}
    if wanted not in {"force", "floor"}:
        found = others.get(wanted) or others.get(str(offer.number - 1))
        if found:
            return found, f"Offer {found.number} of the {found.side}"
    if wanted != "floor":
        before = queries.agreement_in_force(agreement.cluster)
        if before and before.pk != agreement.pk:
            return before.offer, f"In force: agreement {before.number}"
    floor = queries.floor_in_force()
    return floor, str(floor) if floor else ""


def _without(request: PersonRequest) -> QuerySet[Cluster]:
    """Clusters that have agreed on nothing and negotiate nothing."""
    kept = [AgreementState.NEGOTIATING, AgreementState.AGREED, AgreementState.IN_FORCE]
    having = ThresholdAgreement.objects.filter(state__in=kept).values("cluster")
    return Cluster.objects.visible_to(request.user).exclude(pk__in=having).order_by("name")


def _crumbs(label: str) -> list[dict[str, str]]:
    return [{"label": "Thresholds", "url": reverse("stakeholders:thresholds")}, {"label": label}]
