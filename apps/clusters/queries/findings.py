"""Questions about findings: which stand, whose they are, what they say of one cluster or component."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models.functions import RowNumber

from apps.accounts.models import Person
from apps.clusters.models import Cluster, Component, Finding, Severity
from apps.clusters.models.findings import FindingQuerySet
from apps.clusters.states import FindingState
from apps.kernel.refusals import NotFound

SHOWN = 5  # on the page of a cluster or a component; the list has them all


@dataclass(frozen=True)
class Standing:
    """What stands against a cluster or a component: the worst few, and how many are open of each severity."""

    rows: list[Finding]
    counts: dict[int, int]
    waived: int

    @property
    def open(self) -> int:
        """How many are open."""
        return sum(self.counts.values())

    @property
    def words(self) -> str:
        """The counts in words, worst first: "2 blockers, 1 note"."""
        said = [
            f"{self.counts[severity]} {severity.label}{'s' if self.counts[severity] != 1 else ''}"
            for severity in reversed(Severity)
            if self.counts.get(severity)
        ]
        return ", ".join(said)


def visible_finding(pk: int, person: Person) -> Finding:
    """The finding with what it is about; refuses alike what does not exist and what the person may not know of."""
    finding = findings_seen_by(person).filter(pk=pk).first()
    if finding is None:
        raise NotFound("There is no such finding.", next_step="Go back to the list of findings.")
    return finding


def findings_seen_by(person: Person) -> FindingQuerySet:
    """Every finding the person may know of, resolved ones too, with what each is about."""
    return Finding.objects.visible_to(person).select_related("cluster", "component", "counterpart", "waived_by")


def standing_findings(subject: Cluster | Component, person: Person) -> Standing:
    """What stands against the subject, as far as the person may know; one query."""
    about = {"cluster": subject} if isinstance(subject, Cluster) else {"component": subject}
    alike = [models.F("state"), models.F("severity")]
    rows = (
        findings_seen_by(person)
        .filter(**about)
        .standing()
        .annotate(
            number=models.Window(models.Count("pk"), partition_by=alike),
            place=models.Window(RowNumber(), partition_by=alike, order_by="-pk"),
        )
        .filter(place__lte=SHOWN)
        .order_by("-severity", "-pk")
    )
    found: list[Any] = list(rows)
    counts = {one.severity: one.number for one in found if one.state == FindingState.OPEN}
    waived = sum({one.severity: one.number for one in found if one.state == FindingState.WAIVED}.values())
    worst = [one for one in found if one.state == FindingState.OPEN][:SHOWN]
    return Standing(worst, counts, waived)


def open_blockers(clusters: Collection[int]) -> dict[int, int]:
    """How many blockers stand open against each of these clusters (keys); those without any are left out. One query."""
    return dict(blockers_counted(clusters).values_list("cluster", "number"))


def blockers_counted(clusters: Collection[int]) -> models.QuerySet[Any, Any]:
    """The same as rows of `cluster` and `number`, to be asked together with something else.

    Blockers only, and none that is waived: whoever owns a cluster waives its notes and warnings, but no blocker of it.
    So nobody lowers this number but by repairing, or by asking somebody else for a while.
    """
    rows = Finding.objects.filter(cluster__in=clusters, state=FindingState.OPEN, severity=Severity.BLOCKER)
    return rows.order_by().values("cluster").annotate(number=models.Count("pk"))
