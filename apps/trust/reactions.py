"""What trust does when others speak: its check runs again, and owners hear of links proposed to them."""

from apps.clusters import checks
from apps.clusters import events as map_events
from apps.clusters.queries import owning_people
from apps.integrations import events as integration_events
from apps.journal.actions import subscribe
from apps.journal.models import Entry
from apps.notify.actions.telling import tell
from apps.trust import events
from apps.trust.models import TrustLink
from apps.trust.queries.judging import judged

VERSION = 2  # integrations too


def register() -> None:
    """The check of the trust between clusters."""
    checks.register(
        checks.Check("trust", VERSION, judged),
        events.TrustDomainDeclared,
        events.TrustDomainDescribed,
        events.BundleTakenIn,
        events.KeyRotationPlanned,
        events.TrustLinkAgreed,
        events.TrustLinkEnded,
        map_events.DependencyDeclared,
        map_events.DependencyWithdrawn,
        map_events.CatalogImported,
        integration_events.IntegrationDeclared,
        integration_events.IntegrationWithdrawn,
    )


@subscribe("trust.link_proposed", events.TrustLinkProposed)
def ask_for_agreement(entry: Entry) -> None:
    """Tell the owners of the cluster that is to believe."""
    link = TrustLink.objects.select_related("source", "target").filter(pk=entry.data["link_id"]).first()
    if link is None or link.agreed_at:
        return
    tell(
        owning_people([link.target.cluster_id]),
        entry=entry,
        kind="work",
        title=f"{link.source} asks that {link.target} believes its identities",
        body=link.reason,
        url=link.target.get_absolute_url(),
        at=entry.at,
    )
