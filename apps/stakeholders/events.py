"""What the stakeholders tell the rest of the house. Ids and plain values only; no judgement of anybody in words."""

from dataclasses import dataclass
from typing import ClassVar

from apps.journal.events import Event


@dataclass(frozen=True)
class InitiativeOpened(Event):
    words: ClassVar[str] = "opened the initiative"
    initiative_id: int


@dataclass(frozen=True)
class InitiativeDescribed(Event):
    words: ClassVar[str] = "edited the initiative"
    initiative_id: int
    version: int
    fields: tuple[str, ...]


@dataclass(frozen=True)
class InitiativeClosed(Event):
    words: ClassVar[str] = "closed the initiative"
    initiative_id: int
    reason: str


@dataclass(frozen=True)
class ResourceDemanded(Event):
    words: ClassVar[str] = "demanded a resource"
    initiative_id: int
    demand_id: int
    resource: str
    amount: str
    unit: str


@dataclass(frozen=True)
class DemandWithdrawn(Event):
    words: ClassVar[str] = "withdrew a demand"
    initiative_id: int
    demand_id: int


@dataclass(frozen=True)
class StakeholderAdded(Event):
    words: ClassVar[str] = "added the stakeholder"
    stakeholder_id: int


@dataclass(frozen=True)
class StakeholderInvolved(Event):
    words: ClassVar[str] = "put somebody on the map"
    initiative_id: int
    stakeholder_id: int


@dataclass(frozen=True)
class StakeholderReleased(Event):
    words: ClassVar[str] = "took somebody off the map"
    initiative_id: int
    stakeholder_id: int


@dataclass(frozen=True)
class AuthorityRecorded(Event):
    words: ClassVar[str] = "recorded an authority"
    authority_id: int
    holder_id: int
    delegated_from_id: int | None


@dataclass(frozen=True)
class AuthorityEnded(Event):
    words: ClassVar[str] = "ended an authority"
    authority_id: int
    holder_id: int
    last_day: str
    with_delegations: tuple[int, ...]


@dataclass(frozen=True)
class InfluenceRecorded(Event):
    words: ClassVar[str] = "recorded an influence"
    source_id: int
    target_id: int
    kind: str


@dataclass(frozen=True)
class InfluenceEnded(Event):
    words: ClassVar[str] = "ended an influence"
    source_id: int
    target_id: int
    kind: str


@dataclass(frozen=True)
class StakeholderAssessed(Event):
    words: ClassVar[str] = "assessed somebody on the map"
    initiative_id: int
    stakeholder_id: int
    assessment_id: int


@dataclass(frozen=True)
class EngagementPlanned(Event):
    words: ClassVar[str] = "planned a conversation"
    initiative_id: int
    engagement_id: int
    owner_id: int


@dataclass(frozen=True)
class EngagementDropped(Event):
    words: ClassVar[str] = "dropped a planned conversation"
    initiative_id: int
    engagement_id: int


@dataclass(frozen=True)
class EngagementDue(Event):
    """A planned conversation is due soon, or overdue."""

    words: ClassVar[str] = "reminded of a planned conversation"
    initiative_id: int
    engagement_id: int
    is_overdue: bool


@dataclass(frozen=True)
class ConversationHeld(Event):
    words: ClassVar[str] = "logged a conversation"
    initiative_id: int
    conversation_id: int
    stakeholder_id: int
    engagement_id: int | None


@dataclass(frozen=True)
class StakeholdersImported(Event):
    words: ClassVar[str] = "imported stakeholders"
    source: str
    added: int
    changed: int
    influences: int


@dataclass(frozen=True)
class ThresholdFloorWritten(Event):
    words: ClassVar[str] = "drafted the floor"
    floor_id: int
    digest: str


@dataclass(frozen=True)
class ThresholdFloorAdopted(Event):
    """`superseded_id` is the version it took the place of."""

    words: ClassVar[str] = "adopted the floor"
    floor_id: int
    digest: str
    superseded_id: int | None


@dataclass(frozen=True)
class ThresholdFloorDiscarded(Event):
    words: ClassVar[str] = "discarded the draft"
    floor_id: int


@dataclass(frozen=True)
class ThresholdsOffered(Event):
    """The first offer opens the negotiation; `side` is the one that makes it."""

    words: ClassVar[str] = "made an offer"
    agreement_id: int
    offer_id: int
    number: int
    side: str
    digest: str


@dataclass(frozen=True)
class ThresholdsSigned(Event):
    words: ClassVar[str] = "signed an offer"
    agreement_id: int
    offer_id: int
    side: str
    digest: str


