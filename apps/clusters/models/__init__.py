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
    DataClass,
    Dependency,
    Lifecycle,
    Tier,
    Visibility,
)
from apps.clusters.models.charters import BusinessCapability, Charter, Regime, Site, TransferRule
from apps.clusters.models.checks import CheckRun
from apps.clusters.models.conventions import Convention, ConventionExemption
from apps.clusters.models.findings import Finding, Severity

__all__ = [
    "BusinessCapability",
    "CatalogFormat",
    "CatalogImport",
    "Charter",
    "CheckRun",
    "Cluster",
    "ClusterGroupObjectPermission",
    "ClusterUserObjectPermission",
    "Component",
    "ComponentGroupObjectPermission",
    "ComponentUserObjectPermission",
    "Convention",
    "ConventionExemption",
    "DataClass",
    "Dependency",
    "Finding",
    "Lifecycle",
    "Regime",
    "Severity",
    "Site",
    "Tier",
    "TransferRule",
    "Visibility",
]
