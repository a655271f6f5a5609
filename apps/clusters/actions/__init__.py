"""Every write to the map of the federation."""

from apps.clusters.actions.appointments import appoint, dismiss
from apps.clusters.actions.clusters import describe_cluster, found_cluster
from apps.clusters.actions.components import add_component, describe_component, take_in_components
from apps.clusters.actions.dependencies import declare_dependency, withdraw_dependency
from apps.clusters.actions.findings import end_waiver, reopen_lapsed, settle_findings, waive_finding
from apps.clusters.actions.imports import apply_upload, import_catalog, upload_catalog

__all__ = [
    "add_component",
    "apply_upload",
    "appoint",
    "declare_dependency",
    "describe_cluster",
    "describe_component",
    "dismiss",
    "end_waiver",
    "found_cluster",
    "import_catalog",
    "reopen_lapsed",
    "settle_findings",
    "take_in_components",
    "upload_catalog",
    "waive_finding",
    "withdraw_dependency",
]
