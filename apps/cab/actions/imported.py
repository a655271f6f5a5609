"""Writing one slice of mapped records as changes, with everything that hangs on them."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import re2
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import Model
from psycopg import sql

from apps.accounts.actions.recorded import take_in_names
from apps.accounts.models import Person
from apps.cab.actions.estimating import set_estimate
from apps.cab.formats.mapping import INSTANTS, Mapped, Name
from apps.cab.formats.records import Flaw
from apps.cab.models import (
    Change,
    ChangeComponent,
    CoAuthorship,
    ImportedRecord,
    ImportRun,
    NamedApprover,
    Revision,
)
from apps.cab.queries.changes import files_of
from apps.cab.rules import revisions
from apps.clusters.actions import take_in_components
from apps.clusters.models import Cluster, Component
from apps.kernel.refusals import Invalid
from apps.kernel.windows import require_window
from apps.stakeholders.queries.rates import rates_now

_PLAIN = (
    "title",
    "type",
    "category",
    "purpose",
    "state",
    "outcome",
    "implementation_plan",
    "test_plan",
    "communication_plan",
    "backout_plan",
    "window_zone",
    "downtime_minutes",
    "external_id",
    "unauthorized",
    "latent",
)
_CHANGE_COLUMNS = tuple(one.attname for one in Change._meta.concrete_fields if not one.generated)
_JSON_COLUMNS = frozenset({"links", "risk_factors"})


@dataclass
class Sighted:
    """A mapped record with where it stood in its file."""

    row: int
    place: str
    said: Mapped


@dataclass
class Result:
    """What one slice came to."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[tuple[Sighted, Flaw]] = field(default_factory=list)

    def add(self, other: "Result") -> None:
        """Count another part of the slice in."""
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.rejected += other.rejected


