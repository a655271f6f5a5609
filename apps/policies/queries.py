"""Questions about policies: which are in force, what they require, what stands against a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch, QuerySet

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.clusters.models import Cluster
from apps.clusters.queries import standing
from apps.kernel.refusals import NotFound
from apps.policies import facts, judging, reach
from apps.policies.models import Policy, PolicyVersion
from apps.policies.rules.analysis import Analysis, Finding, analyse, compare_with_floor
from apps.policies.rules.columns import Facts
from apps.policies.rules.evaluation import Named, Ruling, cases, ruling
from apps.policies.rules.tables import Table, table_from
from apps.policies.states import VersionState


@dataclass(frozen=True)
class Decided:
    """What the policies in force require, and the versions that say so."""

    ruling: Ruling
    versions: tuple[PolicyVersion, ...]


@dataclass(frozen=True)
class Check:
    """The analysis of a table by itself and, for a cluster's policy, against the floor in force."""

    own: Analysis
    floor: Analysis | None  # None: it is the floor, or none is in force
    floor_version: PolicyVersion | None
    unmet: tuple[Finding, ...] = ()  # what nobody could give as the boards are seated

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that stands against the table."""
        return (*self.own.findings, *(self.floor.findings if self.floor else ()), *self.unmet)

    @property
    def unseen(self) -> tuple[str, ...]:
        """What the analysis cannot see into, and what holds all the same."""
        return (*self.own.unseen, *(self.floor.unseen if self.floor else ()))

    @property
    def proof(self) -> dict[str, object]:
        """What is kept beside the version: how much was compared, and with which floor."""
        return {
            "compared": self.own.compared,
            "floor": self.floor_version.digest if self.floor_version else "",
            "compared_with_floor": self.floor.compared if self.floor else 0,
        }


def policies_shown_to(person: Person) -> QuerySet[Policy]:
    """Policies this person may see, each with its versions, the newest first."""
    versions = PolicyVersion.objects.select_related("author", "enabled_by").order_by("-number")
    return Policy.objects.visible_to(person).select_related("cluster").prefetch_related(Prefetch("versions", versions))


def policy_named(slug: str, person: Person) -> Policy:
    """The policy of that short name, or a refusal when there is none for this person."""
    found = policies_shown_to(person).filter(slug=slug).first()
    if found is None:
        raise NotFound("There is no such policy that you may see.", next_step="Go back to the list of policies.")
    return found


def may_write(person: Person, cluster: Cluster | None) -> bool:
    """Whether the person may write the policy of this scope: who manages boards, and a cluster's owners for theirs."""
    if person.may(Capability.MANAGE_BOARD):
        return True
    return cluster is not None and standing(person, cluster).may_own


def in_force(cluster_id: int | None) -> tuple[PolicyVersion, ...]:
    """The enabled versions that govern the cluster: the floor first, then its own; none until one is enabled."""
    enabled = PolicyVersion.objects.filter(state=VersionState.ENABLED).select_related("policy__cluster")
    found = list(enabled.filter(policy__cluster__isnull=True))
    if cluster_id is not None:
        found += list(enabled.filter(policy__cluster=cluster_id))
    return tuple(found)


def table_of(version: PolicyVersion) -> Table:
    """The version's table."""
    return table_from(facts.columns(), version.rows)


def required(given: Facts, *, cluster_id: int | None) -> Decided | None:
    """What the policies in force for the cluster require of these facts; None while none is enabled.

    The floor's rules count beside the cluster's own, so nothing is decided more weakly than the floor in force asks.
    """
    versions = in_force(cluster_id)
    return Decided(ruled(versions, given), versions) if versions else None


def ruled(versions: Sequence[PolicyVersion], given: Facts) -> Ruling:
    """What these versions together require."""
    sources = compiled(versions)
    return ruling(sources, given, judging.answers_to(cases(sources, given)))


def compiled(versions: Sequence[PolicyVersion]) -> list[Named]:
    """The versions' tables, read once for many questions; what `ruling` takes."""
    return [Named(str(version), table_of(version)) for version in versions]


def check(table: Table, policy: Policy, *, on: date) -> Check:
    """What stands against the table as a version of this policy, as boards are seated on the day `on`.

    Refused where an expression does not answer its own examples.
    """
    judging.require_examples(table)
    floors = [] if policy.is_floor else list(in_force(None))
    floor = floors[0] if floors else None
    compared = compare_with_floor(table, table_of(floor)) if floor else None
    return Check(analyse(table), compared, floor, reach.unmet(table, cluster_id=policy.cluster_id, on=on))
