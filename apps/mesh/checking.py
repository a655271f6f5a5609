"""Checking manifests for both doors: by their schemas, by the rules of these, and across one another."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from apps.clusters.formats import yaml_documents
from apps.kernel.bounded import Exhausted, run_bounded
from apps.mesh.models import CrdBundle, CrdSchema
from apps.mesh.rules.analysis import Resource, analysed
from apps.mesh.rules.structural import Problem, Question, problems, questions, repeated, unknown_fields

BASE_S, EACH_S, MOST_S = 6.0, 0.01, 60.0  # processor time of the child: to begin, for each question, and at most
MEGABYTES = 768  # of address space
MOST_QUESTIONS = 20_000  # of one file
MOST_PROBLEMS = 50  # told of one document; more help nobody
CUT_OFF = "Its rules were not answered in time."


class Verdict(StrEnum):
    """What became of one document."""

    VALID = "valid"
    REFUSED = "refused"
    NOT_CHECKED = "not_checked"  # no definition of its kind is at hand: that is not the same as valid


@dataclass
class Checked:
    """One document, what became of it, and why."""

    number: int
    line: int
    api_version: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    verdict: Verdict = Verdict.NOT_CHECKED
    problems: list[Problem] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)  # fields its kind does not know: the API server drops them


@dataclass(frozen=True)
class Report:
    """Every document of a file, and by which definitions it was checked."""

    documents: list[Checked]
    bundle: CrdBundle | None

    @property
    def counts(self) -> Mapping[str, int]:
        """How many came to which verdict."""
        return Counter(one.verdict.value for one in self.documents)


def definitions_in_force() -> CrdBundle | None:
    """The definitions that manifests are checked by; None where nobody brought any."""
    return CrdBundle.objects.filter(replaced_at__isnull=True).select_related("brought_by").first()


def check(content: bytes, known_hosts: frozenset[str] = frozenset()) -> Report:
    """Check every document of a file; refuses only the file as a whole (`yaml_documents.documents`).

    `known_hosts` are services that are there though no manifest brings them.

    A document whose kind nobody defined is not checked, and says so. The rules of the definitions are answered in one
    disposable child: one that finds no end refuses what it was asked about, and nothing is let through unanswered.
    """
    bundle, found = definitions_in_force(), yaml_documents.documents(content)
    kinds = {(str(one.content.get("apiVersion")), str(one.content.get("kind"))) for one in found if _is_object(one)}
    schemas = _schemas(bundle, kinds)
    checked = {one.number: _begun(one) for one in found}
    asked: list[tuple[int, Question]] = []
    for document in found:
        one = checked[document.number]
        schema = schemas.get((one.api_version, one.kind))
        if schema is None or one.verdict == Verdict.REFUSED:
            continue
        one.verdict = Verdict.VALID
        one.ignored += sorted(set(unknown_fields(document.content, schema)) - _ENVELOPE)[:MOST_PROBLEMS]
        one.problems += [*problems(document.content, schema), *repeated(document.content, schema)]
        if one.problems:  # as the API server does it: rules are asked of what has its shape
            continue
        asked += [(document.number, question) for question in questions(document.content, schema)]
    for number, problem in _broken_rules(asked):
        checked[number].problems.append(problem)
    resources = [_resource(one, document) for one, document in zip(checked.values(), found, strict=True) if one.kind]
    for number, problem in analysed(resources, known_hosts):
        checked[number].problems.append(problem)
    for one in checked.values():
        if one.problems:
            one.verdict, one.problems = Verdict.REFUSED, one.problems[:MOST_PROBLEMS]
    return Report(list(checked.values()), bundle)


_ENVELOPE = frozenset({"apiVersion", "kind", "metadata"})


def _is_object(document: yaml_documents.Document) -> bool:
    return isinstance(document.content, dict)


def _begun(document: yaml_documents.Document) -> Checked:
    one = Checked(document.number, document.line)
    if document.fault or not _is_object(document):
        sentence = document.fault or f"Line {document.line}: this is no Kubernetes object."
        one.verdict = Verdict.REFUSED
        one.problems.append(Problem("", sentence, "yaml"))
        return one
    metadata = document.content.get("metadata")
    said = metadata if isinstance(metadata, dict) else {}
    one.api_version, one.kind = (str(document.content.get(name) or "") for name in ("apiVersion", "kind"))
    one.namespace, one.name = str(said.get("namespace") or "default"), str(said.get("name") or "")
    lacking = [name for name in ("apiVersion", "kind") if not document.content.get(name)]
    if lacking or not one.name:
        what = lacking[0] if lacking else "metadata.name"
        one.problems.append(Problem(what, f"“{what}” is required.", "schema"))
    return one


def _schemas(bundle: CrdBundle | None, kinds: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Mapping[str, Any]]:
    if bundle is None:
        return {}
    wanted = {kind for _, kind in kinds}
    rows = CrdSchema.objects.filter(bundle=bundle, kind__in=wanted)
    return {(f"{one.group}/{one.api_version}", one.kind): one.schema for one in rows}


def _broken_rules(asked: list[tuple[int, Question]]) -> list[tuple[int, Problem]]:
    """The questions that are not answered with yes; each different one is asked once."""
    if not asked:
        return []
    by_text: dict[str, list[tuple[int, Question]]] = defaultdict(list)
    for number, question in asked:
        by_text[repr((question.rule, question.value))].append((number, question))
    cases = [rows[0][1] for rows in by_text.values()]
    said = _answers(cases)
    return [
        (number, Problem(question.path, _sentence(question, answer), "rule"))
        for rows, answer in zip(by_text.values(), said, strict=True)
        if answer is not True
        for number, question in rows
    ]


def _answers(cases: list[Question]) -> list[Any]:
    if len(cases) > MOST_QUESTIONS:
        return [CUT_OFF] * len(cases)
    try:
        found = run_bounded(
            "apps.mesh.rules.evaluating:answers",
            [[one.rule, one.value] for one in cases],
            seconds=min(MOST_S, BASE_S + EACH_S * len(cases)),
            megabytes=MEGABYTES,
            what="A rule of the definitions",
        )
    except Exhausted:
        return [CUT_OFF] * len(cases)
    return list(found)


def _sentence(question: Question, answer: Any) -> str:
    if answer == CUT_OFF:
        return CUT_OFF
    said = question.message or f"The rule {question.rule[:200]} does not hold"
    return f"{said[0].upper()}{said[1:].rstrip('.')}."


def _resource(one: Checked, document: yaml_documents.Document) -> Resource:
    group = one.api_version.rpartition("/")[0]
    return Resource(one.number, one.kind, group, one.namespace, one.name, document.content)
