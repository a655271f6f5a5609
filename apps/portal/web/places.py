"""The pages and acts of the house by name, each for whom it is: what the command palette and the search offer."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.meetings.queries.meetings import boards_led_by
from apps.portal.queries.finding import Found, FoundGroup
from apps.stakeholders.rules.escalation import may_open

MOST_FOUND = 8  # of each kind, beside what else matches


@dataclass(frozen=True)
class Place:
    """A page, or the page of an act (`is_act`). `words` are what people also call it; `right` None: everyone."""

    label: str
    address: str
    words: str = ""
    right: Capability | None = None
    is_act: bool = False
    asks: Callable[[Person], bool] | None = None  # where a right of the federation does not say it

    def is_for(self, person: Person) -> bool:
        """Whether the person may open it."""
        return (self.right is None or person.may(self.right)) and (self.asks is None or self.asks(person))

    def matches(self, words: str) -> bool:
        """Whether every word stands in its label or its other names."""
        text = f"{self.label} {self.words}".casefold()
        return all(one in text for one in words.casefold().split())


def _leads_a_board(person: Person) -> bool:
    return boards_led_by(person, at=timezone.now()).exists()


def _sets_targets(person: Person) -> bool:
    return person.may(Capability.SET_TARGETS) or person.may(Capability.MANAGE_CLUSTER)


def _keeps_time(person: Person) -> bool:
    """As `windows.rules.authority` asks: owners for their cluster, chairs and administrators for the federation."""
    return person.may(Capability.MANAGE_BOARD) or person.may(Capability.MANAGE_CLUSTER)


def _opens_cases(person: Person) -> bool:
    """As `stakeholders.rules.escalation` asks; owners by what they own, which the page itself looks up."""
    return may_open(person.capabilities, owns_one=person.may(Capability.MANAGE_CLUSTER))


_WRITES = Capability.PROPOSE_CHANGE
PLACES: tuple[Place, ...] = (
    Place("Queue", "cab:queue", "my work votes waiting"),
    Place("Changes", "cab:changes", "change requests register list"),
    Place("Calendar: the week", "cab:week", "schedule lanes"),
    Place("Calendar: the month", "cab:month", "schedule"),
    Place("Calendar: the year", "cab:year", "schedule heat map"),
    Place("Windows and blackouts", "windows:windows", "maintenance recurring"),
    Place("Conflicts", "cab:conflicts", "collisions overlap double-booked"),
    Place("Freezes", "cab:freezes", "lockdown change stop"),
    Place("Exceptions from freezes", "cab:exceptions", "exemption request"),
    Place("Templates", "cab:templates", "standard changes preauthorised"),
    Place("Suggested templates", "cab:suggested-templates", "standard changes promotion"),
    Place("Boards", "cab:boards", "CAB ECAB members seats"),
    Place("Meetings", "meetings:meetings", "agenda minutes room series"),
    Place("Policies", "policies:list", "approval rules decision table replay"),
    Place("Change models", "cab:models", "states workflow transitions"),
    Place("Checks from reviews", "cab:checks", "findings questions lessons"),
    Place("Proposals for standards", "cab:standard-proposals", "findings"),
    Place("Observed drift", "cab:drift", "unauthorized latent detector reports"),
    Place("Clusters", "clusters:list", "components map dependencies"),
    Place("Search the catalogue", "clusters:search", "find components capabilities owners tags"),
    Place("Map", "clusters:map", "graph dependencies neighbours path reach"),
    Place("Where it runs", "clusters:running", "sites hosts placements single-site"),
    Place("Loose ends", "clusters:loose_ends", "dangling dependencies unknown components"),
    Place("Import a catalogue", "clusters:import", "CSV Backstage Kubernetes upload", Capability.IMPORT, is_act=True),
    Place("Boundary lens", "clusters:lens", "coupling cohesion modularity"),
    Place("Transfers of data", "clusters:transfers", "jurisdictions residency sovereignty"),
    Place("Sites", "clusters:sites", "jurisdictions places data centres"),
    Place("Meshes", "mesh:meshes", "Istio service mesh mTLS drift east-west"),
    Place("Check manifests", "mesh:check", "Istio Kubernetes YAML mesh lint", is_act=True),
    Place("Definitions of the mesh", "mesh:definitions", "CRD schemas"),
    Place("Conventions of names", "clusters:conventions", "naming metadata standards exemptions"),
    Place("Try names", "clusters:try_names", "conventions check", is_act=True),
    Place("Integrations", "integrations:integrations", "needs latency patterns edges"),
    Place("Isolation plans", "integrations:isolation_plans", "fallback partition stale queue rehearsal"),
    Place("Cut-off simulation", "integrations:cutoff", "partition isolate region game day chaos"),
    Place("Interfaces", "integrations:interfaces", "APIs topics data products contracts"),
    Place("Check AsyncAPI documents", "integrations:asyncapi", "events channels YAML lint schema", is_act=True),
    Place("Declare an integration", "integrations:declare", "new needs", _WRITES, is_act=True),
    Place("Trust domains", "trust:domains", "identity SPIFFE keys JWKS"),
    Place("Ways of trust", "trust:ways", "identity propagation chains"),
    Place("Check a token", "trust:check", "JWT verify", is_act=True),
    Place("Findings on the map", "clusters:findings", "violations waivers checks"),
    Place("Initiatives", "stakeholders:initiatives", "stakeholders map people power resources"),
    Place("Silos", "stakeholders:silos", "working apart integration hand-offs questionnaire homophily E-I index"),
    Place("Required links", "stakeholders:required_links", "integration gaps missing links silos lineage workflow"),
    Place("Actions about silos", "stakeholders:silo_actions", "hand-offs interfaces owners due"),
    Place("Thresholds", "stakeholders:thresholds", "autonomy levels agreements floor negotiation decision rights"),
    Place("Which level?", "stakeholders:threshold_question", "thresholds who decides autonomy", is_act=True),
    Place("KPIs", "stakeholders:kpis", "success metrics alignment tree time to decision cost per integration"),
    Place("Metrics that pull apart", "stakeholders:metric_conflicts", "KPIs conflicts incentives correlation"),
    Place("Costs of integrations", "stakeholders:costs", "hours licences cost per integration went live"),
    Place("Rates between currencies", "stakeholders:rates", "exchange currency EUR USD money cost"),
    Place("Escalations", "stakeholders:escalations", "conflicts cases ladder incentives on call"),
    Place("Protocols of escalation", "stakeholders:protocols", "steps ladder who is asked"),
    Place("Who is away", "stakeholders:absences", "absence holiday on call"),
    Place("Calendars of work", "stakeholders:calendars", "business hours holidays"),
    Place("Metrics of the programme", "cab:programme", "DORA four keys figures lead time"),
    Place("Dashboards", "cab:dashboards", "metrics figures tiles"),
    Place("Targets of metrics", "cab:targets", "goals"),
    Place("Failures by source", "cab:metrics", "metrics change failure rate restore"),
    Place("Inbox", "notify:inbox", "notices notifications"),
    Place("Preferences of the inbox", "notify:preferences", "mail digest calendar feeds iCalendar"),
    Place("Journal", "portal:journal", "audit trail log entries"),
    Place("Your settings", "accounts:settings", "account theme zone API keys"),
    Place("Imports", "cab:imports", "records CSV", Capability.IMPORT),
    Place("People", "accounts:people", "users roles", Capability.MANAGE_PEOPLE),
    Place("Webhooks", "notify:webhooks", "events endpoints", Capability.READ_WEBHOOKS),
    Place("Deliveries that failed", "portal:deliveries", "outbox", Capability.READ_DELIVERIES),
    Place("Propose a change", "cab:propose", "new change request", _WRITES, is_act=True),
    Place("Report drift", "cab:report-drift", "observed unauthorized new", _WRITES, is_act=True),
    Place("Draft a freeze", "cab:draft-freeze", "new lockdown", _WRITES, is_act=True, asks=_keeps_time),
    Place("Plan a window or blackout", "windows:plan", "new maintenance", _WRITES, is_act=True, asks=_keeps_time),
    Place("Plan a meeting", "meetings:plan", "new series agenda", is_act=True, asks=_leads_a_board),
    Place("Make a dashboard", "cab:dashboards", "new metrics tiles", is_act=True),
    Place("Set a target", "cab:targets", "new goal metrics", is_act=True, asks=_sets_targets),
    Place("Define a KPI or a metric", "stakeholders:define_metric", "new success metric", _WRITES, is_act=True),
    Place("Open a case", "stakeholders:open_case", "escalate conflict new", is_act=True, asks=_opens_cases),
    Place("Write a change model", "cab:models", "new draft version", Capability.MANAGE_BOARD, is_act=True),
    Place("Import records", "cab:imports", "upload CSV", Capability.IMPORT, is_act=True),
    Place("Found a cluster", "clusters:found", "new", Capability.MANAGE_CLUSTER, is_act=True),
)


def places(words: str, person: Person) -> list[FoundGroup]:
    """The pages and the acts that are for this person and match the words; without words, all of them."""
    shown = [one for one in PLACES if one.matches(words) and one.is_for(person)]
    kinds = (("Pages", [one for one in shown if not one.is_act]), ("Acts", [one for one in shown if one.is_act]))
    most = MOST_FOUND if words.strip() else len(PLACES)
    return [FoundGroup(label, tuple(map(_found, rows[:most]))) for label, rows in kinds if rows]


def _found(place: Place) -> Found:
    return Found(place.label, reverse(place.address))
