"""Policies: the list, one policy with what it decides, its versions, the editor with its analysis, and the question."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters.models import Cluster
from apps.clusters.queries import visible_cluster
from apps.journal import queries as journal
from apps.journal.events import words_for
from apps.kernel.answers import went
from apps.kernel.exports import asked, export
from apps.kernel.refusals import NotFound, Refusal
from apps.policies import actions, facts, queries
from apps.policies.models import Policy, PolicyVersion
from apps.policies.panels import panels_for
from apps.policies.rules.asking import facts_written
from apps.policies.rules.tables import table_from
from apps.policies.states import VersionState
from apps.policies.web import editor
from apps.policies.web.tables import POLICIES, version_in

SHOWN = 30
FLOOR = "enterprise-floor"


@require_http_methods(["GET", "POST"])
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """Every policy this person may see; a POST founds the one of a scope that has none."""
    refusal = None
    if request.method == "POST":
        try:
            return went(request, _found(request).get_absolute_url())
        except Refusal as refused:
            refusal = refused
    rows = queries.policies_shown_to(request.user).order_by("cluster__name", "pk")
    if kind := asked(request):
        return export(POLICIES, kind, rows)
    policies = list(rows)
    have = {policy.cluster_id for policy in policies}
    clusters = Cluster.objects.visible_to(request.user).exclude(policies__isnull=False).order_by("name")
    context = {
        "policies": [
            (policy, version_in(policy, VersionState.ENABLED), version_in(policy, VersionState.DRAFT))
            for policy in policies
        ],
        "clusters": clusters[: SHOWN * 10],
        "may_found_floor": None not in have and request.user.may(Capability.MANAGE_BOARD),
        "refusal": refusal,
    }
    return render(request, "policies/list.html", context, status=refusal.status if refusal else 200)


@require_GET
@signed_in
def show(request: PersonRequest, slug: str) -> HttpResponse:
    """One policy: what is in force, what is drafted, what there was."""
    return _page(request, queries.policy_named(slug, request.user))


@require_GET
@signed_in
def ask(request: PersonRequest, slug: str) -> HttpResponse:
    """What the policies in force require of given facts."""
    policy = queries.policy_named(slug, request.user)
    try:
        given = facts_written(facts.columns(), request.GET.dict())
    except Refusal as refusal:
        return _page(request, policy, asked=request.GET, refusal=refusal)
    decided = queries.required(given, cluster_id=policy.cluster_id)
    return _page(request, policy, asked=request.GET, decided=decided, nothing_in_force=decided is None)


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: PersonRequest, slug: str) -> HttpResponse:
    """The editor: acts on the form (add, remove, show a column, check) come back with it; saving is an action."""
    policy = queries.policy_named(slug, request.user)
    base = version_in(policy, VersionState.DRAFT) or version_in(policy, VersionState.ENABLED)
    if request.method == "GET":
        rows = base.rows if base else []
        return _editor(request, policy, editor.sheet_of(table_from(facts.columns(), rows)))
    sheet = editor.sheet_from(request.POST, facts.columns())
    if request.POST.get("act") != "save":
        return _editor(request, policy, sheet)
    try:
        saved = actions.save_draft(
            policy_id=policy.pk,
            author=request.user,
            rows=sheet.as_data(facts.columns()),
            note=request.POST.get("note", ""),
            based_on=_number(request.POST.get("based_on", "")),
            at=timezone.now(),
        )
    except Refusal as refusal:
        return _editor(request, policy, sheet, refusal=refusal)
    return went(request, saved.get_absolute_url())


@require_POST
@signed_in
def analysis(request: PersonRequest, slug: str) -> HttpResponse:
    """The analysis of the form as it stands: a fragment, asked for whenever a field changes."""
    policy = queries.policy_named(slug, request.user)
    sheet = editor.sheet_from(request.POST, facts.columns())
    return render(request, "policies/_analysis.html", _checked(policy, sheet))


@require_GET
@signed_in
def version(request: PersonRequest, slug: str, number: int) -> HttpResponse:
    """One version as it reads, what is different from another (`?against=`), and the acts on it."""
    policy = queries.policy_named(slug, request.user)
    return _version_page(request, policy, _version(policy, number))


@require_POST
@signed_in
def enable(request: PersonRequest, slug: str, number: int) -> HttpResponse:
    """Put a draft in force."""
    policy = queries.policy_named(slug, request.user)
    found = _version(policy, number)
    try:
        actions.enable_version(
            version_id=found.pk, enabler=request.user, digest=request.POST.get("digest", ""), at=timezone.now()
        )
    except Refusal as refusal:
        return _version_page(request, policy, found, refusal=refusal)
    return went(request, policy.get_absolute_url())


@require_POST
@signed_in
def discard(request: PersonRequest, slug: str, number: int) -> HttpResponse:
    """Give a draft up."""
    policy = queries.policy_named(slug, request.user)
    actions.discard_draft(version_id=_version(policy, number).pk, person=request.user, at=timezone.now())
    return went(request, policy.get_absolute_url())


@require_POST
@signed_in
def retire(request: PersonRequest, slug: str) -> HttpResponse:
    """Take the version in force out of it."""
    policy = queries.policy_named(slug, request.user)
    enabled = version_in(policy, VersionState.ENABLED)
    if enabled is None:
        raise NotFound("No version of this policy is in force.", next_step="Open the policy to see its versions.")
    reason = request.POST.get("reason", "")
    try:
        actions.retire_version(version_id=enabled.pk, person=request.user, reason=reason, at=timezone.now())
    except Refusal as refusal:
        return _page(request, policy, refusal=refusal)
    return went(request, policy.get_absolute_url())


def _found(request: PersonRequest) -> Policy:
    slug = request.POST.get("cluster", "")
    cluster = visible_cluster(slug, request.user) if slug else None
    return actions.found_policy(
        founder=request.user,
        slug=cluster.slug if cluster else FLOOR,
        name=f"{cluster} policy" if cluster else "Enterprise floor",
        cluster=cluster,
        at=timezone.now(),
    )


def _version(policy: Policy, number: int) -> PolicyVersion:
    found = next((one for one in policy.versions.all() if one.number == number), None)
    if found is None:
        raise NotFound(f"{policy} has no version {number}.", next_step="Open the policy to see its versions.")
    found.policy = policy
    return found


def _page(request: PersonRequest, policy: Policy, *, refusal: Refusal | None = None, **more: Any) -> HttpResponse:
    enabled, columns, asked = version_in(policy, VersionState.ENABLED), facts.columns(), more.get("asked", {})
    context = {
        "policy": policy,
        "enabled": enabled,
        "draft": version_in(policy, VersionState.DRAFT),
        "versions": list(policy.versions.all()),
        "table": editor.drawn(queries.table_of(enabled)) if enabled else None,
        "fields": [(column, asked.get(column.name, "")) for column in columns],
        "may_write": queries.may_write(request.user, policy.cluster),
        "timeline": [
            {"at": one.at, "actor": one.actor, "words": words_for(one.event), "detail": one.data.get("reason", "")}
            for one in journal.timeline(policy, limit=SHOWN)
        ],
        "refusal": refusal,
        **more,
    }
    return render(request, "policies/policy.html", context, status=refusal.status if refusal else 200)


def _version_page(
    request: PersonRequest, policy: Policy, found: PolicyVersion, *, refusal: Refusal | None = None
) -> HttpResponse:
    others = [one for one in policy.versions.all() if one.number != found.number]
    wanted = _number(request.GET.get("against", ""))
    earlier = (one for one in others if one.number < found.number and one.state != VersionState.DISCARDED)
    against = next((one for one in others if one.number == wanted), None) or next(earlier, None)
    table = queries.table_of(found)
    context = {
        "policy": policy,
        "version": found,
        "versions": list(policy.versions.all()),
        "table": editor.drawn(table),
        "against": against,
        "difference": editor.difference(queries.table_of(against), table) if against else [],
        "may_write": queries.may_write(request.user, policy.cluster),
        "is_own": found.author_id == request.user.pk,
        "panels": panels_for(found, request.user),
        "refusal": refusal,
    }
    return render(request, "policies/version.html", context, status=refusal.status if refusal else 200)


def _editor(
    request: PersonRequest, policy: Policy, sheet: editor.Sheet, *, refusal: Refusal | None = None
) -> HttpResponse:
    draft = version_in(policy, VersionState.DRAFT)
    shown = {column.name for column in sheet.columns}
    context = {
        "policy": policy,
        "sheet": sheet,
        "rules": sheet.drawn(),
        "ways": editor.WAYS,
        "every_column": facts.columns(),
        "more_columns": [column for column in facts.columns() if column.name not in shown],
        "note": request.POST.get("note", draft.note if draft else ""),
        "based_on": request.POST.get("based_on", draft.saves if draft else ""),
        "may_write": queries.may_write(request.user, policy.cluster),
        "refusal": refusal,
        **_checked(policy, sheet),
    }
    return render(request, "policies/edit.html", context, status=refusal.status if refusal else 200)


def _checked(policy: Policy, sheet: editor.Sheet) -> dict[str, Any]:
    """The analysis of the form, or the refusal of what cannot be read or proven."""
    try:
        table = table_from(facts.columns(), sheet.as_data(facts.columns()))
        return {"check": queries.check(table, policy, on=timezone.now().date()), "unreadable": None}
    except Refusal as refusal:
        return {"check": None, "unreadable": refusal}


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None  # noqa: PLR2004  # an int's length
