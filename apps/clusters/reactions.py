"""Whom the map tells, and when. Each reaction is idempotent by entry: a notice is written once."""

from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from apps.clusters import checks, conventions, events
from apps.clusters.models import Cluster, ConventionExemption, Finding, Severity
from apps.clusters.queries import boundaries, lens, owning_people
from apps.clusters.queries import conventions as convention_queries
from apps.clusters.rules import boundaries as boundary_rules
from apps.clusters.rules import conventions as convention_rules
from apps.clusters.rules import lens as lens_rules
from apps.clusters.states import FindingState
from apps.journal.actions import subscribe
from apps.journal.models import Entry
from apps.notify.actions.telling import tell


@subscribe("clusters.findings_raised", events.FindingsSettled)
def tell_of_findings(entry: Entry) -> None:
    """Tell a cluster's owners what is newly wrong in it; notes are for those who look."""
    rows = Finding.objects.filter(pk__in=entry.data["raised"], severity__gte=Severity.WARNING, state=FindingState.OPEN)
    worst = list(rows.order_by("-severity", "pk")[:2])
    if not worst:
        return
    cluster, number = Cluster.objects.get(pk=entry.subject_id), rows.count()
    is_one = number == 1
    tell(
        owning_people([cluster.pk]),
        entry=entry,
        kind="finding",
        title=worst[0].sentence if is_one else f"{number} new findings in {cluster.name}",
        body=worst[0].next_step if is_one else f"The worst: {worst[0].sentence}",
        url=worst[0].get_absolute_url() if is_one else _listed(cluster, entry.data["checker"]),
        at=entry.at,
    )


@subscribe("clusters.finding_open_again", events.WaiverEnded)
def tell_of_end(entry: Entry) -> None:
    """Tell a cluster's owners, and who answered for it, that a waived finding is open again."""
    finding = Finding.objects.select_related("waived_by").get(pk=entry.data["finding_id"])
    people = {one.pk: one for one in owning_people([finding.cluster_id])}
    if finding.waived_by:
        people[finding.waived_by.pk] = finding.waived_by
    tell(
        people.values(),
        entry=entry,
        kind="finding",
        title=f"No longer waived: {finding.sentence}",
        body=finding.next_step,
        url=finding.get_absolute_url(),
        at=entry.at,
    )


@subscribe("clusters.exemption_ending", events.ExemptionEnding)
def tell_of_exemption(entry: Entry) -> None:
    """Tell the component's owners, and who gave it, that an exemption ends; unless it was ended or given anew."""
    rows = ConventionExemption.objects.open().select_related("convention", "component", "given_by")
    row = rows.filter(pk=entry.data["exemption_id"], until=datetime.fromisoformat(entry.data["until"])).first()
    if row is None:
        return
    people = {one.pk: one for one in owning_people([row.component.cluster_id])} | {row.given_by_id: row.given_by}
    tell(
        people.values(),
        entry=entry,
        kind="finding",
        title=f"{row.component} must keep to “{row.convention}” from {row.until:%-d %B} on",
        body=f"Its exemption ends then. It was given because: {row.reason}",
        url=row.convention.get_absolute_url(),
        at=entry.at,
    )


def _listed(cluster: Cluster, checker: str) -> str:
    return f"{reverse('clusters:findings')}?{urlencode({'cluster': cluster.slug, 'checker': checker})}"


def register_checks() -> None:
    """The checks of the map that this area keeps."""
    changed = (
        events.ComponentAdded,
        events.ComponentDescribed,
        events.ComponentsNamed,
        events.CatalogImported,
        events.ClusterFounded,
        events.DependencyDeclared,
        events.DependencyDescribed,
        events.DependencyWithdrawn,
    )
    ruled = (events.CharterApproved, events.SitePlaced, events.TransferRuled, events.TransferRuleRepealed)
    checks.register(checks.Check("boundaries", boundary_rules.VERSION, _judge_boundaries), *changed, *ruled)
    checks.register(checks.Check(lens.CHECKER, lens_rules.VERSION, _look_through_lens), *changed)
    convention_queries.register_kinds(conventions.register)
    checks.register(
        checks.Check(convention_queries.CHECKER, convention_rules.VERSION, of_cluster=_hold_to_conventions),
        *(*changed, events.ClusterDescribed, events.CharterApproved, events.ScanAsked),
        *(events.ConventionMade, events.ConventionChanged, events.ConventionRetired),
        *(events.ExemptionGiven, events.ExemptionEnded),
    )
    checks.register(
        checks.Check(convention_queries.NAMES, convention_rules.VERSION, _compare_names),
        *(*changed, events.ClusterDescribed, events.CharterApproved),
    )


def _judge_boundaries(at: datetime) -> checks.Outcome:
    del at
    now = boundaries.territory()
    return checks.Outcome(boundary_rules.findings(now), boundaries.print_of(now))


def _look_through_lens(at: datetime) -> checks.Outcome:
    del at
    graph = lens.weighted_graph()
    result = lens.measured(graph)
    return checks.Outcome(lens.leanings(result["moves"]), graph.sha256, result)


def _hold_to_conventions(cluster_id: int, at: datetime) -> checks.Outcome:
    found, print_, judged = convention_queries.judged(cluster_id, at)
    return checks.Outcome(found, print_, {"judged": judged})


def _compare_names(at: datetime) -> checks.Outcome:
    del at
    names = convention_queries.all_names()
    return checks.Outcome(convention_rules.collisions(names), convention_queries.print_of(names), {"names": len(names)})
