"""Archives, the hostile ones included. No disk, no database."""

import gzip
import io
import tarfile
import zipfile

import pytest

from apps.clusters.formats.archives import MOST_MEMBERS, unpack
from apps.clusters.formats.catalog import MOST_BYTES
from apps.kernel.refusals import Invalid, TooLarge


def tar(*members, mode="w:gz"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
            else:
                info.type, info.linkname = content
                archive.addfile(info)
    return out.getvalue()


def zipped(*members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def spoilt(content):
    """The archive with one byte of its packed data changed."""
    return content[:60] + bytes([content[60] ^ 0xFF]) + content[61:]


@pytest.mark.parametrize("pack", [tar, zipped, lambda *members: tar(*members, mode="w")])
def test_members_are_read_by_path(pack):
    assert unpack("c.tgz", pack(("./a/b.yaml", b"x"), ("c.yaml", b"y"))) == {"a/b.yaml": b"x", "c.yaml": b"y"}


@pytest.mark.parametrize("pack", [tar, zipped])
def test_an_archive_without_files_is_refused(pack):
    with pytest.raises(Invalid, match=r"There is no file in c\.tgz"):
        unpack("c.tgz", pack())


def test_a_plain_file_is_its_own_member():
    assert unpack("catalog-info.yaml", b"kind: x") == {"catalog-info.yaml": b"kind: x"}
    assert unpack("c.yaml.gz", gzip.compress(b"kind: x")) == {"c.yaml": b"kind: x"}


@pytest.mark.parametrize("path", ["../x.yaml", "/etc/x.yaml", "a/../../x.yaml", "a\\..\\x.yaml", "C:/x.yaml"])
@pytest.mark.parametrize("pack", [tar, zipped])
def test_paths_that_leave_the_archive_are_refused(pack, path):
    with pytest.raises(Invalid, match="leaves the archive"):
        unpack("c.zip", pack((path, b"x")))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(kind):
    with pytest.raises(Invalid, match="is a link or a device"):
        unpack("c.tar.gz", tar(("x.yaml", (kind, "/etc/passwd"))))


@pytest.mark.parametrize(
    "bomb",
    [
        gzip.compress(b"\0" * (MOST_BYTES + 1)),
        tar(("x.yaml", b"\0" * (MOST_BYTES + 1))),
        zipped(("x.yaml", b"\0" * (MOST_BYTES + 1))),
        zipped(("x.yaml", b"\0" * (MOST_BYTES // 2 + 1)), ("y.yaml", b"\0" * (MOST_BYTES // 2 + 1))),
        zipped(*((f"{n}.yaml", b"") for n in range(MOST_MEMBERS + 1))),
        b"x" * (MOST_BYTES + 1),
    ],
)
def test_what_unpacks_to_too_much_is_refused(bomb):
    with pytest.raises(TooLarge, match="too large"):
        unpack("c.zip", bomb)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("c.tar", b"not a tar"),
        ("c.tar.gz", tar(("a.yaml", b"x" * 5000))[:60]),
        ("c.gz", b"\x1f\x8b\x08garbage"),
        ("c.zip", spoilt(zipped(("a.yaml", bytes(range(256)) * 20)))),
    ],
    ids=["tar", "cut tar.gz", "gz", "spoilt zip"],  # not from the bytes: gzip writes the time into them
)
def test_a_damaged_archive_is_refused(name, content):
    with pytest.raises(Invalid, match="damaged archive"):
        unpack(name, content)


def test_an_encrypted_member_is_refused():
    content = bytearray(zipped(("a.yaml", b"x")))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.find(mark) + offset] |= 1
    with pytest.raises(Invalid, match="is encrypted"):
        unpack("c.zip", bytes(content))
