"""What the stakeholders do when others speak: their checks run again."""

from apps.accounts import events as account_events
from apps.clusters import checks
from apps.clusters import events as map_events
from apps.stakeholders import events
from apps.stakeholders.queries.initiatives import judged
from apps.stakeholders.rules import coverage

COVERAGE = "coverage"


def register() -> None:
    """The checks of the area."""
    checks.register(
        checks.Check(COVERAGE, coverage.VERSION, judged),
        events.InitiativeOpened,
        events.InitiativeDescribed,
        events.InitiativeClosed,
        events.ResourceDemanded,
        events.DemandWithdrawn,
        events.AuthorityRecorded,
        events.AuthorityEnded,
        map_events.ClusterDescribed,
        account_events.PersonDeactivated,
    )