@dataclass(frozen=True)
class ThresholdsAgreed(Event):
    """Both sides have signed; `floor_id` is the floor that the text is proven to hold."""

    words: ClassVar[str] = "completed the agreement"
    agreement_id: int
    offer_id: int
    digest: str
    floor_id: int | None


@dataclass(frozen=True)
class ThresholdsInForce(Event):
    """An agreement came into force; `superseded_id` is the one it took the place of."""

    words: ClassVar[str] = "brought the agreement into force"
    agreement_id: int
    superseded_id: int | None


@dataclass(frozen=True)
class ThresholdNegotiationBrokenOff(Event):
    words: ClassVar[str] = "broke off the negotiation"
    agreement_id: int
    reason: str


@dataclass(frozen=True)
class MetricDefined(Event):
    words: ClassVar[str] = "defined the metric"
    metric_id: int
    cluster_id: int | None


@dataclass(frozen=True)
class MetricDescribed(Event):
    words: ClassVar[str] = "edited the metric"
    metric_id: int
    version: int
    fields: tuple[str, ...]


@dataclass(frozen=True)
class MetricRetired(Event):
    words: ClassVar[str] = "retired the metric"
    metric_id: int
    reason: str


@dataclass(frozen=True)
class MetricsAligned(Event):
    """`weights` are (metric, weight) as they are from now on."""

    words: ClassVar[str] = "aligned metrics with the KPI"
    kpi_id: int
    weights: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class MetricMeasured(Event):
    """A period got its value, or a better one in the place of `superseded_id`; `value` None: there is none."""

    words: ClassVar[str] = "got a value"
    metric_id: int
    value_id: int
    first_on: str
    value: str | None
    source: str
    superseded_id: int | None


@dataclass(frozen=True)
class IntegrationCostRecorded(Event):
    words: ClassVar[str] = "recorded a cost of integrations"
    cost_id: int
    cluster_id: int


@dataclass(frozen=True)
class IntegrationCostStruck(Event):
    words: ClassVar[str] = "struck out a cost of integrations"
    cost_id: int
    cluster_id: int
    reason: str


@dataclass(frozen=True)
class IntegrationWentLive(Event):
    words: ClassVar[str] = "said that an integration went live"
    going_live_id: int
    integration_id: int
    live_on: str


@dataclass(frozen=True)
class ExchangeRateRecorded(Event):
    """One `currency` was worth `rate` of `into`, what the enterprise reckons in, on the day `as_of`."""

    words: ClassVar[str] = "recorded a rate between currencies"
    rate_id: int
    currency: str
    into: str
    rate: str
    as_of: str


@dataclass(frozen=True)
class WorkingCalendarWritten(Event):
    words: ClassVar[str] = "wrote the calendar"
    calendar_id: int
    version: int


@dataclass(frozen=True)
class SiloRunBegun(Event):
    words: ClassVar[str] = "asked how far clusters work apart"
    run_id: int
    number: int


@dataclass(frozen=True)
class SiloRunFailed(Event):
    words: ClassVar[str] = "gave up an assessment of silos"
    run_id: int
    number: int
    reason: str


@dataclass(frozen=True)
class SilosAssessed(Event):
    """Every pair of clusters was assessed; `digest` is of what was read."""

    words: ClassVar[str] = "assessed how far clusters work apart"
    run_id: int
    number: int
    digest: str


@dataclass(frozen=True)
class SiloWeightsSet(Event):
    words: ClassVar[str] = "set the weights"
    number: int
    reason: str


@dataclass(frozen=True)
class SiloRoundOpened(Event):
    words: ClassVar[str] = "opened a round of the questionnaire"
    round_id: int
    number: int


@dataclass(frozen=True)
class SiloAnswered(Event):
    words: ClassVar[str] = "answered the questionnaire"
    round_id: int
    answer_id: int
    first_id: int
    second_id: int
    for_id: int


@dataclass(frozen=True)
class HandOffRecorded(Event):
    words: ClassVar[str] = "recorded a hand-off"
    handoff_id: int
    source_id: int
    target_id: int
    count: int
    period: str


@dataclass(frozen=True)
class HandOffsRecorded(Event):
    """Several were recorded at once, from one cluster to another."""

    words: ClassVar[str] = "recorded hand-offs"
    handoff_ids: tuple[int, ...]
    source_id: int
    target_id: int
    number: int