class SliceWriter:
    """Writes records of one run. `cluster` governs those whose record names none."""

    def __init__(self, run: ImportRun, cluster: Cluster, clusters: dict[str, Cluster], *, at: datetime) -> None:
        self.run, self.cluster, self.clusters, self.at = run, cluster, clusters, at
        self.hidden, self.rates = _hidden_from(run.started_by), rates_now()
        join = run.map.get("join")
        self.join_pattern = re2.compile(join["pattern"]) if join else None
        self.join_cluster = join.get("cluster", "") if join else ""

    def write(self, records: Sequence[Sighted]) -> Result:
        """Write what is new or different. One record that the database refuses does not stop the others.

        Only values and constraints are a record's fault; a full disk or lost connection stops the run, to go on later.
        """
        try:
            with transaction.atomic():
                return self._write(records)
        except (DataError, IntegrityError) as error:
            if len(records) == 1:
                reason = f"The database refuses it: {str(error).splitlines()[0][:200]}."
                return Result(rejected=[(records[0], Flaw("", "", reason))])
        half = len(records) // 2  # a bad record is found in a few halvings and not by writing each alone
        result = self.write(records[:half])
        result.add(self.write(records[half:]))
        return result

    def _write(self, records: Sequence[Sighted]) -> Result:
        result = Result()
        known = self._known(records)
        new: list[Sighted] = []
        for record in records:
            before = known.get(record.said.external_id)
            if flaw := self._flaw(record.said, before):
                result.rejected.append((record, flaw))
            elif before is None:
                new.append(record)
            elif before.digest == record.said.digest:
                result.unchanged += 1
            elif not self.run.is_dry:
                self._update(before, record.said)
                result.updated += 1
            else:
                result.updated += 1
        result.created = len(new)
        if new and not self.run.is_dry:
            self._create([record.said for record in new])
        return result

    def _known(self, records: Sequence[Sighted]) -> dict[str, Any]:
        ids = [record.said.external_id for record in records]
        rows = ImportedRecord.objects.filter(source=self.run.source, external_id__in=ids).select_related("change")
        return {row.external_id: row for row in rows}

    def _flaw(self, said: Mapped, before: ImportedRecord | None) -> Flaw | None:
        if said.cluster and said.cluster not in self.clusters:
            return Flaw("cluster", said.cluster, "There is no such cluster. Found it first, or map it to one.")
        if before is not None and before.digest == said.digest:
            return None
        return self._unpriced(said) or (self._barred(said, before) if before else None)

    def _barred(self, said: Mapped, before: ImportedRecord) -> Flaw | None:
        """Why a change that is there already is not written over, if so."""
        if before.change.cluster_id in self.hidden:
            return Flaw("external_id", said.external_id, "A record of this id belongs to a cluster you may not see.")
        if before.change.rounds.exists():
            reason = (
                f"{before.change.reference} has been before a board since; its text is no longer taken from a file."
            )
            return Flaw("external_id", said.external_id, reason)
        return None

    def _unpriced(self, said: Mapped) -> Flaw | None:
        """Why what it cost cannot be taken, if so: its currency has no rate."""
        try:
            set_estimate(Change(), said.cost_amount, said.cost_currency, rates=self.rates)
        except Invalid as refusal:
            return Flaw("cost_currency", said.cost_currency, refusal.sentence)
        return None

    def _create(self, records: Sequence[Mapped]) -> None:
        people, components = self._people(records), self._components(records)
        places = zip(
            _next("pg_get_serial_sequence('cab_change', 'id')", len(records)),
            _next("'cab_change_number'", len(records)),
            records,
            strict=True,
        )
        pairs = [
            (self._filled(Change(pk=pk, number=number, source=self.run.source), said, people), said)
            for pk, number, said in places
        ]
        copy_in(Change, _CHANGE_COLUMNS, (_row(change) for change, _ in pairs))
        copy_in(ChangeComponent, ("change_id", "component_id"), self._touches(pairs, components))
        co_authors = ((change.pk, people[one.handle]) for change, said in pairs for one in said.co_authors)
        copy_in(CoAuthorship, ("change_id", "person_id"), co_authors)
        approvers = ((change.pk, people[one.handle]) for change, said in pairs for one in said.approvers)
        copy_in(NamedApprover, ("change_id", "person_id"), approvers)
        copy_in(
            Revision,
            ("change_id", "number", "content", "digest", "author_id", "is_material", "at"),
            (
                (
                    change.pk,
                    1,
                    json.dumps(content),
                    revisions.digest_of(content),
                    change.requester_id,
                    True,
                    change.created_at,
                )
                for change, said in pairs
                for content in [self._content(change, said, components)]
            ),
        )
        copy_in(
            ImportedRecord,
            ("change_id", "source", "external_id", "digest", "run_id", "reverts", "revert_reason"),
            (
                (
                    change.pk,
                    self.run.source,
                    said.external_id,
                    said.digest,
                    self.run.pk,
                    list(said.reverts),
                    said.revert_reason,
                )
                for change, said in pairs
            ),
        )

    def _update(self, before: ImportedRecord, said: Mapped) -> None:
        """Bring a change to what its source says now: a new revision where a governed field differs."""
        people, components = self._people([said]), self._components([said])
        change = self._filled(before.change, said, people)
        last = change.revisions.order_by("-number").first()
        ChangeComponent.objects.filter(change=change).delete()
        CoAuthorship.objects.filter(change=change).delete()
        NamedApprover.objects.filter(change=change).delete()
        copy_in(ChangeComponent, ("change_id", "component_id"), self._touches([(change, said)], components))
        CoAuthorship.objects.bulk_create(
            CoAuthorship(change=change, person_id=people[one.handle]) for one in said.co_authors
        )
        NamedApprover.objects.bulk_create(
            NamedApprover(change=change, person_id=people[one.handle]) for one in said.approvers
        )
        content = self._content(change, said, components)
        if last is None or last.digest != revisions.digest_of(content):
            change.revision += 1
            Revision.objects.create(
                change=change,
                number=change.revision,
                content=content,
                digest=revisions.digest_of(content),
                author_id=change.requester_id,
                is_material=revisions.compare(last.content if last else {}, content).is_material,
                at=self.at,
            )
        change.save()
        before.digest, before.run, before.reverts = said.digest, self.run, list(said.reverts)
        before.revert_reason = said.revert_reason
        before.save()

    def _filled(self, change: Change, said: Mapped, people: dict[str, int]) -> Change:
        for name in _PLAIN:
            setattr(change, name, getattr(said, name))
        change.cluster = self.clusters[said.cluster] if said.cluster else self.cluster
        change.requester_id = people[said.requester.handle]
        change.implementer_id = people[said.implementer.handle] if said.implementer else None
        change.links = [dict(link) for link in said.links]
        set_estimate(change, said.cost_amount, said.cost_currency, rates=self.rates)
        change.risk_computed = said.risk
        change.risk = max(said.risk, change.risk_raised_to or 0)
        change.risk_factors = _risk_as_recorded(said.risk)
        _set_times(change, said, at=self.at)
        return change

    def _people(self, records: Sequence[Mapped]) -> dict[str, int]:
        names: dict[str, str] = {}
        for said in records:
            for one in _named(said):
                names.setdefault(one.handle, one.name)
        return take_in_names(names=names)

    def _components(self, records: Sequence[Mapped]) -> dict[tuple[str, str], list[tuple[int, str]]]:
        """(cluster, path) → the components it means, each as (id, "cluster/slug"): its own, and the one it joins."""
        wanted: dict[str, set[str]] = {}
        for said in records:
            wanted.setdefault(said.cluster, set()).update(said.components)
        joined = self._joined({path for paths in wanted.values() for path in paths})
        found: dict[tuple[str, str], list[tuple[int, str]]] = {}
        for slug, paths in wanted.items():
            cluster = self.clusters[slug] if slug else self.cluster
            ids = take_in_components(
                cluster=cluster, slugs=paths, source=self.run.source, actor=self.run.started_by, at=self.at
            )
            for path, pk in ids.items():
                found[slug, path] = [(pk, f"{cluster.slug}/{path}"), *joined.get(path, ())]
        return found

    def _joined(self, paths: set[str]) -> dict[str, list[tuple[int, str]]]:
        """Components that the map knows already, by the name that its “join” pattern finds in a path."""
        if not self.join_pattern:
            return {}
        names = {path: match.group(1) for path in paths if (match := self.join_pattern.search(path))}
        rows = Component.objects.filter(slug__in=set(names.values())).exclude(source=self.run.source)
        rows = rows.exclude(cluster__in=self.hidden)
        if self.join_cluster:
            rows = rows.filter(cluster__slug=self.join_cluster)
        by_slug: dict[str, list[tuple[int, str]]] = {}
        for pk, slug, cluster in rows.values_list("pk", "slug", "cluster__slug"):
            by_slug.setdefault(slug, []).append((pk, f"{cluster}/{slug}"))
        # A name that several clusters use tells nothing.
        return {path: by_slug[name] for path, name in names.items() if len(by_slug.get(name, ())) == 1}

    def _touches(
        self, pairs: Sequence[tuple[Change, Mapped]], components: dict[tuple[str, str], list[tuple[int, str]]]
    ) -> Iterator[tuple[int, int]]:
        for change, said in pairs:
            for pk in {pk: None for path in said.components for pk, _ in components[said.cluster, path]}:
                yield change.pk, pk

    def _content(
        self, change: Change, said: Mapped, components: dict[tuple[str, str], list[tuple[int, str]]]
    ) -> dict[str, Any]:
        return revisions.snapshot(
            change,
            cluster=change.cluster.slug,
            components=sorted({name for path in said.components for _, name in components[said.cluster, path]}),
            implementer=said.implementer.handle if said.implementer else "",
            co_authors=[one.handle for one in said.co_authors],
            attachments=files_of(change) if change.revision > 1 else (),  # each file made a revision
        )


