"""A cut-off as people rehearse it (Markdown), and as Chaos Mesh makes it (NetworkChaos, v1alpha1)."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import yaml

from apps.integrations.queries.cutoff import CutNeed, CutOff, Part
from apps.integrations.rules.cutoff import State, fate_words
from apps.integrations.rules.isolation import SHORT, Mode, holding_words
from apps.integrations.rules.reading import span_words

ZONE_LABEL = "topology.kubernetes.io/zone"  # the well-known label of nodes
LONGEST_NAME = 63  # of a Kubernetes resource here: a DNS label


def runbook(answer: CutOff, at: datetime, *, steps: dict[int, str], afterwards: dict[int, str]) -> str:
    """The plan to rehearse: what is cut, who does what, when what runs out, and how both sides come together again.

    `steps` and `afterwards` hold what each plan says, by integration.
    """
    lasts = span_words(answer.question.duration_s)
    lines = [
        f"# Cut-off of {_and(answer.isolated)} for {lasts}",
        "",
        f"Drawn from the map on {at:%-d %B %Y, %H:%M} UTC. Record on each integration’s page how its plan went.",
        "",
        "## At the cut",
        "",
        *(_at_the_cut(answer.cut_needs, steps)),
        "",
        "## What is expected",
        "",
        "| after | down | on their plan | leaning on one | as always |",
        "|---|---|---|---|---|",
        *_by_moment(answer),
        "",
        "## Capabilities",
        "",
        *(
            f"- [ ] {one.name} ({one.cluster}): {fate_words(one.fate, answer.question.duration_s)}"
            for one in answer.capabilities
        ),
        "",
        "## When both are back",
        "",
        *_afterwards(answer.cut_needs, afterwards),
        "",
    ]
    return "\n".join(lines)


def _at_the_cut(needs: Sequence[CutNeed], steps: dict[int, str]) -> Iterator[str]:
    if not needs:
        yield "Nothing is cut: no need crosses."
    for one in needs:
        ends = f"{_plain(one.consumer)} → {_plain(one.provider)}"
        if one.plan is None:
            yield f"- [ ] {ends}: **no plan**; expect {one.consumer.name} to stop at once"
            continue
        yield f"- [ ] {ends}: {SHORT[Mode(one.plan.mode)]}, holds {holding_words(one.plan.holds_s)}"
        for step in steps.get(one.plan.integration_id, "").splitlines():
            if step.strip():
                yield f"  - [ ] {step.strip()}"


def _by_moment(answer: CutOff) -> Iterator[str]:
    for moment in answer.moments:
        states = answer.states(moment)
        after = span_words(moment) if moment else "the cut"
        figures = " | ".join(str(states[one]) for one in (State.DOWN, State.ALONE, State.LEANING, State.WHOLE))
        yield f"| {after} | {figures} |"


def _afterwards(needs: Sequence[CutNeed], afterwards: dict[int, str]) -> Iterator[str]:
    said = [one for one in needs if one.plan and afterwards.get(one.plan.integration_id, "").strip()]
    if not said:
        yield "No plan says how both sides come to the same again."
    for one in said:
        assert one.plan is not None
        text = " ".join(afterwards[one.plan.integration_id].split())
        yield f"- [ ] {_plain(one.consumer)} → {_plain(one.provider)}: {text}"


def chaos(answer: CutOff, *, sites: Sequence[str], others: Sequence[str]) -> str:
    """The same cut as NetworkChaos resources. Clusters are taken for namespaces of their short names.

    For places, `sites` are the isolated ones and `others` the rest; nodes are told by their zone label.
    """
    duration = f"{answer.question.duration_s}s"
    if answer.question.clusters:
        documents = list(_of_clusters(answer, duration))
    else:
        documents = [
            _partition(f"cut-off-{site}-{other}", _nodes(site), _nodes(other), duration)
            for site in sites
            for other in others
        ]
    return yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True)


def _of_clusters(answer: CutOff, duration: str) -> Iterator[dict[str, object]]:
    chosen = list(dict.fromkeys(answer.question.clusters))
    everywhere = sorted({part.cluster_slug for part in answer.ground.parts.values()})
    groups = [[one] for one in chosen] if answer.question.apart else [chosen]
    for group in groups:
        rest = [one for one in everywhere if one not in group]
        if rest:
            yield _partition(f"cut-off-{'-'.join(group)}", {"namespaces": group}, {"namespaces": rest}, duration)


def _partition(name: str, selector: dict[str, object], target: dict[str, object], duration: str) -> dict[str, object]:
    return {
        "apiVersion": "chaos-mesh.org/v1alpha1",
        "kind": "NetworkChaos",
        "metadata": {"name": name.lower()[:LONGEST_NAME].strip("-")},
        "spec": {
            "action": "partition",
            "mode": "all",
            "selector": selector,
            "direction": "both",
            "target": {"mode": "all", "selector": target},
            "duration": duration,
        },
    }


def _nodes(site: str) -> dict[str, object]:
    return {"nodeSelectors": {ZONE_LABEL: site}}


def _plain(part: Part) -> str:
    return f"{part.name} ({part.cluster})"


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
