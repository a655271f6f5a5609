"""A catalogue as one archive, in the formats that an import reads again."""

from collections.abc import Callable, Mapping

from apps.clusters.formats import archives, backstage_export, catalog_csv
from apps.clusters.formats.catalog import Catalog

FORMATS: Mapping[str, Callable[[Catalog], Mapping[str, bytes]]] = {
    "csv": catalog_csv.render,
    "backstage": backstage_export.render,
}
TELL_APIS = frozenset({"backstage"})  # those that have a place for what is said of APIs


def archive(catalog: Catalog, *, as_format: str) -> bytes:
    """A ZIP archive: the same catalogue gives the same bytes."""
    return archives.pack(FORMATS[as_format](catalog))