def _hidden_from(importer: Person | None) -> set[int]:
    """The clusters that the importer may not know of; the house (None) knows all."""
    if importer is None:
        return set()
    visible = Cluster.objects.visible_to(importer).values("pk")
    return set(Cluster.objects.exclude(pk__in=visible).values_list("pk", flat=True))


def copy_in(model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows with COPY: several times faster than INSERT, with the same constraints and the same errors."""
    # Django does not translate what the driver raises inside a COPY by itself.
    with connection.wrap_database_errors, connection.cursor() as cursor:
        query = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(model._meta.db_table), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        with cursor.copy(query) as copy:
            for row in rows:
                copy.write_row(row)


def _named(said: Mapped) -> Iterator[Name]:
    yield said.requester
    if said.implementer:
        yield said.implementer
    yield from said.co_authors
    yield from said.approvers


def _next(sequence: str, count: int) -> list[int]:
    """The next numbers of a sequence, named by an SQL expression of ours."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT nextval({sequence}) FROM generate_series(1, %s)", [count])  # noqa: S608
        return sorted(number for (number,) in cursor.fetchall())


def _row(change: Change) -> list[Any]:
    values = vars(change)
    return [json.dumps(values[name]) if name in _JSON_COLUMNS else values[name] for name in _CHANGE_COLUMNS]


def _set_times(change: Change, said: Mapped, *, at: datetime) -> None:
    """Instants as the source has them; without a time of creation, its earliest other one, else now."""
    for name in INSTANTS:
        setattr(change, name, getattr(said, name))
    if change.created_at is None:
        known = [moment for name in INSTANTS if (moment := getattr(said, name))]
        change.created_at = min(known, default=at)
    change.window_start_local, change.window_end_local = said.window_start, said.window_end
    change.window_start_at = change.window_end_at = None
    if said.window_start and said.window_end:
        window = require_window(start_local=said.window_start, end_local=said.window_end, zone=said.window_zone)
        change.window_start_at, change.window_end_at = window.start_at, window.end_at


def _risk_as_recorded(risk: int) -> list[dict[str, object]]:
    sentence = "The risk is the one its source records." if risk > 1 else "Its source records no risk."
    return [{"name": "as_recorded", "sentence": sentence, "weight": 5.0, "value": risk / 5, "points": float(risk)}]
