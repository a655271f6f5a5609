"""Questions about escalation: protocols and their steps, who is on call, cases, and what somebody is to one."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, Q, QuerySet

from apps.accounts.models import Person, PersonKind
from apps.accounts.rules import Capability, Role
from apps.clusters.models import Cluster
from apps.clusters.queries import owning_people
from apps.kernel.refusals import NotFound
from apps.stakeholders.models import (
    Absence,
    CaseAsk,
    CaseParty,
    CaseStep,
    EscalationCase,
    EscalationProtocol,
    ProtocolStep,
    ProtocolVersion,
    Resolution,
    ResolutionSignature,
    WorkingCalendar,
)
from apps.stakeholders.queries.costs import calendar_of
from apps.stakeholders.rules import escalation as rules
from apps.stakeholders.rules.business_time import Calendar
from apps.stakeholders.rules.escalation import Asks, Candidate, Planned, Standing, Step
from apps.stakeholders.states import UNFINISHED_CASES, CaseState, ProtocolState


def protocols() -> QuerySet[EscalationProtocol]:
    """Every protocol; everybody may read them."""
    return EscalationProtocol.objects.select_related("calendar", "made_by")


def protocol_named(slug: str) -> EscalationProtocol:
    """One of them, or a refusal."""
    found = protocols().filter(slug=slug).first()
    if found is None:
        raise NotFound("There is no such protocol.", next_step="Go back to the escalations.")
    return found


def versions_of(protocol: EscalationProtocol) -> QuerySet[ProtocolVersion]:
    """Its versions with their steps, the newest first."""
    steps = ProtocolStep.objects.select_related("person").order_by("number")
    rows = protocol.versions.select_related("written_by", "published_by", "protocol__calendar")
    return rows.prefetch_related(Prefetch("steps", steps)).order_by("-number")


def published_version(protocol: EscalationProtocol) -> ProtocolVersion | None:
    """The version that new cases follow."""
    return versions_of(protocol).filter(state=ProtocolState.PUBLISHED).first()


def steps_of(version: ProtocolVersion) -> list[Step]:
    """Its steps as the rules see them."""
    rows = sorted(version.steps.all(), key=lambda one: one.number)
    return [Step(one.number, Asks(one.asks), rules.Act(one.act), one.limit, one.role, one.person_id) for one in rows]


def calendar_for(version: ProtocolVersion) -> Calendar:
    """By whose hours its clocks run."""
    return calendar_of(version.protocol.calendar)


def calendars() -> QuerySet[WorkingCalendar]:
    """Every calendar with its holidays."""
    return WorkingCalendar.objects.select_related("cluster", "written_by").prefetch_related("holidays").order_by("name")


def calendars_seen_by(person: Person) -> QuerySet[WorkingCalendar]:
    """Those of the federation, and of clusters the person may know of."""
    rows = calendars()
    if person.may(Capability.READ_RESTRICTED):
        return rows
    return rows.filter(Q(cluster__isnull=True) | Q(cluster__in=Cluster.objects.visible_to(person).values("pk")))


def members(step: Step) -> QuerySet[Person]:
    """Active people whom a step of a role or a person stands for; none for the parties."""
    rows = Person.objects.filter(is_active=True, kind=PersonKind.HUMAN)
    if step.asks == Asks.ROLE:
        return rows.filter(role_grants__role=step.role).exclude(role_grants__role=Role.AUDITOR).distinct()
    return rows.none() if step.person is None else rows.filter(pk=step.person)


@dataclass(frozen=True)
class Sides:
    """The parties of a conflict, told apart once: who is one, and why."""

    clusters: tuple[Cluster, ...]
    reasons: dict[int, str]  # person to why they are a party

    @classmethod
    def of(cls, clusters: Collection[Cluster], people: Iterable[int] = ()) -> "Sides":
        """Of these clusters and people; one query a cluster."""
        reasons = dict.fromkeys(people, "is a party")
        for cluster in clusters:
            for owner in owning_people([cluster.pk]):
                reasons.setdefault(owner.pk, f"owns {cluster.name}")
        return cls(tuple(clusters), reasons)


def sides_of(case: EscalationCase) -> Sides:
    """The parties of a case."""
    rows = list(case.parties.select_related("cluster"))
    clusters = [one.cluster for one in rows if one.cluster]
    return Sides.of(clusters, [one.person_id for one in rows if one.person_id])


def candidates(step: Step, sides: Sides, calendar: Calendar, at: datetime) -> list[Candidate]:
    """Whom a step would ask at that instant, the parties marked and those away, by name."""
    day = at.astimezone(ZoneInfo(calendar.zone)).date()
    if step.asks == Asks.PARTIES:
        rows = Person.objects.filter(pk__in=sides.reasons, is_active=True, kind=PersonKind.HUMAN)
    else:
        rows = members(step)
    people = list(rows.order_by("name", "pk"))
    away = set(away_on(day).values_list("person_id", flat=True))
    found = []
    for one in people:
        party = sides.reasons.get(one.pk, "")
        if party or _may_know(one, sides):
            found.append(Candidate(one.pk, party, is_away=one.pk in away))
    return found


def _may_know(person: Person, sides: Sides) -> bool:
    wanted = [one.pk for one in sides.clusters]
    return Cluster.objects.visible_to(person).filter(pk__in=wanted).count() == len(wanted)


def away_on(day: date) -> QuerySet[Absence]:
    """Absences that hold that day."""
    return Absence.objects.filter(first_on__lte=day, last_on__gte=day, ended_at__isnull=True)


def absences(*, today: date) -> QuerySet[Absence]:
    """Absences that are not over."""
    rows = Absence.objects.filter(last_on__gte=today, ended_at__isnull=True).select_related("person")
    return rows.order_by("first_on", "pk")


def cases_seen_by(person: Person) -> QuerySet[EscalationCase]:
    """Cases whose clusters the person may all know of."""
    parties = CaseParty.objects.select_related("cluster", "person").order_by("pk")
    rows = EscalationCase.objects.visible_to(person).select_related("version_of__protocol", "opened_by")
    return rows.select_related("acknowledged_by").prefetch_related(Prefetch("parties", parties))


def visible_case(number: int, person: Person) -> EscalationCase:
    """One of them with its ladder and resolutions, or a refusal."""
    asks = CaseAsk.objects.select_related("person").order_by("pk")
    ladder = CaseStep.objects.order_by("number").prefetch_related(Prefetch("asks", asks))
    signatures = ResolutionSignature.objects.select_related("signer", "party__cluster", "party__person")
    resolutions = Resolution.objects.select_related("proposed_by", "refused_by").order_by("-number")
    rows = cases_seen_by(person).prefetch_related(
        Prefetch("ladder", ladder),
        Prefetch("resolutions", resolutions.prefetch_related(Prefetch("signatures", signatures))),
    )
    found = rows.filter(number=number).first()
    if found is None:
        raise NotFound("There is no such case.", next_step="Go back to the escalations.")
    return found


def waiting_for(person: Person) -> QuerySet[EscalationCase]:
    """Cases at whose current step the person is asked, or whose resolution waits for their party."""
    asked = CaseAsk.objects.filter(person=person, recused_because="").values("step__case_id", "step__number")
    mine = {(one["step__case_id"], one["step__number"]) for one in asked}
    rows = cases_seen_by(person).filter(state__in=UNFINISHED_CASES)
    wanted = [one.pk for one in rows if (one.pk, one.step) in mine or one.state == CaseState.SETTLING]
    return rows.filter(pk__in=wanted)


def standing_of(person: Person, case: EscalationCase) -> Standing:
    """What the person is to the case."""
    asked = CaseAsk.objects.filter(step__case=case, person=person, recused_because="")
    return Standing(
        is_party=person.pk in sides_of(case).reasons,
        asked=frozenset(asked.values_list("step__number", flat=True)),
        administers=Capability.MANAGE_PEOPLE in person.capabilities,
        opened_it=case.opened_by_id == person.pk,
    )


def parties_signed_for_by(person: Person, case: EscalationCase) -> list[CaseParty]:
    """The parties of a case for which the person may sign."""
    owned = [one for one in case.parties.select_related("cluster") if one.cluster or one.person_id == person.pk]
    return [
        one
        for one in owned
        if one.person_id == person.pk
        or (one.cluster_id and owning_people([one.cluster_id]).filter(pk=person.pk).exists())
    ]


def simulated(version: ProtocolVersion, clusters: Collection[Cluster], start: datetime) -> list[Planned]:
    """Who would be asked when, if nobody ever answered a case between these clusters."""
    calendar, sides = calendar_for(version), Sides.of(clusters)
    people: Callable[[Step, datetime], list[Candidate]] = lambda step, at: candidates(step, sides, calendar, at)  # noqa: E731
    return rules.plan(steps_of(version), calendar, start, people)


def rows_of_ladder(case: EscalationCase) -> list[tuple[ProtocolStep, CaseStep | None]]:
    """Each step of its protocol with what happened there, if the case came so far."""
    reached = {one.number: one for one in case.ladder.all()}
    steps = ProtocolStep.objects.filter(version=case.version_of_id).select_related("person").order_by("number")
    return [(one, reached.get(one.number)) for one in steps]


def due_cases(at: datetime) -> QuerySet[EscalationCase]:
    """Open cases whose time at their step is up."""
    return EscalationCase.objects.filter(state=CaseState.OPEN, due_at__lte=at)


def recent_with_key(key: str, since: datetime) -> bool:
    """Whether a case about this is unfinished, or was over only lately."""
    rows = EscalationCase.objects.filter(key=key)
    return rows.filter(Q(state__in=UNFINISHED_CASES) | Q(ended_at__gte=since)).exists()
