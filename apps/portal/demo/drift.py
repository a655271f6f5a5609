"""Drift that a detector saw at the demo organisation: covered by a change, open, and explained in each of three ways."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.accounts.models import Person
from apps.cab.actions import observations
from apps.clusters.models import Component

DETECTOR = "drift-detector"


@dataclass(frozen=True)
class Sighting:
    """What was seen, how many minutes before it was reported, and how an owner explained it."""

    component: str
    summary: str
    details: str
    minutes: int
    owner: str = ""
    resolution: str = ""
    reason: str = ""


SIGHTINGS = (
    Sighting("payments/card-gateway", "The gateway keeps connections open for ten minutes", "- idle_timeout: 60s\n+ idle_timeout: 600s", 190),
    Sighting("logistics/route-planner", "The planner runs with a fourth replica", "- replicas: 3\n+ replicas: 4", 170, "hiro", "latent", "The team on call scaled it during the morning peak. It stays; the template is mended today."),
    Sighting("storefront/checkout", "A debug header is sent to customers", "+ X-Debug-Trace: on", 150, "anneke", "backed_out", "Switched on while looking for a fault and forgotten. It is off again; nobody's data was in it."),
    Sighting("identity/consent-store", "The store's version is unknown", "- version: 4.2.1\n+ version: unknown", 130, "marit", "false_alarm", "The detector asked during a restart."),
    Sighting("logistics/warehouse-stock", "The certificate of the stock database is another", "- issuer: Halden Root 2016\n+ issuer: Halden Root 2026", 0),
)  # fmt: skip


def report(people: dict[str, Person], parts: dict[str, Component], *, at: datetime) -> None:
    """Report what was seen, and explain what has been explained."""
    for number, one in enumerate(SIGHTINGS):
        told_at = at - timedelta(minutes=40 - 8 * number)
        observed = observations.report_drift(
            reporter=people["piotr"],
            report=observations.Report(
                source=DETECTOR,
                external_id=f"drift-{4100 + number}",
                component=parts[one.component],
                observed_at=told_at - timedelta(minutes=one.minutes),
                summary=one.summary,
                found_by="the detector of the platform team",
                details=one.details,
                evidence=[{"label": "Difference", "url": f"https://drift.halden.example/{4100 + number}"}],
            ),
            at=told_at,
        )
        if one.owner:
            observations.explain_drift(
                change_id=observed.change_id,
                person=people[one.owner],
                resolution=one.resolution,
                reason=one.reason,
                at=told_at + timedelta(minutes=5),
            )
