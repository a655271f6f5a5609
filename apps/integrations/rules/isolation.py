"""What an isolation plan must say, how long it holds, and what is wrong with the plans there are. Pure functions."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from apps.clusters.rules.findings import Found
from apps.integrations.rules.needs import LONGEST_TEXT, MOST_S, wrong
from apps.integrations.rules.reading import span_words
from apps.integrations.rules.words import Consistency, Direction
from apps.kernel.refusals import Invalid

VERSION = 1  # of the check; rises when it may find something else on the same map
CHECKER = "isolation"
REHEARSED_FOR = timedelta(days=90)  # a plan nobody tried for a quarter is a guess
MOST_BACKLOG = 1_000_000_000  # things that wait
MOST_CRITICAL_TIER = 1  # the last tier whose plans must be rehearsed, not only may
FOREVER = float("inf")


class Mode(StrEnum):
    """What a consumer does while it cannot reach the provider."""

    STALE = "serve_stale"
    QUEUE = "queue"
    STATIC = "static_answer"
    DEGRADE = "degrade"
    FAIL = "fail_closed"


MODE_WORDS: Mapping[Mode, str] = {
    Mode.STALE: "serve stale: answer from what was read last",
    Mode.QUEUE: "queue: keep what is to be sent, and send it afterwards",
    Mode.STATIC: "static answer: answer with a fixed one",
    Mode.DEGRADE: "degrade: go on without this part",
    Mode.FAIL: "fail closed: stop, on purpose",
}
SHORT: Mapping[Mode, str] = {mode: words.partition(":")[0] for mode, words in MODE_WORDS.items()}


class Writer(StrEnum):
    """Whose word counts where both sides wrote while they were apart."""

    OWNER = "owner_wins"
    LAST = "last_write_wins"
    MERGE = "merge"
    PERSON = "by_hand"


WRITER_WORDS: Mapping[Writer, str] = {
    Writer.OWNER: "the provider's: it owns the data",
    Writer.LAST: "the last one written",
    Writer.MERGE: "both: they merge without loss",
    Writer.PERSON: "a person decides, one by one",
}

FIELDS = ("mode", "holds_s", "backlog", "drain_per_s", "conflict", "reconciliation", "steps")
_OF_A_QUEUE: Mapping[str, str] = {
    "backlog": "Say how many may wait: a queue without a limit fills a disk.",
    "drain_per_s": "Say how many a second are sent afterwards.",
    "conflict": "Say whose word counts where both sides wrote while they were apart.",
}
_UNSAID: Mapping[str, Any] = {
    "holds_s": None,
    "backlog": None,
    "drain_per_s": None,
    "conflict": "",
    "reconciliation": "",
    "steps": "",
}


def checked_plan(values: Mapping[str, Any], *, needs: Mapping[str, Any]) -> dict[str, Any]:
    """A whole plan, tidied; refuses what its mode lacks or what the needs of its integration contradict.

    `holds_s` is how old an answer may become (serve stale), or how long one goes on so (static answer, degrade; None:
    without end). `backlog` is how many things may wait (queue), `drain_per_s` how many a second are sent afterwards.
    `needs` holds direction, consistency, latency_ms and rate_per_s of the integration.
    """
    said = {**_UNSAID, **values}
    if said["mode"] not in [*Mode]:
        raise wrong("mode", f"“{str(said['mode'])[:40]}” is none of {', '.join(Mode)}.")
    mode = Mode(said["mode"])
    for name in ("reconciliation", "steps"):
        said[name] = said[name].strip()
        if len(said[name]) > LONGEST_TEXT:
            raise wrong(name, f"At most {LONGEST_TEXT:,} characters.")
    _require_bounds(said)
    _require_what_it_is_of(mode, said)
    _require_fitting(mode, said, needs)
    return said


def _require_bounds(said: Mapping[str, Any]) -> None:
    holds, backlog, drain = said["holds_s"], said["backlog"], said["drain_per_s"]
    if holds is not None and not 1 <= holds <= MOST_S:
        raise wrong("holds_s", f"It holds between 1 second and {MOST_S // 86_400} days ({MOST_S:,} seconds).")
    if backlog is not None and not 1 <= backlog <= MOST_BACKLOG:
        raise wrong("backlog", f"Between 1 and {MOST_BACKLOG:,} things wait.")
    if drain is not None and not 0 < drain <= MOST_BACKLOG:
        raise wrong("drain_per_s", f"It sends more than 0 and at most {MOST_BACKLOG:,} a second.")
    if said["conflict"] and said["conflict"] not in [*Writer]:
        raise wrong("conflict", f"“{str(said['conflict'])[:40]}” is none of {', '.join(Writer)}.")


def _require_what_it_is_of(mode: Mode, said: Mapping[str, Any]) -> None:
    if mode == Mode.STALE and said["holds_s"] is None:
        raise wrong("holds_s", "Say how old an answer may become: without a limit, nobody knows when it is wrong.")
    if mode == Mode.QUEUE:
        for name, sentence in _OF_A_QUEUE.items():
            if not said[name]:
                raise wrong(name, sentence)
    elif said["backlog"] is not None or said["drain_per_s"] is not None or said["conflict"]:
        raise wrong("backlog", "Only a queue has a backlog, a rate at which it is sent, and a rule for conflicts.")
    if mode in {Mode.QUEUE, Mode.FAIL} and said["holds_s"] is not None:
        raise wrong("holds_s", "A queue holds as long as its backlog; who fails closed holds not at all.")
    if mode in {Mode.QUEUE, Mode.STALE} and not said["reconciliation"]:
        raise wrong("reconciliation", "Say how both sides come to the same again when they are back.")


def _require_fitting(mode: Mode, said: Mapping[str, Any], needs: Mapping[str, Any]) -> None:
    if mode == Mode.STALE and needs["direction"] == Direction.WRITES:
        raise _contradiction("mode", "It writes, and what is written cannot be served stale.", "Queue it, or degrade.")
    if mode == Mode.STALE and needs["consistency"] == Consistency.STRONG:
        raise _contradiction(
            "mode",
            "It needs strong consistency, and an old answer is not what was written last.",
            "Fail closed, or ask for a weaker consistency of the integration.",
        )
    if mode == Mode.QUEUE and needs["direction"] == Direction.READS and needs["latency_ms"] is not None:
        raise _contradiction(
            "mode",
            "Somebody waits for its answer: a question cannot be queued.",
            "Serve stale, answer statically, or degrade.",
        )
    if mode == Mode.QUEUE and said["drain_per_s"] <= needs["rate_per_s"]:
        raise _contradiction(
            "drain_per_s",
            f"As much arrives as is sent ({needs['rate_per_s']:,.10g} a second): the queue would never end.",
            "Send more a second than arrives.",
        )


def _contradiction(field: str, sentence: str, step: str) -> Invalid:
    return Invalid(sentence, next_step=step, fields={field: [sentence]}, code="contradiction")


def holding_s(*, mode: str, holds_s: int | None, backlog: int | None, rate_per_s: float) -> float:
    """For how many seconds the consumer goes on without the provider; infinite where nothing runs out.

    A queue holds backlog / rate: everything that arrives waits. Who fails closed holds 0.
    """
    if mode == Mode.FAIL:
        return 0.0
    if mode == Mode.QUEUE:
        assert backlog is not None
        return backlog / rate_per_s
    return FOREVER if holds_s is None else float(holds_s)


def catching_up_s(*, waited_s: float, backlog: int, rate_per_s: float, drain_per_s: float) -> float:
    """Seconds until a queue that filled for `waited_s` is empty again: waiting / (drain − arrival)."""
    waiting = min(backlog, waited_s * rate_per_s)
    return waiting / (drain_per_s - rate_per_s)


def holding_words(seconds: float | None) -> str:
    """How long a plan holds; None: there is none."""
    if seconds is None:
        return "no plan"
    if seconds == FOREVER:
        return "without end"
    return span_words(seconds) if seconds else "not at all"


class Rehearsed(StrEnum):
    """How a rehearsal ended."""

    HELD = "held"
    FAILED = "failed"


class Standing(StrEnum):
    """How far one may rely on what an integration says of isolation; the worst first."""

    NONE = "no_plan"
    SHORT = "too_short"
    FAILED = "failed"
    UNTRIED = "untried"
    OLD = "rehearsed_long_ago"
    READY = "ready"


STANDING_WORDS: Mapping[Standing, str] = {
    Standing.NONE: "no plan",
    Standing.SHORT: "holds too short",
    Standing.FAILED: "failed its rehearsal",
    Standing.UNTRIED: "not rehearsed",
    Standing.OLD: "rehearsed long ago",
    Standing.READY: "ready",
}
STANDING_TONES: Mapping[Standing, str] = {
    Standing.NONE: "danger",
    Standing.SHORT: "danger",
    Standing.FAILED: "danger",
    Standing.UNTRIED: "caution",
    Standing.OLD: "caution",
    Standing.READY: "approve",
}


@dataclass(frozen=True)
class Covered:
    """One integration between clusters, and what is planned for when its ends are apart."""

    integration_id: int
    words: str  # "Dispatch with Postings API"
    consumer_id: int
    cluster_id: int
    provider_cluster_id: int
    tier: int
    survives_s: int
    holds_s: float | None  # None: no plan
    mode: str = ""
    rehearsed_at: datetime | None = None
    is_of_this_version: bool = True
    outcome: str = ""
    contradiction: str = ""  # what the needs, as they are by now, say against the plan

    def standing(self, at: datetime) -> Standing:
        """How far one may rely on it at an instant."""
        if self.holds_s is None:
            return Standing.NONE
        if self.holds_s < self.survives_s:
            return Standing.SHORT
        if self.rehearsed_at is None or not self.is_of_this_version:
            return Standing.UNTRIED
        if self.outcome == Rehearsed.FAILED:
            return Standing.FAILED
        return Standing.OLD if at - self.rehearsed_at > REHEARSED_FOR else Standing.READY


def findings(covered: Iterable[Covered], at: datetime) -> Iterator[Found]:
    """What is wrong with the plans of integrations between clusters.

    A plan that holds too short, that failed, or that lacks where the consumer must go on, is a warning; so is one of a
    component of tier 0 or 1 that nobody has rehearsed for 90 days. The rest are notes.
    """
    for one in covered:
        standing = one.standing(at)
        if standing == Standing.READY and not one.contradiction:
            continue
        sentence, step, severity = _against(one) if one.contradiction else _said(one, standing)
        yield Found(
            code="isolation-contradiction" if one.contradiction else f"isolation-{standing.value.replace('_', '-')}",
            key=f"isolation:{one.integration_id}",
            severity=severity,
            cluster_id=one.cluster_id,
            component_id=one.consumer_id,
            counterpart_id=one.provider_cluster_id,
            sentence=sentence,
            next_step=step,
            evidence={
                "integration": one.integration_id,
                "must_go_on_s": one.survives_s,
                "plan_holds": holding_words(one.holds_s),
                "mode": one.mode,
                "rehearsed": one.rehearsed_at.isoformat() if one.rehearsed_at else "never",
            },
        )


def _against(one: Covered) -> tuple[str, str, int]:
    return (
        f"The isolation plan of {one.words} no longer fits its needs: {one.contradiction}",
        "Write the plan anew, or say again what it needs.",
        2,
    )


def _said(one: Covered, standing: Standing) -> tuple[str, str, int]:
    must = span_words(one.survives_s) if one.survives_s else ""
    if standing == Standing.NONE:
        what = f", and must go on {must} without it" if must else ""
        return (
            f"{one.words} has no isolation plan{what}.",
            "Say on its page what it does when cut off.",
            2 if must else 1,
        )
    if standing == Standing.SHORT:
        return (
            f"{one.words} must go on {must} alone; its plan holds {holding_words(one.holds_s)}.",
            "Make the plan hold longer, or ask less of it.",
            2,
        )
    if standing == Standing.FAILED:
        return f"The plan of {one.words} failed its last rehearsal.", "Mend the plan, and rehearse it again.", 2
    is_critical = one.tier <= MOST_CRITICAL_TIER
    if standing == Standing.UNTRIED:
        return (
            f"The plan of {one.words} was never rehearsed as it is.",
            "Rehearse it, and record how it went.",
            1 + is_critical,
        )
    days = REHEARSED_FOR.days
    return f"The plan of {one.words} was rehearsed more than {days} days ago.", "Rehearse it again.", 1 + is_critical
