"""Which files may lie beside a change: bounded, and of a kind whose content matches its name."""

import re
from datetime import timedelta

from apps.kernel.refusals import Invalid, TooLarge

LARGEST_BYTES = 10 * 1024 * 1024
MOST_FILES = 20
RESTORABLE = timedelta(days=7)  # so long a removed file is kept, and can be brought back
STRAY_AFTER = timedelta(days=1)  # a file that no row names is let be so long: no transaction stays open that long
# Suffix → (content type, bytes the file must begin with; empty: text). Nothing a browser would run.
KINDS: dict[str, tuple[str, tuple[bytes, ...]]] = {
    "pdf": ("application/pdf", (b"%PDF-",)),
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "zip": ("application/zip", (b"PK\x03\x04",)),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", (b"PK\x03\x04",)),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (b"PK\x03\x04",)),
    "txt": ("text/plain", ()),
    "log": ("text/plain", ()),
    "md": ("text/plain", ()),
    "csv": ("text/csv", ()),
    "json": ("application/json", ()),
    "yaml": ("text/plain", ()),
    "yml": ("text/plain", ()),
}
_PLAIN_NAME = re.compile(r"[^\x00-\x1f/\\:*?\"<>|]{1,200}")


def require_fits(*, name: str, size: int, already: int) -> None:
    """Refuse a file that is too large, empty, oddly named, or one too many. `size` is in bytes."""
    if size > LARGEST_BYTES:
        raise TooLarge(
            f"The file has {size / 1_048_576:.1f} MB; at most 10 MB are kept.",
            next_step="Link to it instead, or attach the part that matters.",
        )
    if size == 0:
        raise Invalid("The file is empty.", next_step="Choose another file.", fields={"file": ["The file is empty."]})
    if already >= MOST_FILES:
        raise Invalid(
            f"There are {MOST_FILES} files already.",
            next_step="Remove one first, or attach a ZIP.",
            fields={"file": ["Too many files."]},
        )
    if not _PLAIN_NAME.fullmatch(name) or name.startswith("."):
        raise Invalid(
            "The file's name has characters that are not allowed.",
            next_step="Rename it and attach it again.",
            fields={"file": ["Rename it."]},
        )


def require_kind(*, name: str, head: bytes) -> str:
    """The content type of a file, from its suffix, confirmed by its first bytes; others are refused."""
    suffix = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    if suffix not in KINDS:
        kinds = ", ".join(sorted(KINDS))
        raise Invalid(
            f"Files of this kind are not kept. Kept are: {kinds}.",
            next_step="Convert it, or link to it.",
            fields={"file": ["Unknown kind of file."]},
        )
    kind, starts = KINDS[suffix]
    is_text = b"\x00" not in head
    if not (any(head.startswith(start) for start in starts) if starts else is_text):
        raise Invalid(
            f"The file is called .{suffix} but its content is something else.",
            next_step="Attach the real file.",
            fields={"file": ["Name and content differ."]},
        )
    return kind
