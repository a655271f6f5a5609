"""What people do to the mesh: one transaction an action, with its journal entry."""

from apps.mesh.actions.applied import push_applied
from apps.mesh.actions.definitions import bring_definitions
from apps.mesh.actions.profiles import describe_profile, set_edge_policy, unset_edge_policy

__all__ = ["bring_definitions", "describe_profile", "push_applied", "set_edge_policy", "unset_edge_policy"]
