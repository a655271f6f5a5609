"""Archives as they are uploaded: tar, tar.gz and zip, unpacked in memory within bounds, never onto a disk."""

import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from apps.clusters.formats.catalog import MOST_BYTES
from apps.kernel.refusals import Invalid, TooLarge

MOST_MEMBERS = 20_000


def unpack(name: str, content: bytes) -> dict[str, bytes]:
    """The text files in an upload by their path inside it; a file that is no archive is its own only member.

    Refuses paths that leave the archive, links, encrypted members, and what unpacks to more than MOST_BYTES.
    """
    if len(content) > MOST_BYTES:
        raise _too_large(name)
    try:
        if content.startswith(b"\x1f\x8b"):
            content = _gunzipped(name, content)
            if not tarfile.is_tarfile(io.BytesIO(content)):
                return {name.removesuffix(".gz"): content}
        if zipfile.is_zipfile(io.BytesIO(content)):
            return _gathered(name, _zip_members(name, content))
        if name.endswith((".tar", ".tar.gz", ".tgz")) or tarfile.is_tarfile(io.BytesIO(content)):
            return _gathered(name, _tar_members(name, content))
    except (
        tarfile.TarError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise Invalid(
            f"{name} is a damaged archive.", next_step="Pack it again and send it once more.", code="bad_archive"
        ) from error
    return {name: content}


def pack(files: Mapping[str, bytes]) -> bytes:
    """These files as one archive that `unpack` reads: the same files give the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in sorted(files.items()):
            out.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _gunzipped(name: str, content: bytes) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
        unpacked = packed.read(MOST_BYTES + 1)
    if len(unpacked) > MOST_BYTES:
        raise _too_large(name)
    return unpacked


def _tar_members(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
        for member in archive:
            if member.isdir():
                continue
            if not member.isfile():
                raise _unsafe(name, member.name, "is a link or a device")
            packed = archive.extractfile(member)
            yield member.name, packed.read(MOST_BYTES + 1) if packed else b""


def _zip_members(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.infolist():
            if member.is_dir():
                continue
            if member.flag_bits & 0x1:
                raise _unsafe(name, member.filename, "is encrypted")
            # The size a header claims is no bound: only reading is.
            with archive.open(member) as packed:
                yield member.filename, packed.read(MOST_BYTES + 1)


def _gathered(name: str, members: Iterator[tuple[str, bytes]]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    size = 0
    for path, content in members:
        parts = PurePosixPath(path).parts
        if "\\" in path or path.startswith("/") or ".." in parts or (parts and ":" in parts[0]):
            raise _unsafe(name, path, "leaves the archive")
        size += len(content)
        if size > MOST_BYTES or len(found) >= MOST_MEMBERS:
            raise _too_large(name)
        found[str(PurePosixPath(path))] = content
    if not found:
        raise Invalid(f"There is no file in {name}.", next_step="Pack the catalogue files, and send it once more.")
    return found


def _too_large(name: str) -> TooLarge:
    return TooLarge(
        f"{name} is too large: at most {MOST_BYTES >> 20} MB unpacked and {MOST_MEMBERS:,} files.",
        next_step="Send only the catalogue files.",
    )


def _unsafe(name: str, path: str, what: str) -> Invalid:
    return Invalid(
        f"{name} is refused: its member “{path[:100]}” {what}.",
        next_step="Pack only plain files, by paths inside the archive.",
        code="unsafe_archive",
    )
