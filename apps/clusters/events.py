"""What clusters tell the rest of the house. Ids and plain values only."""

from dataclasses import dataclass
from typing import ClassVar

from apps.journal.events import Event


@dataclass(frozen=True)
class ClusterFounded(Event):
    words: ClassVar[str] = "founded the cluster"
    cluster_id: int
    owner_id: int


@dataclass(frozen=True)
class ClusterDescribed(Event):
    words: ClassVar[str] = "edited the cluster"
    cluster_id: int
    version: int
    fields: tuple[str, ...]


@dataclass(frozen=True)
class ComponentAdded(Event):
    words: ClassVar[str] = "added the component"
    component_id: int


@dataclass(frozen=True)
class ComponentDescribed(Event):
    words: ClassVar[str] = "edited the component"
    component_id: int
    version: int
    fields: tuple[str, ...]


@dataclass(frozen=True)
class ComponentsNamed(Event):
    """Imported records named components that the cluster did not have yet."""

    words: ClassVar[str] = "took in components named by records"
    cluster_id: int
    source: str
    added: int


@dataclass(frozen=True)
class DependencyDeclared(Event):
    words: ClassVar[str] = "declared a dependency"
    consumer_id: int
    provider_id: int
    kind: str


@dataclass(frozen=True)
class DependencyWithdrawn(Event):
    words: ClassVar[str] = "withdrew a dependency"
    consumer_id: int
    provider_id: int
    kind: str


@dataclass(frozen=True)
class PartAppointed(Event):
    """Someone became owner or operator; exactly one of `person_id` and `team_id` is set."""

    words: ClassVar[str] = "appointed"
    part: str
    person_id: int | None
    team_id: int | None


@dataclass(frozen=True)
class PartDismissed(Event):
    words: ClassVar[str] = "dismissed"
    part: str
    person_id: int | None
    team_id: int | None


@dataclass(frozen=True)
class CatalogUploaded(Event):
    words: ClassVar[str] = "uploaded a catalogue for preview"
    import_id: int
    sha256: str


@dataclass(frozen=True)
class CatalogImported(Event):
    """A catalogue was written; one entry for each cluster it touched. `added` and `changed` hold component ids."""

    words: ClassVar[str] = "imported a catalogue"
    source: str
    import_id: int | None
    added: tuple[int, ...]
    changed: tuple[int, ...]
    dependencies: int
    placements: int = 0


@dataclass(frozen=True)
class LooseEndDropped(Event):
    words: ClassVar[str] = "gave up the loose end"
    loose_end_id: int
    source: str


@dataclass(frozen=True)
class ImportCancelled(Event):
    """Nothing more is written of a catalogue; what was written stays."""

    words: ClassVar[str] = "cancelled the import of"
    import_id: int
    done_rows: int


@dataclass(frozen=True)
class ImportEnded(Event):
    """A catalogue that was written in parcels came to its end, or could not be read (then `failure` says why)."""

    words: ClassVar[str] = "came to the end of the import of"
    import_id: int
    done_rows: int
    failure: str


@dataclass(frozen=True)
class FindingsSettled(Event):
    """A check of the map was run; `raised` and `resolved` hold the ids of findings of the subject, a cluster."""

    words: ClassVar[str] = "came to other findings"
    checker: str
    raised: tuple[int, ...]
    resolved: tuple[int, ...]


@dataclass(frozen=True)
class FindingWaived(Event):
    words: ClassVar[str] = "waived a finding"
    finding_id: int
    code: str
    until: str  # an ISO 8601 instant
    reason: str


@dataclass(frozen=True)
class WaiverEnded(Event):
    """A waiver was taken back, or its time was over."""

    words: ClassVar[str] = "opened a waived finding again"
    finding_id: int
    code: str


@dataclass(frozen=True)
class DependencyDescribed(Event):
    words: ClassVar[str] = "described a dependency"
    dependency_id: int
    fields: tuple[str, ...]


@dataclass(frozen=True)
class CharterDrafted(Event):
    words: ClassVar[str] = "drafted a charter of"
    charter_id: int
    number: int


@dataclass(frozen=True)
class CharterRewritten(Event):
    words: ClassVar[str] = "rewrote the draft charter of"
    charter_id: int
    version: int
    fields: tuple[str, ...]


@dataclass(frozen=True)
class CharterProposed(Event):
    words: ClassVar[str] = "proposed a charter of"
    charter_id: int
    number: int


@dataclass(frozen=True)
class CharterReturned(Event):
    words: ClassVar[str] = "sent a charter back to its authors"
    charter_id: int
    number: int
    reason: str


@dataclass(frozen=True)
class CharterWithdrawn(Event):
    words: ClassVar[str] = "withdrew a charter of"
    charter_id: int
    number: int


@dataclass(frozen=True)
class CharterApproved(Event):
    """A charter came into force; `superseded_id` is the one it took the place of."""

    words: ClassVar[str] = "approved a charter of"
    charter_id: int
    number: int
    superseded_id: int | None
    reason: str


@dataclass(frozen=True)
class SitePlaced(Event):
    words: ClassVar[str] = "said in which jurisdiction a site lies"
    site_id: int
    code: str
    jurisdiction: str


@dataclass(frozen=True)
class TransferRuled(Event):
    words: ClassVar[str] = "ruled on a transfer of data"
    rule_id: int
    data_class: str
    origin: str
    destination: str
    verdict: str


@dataclass(frozen=True)
class TransferRuleRepealed(Event):
    words: ClassVar[str] = "repealed a rule on transfers of data"
    rule_id: int
    data_class: str
    origin: str
    destination: str


@dataclass(frozen=True)
class ConventionMade(Event):
    words: ClassVar[str] = "made the convention"
    convention_id: int
    kind: str
    mode: str
    reason: str


@dataclass(frozen=True)
class ConventionChanged(Event):
    """`before` and `after` hold what changed, as text."""

    words: ClassVar[str] = "changed the convention"
    convention_id: int
    version: int
    fields: tuple[str, ...]
    before: dict[str, str]
    after: dict[str, str]
    reason: str


@dataclass(frozen=True)
class ConventionRetired(Event):
    words: ClassVar[str] = "retired the convention"
    convention_id: int
    reason: str


@dataclass(frozen=True)
class ScanAsked(Event):
    words: ClassVar[str] = "asked for a scan by the conventions"


@dataclass(frozen=True)
class ExemptionGiven(Event):
    words: ClassVar[str] = "exempted from a convention"
    exemption_id: int
    convention_id: int
    until: str  # an ISO 8601 instant
    reason: str


@dataclass(frozen=True)
class ExemptionEnding(Event):
    """An exemption is over within a week, as it stands."""

    words: ClassVar[str] = "reminded of an exemption's end"
    exemption_id: int
    convention_id: int
    until: str  # an ISO 8601 instant


@dataclass(frozen=True)
class ExemptionEnded(Event):
    """An exemption was ended by somebody, or its time was over."""

    words: ClassVar[str] = "ended the exemption from a convention"
    exemption_id: int
    convention_id: int
