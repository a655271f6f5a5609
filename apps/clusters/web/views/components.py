"""The page of a component, adding and editing one, and what it needs."""

from dataclasses import asdict

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters import actions, panels, queries, rules
from apps.clusters.actions.dependencies import FIELDS as DEPENDENCY_FIELDS
from apps.clusters.models import Component
from apps.clusters.queries.apis import api_shown
from apps.clusters.web.forms import (
    AddComponentForm,
    DependencyForm,
    DescribeDependencyForm,
    EditComponentForm,
    PartForm,
)
from apps.clusters.web.graph import drawn
from apps.clusters.web.margin import margin
from apps.kernel.answers import went
from apps.kernel.refusals import Refusal


@require_GET
@signed_in
def page(request: PersonRequest, pk: int) -> HttpResponse:
    """One component: its tier, who answers for it, what it needs and what needs it."""
    return _page(request, queries.visible_component(pk, request.user), DependencyForm())


@require_POST
@signed_in
def depend(request: PersonRequest, pk: int) -> HttpResponse:
    """Declare that the component needs another."""
    component = queries.visible_component(pk, request.user)
    form = DependencyForm(request.POST)
    if form.is_valid():
        try:
            actions.declare_dependency(
                consumer_id=pk,
                provider_id=queries.component_named(form.cleaned_data["provider"], request.user).pk,
                declarer=request.user,
                **{name: form.cleaned_data[name] for name in ("kind", *DEPENDENCY_FIELDS)},
                at=timezone.now(),
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "clusters:component", pk)
    return _page(request, component, form)


@require_http_methods(["GET", "POST"])
@signed_in
def describe_dependency(request: PersonRequest, pk: int) -> HttpResponse:
    """Say more of a dependency: how much, which data, under which safeguard."""
    dependency = queries.visible_dependency(pk, request.user)
    consumer = dependency.consumer
    rules.require_may_edit(queries.standing(request.user, consumer), of=consumer.name)
    form = DescribeDependencyForm(request.POST or None, initial=vars(dependency))
    if request.method == "POST" and form.is_valid():
        try:
            actions.describe_dependency(
                dependency_id=pk, editor=request.user, changes=form.cleaned_data, at=timezone.now()
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "clusters:component", consumer.pk)
    context = {"form": form, "dependency": dependency}
    return render(request, "clusters/edit_dependency.html", context, status=form.answer_status())


@require_POST
@signed_in
def withdraw(request: PersonRequest, pk: int) -> HttpResponse:
    """Take a declared dependency back."""
    consumer = queries.visible_dependencies(request.user).filter(pk=pk).values_list("consumer_id", flat=True).first()
    actions.withdraw_dependency(dependency_id=pk, withdrawer=request.user, at=timezone.now())
    return went(request, "clusters:component", consumer)


@require_http_methods(["GET", "POST"])
@signed_in
def add(request: PersonRequest, slug: str) -> HttpResponse:
    """Add a component to a cluster."""
    cluster = queries.visible_cluster(slug, request.user)
    rules.require_may_edit(queries.standing(request.user, cluster), of=cluster.name)
    form = AddComponentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        name = values.pop("slug")
        try:
            component = actions.add_component(
                cluster_id=cluster.pk, editor=request.user, slug=name, values=values, at=timezone.now()
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "clusters:component", component.pk)
    context = {"form": form, "cluster": cluster, "tiers": rules.TIER_WORDS.items()}
    return render(request, "clusters/add_component.html", context, status=form.answer_status())


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: PersonRequest, pk: int) -> HttpResponse:
    """Edit a component; the form carries the version it was drawn from."""
    component = queries.visible_component(pk, request.user)
    rules.require_may_edit(queries.standing(request.user, component), of=component.name)
    form = EditComponentForm(request.POST or None, initial=vars(component))
    if request.method == "POST" and form.is_valid():
        changes = dict(form.cleaned_data)
        version = changes.pop("version")
        try:
            actions.describe_component(
                component_id=pk, editor=request.user, version=version, changes=changes, at=timezone.now()
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "clusters:component", pk)
    context = {"form": form, "component": component, "tiers": rules.TIER_WORDS.items()}
    return render(request, "clusters/edit_component.html", context, status=form.answer_status())


@require_GET
@signed_in
def graph(request: PersonRequest, pk: int) -> HttpResponse:
    """The data of the drawing: the component's neighbours to two hops."""
    component = queries.visible_component(pk, request.user)
    found = queries.neighbours(component.pk, person=request.user, hops=2)
    return JsonResponse({"component": component.pk, "neighbours": [asdict(neighbour) for neighbour in found]})


def _page(request: PersonRequest, component: Component, form: DependencyForm) -> HttpResponse:
    neighbours = queries.neighbours(component.pk, person=request.user, hops=2)
    declared = queries.visible_dependencies(request.user).filter(consumer=component).order_by("provider__name", "pk")
    context = {
        "component": component,
        "crumbs": [
            {"label": "Clusters", "url": reverse("clusters:list")},
            {"label": component.cluster.name, "url": component.cluster.get_absolute_url()},
            {"label": component.name},
        ],
        "tier_words": rules.TIER_WORDS[component.tier],
        "api": api_shown(component) if hasattr(component, "api") else None,
        "holders": queries.holders(component),
        "needs": [neighbour for neighbour in neighbours if neighbour.needs],
        "needed_by": [neighbour for neighbour in neighbours if not neighbour.needs],
        "is_cut": len(neighbours) == queries.MOST_NEIGHBOURS,
        "declared": declared[:200],
        "drawing": drawn(component, neighbours),
        "entries": margin(queries.component_timeline(component, limit=30)),
        "findings": queries.standing_findings(component, request.user),
        "findings_url": f"{reverse('clusters:findings')}?component={component.pk}",
        "panels": panels.panels_for(component, request.user),
        "may_edit": rules.is_editor(queries.standing(request.user, component)),
        "dependency_form": form,
        "part_form": PartForm(),
    }
    return render(request, "clusters/component.html", context, status=form.answer_status())
