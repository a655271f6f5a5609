"""Conventions: how things of a kind are named, and what they must say of themselves. Pure functions over plain facts.

Patterns are RE2: no pattern takes longer than its length times the name's. What is bounded beside is the program.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

import re2

from apps.clusters.rules.findings import Found
from apps.clusters.rules.parts import Standing
from apps.clusters.rules.spelling import affixes, normalised, spellings
from apps.kernel.refusals import Invalid, NotAllowed

VERSION = 1
WARNING = 2
MOST_PATTERN = 300  # characters
MOST_PROGRAM = 3_000  # instructions; the slowest name of 200 letters takes about 5 ms then
MOST_EXAMPLES = 20
LONGEST_EXAMPLE = 200  # characters; names are no longer
LONGEST_PREFIX = 40
LONGEST_REASON = 2_000
MOST_DESCRIPTION = 1_000  # characters that may be asked for
MOST_CONVENTIONS = 100  # in force or to come
MOST_NAMES = 1_000  # of one question by the API
LONGEST_EXEMPTION = timedelta(days=180)
WARN_BEFORE = timedelta(days=7)  # an exemption ends
_MEMORY = 1 << 18  # bytes that a compiled pattern may take


class Mode(StrEnum):
    """What a convention does about a breach."""

    WARN = "warn"
    REFUSE = "refuse"


class Saying(StrEnum):
    """What things may have to say of themselves beside their name."""

    DESCRIPTION = "description"
    OWNER = "owner"
    TAGS = "tags"
    SITE = "site"


@dataclass(frozen=True)
class Demand:
    """A convention as it judges. `word` names its field for people."""

    pk: int
    title: str
    kind: str
    field: str
    word: str
    pattern: str
    passing: tuple[str, ...]
    mode: Mode
    in_force_from: datetime
    grandfathered_before: datetime | None = None
    least_description: int = 0
    needs_owner: bool = False
    needs_site: bool = False
    tag_prefixes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Subject:
    """A thing as conventions see it. `values` maps a field to what it holds; `made_at` None: it is being added.

    `silent` names what it was not asked to say: that is not judged.
    """

    kind: str
    key: str
    name: str
    values: Mapping[str, tuple[str, ...]]
    cluster_id: int = 0
    component_id: int | None = None
    made_at: datetime | None = None
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    silent: frozenset[Saying] = frozenset()


@dataclass(frozen=True)
class Breach:
    """One way in which a thing does not keep to a convention. `proposed` is a name that would, where one was found."""

    demand: Demand
    code: str
    value: str
    sentence: str
    next_step: str
    proposed: str = ""

    @property
    def identity(self) -> tuple[int, str, str]:
        """The same breach before and after an edit."""
        return self.demand.pk, self.code, self.value


def require_pattern(pattern: str, *, passing: Collection[str], failing: Collection[str]) -> None:
    """Refuse a pattern that RE2 refuses, that grows too large, or that its own examples contradict."""
    compiled = _required(pattern)
    if not passing or not failing:
        raise _invalid(
            "A pattern needs an example that keeps to it and one that does not.",
            "Write at least one of each.",
            **{name: ["At least one."] for name, said in (("passing", passing), ("failing", failing)) if not said},
        )
    for name, examples, should in (("passing", passing, True), ("failing", failing, False)):
        if len(examples) > MOST_EXAMPLES or any(len(one) > LONGEST_EXAMPLE for one in examples):
            raise _invalid(
                f"At most {MOST_EXAMPLES} examples of at most {LONGEST_EXAMPLE} characters.",
                "Leave some out.",
                **{name: ["Too many or too long."]},
            )
        wrong = next((one for one in examples if bool(compiled.fullmatch(one)) != should), None)
        if wrong is not None:
            said = "does not fit the pattern, though it should" if should else "fits the pattern, though it should not"
            raise _invalid(f"“{wrong}” {said}.", "Correct the pattern or the example.", **{name: [f"“{wrong}”"]})


def require_convention(values: Mapping[str, Any], *, sayings: Collection[Saying]) -> None:
    """Refuse a convention that asks for nothing, or for what things of its kind do not say."""
    asked = {
        Saying.DESCRIPTION: ("least_description", bool(values["least_description"])),
        Saying.OWNER: ("needs_owner", values["needs_owner"]),
        Saying.TAGS: ("tag_prefixes", bool(values["tag_prefixes"])),
        Saying.SITE: ("needs_site", values["needs_site"]),
    }
    for saying, (name, is_asked) in asked.items():
        if is_asked and saying not in sayings:
            raise _invalid(
                f"Things of this kind say no {saying.value}.",
                "Leave it out, or choose another kind.",
                **{name: ["Not of this kind."]},
            )
    if not values["pattern"] and not any(is_asked for _, is_asked in asked.values()):
        raise _invalid(
            "This convention asks for nothing.",
            "Write a pattern, or choose what things must say of themselves.",
            pattern=["Missing."],
        )
    if not values["pattern"] and (values["passing"] or values["failing"]):
        raise _invalid("Examples need a pattern.", "Write it, or leave them out.", pattern=["Missing."])
    if not 0 <= values["least_description"] <= MOST_DESCRIPTION:
        raise _invalid(
            f"A description of at most {MOST_DESCRIPTION:,} characters can be asked for.",
            "Ask for fewer.",
            least_description=["Out of range."],
        )


def breaches(subject: Subject, demands: Iterable[Demand], *, at: datetime) -> list[Breach]:
    """Where a thing does not keep to conventions that are in force at the instant and not too young for it."""
    return [
        one
        for demand in demands
        if demand.kind == subject.kind and demand.in_force_from <= at and not _is_grandfathered(subject, demand)
        for one in (*_misnamed(subject, demand), *_unsaid(subject, demand))
    ]


def require_kept(after: Subject, demands: Iterable[Demand], *, at: datetime, before: Subject | None = None) -> None:
    """Refuse what breaks a convention that refuses, unless it was so before the edit already."""
    refusing = [one for one in demands if one.mode == Mode.REFUSE]
    stood = {one.identity for one in breaches(before, refusing, at=at)} if before else set()
    new = [one for one in breaches(after, refusing, at=at) if one.identity not in stood]
    if new:
        fields: dict[str, list[str]] = {}
        for one in new:
            fields.setdefault(_FIELDS.get(one.code, one.demand.field), []).append(one.sentence)
        raise Invalid(
            " ".join(dict.fromkeys(one.sentence for one in new[:3])),
            next_step=" ".join(dict.fromkeys(one.next_step for one in new[:3])),
            fields=fields,
            code="against-convention",
        )


def found(subject: Subject, breach: Breach) -> Found:
    """A breach as a finding."""
    demand = breach.demand
    evidence: dict[str, Any] = {"convention": demand.title, "kind": demand.kind, "mode": demand.mode.value}
    if breach.code == "against-convention":
        evidence |= {demand.word: breach.value, "pattern": demand.pattern, "proposed_name": breach.proposed}
    elif breach.value:
        evidence["lacks"] = breach.value
    key = f"{demand.pk}:{breach.code}:{subject.kind}:{subject.key}:{breach.value}"
    return Found(
        code=breach.code,
        key=key[:250],
        severity=WARNING,
        cluster_id=subject.cluster_id,
        component_id=subject.component_id,
        sentence=breach.sentence,
        next_step=breach.next_step,
        evidence=evidence,
    )


@dataclass(frozen=True)
class Named:
    """A name in the whole federation, and whose it is. Names of one kind that read alike collide."""

    kind: str
    word: str  # what people call the kind
    name: str
    made_at: datetime
    pk: int
    cluster_id: int
    cluster: str
    component_id: int | None = None
    is_restricted: bool = False
    is_shared: bool = False  # the very same spelling is the same thing


def collisions(names: Iterable[Named]) -> list[Found]:
    """One finding for each name that reads like an older one of its kind; it tells of that one alone.

    The older one is an open cluster's where there is one, so that who may see both hears of it.
    """
    alike: dict[tuple[str, str], list[Named]] = {}
    for one in names:
        if form := normalised(one.name):
            alike.setdefault((one.kind, form), []).append(one)
    findings = []
    for group in alike.values():
        first, *others = sorted(group, key=lambda one: (one.is_restricted, one.made_at, one.pk))
        findings += [_collides(one, first) for one in others if not (one.is_shared and one.name == first.name)]
    return findings


def _collides(one: Named, first: Named) -> Found:
    where = "the same cluster" if one.cluster_id == first.cluster_id else first.cluster
    return Found(
        code="name-collides",
        key=f"{one.kind}:{one.pk}",
        severity=WARNING,
        cluster_id=one.cluster_id,
        component_id=one.component_id,
        counterpart_id=first.cluster_id if first.cluster_id != one.cluster_id else None,
        sentence=f"The {one.word} “{one.name}” reads like “{first.name}” of {where}.",
        next_step=f"Give one of them another name: “{one.cluster} {one.name}”, say.",
        evidence={"name": one.name, "reads_like": first.name, "both_read": normalised(one.name)},
    )


def require_may_exempt(standing: Standing, *, name: str) -> None:
    """Refuse an exemption of what one owns."""
    if standing.may_own:
        raise NotAllowed(
            f"You own {name}: nobody exempts their own.",
            next_step="Ask a board's chair who does not own it.",
        )


def require_exemption(*, reason: str, until: datetime, at: datetime) -> str:
    """The reason, trimmed; refuses none, one that is too long, and an end that is past or too far."""
    said = reason.strip()
    if not said or len(said) > LONGEST_REASON:
        raise _invalid(
            "An exemption needs its reason.",
            f"Write why, in at most {LONGEST_REASON:,} characters.",
            reason=["Missing or too long."],
        )
    if not at < until <= at + LONGEST_EXEMPTION:
        raise _invalid(
            f"An exemption ends within {LONGEST_EXEMPTION.days} days from now.",
            "Choose a day in that time; it can be given again.",
            until=[f"Within {LONGEST_EXEMPTION.days} days."],
        )
    return said


def proposed_name(value: str, pattern: str, passing: Sequence[str]) -> str:
    """A spelling of the same words that keeps to the pattern, with an affix of the examples where that helps; or ""."""
    compiled = _compiled(pattern)
    heads, tails = _affixes(tuple(passing))
    ways = list(spellings(value))
    for head in heads:
        for tail in tails:
            for way in ways:
                whole = f"{head}{way}{tail}"
                if len(whole) <= LONGEST_EXAMPLE and whole != value and compiled.fullmatch(whole):
                    return whole
    return ""


_FIELDS = {
    "description-too-short": "description",
    "owner-missing": "owner_name",
    "tag-missing": "tags",
    "site-missing": "sites",
}


def _misnamed(subject: Subject, demand: Demand) -> Iterable[Breach]:
    if not demand.pattern:
        return
    compiled = _compiled(demand.pattern)
    for value in subject.values.get(demand.field, ()):
        if compiled.fullmatch(value):
            continue
        better = proposed_name(value, demand.pattern, demand.passing)
        yield Breach(
            demand,
            "against-convention",
            value,
            f"The {demand.word} “{value}” of {subject.name} does not keep to “{demand.title}”."
            if value != subject.name
            else f"The {demand.word} “{value}” does not keep to “{demand.title}”.",
            f"Call it “{better}”." if better else f"Write it like “{demand.passing[0]}”.",
            better,
        )


def _unsaid(subject: Subject, demand: Demand) -> Iterable[Breach]:
    return [one for saying, one in _lacks(subject, demand) if saying not in subject.silent]


def _lacks(subject: Subject, demand: Demand) -> Iterable[tuple[Saying, Breach]]:
    least, said = demand.least_description, subject.description.strip()
    name, asks = subject.name, f"which “{demand.title}” asks for"
    if least and (len(said) < least or normalised(said) == normalised(name)):
        sentence = f"{name} has no description of {least} characters or more, {asks}."
        step = "Say what it does, for whom, in a sentence or two."
        yield Saying.DESCRIPTION, Breach(demand, "description-too-short", "", sentence, step)
    if demand.needs_owner and not subject.owner.strip():
        sentence = f"{name} names no team, {asks}."
        yield Saying.OWNER, Breach(demand, "owner-missing", "", sentence, "Name the team that answers for it.")
    if demand.needs_site and not subject.sites:
        yield Saying.SITE, Breach(demand, "site-missing", "", f"{name} names no site, {asks}.", "Name where it runs.")
    for prefix in demand.tag_prefixes:
        if not any(one.startswith(prefix) and len(one) > len(prefix) for one in subject.tags):
            sentence = f"{name} has no tag that begins with “{prefix}”, {asks}."
            yield Saying.TAGS, Breach(demand, "tag-missing", prefix, sentence, f"Add one, such as “{prefix}…”.")


def _is_grandfathered(subject: Subject, demand: Demand) -> bool:
    before = demand.grandfathered_before
    return bool(before and subject.made_at and subject.made_at < before)


def _required(pattern: str) -> Any:
    if len(pattern) > MOST_PATTERN or "\0" in pattern:
        raise _invalid(
            f"A pattern has at most {MOST_PATTERN} characters.", "Shorten it.", pattern=["Too long, or not text."]
        )
    try:
        compiled = _compiled(pattern)
    except re2.error as error:
        said = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        if "too large" in said:
            raise _too_large() from error
        raise _invalid(
            f"RE2 does not take this pattern: {said}.",
            "Correct it. RE2 knows no look-around and no back-references, and repeats at most 1,000 times.",
            pattern=[said],
        ) from error
    if compiled.programsize > MOST_PROGRAM:
        raise _too_large()
    return compiled


def _too_large() -> Invalid:
    return _invalid(
        "The pattern grows too large when it is compiled.",
        "Repeat less, or use simpler classes of letters inside repetitions.",
        pattern=["Too large."],
    )


def _invalid(sentence: str, next_step: str, **fields: Sequence[str]) -> Invalid:
    return Invalid(sentence, next_step=next_step, fields=fields)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.max_mem, options.log_errors = _MEMORY, False
    return re2.compile(pattern, options)


@lru_cache(maxsize=256)
def _affixes(passing: tuple[str, ...]) -> tuple[list[str], list[str]]:
    return affixes(passing)
