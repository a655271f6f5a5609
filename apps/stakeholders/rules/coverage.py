"""Whether somebody may decide on what an initiative needs. Pure functions over plain facts."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from apps.clusters.rules.findings import Found
from apps.stakeholders.rules.resources import RESOURCE_WORDS, Holding, Need, limits_on

VERSION = 1
SOON = timedelta(days=30)  # before an authority that is needed ends
NOTE, WARNING = 1, 2


@dataclass(frozen=True)
class Coverage:
    """Who may decide on one need: `deciders` alone, `others` only together, `lapsed` no more."""

    need: Need
    deciders: tuple[int, ...]  # keys of authorities, the greatest limit first
    others: tuple[int, ...]
    lapsed: tuple[int, ...]  # over, or of somebody who left
    lacks: Decimal  # of what all together may give; 0 where they may

    @property
    def word(self) -> str:
        """How it stands, in a word."""
        if self.lacks:
            return "nobody may"
        if not self.deciders:
            return "only together"
        return "one alone" if len(self.deciders) == 1 else "covered"


@dataclass(frozen=True)
class Plan:
    """An initiative as the check sees it: its needs, and to which cluster a finding about them belongs."""

    key: int
    name: str
    needs: Mapping[int, Need]  # by the demand's own key
    home: int  # the cluster a finding goes to where a need is of the enterprise
    hidden: int | None = None  # a restricted cluster in it: a finding tells of it, too


def coverage(need: Need, holdings: Collection[Holding], *, day: date) -> Coverage:
    """Who may decide on a need on that day; limits are those left after delegations."""
    limits = limits_on(holdings, day)
    serving = [row for row in holdings if need.is_served_by(row)]
    valid = sorted((row for row in serving if row.key in limits), key=lambda row: (-limits[row.key], row.key))
    return Coverage(
        need,
        tuple(row.key for row in valid if limits[row.key] >= need.amount),
        tuple(row.key for row in valid if 0 < limits[row.key] < need.amount),
        tuple(row.key for row in serving if row.key not in limits and row.starts <= day),
        max(need.amount - sum((limits[row.key] for row in valid), Decimal(0)), Decimal(0)),
    )


def findings(
    plans: Iterable[Plan], holdings: Collection[Holding], *, names: Mapping[int, str], day: date
) -> Iterator[Found]:
    """What lacks for the open initiatives: authority, a second decider, days, or a holder who is still there.

    `names` are those of holders. One finding a need and kind of lack.
    """
    for plan in plans:
        for key, need in plan.needs.items():
            yield from _of_need(plan, key, coverage(need, holdings, day=day), holdings, names, day)


def _of_need(
    plan: Plan, key: int, found: Coverage, holdings: Collection[Holding], names: Mapping[int, str], day: date
) -> Iterator[Found]:
    need, rows = found.need, {row.key: row for row in holdings}
    what = f"{need.amount:,f} {need.unit} {RESOURCE_WORDS[need.resource]}"
    said = {"initiative": plan.name, "needs": what}
    if found.lacks and found.lapsed:
        last = max((rows[one] for one in found.lapsed), key=lambda row: (row.ends or date.max, row.key))
        why = "has left" if not last.is_active else f"held it until {(last.ends or day) - timedelta(days=1)}"
        code = "authority-of-nobody" if not last.is_active else "authority-expired"
        sentence = f"“{plan.name}” needs {what}, and nobody may decide on it: {names[last.holder]} {why}."
        yield _found(plan, key, need, code, WARNING, sentence, "Record who decides on it now.", said)
    elif found.lacks:
        sentence = f"“{plan.name}” needs {what}; {found.lacks:,f} of it nobody may decide on."
        yield _found(
            plan, key, need, "authority-missing", WARNING, sentence, "Record who decides on it, or ask for less.", said
        )
    elif not found.deciders:
        sentence = f"“{plan.name}” needs {what}, on which nobody may decide alone: {_named(found.others, rows, names)}."
        yield _found(plan, key, need, "authority-shared", NOTE, sentence, "Ask them together.", said)
    elif len(found.deciders) == 1:
        only = rows[found.deciders[0]]
        sentence = f"“{plan.name}” needs {what}, on which only {names[only.holder]} may decide alone."
        yield _found(
            plan, key, need, "single-decider", NOTE, sentence, "Have a deputy, by a delegation for absences.", said
        )
        if only.ends and only.ends - day <= SOON:
            last_day = only.ends - timedelta(days=1)
            sentence = f"{names[only.holder]} may decide on what “{plan.name}” needs until {last_day} only."
            yield _found(plan, key, need, "authority-ends-soon", WARNING, sentence, "Have it prolonged.", said)


def _named(keys: Iterable[int], rows: Mapping[int, Holding], names: Mapping[int, str]) -> str:
    return ", ".join(dict.fromkeys(names[rows[one].holder] for one in keys))


def _found(
    plan: Plan, key: int, need: Need, code: str, severity: int, sentence: str, next_step: str, said: Mapping[str, str]
) -> Found:
    home = need.cluster or plan.home
    return Found(
        code=code,
        key=f"{code}:{key}",
        severity=severity,
        cluster_id=home,
        counterpart_id=plan.hidden if plan.hidden != home else None,
        sentence=sentence,
        next_step=next_step,
        evidence=dict(said),
    )
