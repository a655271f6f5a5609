"""What integrations do when others speak: the check of patterns runs again."""

from datetime import datetime

from apps.clusters import checks
from apps.clusters import events as map_events
from apps.integrations import events
from apps.integrations.queries.decisions import judged
from apps.integrations.rules.checking import CHECKER, VERSION


def register() -> None:
    """The check of how integrations are built."""
    checks.register(
        checks.Check(CHECKER, VERSION, _judge),
        events.IntegrationDeclared,
        events.IntegrationDescribed,
        events.IntegrationWithdrawn,
        events.InterfaceDescribed,
        events.PatternDecided,
        events.PatternReopened,
        map_events.ComponentDescribed,
        map_events.CatalogImported,
    )


def _judge(at: datetime) -> checks.Outcome:
    del at
    return checks.Outcome(*judged())