@dataclass(frozen=True)
class HandOffEnded(Event):
    words: ClassVar[str] = "ended a hand-off"
    handoff_id: int
    reason: str


@dataclass(frozen=True)
class LinkRequired(Event):
    words: ClassVar[str] = "required a link between clusters"
    link_id: int
    source_id: int
    target_id: int
    reason: str
    owner_id: int


@dataclass(frozen=True)
class RequiredLinkDescribed(Event):
    words: ClassVar[str] = "corrected a required link"
    link_id: int
    version: int
    fields: tuple[str, ...]
    owner_id: int


@dataclass(frozen=True)
class RequiredLinkEnded(Event):
    words: ClassVar[str] = "ended a required link"
    link_id: int
    reason: str


@dataclass(frozen=True)
class SiloActionPlanned(Event):
    words: ClassVar[str] = "planned an action about a silo"
    action_id: int
    owner_id: int


@dataclass(frozen=True)
class SiloActionMoved(Event):
    words: ClassVar[str] = "moved an action about a silo"
    action_id: int
    state: str


@dataclass(frozen=True)
class SiloActionDue(Event):
    """An action is due soon, or overdue."""

    words: ClassVar[str] = "reminded of an action about a silo"
    action_id: int
    is_overdue: bool


@dataclass(frozen=True)
class ProtocolMade(Event):
    words: ClassVar[str] = "made the protocol"
    protocol_id: int


@dataclass(frozen=True)
class ProtocolStepsWritten(Event):
    words: ClassVar[str] = "drafted steps"
    version_id: int
    digest: str


@dataclass(frozen=True)
class ProtocolPublished(Event):
    words: ClassVar[str] = "published the protocol"
    version_id: int
    digest: str


@dataclass(frozen=True)
class ProtocolDraftDiscarded(Event):
    words: ClassVar[str] = "discarded the draft of the protocol"
    version_id: int


@dataclass(frozen=True)
class CaseOpened(Event):
    """A conflict was brought up, by a person or (`key`) by a rule."""

    words: ClassVar[str] = "opened the case"
    case_id: int
    key: str


@dataclass(frozen=True)
class CaseStepReached(Event):
    """These people were asked at a step; `held` where nobody of it is on call."""

    words: ClassVar[str] = "brought the case to a step"
    case_id: int
    step: int
    asked: tuple[int, ...]
    recused: tuple[int, ...]
    held: bool


@dataclass(frozen=True)
class CaseHeld(Event):
    words: ClassVar[str] = "held the clock"
    case_id: int
    step: int
    reason: str


@dataclass(frozen=True)
class CaseResumed(Event):
    words: ClassVar[str] = "let the clock run on"
    case_id: int
    step: int
    asked: tuple[int, ...]


@dataclass(frozen=True)
class CaseAcknowledged(Event):
    words: ClassVar[str] = "took the case"
    case_id: int
    step: int


@dataclass(frozen=True)
class CaseReleased(Event):
    """Whoever took it gives it back; the clock of its step begins anew."""

    words: ClassVar[str] = "gave the case back"
    case_id: int
    step: int
    reason: str


@dataclass(frozen=True)
class CaseExhausted(Event):
    words: ClassVar[str] = "found no answer on any step"
    case_id: int


@dataclass(frozen=True)
class PositionStated(Event):
    words: ClassVar[str] = "said what it is worth to a party"
    case_id: int
    party_id: int


@dataclass(frozen=True)
class ResolutionProposed(Event):
    words: ClassVar[str] = "proposed a resolution"
    case_id: int
    resolution_id: int
    digest: str


@dataclass(frozen=True)
class ResolutionSigned(Event):
    words: ClassVar[str] = "signed the resolution"
    case_id: int
    resolution_id: int
    party_id: int
    digest: str


@dataclass(frozen=True)
class ResolutionRefused(Event):
    words: ClassVar[str] = "refused the resolution"
    case_id: int
    resolution_id: int
    reason: str


@dataclass(frozen=True)
class CaseResolved(Event):
    words: ClassVar[str] = "resolved the case"
    case_id: int
    resolution_id: int
    kind: str
    digest: str


@dataclass(frozen=True)
class CaseWithdrawn(Event):
    words: ClassVar[str] = "withdrew the case"
    case_id: int
    reason: str


@dataclass(frozen=True)
class AbsenceRecorded(Event):
    words: ClassVar[str] = "said who is away"
    absence_id: int
    person_id: int


@dataclass(frozen=True)
class AbsenceEnded(Event):
    words: ClassVar[str] = "said who is back"
    absence_id: int
    person_id: int
