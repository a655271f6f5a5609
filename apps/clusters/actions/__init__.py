"""Every write to the map of the federation."""

from apps.clusters.actions.appointments import appoint, dismiss
from apps.clusters.actions.charters import (
    approve_charter,
    draft_charter,
    propose_charter,
    return_charter,
    rewrite_charter,
    withdraw_charter,
)
from apps.clusters.actions.clusters import describe_cluster, found_cluster
from apps.clusters.actions.components import add_component, describe_component, take_in_components
from apps.clusters.actions.conventions import (
    ask_for_scan,
    change_convention,
    end_exemption,
    end_lapsed_exemption,
    exempt_component,
    make_convention,
    retire_convention,
)
from apps.clusters.actions.dependencies import declare_dependency, describe_dependency, withdraw_dependency
from apps.clusters.actions.findings import end_waiver, reopen_lapsed, settle_findings, waive_finding
from apps.clusters.actions.importing import import_catalog
from apps.clusters.actions.imports import apply_upload, cancel_import, choose_columns, upload_catalog
from apps.clusters.actions.loose_ends import drop_loose_end
from apps.clusters.actions.transfers import (
    change_transfer_rule,
    place_site,
    repeal_transfer_rule,
    rule_on_transfer,
)

__all__ = [
    "add_component",
    "apply_upload",
    "appoint",
    "approve_charter",
    "ask_for_scan",
    "cancel_import",
    "change_convention",
    "change_transfer_rule",
    "choose_columns",
    "declare_dependency",
    "describe_cluster",
    "describe_component",
    "describe_dependency",
    "dismiss",
    "draft_charter",
    "drop_loose_end",
    "end_exemption",
    "end_lapsed_exemption",
    "end_waiver",
    "exempt_component",
    "found_cluster",
    "import_catalog",
    "make_convention",
    "place_site",
    "propose_charter",
    "reopen_lapsed",
    "repeal_transfer_rule",
    "retire_convention",
    "return_charter",
    "rewrite_charter",
    "rule_on_transfer",
    "settle_findings",
    "take_in_components",
    "upload_catalog",
    "waive_finding",
    "withdraw_charter",
    "withdraw_dependency",
]
