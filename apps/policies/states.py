"""The states of a policy's version, and which may follow which. Pure data."""

from enum import StrEnum

from apps.kernel.machine import Machine


class VersionState(StrEnum):
    """Where one version of a policy stands."""

    DRAFT = "draft"
    ENABLED = "enabled"  # decides
    SUPERSEDED = "superseded"  # another version of the policy was enabled
    RETIRED = "retired"  # taken out of force, and nothing put in its place
    DISCARDED = "discarded"  # a draft nobody wanted


_S = VersionState
VERSION = Machine(
    "policy version",
    {
        _S.DRAFT: frozenset({_S.ENABLED, _S.DISCARDED}),
        _S.ENABLED: frozenset({_S.SUPERSEDED, _S.RETIRED}),
        _S.SUPERSEDED: frozenset(),
        _S.RETIRED: frozenset(),
        _S.DISCARDED: frozenset(),
    },
)

MACHINES = {"policy version": VERSION}
