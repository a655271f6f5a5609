"""Tables and truths of the map, and of what is wrong on it."""

from apps.clusters.models.catalogue import (
    CatalogFormat,
    CatalogImport,
    Cluster,
    ClusterGroupObjectPermission,
    ClusterUserObjectPermission,
    Component,
    ComponentGroupObjectPermission,
    ComponentUserObjectPermission,
    Dependency,
    Lifecycle,
    Tier,
    Visibility,
)
from apps.clusters.models.findings import Finding, Severity

__all__ = [
    "CatalogFormat",
    "CatalogImport",
    "Cluster",
    "ClusterGroupObjectPermission",
    "ClusterUserObjectPermission",
    "Component",
    "ComponentGroupObjectPermission",
    "ComponentUserObjectPermission",
    "Dependency",
    "Finding",
    "Lifecycle",
    "Severity",
    "Tier",
    "Visibility",
]
