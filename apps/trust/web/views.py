"""Trust domains: the list, the page of one, its keys and links; checking a token."""

from collections.abc import Callable
from datetime import datetime, time
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters.models import Cluster
from apps.clusters.queries import standing, visible_cluster
from apps.clusters.rules import is_editor, require_may_edit
from apps.clusters.web.margin import margin
from apps.journal.queries import timeline
from apps.kernel.answers import went
from apps.kernel.exports import asked, export
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import Refusal
from apps.trust import actions, queries
from apps.trust.actions.domains import FIELDS
from apps.trust.checking import checked_token
from apps.trust.models import TrustDomain
from apps.trust.queries.files import bundle_file, manifest_file
from apps.trust.rules.tokens import Answer
from apps.trust.web.forms import BundleForm, DomainForm, EndForm, LinkForm, RotationForm, TokenForm
from apps.trust.web.tables import DOMAINS


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """Every trust domain the person may know of, and the clusters that have none."""
    rows = queries.domains_seen_by(request.user)
    if kind := asked(request):
        return export(DOMAINS, kind, rows.order_by("name", "pk"))
    page = page_by_key(
        rows, order=("name", "pk"), after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    without = Cluster.objects.visible_to(request.user).filter(trust_domains__isnull=True).order_by("name")
    return render(request, "trust/domains.html", {"page": page, "without": without[:100]})


@sensitive_post_parameters("token")
@require_http_methods(["GET", "POST"])
@signed_in
def check_token(request: PersonRequest) -> HttpResponse:
    """Whether a token would be believed, link by link."""
    form = TokenForm(request.POST or None)
    domains = TrustDomain.objects.visible_to(request.user).order_by("name")
    form.fields["issuer"].queryset = form.fields["callee"].queryset = domains  # type: ignore[attr-defined]
    found: Answer | None = None
    if request.method == "POST" and form.is_valid():
        try:
            found = checked_token(
                form.cleaned_data["token"],
                issuer=form.cleaned_data["issuer"],
                callee=form.cleaned_data["callee"],
                person=request.user,
                at=timezone.now(),
            )
        except Refusal as refusal:
            form.refuse(refusal)
    context = {"form": form, "found": found, "crumbs": _crumbs("Check a token")}
    answer = render(request, "trust/check.html", context, status=form.answer_status())
    answer["Cache-Control"] = "no-store"
    return answer


@require_http_methods(["GET", "POST"])
@signed_in
def declare(request: PersonRequest, slug: str) -> HttpResponse:
    """Declare the trust domain of a cluster."""
    cluster = visible_cluster(slug, request.user)
    require_may_edit(standing(request.user, cluster), of=cluster.name)
    form = DomainForm(request.POST or None, initial={"audience": cluster.slug, "algorithms": ["ES256"]})
    if request.method == "POST" and form.is_valid():
        values = {name: form.cleaned_data[name] for name in FIELDS}
        try:
            domain = actions.declare_domain(cluster=cluster, declarer=request.user, values=values, at=timezone.now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "trust:domain", domain.pk)
    context = {"form": form, "title": f"Trust domain of {cluster.name}", "crumbs": _crumbs("Declare")}
    return render(request, "trust/form.html", context, status=form.answer_status())


@require_http_methods(["GET", "POST"])
@signed_in
def describe(request: PersonRequest, pk: int) -> HttpResponse:
    """Edit a trust domain; the form carries the version it was drawn from."""
    domain = queries.visible_domain(pk, request.user)
    require_may_edit(standing(request.user, domain.cluster), of=domain.cluster.name)
    form = DomainForm(request.POST or None, initial=vars(domain))
    if request.method == "POST" and form.is_valid():
        values = {name: form.cleaned_data[name] for name in FIELDS}
        seen = form.cleaned_data["version"] or 0
        try:
            actions.describe_domain(domain_id=pk, editor=request.user, version=seen, changes=values, at=timezone.now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "trust:domain", pk)
    context = {"form": form, "title": domain.name, "crumbs": _crumbs(domain.name)}
    return render(request, "trust/form.html", context, status=form.answer_status())


@require_GET
@signed_in
def page(request: PersonRequest, pk: int) -> HttpResponse:
    """One trust domain: what it issues, its keys, and who believes whom."""
    return _page(request, queries.visible_domain(pk, request.user))


@require_POST
@signed_in
def upload(request: PersonRequest, pk: int) -> HttpResponse:
    """Take in a bundle from a file."""
    form = BundleForm(request.POST, request.FILES)

    def act() -> None:
        content = form.cleaned_data["file"].read()
        actions.take_in_bundle(domain_id=pk, keeper=request.user, content=content, at=timezone.now())

    return _acted(request, pk, "bundle_form", form, act)


@require_POST
@signed_in
def plan_rotation(request: PersonRequest, pk: int) -> HttpResponse:
    """Say when a key is to be replaced."""
    form = RotationForm(request.POST)

    def act() -> None:
        actions.plan_rotation(domain_id=pk, keeper=request.user, at=timezone.now(), **form.cleaned_data)

    return _acted(request, pk, "rotation_form", form, act)


@require_POST
@signed_in
def propose(request: PersonRequest, pk: int) -> HttpResponse:
    """Propose that another domain believes this one."""
    form, source = LinkForm(request.POST), queries.visible_domain(pk, request.user)

    def act() -> None:
        values: dict[str, Any] = dict(form.cleaned_data)
        day = values.pop("ends_on")
        ends_at = datetime.combine(day, time.max, tzinfo=timezone.get_current_timezone()) if day else None
        target = queries.domain_named(values.pop("target"), request.user)
        actions.propose_link(
            source=source, target=target, proposer=request.user, ends_at=ends_at, at=timezone.now(), **values
        )

    return _acted(request, pk, "link_form", form, act)


@require_POST
@signed_in
def agree(request: PersonRequest, pk: int) -> HttpResponse:
    """Agree to believe another domain."""
    link = queries.visible_link(pk, request.user)
    actions.agree_to_link(link_id=pk, agreer=request.user, at=timezone.now())
    return went(request, "trust:domain", link.target_id)


@require_POST
@signed_in
def end(request: PersonRequest, pk: int) -> HttpResponse:
    """End the trust between two domains."""
    link, form = queries.visible_link(pk, request.user), EndForm(request.POST)

    def act() -> None:
        actions.end_link(link_id=pk, person=request.user, at=timezone.now(), **form.cleaned_data)

    return _acted(request, link.target_id, "end_form", form, act)


@require_GET
@signed_in
def bundle(request: PersonRequest, pk: int) -> HttpResponse:
    """The domain's public keys as a SPIFFE bundle."""
    text = bundle_file(queries.visible_domain(pk, request.user))
    return HttpResponse(text, content_type="application/json")


@require_GET
@signed_in
def manifest(request: PersonRequest, pk: int) -> HttpResponse:
    """What the cluster believes, as Istio's RequestAuthentication."""
    text = manifest_file(queries.visible_domain(pk, request.user), request.user, at=timezone.now())
    return HttpResponse(text, content_type="application/yaml")


def _acted(request: PersonRequest, pk: int, name: str, form: Any, act: Callable[[], None]) -> HttpResponse:
    domain = queries.visible_domain(pk, request.user)
    if form.is_valid():
        try:
            act()
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "trust:domain", pk)
    return _page(request, domain, **{name: form})


def _page(request: PersonRequest, domain: TrustDomain, **refused: Any) -> HttpResponse:
    may_edit = is_editor(standing(request.user, domain.cluster))
    links = list(queries.links_seen_by(request.user).filter(source=domain).order_by("target__name"))
    believed = list(queries.links_seen_by(request.user).filter(target=domain).order_by("source__name"))
    form = next(iter(refused.values()), None)
    context = {
        "domain": domain,
        "crumbs": _crumbs(domain.name),
        "keys": domain.keys.filter(retired_at__isnull=True).order_by("since", "pk"),
        "retired": domain.keys.filter(retired_at__isnull=False).order_by("-retired_at", "pk")[:20],
        "believed_by": links,
        "believes": believed,
        "may_edit": may_edit,
        "now": timezone.now(),
        "entries": margin(timeline(domain, limit=30)),
        "bundle_form": BundleForm(),
        "rotation_form": RotationForm(),
        "link_form": LinkForm(),
        "end_form": EndForm(),
        "refused": form,
        **refused,
    }
    return render(request, "trust/domain.html", context, status=form.answer_status() if form else 200)


def _crumbs(label: str) -> list[dict[str, str]]:
    return [{"label": "Trust", "url": reverse("trust:domains")}, {"label": label}]
