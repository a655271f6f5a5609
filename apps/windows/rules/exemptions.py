"""What an exemption of a freeze may say."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from apps.accounts.rules import Role
from apps.kernel.refusals import Invalid

MOST_EXEMPTIONS = 3
HIGHEST_RISK = 5
LONGEST_REASON = 200  # characters


def require_exemptions(given: Sequence[Mapping[str, Any]], *, types: Collection[str]) -> list[dict[str, Any]]:
    """The exemptions in one form: roles, types, risk_at_most (1 to 5 or None), reason. All that one names must hold.

    Refuses more than three, unknown roles and types, a risk off the scale, and one that names nothing.
    """
    if len(given) > MOST_EXEMPTIONS:
        raise _wrong(f"A freeze has at most {MOST_EXEMPTIONS} exemptions.")
    return [_exemption(one, types) for one in given]


def _exemption(one: Mapping[str, Any], types: Collection[str]) -> dict[str, Any]:
    roles, kinds = sorted(set(one.get("roles") or ())), sorted(set(one.get("types") or ()))
    bound = one.get("risk_at_most")
    if set(roles) - set(Role) or set(kinds) - set(types):
        raise _wrong("An exemption names roles and types of changes that exist.")
    if bound is not None and not 1 <= bound <= HIGHEST_RISK:
        raise _wrong(f"A risk lies between 1 and {HIGHEST_RISK}.")
    if not (roles or kinds or bound):
        raise _wrong("An exemption that names no role, no type and no risk spares nobody.")
    return {
        "roles": roles,
        "types": kinds,
        "risk_at_most": bound,
        "reason": str(one.get("reason", ""))[:LONGEST_REASON],
    }


def _wrong(sentence: str) -> Invalid:
    return Invalid(sentence, next_step="Correct the exemptions.", fields={"exemptions": [sentence]})
