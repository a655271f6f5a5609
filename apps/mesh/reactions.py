"""What the mesh does when others speak: its check runs again."""

from apps.clusters import checks
from apps.clusters import events as map_events
from apps.integrations import events as integration_events
from apps.mesh import events
from apps.mesh.queries import judged
from apps.trust import events as trust_events

VERSION = 1


def register() -> None:
    """The check of what is applied against what is declared."""
    checks.register(
        checks.Check("mesh", VERSION, of_cluster=judged),
        events.MeshDescribed,
        events.EdgePolicySet,
        events.AppliedPushed,
        map_events.DependencyDeclared,
        map_events.DependencyWithdrawn,
        map_events.CatalogImported,
        trust_events.TrustDomainDeclared,
        trust_events.TrustDomainDescribed,
        integration_events.IntegrationDeclared,
        integration_events.IntegrationDescribed,
        integration_events.IntegrationWithdrawn,
        integration_events.InterfaceDescribed,
    )
