"""What the board's area puts on the pages of a cluster and of a component, and what areas above put on a dossier."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Person
from apps.cab.models import Change, ChangeComponent
from apps.cab.queries.levels import MOST as MOST_COMPARED
from apps.cab.queries.levels import compared
from apps.cab.queries.patterns import SHOWN as SHOWN_PATTERNS
from apps.cab.queries.patterns import patterns_touched_by
from apps.cab.queries.replays import replays_shown_to
from apps.cab.queries.ways import judged_facts
from apps.cab.rules.replays import MOST_MINUTES, MOST_MONTHS
from apps.cab.states import OPEN, ChangeState
from apps.cab.web.patterns import told
from apps.cab.web.replay_form import minutes_fields
from apps.clusters import panels as cluster_panels
from apps.clusters.models import Cluster, Component
from apps.clusters.panels import Panel, PanelKind
from apps.policies import panels as policy_panels
from apps.policies.models import PolicyVersion
from apps.policies.queries import may_write
from apps.stakeholders import panels as stakeholder_panels
from apps.stakeholders.models import ThresholdOffer

SHOWN = 8
BEFORE_HANDOVER = {ChangeState.DRAFT, ChangeState.SUBMITTED, ChangeState.ASSESSING, ChangeState.CHANGES_REQUESTED}
Provider = Callable[[Change, Person], Panel | None]
_on_dossiers: dict[str, Provider] = {}


def register(provider: Provider) -> None:
    """Show what `provider(change, person)` returns on every dossier; None shows nothing.

    Call it from `AppConfig.ready`. Registering the same function again changes nothing.
    """
    _on_dossiers[f"{provider.__module__}.{provider.__qualname__}"] = provider


def panels_for(change: Change, person: Person) -> list[Panel]:
    """Every panel of this change's dossier, in order of registration."""
    answered = (provider(change, person) for provider in _on_dossiers.values())
    return [panel for panel in answered if panel is not None]


def register_panels() -> None:
    """Called once, when the area is ready."""
    cluster_panels.register(PanelKind.CLUSTER, of_cluster)
    cluster_panels.register(PanelKind.COMPONENT, of_component)
    policy_panels.register(of_version)
    stakeholder_panels.register(of_offer)
    register(of_level)
    register(of_patterns)


def of_cluster(cluster: Cluster, person: Person) -> Panel:
    """Open changes that the cluster governs or that touch a component of it."""
    touching = ChangeComponent.objects.filter(component__cluster=cluster).values("change_id")
    return _panel(Q(cluster=cluster) | Q(pk__in=touching), person, {"cluster": cluster.slug})


def of_component(component: Component, person: Person) -> Panel:
    """Open changes that touch the component."""
    touching = ChangeComponent.objects.filter(component=component).values("change_id")
    return _panel(Q(pk__in=touching), person, {"component": component.pk})


def of_version(version: PolicyVersion, person: Person) -> policy_panels.Panel:
    """The replays of a policy's version, and the form that begins one."""
    replays = list(replays_shown_to(person).filter(version=version).order_by("-pk")[:SHOWN])
    context = {
        "version": version,
        "replays": replays,
        "may_begin": may_write(person, version.policy.cluster),
        "minutes": minutes_fields(replays[0].minutes if replays else {}),
        "most_months": MOST_MONTHS,
        "most_minutes": MOST_MINUTES,
    }
    return policy_panels.Panel("cab/_replays_panel.html", context)


def of_offer(offer: ThresholdOffer, person: Person) -> stakeholder_panels.Panel:
    """What an offer on thresholds would have made of the last 90 days' changes."""
    found = compared(offer, person, at=timezone.now())
    context = {
        "figures": found.figures,
        "is_cut": found.is_cut,
        "most": MOST_COMPARED,
        "rows_url": reverse("cab:level-rows", args=[offer.agreement_id]),
    }
    return stakeholder_panels.Panel("cab/_levels_panel.html", context)


def of_level(change: Change, person: Person) -> Panel | None:
    """The level that thresholds come to now, for a change that was not handed over yet; afterwards its reasons say it.

    The page is the change's own, so whoever reads it may know of the cluster whose agreement counts.
    """
    del person
    if change.state not in BEFORE_HANDOVER:
        return None
    _, judgement = judged_facts(change, at=timezone.now())
    return Panel("cab/_level_panel.html", {"judgement": judgement}) if judgement else None


def of_patterns(change: Change, person: Person) -> Panel | None:
    """What is decided on the patterns of integrations that what the change touches takes part in."""
    if not change.listed_components:  # type: ignore[attr-defined]  # the dossier's change is a whole one
        return None
    rows = patterns_touched_by(change, person)
    lines = [told(one) for one in rows[:SHOWN_PATTERNS]]
    context = {
        "lines": lines,
        "reopened": sum(one.is_reopened for one in lines),
        "is_cut": len(rows) > SHOWN_PATTERNS,
        "list_url": reverse("integrations:integrations"),
    }
    return Panel("cab/_patterns_panel.html", context)


def _panel(about: Q, person: Person, asked: dict[str, object]) -> Panel:
    rows = Change.objects.visible_to(person).filter(about, state__in=list(OPEN)).in_lists().order_by("-number")
    every = f"{reverse('cab:changes')}?{urlencode(asked)}"
    return Panel("cab/_changes_panel.html", {"changes": list(rows[:SHOWN]), "every_url": every})
