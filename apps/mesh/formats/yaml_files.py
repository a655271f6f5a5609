"""Manifests as files: YAML with its names in order, and an archive with one file a kind. The same in, the same out."""

import gzip
import io
import re
import tarfile
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import yaml


def bundle_text(manifests: Iterable[Mapping[str, Any]]) -> str:
    """All of them as one file."""
    return yaml.dump_all(manifests, Dumper=_Plain, sort_keys=True, allow_unicode=True, explicit_start=True, width=120)


def list_text(manifests: Iterable[Mapping[str, Any]]) -> str:
    """All of them as one document, a List of Kubernetes."""
    found = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
    return yaml.dump(found, Dumper=_Plain, sort_keys=True, allow_unicode=True, width=120)


class _Plain(yaml.SafeDumper):
    """Values written out wherever they stand: what others read has no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        """Always: readers of hostile YAML refuse them."""
        del data
        return True


def files_of(manifests: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """One file a kind, by its name; the manifests come ordered by kind."""
    grouped = groupby(manifests, key=lambda one: str(one["kind"]))
    return {f"{re.sub('(?<!^)(?=[A-Z])', '-', kind).lower()}.yaml": bundle_text(rows) for kind, rows in grouped}


def archive_of(files: Mapping[str, str], *, folder: str) -> bytes:
    """A .tar.gz of the files in a folder; without times and owners, so that the same files are the same bytes."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, text in sorted(files.items()):
            content = text.encode()
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), mtime=0)
