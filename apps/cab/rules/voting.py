"""Who may vote, when a quorum is complete, and what the ballots decide."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil
from typing import Any

from apps.kernel.refusals import Invalid, NotAllowed

APPROVING = frozenset({"approve", "approve_with_conditions"})
# How a required role reads; a function such as “security” is “the seat for security”.
_SILENT = {"chair": "The chair has not voted.", "voter": "No voter has voted besides the chair."}
_VACANT = {"chair": "Nobody who may vote holds the chair.", "voter": "Nobody may vote here besides the chair."}
AGAINST = frozenset({"reject", "request_changes"})


@dataclass(frozen=True)
class Voice:
    """A seat that may vote: whose it is, its role and what it stands for."""

    person_id: int
    role: str
    function: str = ""


@dataclass(frozen=True)
class Cast:
    """A ballot that was cast, with the seat it came from."""

    person_id: int
    choice: str
    role: str = "voter"
    function: str = ""


@dataclass(frozen=True)
class Rule:
    """A board's quorum (count, share, roles, people: all must hold) and majority.

    `people` are (id, name) of those a policy names; `apart` asks for different people in the roles.
    """

    count: int
    share: Decimal
    roles: tuple[str, ...]
    majority: str
    people: tuple[tuple[int, str], ...] = ()
    apart: bool = False

    def as_data(self) -> dict[str, Any]:
        """The rule as it is stored with each round."""
        return {
            "quorum": {
                "count": self.count,
                "share": str(self.share),
                "roles": list(self.roles),
                "people": [{"id": pk, "name": name} for pk, name in self.people],
                "apart": self.apart,
            },
            "majority": self.majority,
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> "Rule":
        """The rule as it was stored; rounds from before there were policies name no people."""
        quorum = data["quorum"]
        people = tuple((one["id"], one["name"]) for one in quorum.get("people", ()))
        return cls(
            quorum["count"],
            Decimal(quorum["share"]),
            tuple(quorum["roles"]),
            data["majority"],
            people=people,
            apart=quorum.get("apart", False),
        )


@dataclass(frozen=True)
class Quorum:
    """How far the quorum is: who could vote, how many did, and what is missing, in sentences."""

    eligible: int
    present: int
    missing: tuple[str, ...]
    unreachable: tuple[str, ...] = field(default=())

    @property
    def is_complete(self) -> bool:
        """Whether the board may decide."""
        return not self.missing


@dataclass(frozen=True)
class Decision:
    """What the ballots decide, and why, in one sentence."""

    verdict: str
    sentence: str


def require_may_vote(*, voter_id: int, cast_by_id: int, barred: Collection[int], seated: Collection[int]) -> None:
    """Refuse authors, co-authors and implementers, whether they vote themselves, for another, or through another."""
    if cast_by_id in barred:
        own = "your own change" if voter_id == cast_by_id else "your own change for somebody else"
        raise NotAllowed(
            f"You cannot vote on {own}: you wrote it or will carry it out.",
            next_step="Another member of the board decides it; you can answer their questions.",
            code="own_change",
        )
    if voter_id in barred:
        raise NotAllowed(
            "You cannot vote for a person who wrote or will carry out this change: "
            "a delegation passes on their seat, not a right they do not have.",
            next_step="Another member of the board decides it.",
            code="own_change_by_delegation",
        )
    if voter_id not in seated:
        raise NotAllowed(
            "There is no seat with a vote on this board for that ballot.",
            next_step="Ask the chair of the board; advisers speak but do not vote.",
            code="no_seat",
        )


def require_roles_vote(roles: Iterable[str]) -> None:
    """Refuse a quorum that asks for the voice of those who have none."""
    if "adviser" in {role.strip().lower() for role in roles}:
        sentence = "Advisers speak but do not vote, so no quorum can wait for one."
        raise Invalid(
            sentence, next_step="Name the chair, a voter or a function instead.", fields={"quorum_roles": [sentence]}
        )


def quorum(rule: Rule, *, voices: Sequence[Voice], casts: Sequence[Cast]) -> Quorum:
    """Where the quorum stands.

    `voices` are the seats that may vote (authors already left out). A recusal takes its seat out of both the ones who
    could vote and the ones who did; an abstention is present but decides nothing.
    """
    recused = {cast.person_id for cast in casts if cast.choice == "recuse"}
    eligible = [voice for voice in voices if voice.person_id not in recused]
    present = [cast for cast in casts if cast.choice != "recuse"]
    needed, why = _needed(rule, len(eligible))
    missing, unreachable = [], []
    if len(present) < needed:
        missing.append(f"{_votes(needed - len(present))} more needed ({why}).")
    if len(eligible) < needed:
        unreachable.append(f"{needed} votes are needed but only {len(eligible)} may be cast.")
    for role in rule.roles:
        if not _has(role, present):
            missing.append(_SILENT.get(role, f"The seat for {role} has not voted."))
            if not _has(role, eligible):
                unreachable.append(_VACANT.get(role, f"Nobody who may vote holds the seat for {role}."))
    asked_missing, asked_unreachable = _asked_by_policy(rule, present, eligible)
    missing += asked_missing
    unreachable += asked_unreachable
    return Quorum(len(eligible), len(present), tuple(dict.fromkeys(missing)), tuple(dict.fromkeys(unreachable)))


def decision(rule: Rule, *, voices: Sequence[Voice], casts: Sequence[Cast], is_over: bool = False) -> Decision | None:
    """What the ballots decide; None while they do not.

    Once the quorum is complete, approval settles when its majority holds among the ballots cast; refusal settles when
    more are against than for, or approval is out of reach even if everyone left approves. Otherwise the round waits;
    when it `is_over`, what has a quorum but no approval is refused.
    """
    state = quorum(rule, voices=voices, casts=casts)
    if not state.is_complete:
        return None
    for_it = sum(cast.choice in APPROVING for cast in casts)
    against = sum(cast.choice in AGAINST for cast in casts)
    left = state.eligible - state.present
    count = f"{for_it} for, {against} against, {sum(cast.choice == 'abstain' for cast in casts)} abstained"
    if _passes(rule.majority, for_it, against, state.eligible):
        conditional = any(cast.choice == "approve_with_conditions" for cast in casts)
        return Decision("approved_with_conditions" if conditional else "approved", f"Approved: {count}.")
    out_of_reach = not _passes(rule.majority, for_it + left, against, state.eligible)
    if against > for_it or out_of_reach or is_over:
        asking = sum(cast.choice == "request_changes" for cast in casts)
        wants_changes = asking > 0 and asking * 2 >= against
        return Decision(
            "changes_requested" if wants_changes else "rejected",
            f"{'Changes requested' if wants_changes else 'Rejected'}: {count}.",
        )
    return None


def _needed(rule: Rule, eligible: int) -> tuple[int, str]:
    """How many votes the count and the share ask for together, which is the larger of the two, and which that is."""
    by_share = ceil(rule.share * eligible)
    if by_share > rule.count:
        return by_share, f"{rule.share * 100:.0f} % of {eligible}"
    return rule.count, f"at least {rule.count}"


def _passes(majority: str, for_it: int, against: int, eligible: int) -> bool:
    return (
        for_it > 0
        and {
            "simple": for_it > against,
            "absolute": for_it * 2 > eligible,
            "two_thirds": for_it * 3 >= (for_it + against) * 2,
            "unanimous": against == 0,
        }[majority]
    )


def _has(role: str, people: Iterable[Voice | Cast]) -> bool:
    return any(_holds(one, role) for one in people)


def _holds(one: Voice | Cast, role: str) -> bool:
    return role.lower() in (one.role.lower(), one.function.lower())


def _asked_by_policy(rule: Rule, present: Sequence[Cast], eligible: Sequence[Voice]) -> tuple[list[str], list[str]]:
    """What the people a policy names and its "different people" still need, and what nobody can give."""
    missing, unreachable = [], []
    voted, may_vote = {one.person_id for one in present}, {one.person_id for one in eligible}
    for pk, name in rule.people:
        if pk not in voted:
            missing.append(f"{name}, whom the policy names, has not voted.")
        if pk not in may_vote:
            unreachable.append(f"{name}, whom the policy names, may not vote here.")
    roles = ", ".join(rule.roles)
    if rule.apart and all(_has(role, present) for role in rule.roles) and not _fillable(rule.roles, present):
        missing.append(f"The policy asks for different people as {roles}; one person counts for one of them.")
    if rule.apart and all(_has(role, eligible) for role in rule.roles) and not _fillable(rule.roles, eligible):
        unreachable.append(f"The policy asks for different people as {roles}; too few people hold these seats.")
    return missing, unreachable


def _fillable(roles: Sequence[str], people: Sequence[Voice | Cast]) -> bool:
    """Whether each role can be given to a different person (a matching, by augmenting paths)."""
    held: dict[int, str] = {}

    def place(role: str, tried: set[int]) -> bool:
        for one in people:
            if one.person_id in tried or not _holds(one, role):
                continue
            tried.add(one.person_id)
            if one.person_id not in held or place(held[one.person_id], tried):
                held[one.person_id] = role
                return True
        return False

    return all(place(role, set()) for role in roles)


def _votes(number: int) -> str:
    return "1 vote" if number == 1 else f"{number} votes"
