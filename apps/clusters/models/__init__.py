"""Tables and truths of the map, and of what is wrong on it."""

from apps.clusters.models.apis import ApiDescription
from apps.clusters.models.catalogue import (
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
from apps.clusters.models.imports import CatalogFormat, CatalogImport
from apps.clusters.models.running import LooseEnd, Placement

__all__ = [
    "ApiDescription",
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
    "LooseEnd",
    "Placement",
    "Regime",
    "Severity",
    "Site",
    "Tier",
    "TransferRule",
    "Visibility",
]
