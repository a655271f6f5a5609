"""Which role may do what, and which scope lets an API key do it. Pure data and pure functions."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from apps.kernel.refusals import Conflict, Invalid, NotAllowed

LONGEST_KEY = timedelta(days=365)  # a key that outlives a year outlives the memory of why it was made


class Role(StrEnum):
    """A person's part in the federation; one person may hold several."""

    REQUESTER = "requester"
    BOARD_MEMBER = "board_member"
    BOARD_CHAIR = "board_chair"
    CLUSTER_OWNER = "cluster_owner"
    COMPLIANCE_OFFICER = "compliance_officer"
    PROGRAMME_MANAGER = "programme_manager"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Capability(StrEnum):
    """A kind of act over the whole federation. What concerns one object is decided by its area, on top of these."""

    READ = "read"
    READ_RESTRICTED = "read_restricted"  # clusters that are not open to everyone
    READ_JOURNAL = "read_journal"
    PROPOSE_CHANGE = "propose_change"
    TRIAGE_CHANGE = "triage_change"  # assess, raise a risk, hand to a board
    IMPLEMENT_CHANGE = "implement_change"
    VOTE = "vote"
    MANAGE_BOARD = "manage_board"
    MANAGE_CLUSTER = "manage_cluster"
    IMPORT = "import"
    SET_TARGETS = "set_targets"  # what the federation's metrics should come to
    READ_WEBHOOKS = "read_webhooks"
    MANAGE_WEBHOOKS = "manage_webhooks"
    READ_DELIVERIES = "read_deliveries"
    MANAGE_DELIVERIES = "manage_deliveries"
    MANAGE_PEOPLE = "manage_people"


# An auditor's other roles do not let them write: reading everything and changing anything never meet in one person.
READ_ONLY = frozenset(
    {
        Capability.READ,
        Capability.READ_RESTRICTED,
        Capability.READ_JOURNAL,
        Capability.READ_WEBHOOKS,
        Capability.READ_DELIVERIES,
    }
)
_PROPOSER = {Capability.READ, Capability.PROPOSE_CHANGE}
MATRIX: dict[Role, frozenset[Capability]] = {
    Role.REQUESTER: frozenset(_PROPOSER),
    Role.BOARD_MEMBER: frozenset(_PROPOSER | {Capability.VOTE, Capability.TRIAGE_CHANGE}),
    Role.BOARD_CHAIR: frozenset(_PROPOSER | {Capability.VOTE, Capability.TRIAGE_CHANGE, Capability.MANAGE_BOARD}),
    Role.CLUSTER_OWNER: frozenset(
        _PROPOSER | {Capability.TRIAGE_CHANGE, Capability.IMPLEMENT_CHANGE, Capability.MANAGE_CLUSTER}
    ),
    Role.COMPLIANCE_OFFICER: frozenset({Capability.READ, Capability.READ_RESTRICTED, Capability.READ_JOURNAL}),
    Role.PROGRAMME_MANAGER: frozenset(_PROPOSER | {Capability.IMPORT, Capability.SET_TARGETS}),
    Role.OPERATOR: frozenset(
        _PROPOSER | {Capability.IMPLEMENT_CHANGE, Capability.READ_DELIVERIES, Capability.MANAGE_DELIVERIES}
    ),
    Role.AUDITOR: READ_ONLY,
    Role.ADMINISTRATOR: frozenset(Capability) - {Capability.VOTE},  # a seat on a board is needed for that, not a right
}


class Scope(StrEnum):
    """What an API key may be used for; it never adds to what its owner may do."""

    READ = "read"
    CHANGES = "changes:write"
    VOTES = "votes:write"
    CLUSTERS = "clusters:write"
    IMPORTS = "imports:write"
    WEBHOOKS = "webhooks:write"
    POLICIES = "policies:write"
    OBSERVATIONS = "observations:write"  # drift reports of detectors


def capabilities(roles: Iterable[str]) -> frozenset[Capability]:
    """Everything the roles give together; an auditor keeps only what reads."""
    held = {Role(role) for role in roles}
    given = frozenset().union(*(MATRIX[role] for role in held)) if held else frozenset()
    return given & READ_ONLY if Role.AUDITOR in held else given


def require_reader(held: Collection[Capability]) -> None:
    """Refuse someone who holds no role at all: they have an account, but no part in the federation."""
    if Capability.READ not in held:
        raise NotAllowed(
            "You hold no role here yet, so there is nothing you may see.",
            next_step="Ask an administrator for the role you need.",
            code="no_role",
        )


def require_writer(roles: Collection[str]) -> None:
    """Refuse an auditor, whatever else they are: they change nothing, at no door."""
    if Role.AUDITOR in roles:
        raise NotAllowed(
            "Auditors read everything and change nothing.", next_step="Ask someone with another role to do this."
        )


HUMAN_ONLY = frozenset({Role.BOARD_MEMBER, Role.BOARD_CHAIR, Role.COMPLIANCE_OFFICER, Role.ADMINISTRATOR})


def require_role(name: str) -> Role:
    """The role of that name; refuses a name that is none."""
    if name not in set(Role):
        raise Invalid(
            f"There is no role “{name[:40]}”.",
            next_step=f"Choose from {', '.join(Role)}.",
            fields={"role": ["Unknown role."]},
        )
    return Role(name)


def require_may_hold(role: Role, *, is_human: bool, is_active: bool) -> None:
    """Refuse a role for someone who left, and a deciding role for a program."""
    if not is_active:
        raise Conflict("Someone who is not active holds no roles.", next_step="Make them active first.")
    if role in HUMAN_ONLY and not is_human:
        raise NotAllowed(
            f"A service identity cannot be {role.replace('_', ' ')}: people decide.",
            next_step="Give it requester or operator, or give the role to a person.",
        )


def require_other(*, actor_id: int, person_id: int, act: str) -> None:
    """Refuse an act of administration on oneself; `act` completes "You may not …"."""
    if actor_id == person_id:
        raise NotAllowed(f"You may not {act} yourself.", next_step="Ask another administrator.")


def require_administrator_left(others: int) -> None:
    """Refuse to take the last administrator away; `others` counts those who would remain."""
    if others < 1:
        raise Conflict(
            "This is the last administrator.",
            next_step="Make someone else administrator first.",
            code="last_administrator",
        )


def require_key_terms(*, scopes: Collection[str], expires_at: datetime, at: datetime, is_auditor: bool) -> None:
    """Refuse a key without end, without purpose, or with scopes its owner could never use."""
    if not scopes:
        raise Invalid(
            "A key needs at least one scope.", next_step="Choose what it is for.", fields={"scopes": ["Choose one."]}
        )
    unknown = sorted(set(scopes) - set(Scope))
    if unknown:
        raise Invalid(
            f"There is no scope “{unknown[0][:40]}”.",
            next_step=f"Choose from {', '.join(Scope)}.",
            fields={"scopes": ["Unknown scope."]},
        )
    if is_auditor and set(scopes) != {Scope.READ}:
        raise Invalid(
            "Auditors change nothing, so their keys only read.",
            next_step="Keep the scope “read” alone.",
            fields={"scopes": ["Only “read”."]},
        )
    if not at < expires_at <= at + LONGEST_KEY:
        raise Invalid(
            f"A key ends within {LONGEST_KEY.days} days from now.",
            next_step="Choose an earlier end; a new key is quickly made.",
            fields={"expires_at": [f"Must lie in the next {LONGEST_KEY.days} days."]},
        )
