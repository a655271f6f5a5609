"""The demo organisation: invented, dated relative to today, showing every state; built by the house's own actions."""

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import Person
from apps.cab.models import Board
from apps.clusters.models import Component
from apps.journal.actions import deliver_due
from apps.meetings.models import Meeting
from apps.portal.demo import (
    boundaries,
    conflicts,
    conventions,
    drift,
    escalations,
    exceptions,
    findings,
    history,
    imports,
    integrations,
    isolation,
    meetings,
    mesh,
    metrics,
    models,
    organisation,
    outside,
    past,
    patterns,
    policies,
    sampling,
    seasons,
    silos,
    stakeholders,
    standards,
    thresholds,
    trust,
)
from apps.portal.demo.organisation import DOMAIN, PASSWORD, PEOPLE
from apps.portal.demo.stories import STORIES
from apps.portal.demo.telling import tell_all

__all__ = ["PASSWORD", "PEOPLE", "build", "is_there"]


def is_there() -> bool:
    """Whether the demo organisation lives in this database."""
    return Person.objects.filter(handle="marit", email=f"marit@{DOMAIN}").exists()


@transaction.atomic
def _built(at: datetime) -> list[str]:
    said = []
    people = organisation.add_people()
    said.append(f"{len(people)} people")
    parts = _mapped(people, said, at)
    seasons.plan_windows(people, at=at - organisation.FOUNDED)
    said.append("maintenance windows and blackouts")
    organisation.found_boards(people, at=at)
    said.append(f"{Board.objects.count()} boards")
    said.append(f"{metrics.record_rates(people, at=at)} rates between currencies")
    said.append(f"{past.bring_along(people, at=at)} changes of two years from the delivery pipeline")
    past.set_targets(people, at=at)
    said.append(f"{thresholds.adopt(people, at=at)} agreements on thresholds")
    said.append(f"{policies.put_in_force(people, at=at)} policies")
    tell_all(past.decided(), people, parts, at=at)
    said.append(f"{len(past.DECIDED)} changes that boards decided in that time")
    tell_all(
        STORIES,
        people,
        parts,
        at=at,
        beside=[
            *meetings.appointments(people, parts, at=at),
            standards.routines(people, at=at),
            sampling.samples(people, parts, at=at),
        ],
    )
    said.append(f"{len(STORIES)} changes")
    said.append(f"{sampling.look_on(people, at=at)} reviews of automatic approvals")
    said.append(f"{Meeting.objects.count()} meetings, two of them in session")
    conflicts.propose(people, parts, at=at)
    said.append(f"{len(conflicts.MEETINGS)} changes in each other's way")
    seasons.announce_freezes(people, at=at - exceptions.ENFORCED_BEFORE)
    exceptions.ask(people, parts, at=at)
    said.append(f"freezes, and {len(exceptions.REQUESTS)} requests to be excepted")
    said.append(f"{len(standards.ROUTINES)} templates of standard changes")
    said.append(f"{models.put_in_force(people, at=at)} versions of change models")
    drift.report(people, parts, at=at)
    said.append(f"{len(drift.SIGHTINGS)} reports of drift")
    findings.keep(people, parts, at=at)
    said.append("checks and proposals that reviews left behind")
    said += [
        f"{thresholds.negotiate(people, at=at)} agreements, some still negotiated",
        f"{metrics.measure(people, at=at)} KPIs and metrics",
        f"{escalations.climb(people, at=at)} escalated cases",
    ]
    history.bring_along(people, at=at)
    said.append("an older register")
    said.append(f"a draft policy replayed on {policies.replay_the_draft(people, at=at)} changes")
    outside.connect(people, at=at)
    _deliver(at)
    conflicts.settle(people, at=at)
    _deliver(at)
    outside.break_things(at=at)
    outside.read_inboxes(people, at=at)
    past.make_dashboards(people, at=at)
    outside.plan_digests(people, at=at)
    said.append("inboxes, a calendar feed, webhooks, and a delivery that failed")
    return said


def _mapped(people: dict[str, Person], said: list[str], at: datetime) -> dict[str, Component]:
    """Draw the map of the federation; what it holds, by its path."""
    parts = organisation.draw_map(people, at=at - organisation.FOUNDED)
    said.append(f"{len(organisation.CLUSTERS)} clusters with {len(parts)} components")
    said.append(f"{boundaries.draw(people, parts, at=at)} findings on the map")
    said.append(
        f"{integrations.connect(people, parts, at=at)} integrations, "
        f"{isolation.plan(people, parts, at=at)} of them planned for isolation"
    )
    said.append(f"{patterns.decide(people, at=at)} decisions on how integrations are built")
    said.append(f"{trust.declare(people, at=at)} trust domains")
    said.append(f"{mesh.weave(people, at=at)} meshes")
    said.append(f"{stakeholders.open_initiatives(people, at=at)} initiatives across clusters")
    said.append(f"{silos.assess(people, at=at)} pairs of clusters judged on how far they work apart")
    said.append(f"{conventions.keep(people, parts, at=at)} findings by conventions of names")
    said.append(f"{imports.bring(people, at=at)} loose ends of imported catalogues")
    return parts


def _deliver(at: datetime) -> None:
    while deliver_due(at=max(at, timezone.now())):  # what the building itself dated by the clock is due, too
        pass


def build(*, at: datetime) -> Iterator[str]:
    """Build the demo organisation as of `at`, whole or not at all; then say each part of it."""
    yield from _built(at)
