"""Reading a catalogue, sent or kept, by its format, and the options that each format takes."""

from collections.abc import Iterable, Mapping
from typing import Any

from apps.clusters.formats import archives, backstage, catalog_csv, kubernetes
from apps.clusters.formats.catalog import Catalog, printable
from apps.clusters.models import CatalogFormat, CatalogImport
from apps.clusters.states import CatalogState
from apps.kernel.refusals import Invalid, WrongState


def read_catalog(*, file_name: str, content: bytes, catalog_format: str, options: Mapping[str, Any]) -> Catalog:
    """What a file says, by its format.

    `options`: "map", a column map (without it "rows" names the generic one), and "cluster_map", name → slug; of files
    that were packed together, "entries" are those where a Backstage catalogue begins, and "apart" says that each CSV is
    read by itself. Wholes and parts that the files say in a circle are among the rejections.
    """
    catalog = _parsed(file_name, content, catalog_format, options)
    catalog.spell_clusters_alike()
    catalog.refuse_circles()
    return catalog


def _parsed(file_name: str, content: bytes, catalog_format: str, options: Mapping[str, Any]) -> Catalog:
    cluster_map = options.get("cluster_map") or {}
    files = archives.unpack(file_name, content)
    if catalog_format == CatalogFormat.BACKSTAGE:
        entries = frozenset(options["entries"]) if options.get("entries") else None
        return backstage.parse(files, entries=entries, cluster_map=cluster_map)
    if catalog_format == CatalogFormat.KUBERNETES:
        return kubernetes.parse(files, cluster_map=cluster_map)
    if options.get("apart"):
        return _together(
            _parsed(name, content, catalog_format, {**options, "apart": False}) for name, content in files.items()
        )
    if len(files) > 1:
        return catalog_csv.parse_files(files, cluster_map=cluster_map)
    ((name, content),) = files.items()
    rows = options.get("rows", "components")
    if not options.get("map") and rows not in catalog_csv.FIELDS:
        raise Invalid(
            "“rows” must be clusters, components, dependencies or placements.", next_step="Choose one of them."
        )
    columns = catalog_csv.read_map(options["map"]) if options.get("map") else catalog_csv.generic_map(rows)
    return catalog_csv.parse(content, file=name, columns=columns, cluster_map=cluster_map)


def _together(catalogs: Iterable[Catalog]) -> Catalog:
    whole = Catalog()
    for said in catalogs:
        for name, rows in vars(said).items():
            getattr(whole, name).extend(rows)
    return whole


def kept_options(catalog_format: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that this format reads; refuses a cluster map that is not names → short names, as text."""
    cluster_map = options.get("cluster_map") or {}
    sentence = "The cluster map must be a JSON object: name in the file → short name of a cluster."
    refusal = Invalid(sentence, next_step="Correct it and send it again.", fields={"cluster_map": [sentence]})
    if not isinstance(cluster_map, dict):
        raise refusal
    for text in (*cluster_map, *cluster_map.values()):
        if not isinstance(text, str) or printable(text) != text:
            raise refusal
    kept: dict[str, Any] = {"cluster_map": cluster_map} | {
        name: bool(options.get(name)) for name in ("found_clusters", "refuse_loose")
    }
    if catalog_format == CatalogFormat.CSV:
        kept |= {"rows": options.get("rows", "components"), "map": options.get("map")}
    return kept | {name: options[name] for name in ("entries", "apart") if options.get(name)}


def read_upload(upload: CatalogImport) -> Catalog:
    """What a kept upload says."""
    return read_catalog(
        file_name=upload.file_name,
        content=bytes(upload.content or b""),
        catalog_format=upload.format,
        options=upload.options,
    )


def is_unmapped(files: Mapping[str, bytes], options: Mapping[str, Any]) -> bool:
    """Whether these are one CSV that lacks a column it needs, and nobody has said which column is what."""
    if options.get("map") or len(files) > 1:
        return False
    ((name, content),) = files.items()
    rows = options.get("rows", "components")
    return rows in catalog_csv.FIELDS and not catalog_csv.top_of(content, file=name).has(rows)


def top_of_upload(upload: CatalogImport) -> catalog_csv.Top:
    """The header and the first rows of a CSV whose columns may be chosen; refuses other uploads."""
    files = archives.unpack(upload.file_name, bytes(upload.content or b""))
    is_mappable = upload.state in {CatalogState.MAPPING, CatalogState.READY}
    if upload.format != CatalogFormat.CSV or len(files) > 1 or not is_mappable:
        raise WrongState("The columns of this upload are not chosen by hand.", next_step="Upload the file again.")
    ((name, content),) = files.items()
    return catalog_csv.top_of(content, file=name)
