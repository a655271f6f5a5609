"""Who may shape the map of the federation, and what its names look like. Pure functions over plain facts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from apps.accounts.rules import Capability
from apps.kernel.refusals import Invalid, NotAllowed, WrongState
from apps.kernel.windows import zone_names


class Part(StrEnum):
    """What someone is to a cluster or a component; also the first word of the object permission."""

    OWN = "own"
    OPERATE = "operate"


PART_WORDS: Mapping[Part, str] = {Part.OWN: "owner", Part.OPERATE: "operator"}

TIER_WORDS: Mapping[int, str] = {
    0: "other clusters stand on it, and its failure stops them",
    1: "its failure stops the work of its own cluster",
    2: "its failure hinders work, but there is a way around it",
    3: "its failure can wait for the next working day",
}

# Addresses under /clusters/ that are not a cluster.
RESERVED_SLUGS = frozenset(
    (
        *("new", "import", "imports", "components", "dependencies", "findings"),
        *("transfers", "sites", "lens", "charters", "map", "conventions", "search", "running", "loose-ends", "export"),
    )
)
PREFIXED_KINDS = frozenset(("api", "resource"))  # of catalogues, which stand before a short name: "api:orders"
LONGEST_CLUSTER_SLUG = 80
LONGEST_COMPONENT_SLUG = 200
_CLUSTER_SLUG = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9_-]*[a-zA-Z0-9])?", re.ASCII)
# Repository paths (modules/profile) and catalogue references (api:orders) are names people already use.
_COMPONENT_SLUG = re.compile(r"[a-zA-Z0-9._@+](?:[a-zA-Z0-9._@+:/-]*[a-zA-Z0-9._@+])?", re.ASCII)


@dataclass(frozen=True)
class Standing:
    """What one person is to one cluster or component: the facts every rule here decides on."""

    capabilities: frozenset[Capability] = frozenset()
    parts: frozenset[Part] = frozenset()

    @property
    def administers(self) -> bool:
        """Whether they answer for the whole federation: its people and its clusters."""
        return {Capability.MANAGE_CLUSTER, Capability.MANAGE_PEOPLE} <= self.capabilities

    @property
    def may_own(self) -> bool:
        """Whether they own it and their roles let them write."""
        return self.writes and Part.OWN in self.parts

    @property
    def may_operate(self) -> bool:
        """Whether they own or operate it and their roles let them write."""
        return self.writes and bool(self.parts & {Part.OWN, Part.OPERATE})

    @property
    def writes(self) -> bool:
        """Whether their roles let them write at all; a part never lifts an auditor's hands-off."""
        return Capability.PROPOSE_CHANGE in self.capabilities


def is_editor(standing: Standing) -> bool:
    """Whether they may describe the thing: its owners and administrators.

    Clusters govern themselves, so the role of cluster owner alone (MANAGE_CLUSTER) founds clusters but edits only those
    its holder was appointed to.
    """
    return standing.administers or (standing.writes and Part.OWN in standing.parts)


def require_may_found(standing: Standing) -> None:
    """Refuse founding a cluster without the capability for it."""
    if Capability.MANAGE_CLUSTER not in standing.capabilities:
        raise NotAllowed(
            "You may not found a cluster.", next_step="Ask an administrator for the role of cluster owner."
        )


def require_may_edit(standing: Standing, *, of: str) -> None:
    """Refuse an edit by anyone but the owners of `of` and administrators."""
    if not is_editor(standing):
        raise NotAllowed(
            f"Only an owner of {of} or an administrator may edit it.",
            next_step="Ask one of the owners named on its page.",
        )


def require_may_import(standing: Standing) -> None:
    """Refuse a catalogue import without the capability for it."""
    if Capability.IMPORT not in standing.capabilities:
        raise NotAllowed(
            "You may not import a catalogue.", next_step="Ask an administrator for the role of programme manager."
        )


def require_may_appoint(standing: Standing, *, of: str, is_self: bool) -> None:
    """Refuse an appointment by others than owners, and of oneself.

    Every appointment has two names on it. Administrators are excepted, because somebody must be the first owner, and
    the journal names them.
    """
    if not is_editor(standing):
        raise NotAllowed(
            f"Only an owner of {of} or an administrator may appoint people to it.",
            next_step="Ask one of the owners named on its page.",
        )
    if is_self and not standing.administers:
        raise NotAllowed("You cannot appoint yourself.", next_step="Ask another owner or an administrator.")


def require_fit_holder(*, writes: bool, sees: bool, name: str) -> None:
    """Refuse a holder who could not act: one whose roles only read, or who may not see the cluster."""
    if not writes:
        raise WrongState(
            f"{name} cannot take a part: their roles do not let them write.",
            next_step="Choose someone else, or have an administrator change their roles.",
        )
    if not sees:
        raise WrongState(
            f"{name} does not belong to this restricted cluster.",
            next_step="Appoint them as operator of the cluster first.",
        )


def require_may_dismiss(standing: Standing, *, of: str, is_self: bool, leaves_unowned: bool) -> None:
    """Refuse a dismissal by others than owners (anyone may lay down their own part), and of a cluster's last owner."""
    if not is_self and not is_editor(standing):
        raise NotAllowed(
            f"Only an owner of {of} or an administrator may dismiss people from it.",
            next_step="Ask one of the owners named on its page.",
        )
    if leaves_unowned and not standing.administers:
        raise WrongState(
            f"This is the last owner of {of}; without one nobody could decide for it.",
            next_step="Appoint another owner first.",
        )


def require_cluster_slug(slug: str) -> None:
    """Refuse what cannot stand in the address of a cluster."""
    if len(slug) > LONGEST_CLUSTER_SLUG or not _CLUSTER_SLUG.fullmatch(slug):
        raise Invalid(
            f"“{slug[:80]}” cannot be the short name of a cluster.",
            next_step=f"Use letters, digits, - and _, at most {LONGEST_CLUSTER_SLUG}, a letter or digit at either end.",
            fields={"slug": ["Letters, digits, - and _ only."]},
        )
    if slug.lower() in RESERVED_SLUGS:
        raise Invalid(
            f"“{slug}” is an address of the pages themselves.",
            next_step="Choose another short name.",
            fields={"slug": ["This name is reserved."]},
        )


def chosen_slug(slug: str) -> str:
    """The part of a component's short name that people chose.

    An import puts the kind before what is no service ("api:orders", "resource:orders"), so that an API may be called as
    the component that offers it; nobody can call it otherwise, so no convention asks them to.
    """
    kind, _, chosen = slug.partition(":")
    return chosen if kind in PREFIXED_KINDS else slug


def require_component_slug(slug: str) -> None:
    """Refuse what cannot name a component; paths and catalogue references are welcome."""
    if len(slug) > LONGEST_COMPONENT_SLUG or not _COMPONENT_SLUG.fullmatch(slug):
        raise Invalid(
            f"“{slug[:80]}” cannot be the short name of a component.",
            next_step=f"Use letters, digits and . _ - / : @ + without spaces, at most {LONGEST_COMPONENT_SLUG}.",
            fields={"slug": ["Letters, digits and . _ - / : @ + only."]},
        )


def require_zone(zone: str) -> None:
    """Refuse what is no IANA time zone."""
    if zone not in zone_names():
        raise Invalid(
            f"There is no time zone called “{zone[:64]}”.",
            next_step="Use an IANA name such as Europe/Berlin or UTC.",
            fields={"zone": ["Unknown time zone."]},
        )
