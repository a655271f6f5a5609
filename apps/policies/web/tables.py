"""What the exported list of policies holds, column by column."""

from operator import attrgetter
from typing import Any

from apps.kernel.exports import Table
from apps.policies.models import Policy
from apps.policies.states import VersionState


def version_in(policy: Policy, state: VersionState) -> Any:
    """The newest version in that state of a policy read with its versions; None where there is none."""
    return next((one for one in policy.versions.all() if one.state == state), None)


def _enabled(policy: Policy, name: str) -> object:
    return getattr(version_in(policy, VersionState.ENABLED), name, None)


def _draft(policy: Policy) -> object:
    return getattr(version_in(policy, VersionState.DRAFT), "number", None)


POLICIES = Table(
    "policies",
    {
        "policy": str,
        "short_name": attrgetter("slug"),
        "holds_for": lambda one: one.cluster.name if one.cluster else "every cluster",
        "version_in_force": lambda one: _enabled(one, "number"),
        "since": lambda one: _enabled(one, "enabled_at"),
        "draft": _draft,
    },
)
