"""Questions about the mesh: what a cluster's edges need, what is applied in it, and what differs."""

from apps.mesh.queries.applied import State, applied_in, state_of, undeclared
from apps.mesh.queries.estates import (
    Estate,
    estate_of,
    estates_listed,
    is_reader,
    mesh_findings,
    policy_of,
    profile_of,
    require_may_read,
    visible_mesh,
)
from apps.mesh.queries.judging import judged

__all__ = [
    "Estate",
    "State",
    "applied_in",
    "estate_of",
    "estates_listed",
    "is_reader",
    "judged",
    "mesh_findings",
    "policy_of",
    "profile_of",
    "require_may_read",
    "state_of",
    "undeclared",
    "visible_mesh",
]
