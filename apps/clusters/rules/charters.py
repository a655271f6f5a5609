"""Who may write, propose and approve charters, and what one must say. Pure functions over plain facts."""

from collections.abc import Collection, Mapping
from typing import Any

from apps.accounts.rules import Capability
from apps.clusters.rules.parts import Standing, is_editor
from apps.clusters.rules.places import require_jurisdictions
from apps.kernel.refusals import Conflict, Invalid, NotAllowed

LONGEST_PURPOSE = 20_000  # characters
LONGEST_NAME = 120  # of a capability
MOST_CAPABILITIES = 200
LONGEST_REASON = 2_000


def is_approver(standing: Standing, *, proposed_it: bool) -> bool:
    """Whether they may decide on it: who keeps the boards, owns no part of the cluster and did not propose it."""
    return Capability.MANAGE_BOARD in standing.capabilities and not standing.may_own and not proposed_it


def require_may_approve(standing: Standing, *, proposed_it: bool, cluster: str) -> None:
    """Refuse a decision by those who may not make it: nobody approves their own."""
    if is_approver(standing, proposed_it=proposed_it):
        return
    if proposed_it or standing.may_own:
        raise NotAllowed(
            f"You wrote this charter or own {cluster}: nobody approves their own.",
            next_step="A board's chair or an administrator who did neither decides.",
        )
    raise NotAllowed("Only a board's chair or an administrator decides on charters.", next_step="Ask one of them.")


def require_may_write(standing: Standing, *, cluster: str) -> None:
    """Refuse writing by others than owners and administrators."""
    if not is_editor(standing):
        raise NotAllowed(
            f"Only an owner of {cluster} or an administrator may write its charter.",
            next_step="Ask one of the owners named on its page.",
        )


def checked(values: Mapping[str, Any], *, data_classes: Collection[str], regimes: Collection[str]) -> dict[str, Any]:
    """What a charter says, tidied: texts trimmed, lists sorted and each word once. Refuses what is none."""
    said = dict(values)
    if "purpose" in said:
        said["purpose"] = _purpose(said["purpose"])
    if "capabilities" in said:
        said["capabilities"] = _capabilities(said["capabilities"])
    if "jurisdictions" in said:
        said["jurisdictions"] = _jurisdictions(said["jurisdictions"])
    for name, known in (("data_classes", list(data_classes)), ("regimes", list(regimes))):
        if name in said:
            said[name] = _among(said[name], known, name)
    return said


def _purpose(text: str) -> str:
    said = text.strip()
    if not said or len(said) > LONGEST_PURPOSE:
        raise _wrong("purpose", "A charter says what the cluster is for.")
    return said


def _jurisdictions(codes: Collection[str]) -> list[str]:
    said = require_jurisdictions(list(codes))
    if not said:
        raise _wrong("jurisdictions", "A charter names at least one jurisdiction where the data may live.")
    return said


def _among(words: Collection[str], known: list[str], field: str) -> list[str]:
    if unknown := [one for one in words if one not in known]:
        raise _wrong(field, f"“{unknown[0][:40]}” is none of {', '.join(known)}.")
    return sorted(set(words), key=known.index)


def require_unowned(owned: Mapping[str, str]) -> None:
    """Refuse capabilities that others own: capability → the cluster that owns it ("" where one may not know it)."""
    if not owned:
        return
    told = "; ".join(f"“{name}” belongs to {cluster or 'a restricted cluster'}" for name, cluster in owned.items())
    raise Conflict(
        f"A capability has one owner: {told}.",
        next_step="Leave it out, or have its owner's charter give it up first.",
        fields={"capabilities": [f"{name} is taken." for name in owned]},
    )


def require_reason(text: str, *, for_what: str) -> str:
    """The reason, trimmed; refuses none, and one that is too long."""
    said = text.strip()
    if not said or len(said) > LONGEST_REASON:
        raise Invalid(
            f"{for_what} needs its reason.",
            next_step=f"Write it in at most {LONGEST_REASON:,} characters.",
            fields={"reason": ["Missing or too long."]},
        )
    return said


def _capabilities(names: Collection[str]) -> list[str]:
    said = {" ".join(name.split()) for name in names} - {""}
    if len(said) > MOST_CAPABILITIES:
        raise _wrong("capabilities", f"A cluster owns at most {MOST_CAPABILITIES} capabilities.")
    if any(len(name) > LONGEST_NAME for name in said):
        raise _wrong("capabilities", f"The name of a capability has at most {LONGEST_NAME} characters.")
    by_name: dict[str, str] = {}
    for name in sorted(said):
        by_name.setdefault(name.lower(), name)
    return list(by_name.values())


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, next_step="Correct it and send it again.", fields={field: [sentence]})
