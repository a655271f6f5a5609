"""The import of a large catalogue, as an upload is compared and written by a worker, beside reading the file alone."""

import io
import tarfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from apps.accounts.models import RoleGrant
from apps.accounts.rules import Role
from apps.clusters import actions
from apps.clusters.actions import imports
from apps.clusters.formats import archives, backstage
from apps.clusters.models import CatalogImport, Cluster

AIM_S = 300  # to accept, compare and write it
ENTITIES = 50_000  # each depends on one other
FILES = 50
CLUSTERS = 40
ENTITY = """apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: part-{n}
  title: Part {n}
  description: Does the work of part {n} of the whole, all day.
  tags: [java, data]
spec:
  type: service
  lifecycle: production
  owner: group:team-{team}
  system: bench-{cluster}
  dependsOn: [component:part-{other}]
"""


@dataclass(frozen=True)
class Took:
    """Seconds: until an upload is accepted, compared, written, and written once more; and to read the file alone."""

    accepted: float
    compared: float
    written: float
    again: float
    read: float
    components: int
    dependencies: int


def took(person: Any) -> Took:
    """Import a tree of ENTITIES, and the same once more."""
    RoleGrant.objects.get_or_create(person=person, role=Role.PROGRAMME_MANAGER)
    content = _tree()
    read, _ = _timed(lambda: backstage.parse(archives.unpack("tree.tar.gz", content)))
    accepted, kept = _timed(lambda: _upload(person, content))
    compared, _ = _timed(lambda: imports.work_off(import_id=kept.pk))
    written, done = _timed(lambda: _written(kept, person))
    once_more = imports.work_off(import_id=_upload(person, content).pk)
    again, _ = _timed(lambda: _written(once_more, person))
    counts = done.counts
    return Took(accepted, compared, written, again, read, counts["component"]["new"], counts["dependency"]["new"])


def _written(kept: CatalogImport, person: Any) -> CatalogImport:
    actions.apply_upload(import_id=kept.pk, importer=person, at=timezone.now())
    return imports.work_off(import_id=kept.pk)


def _upload(person: Any, content: bytes) -> CatalogImport:
    kept, _ = actions.upload_catalog(
        file_name="tree.tar.gz",
        content=content,
        catalog_format="backstage",
        options={"found_clusters": True},
        uploader=person,
        at=timezone.now(),
    )
    return kept


def _tree() -> bytes:
    assert not Cluster.objects.filter(slug__startswith="bench-").exists()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for file in range(FILES):
            numbers = range(file, ENTITIES, FILES)
            text = "---\n".join(
                ENTITY.format(n=n, team=n % 300, cluster=n % CLUSTERS, other=(n * 7 + 1) % ENTITIES) for n in numbers
            ).encode()
            member = tarfile.TarInfo(f"repo-{file}/catalog-info.yaml")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    return packed.getvalue()


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    answer = call()
    return time.perf_counter() - began, answer
