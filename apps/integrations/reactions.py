"""What integrations do when others speak: the checks of patterns and of isolation plans run again."""

from datetime import datetime

from apps.clusters import checks
from apps.clusters import events as map_events
from apps.integrations import events
from apps.integrations.queries import plans
from apps.integrations.queries.decisions import judged
from apps.integrations.rules import isolation
from apps.integrations.rules.checking import CHECKER, VERSION


def register() -> None:
    """The checks of how integrations are built, and of what they do when cut off."""
    changed = (
        events.IntegrationDeclared,
        events.IntegrationDescribed,
        events.IntegrationWithdrawn,
        map_events.ComponentDescribed,
        map_events.CatalogImported,
    )
    checks.register(
        checks.Check(CHECKER, VERSION, _judge),
        *changed,
        events.InterfaceDescribed,
        events.PatternDecided,
        events.PatternReopened,
    )
    checks.register(
        checks.Check(isolation.CHECKER, isolation.VERSION, plans.judged),
        *changed,
        events.IsolationPlanned,
        events.IsolationPlanWithdrawn,
        events.IsolationRehearsed,
    )


def _judge(at: datetime) -> checks.Outcome:
    del at
    return checks.Outcome(*judged())
