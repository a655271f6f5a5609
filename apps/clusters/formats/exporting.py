"""A catalogue as one archive, in the formats that an import reads again."""

import io
import zipfile
from collections.abc import Callable, Mapping

from apps.clusters.formats import backstage_export, catalog_csv
from apps.clusters.formats.catalog import Catalog

FORMATS: Mapping[str, Callable[[Catalog], Mapping[str, bytes]]] = {
    "csv": catalog_csv.render,
    "backstage": backstage_export.render,
}


def archive(catalog: Catalog, *, as_format: str) -> bytes:
    """A ZIP archive: the same catalogue gives the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in sorted(FORMATS[as_format](catalog).items()):
            out.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
