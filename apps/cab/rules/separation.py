"""Separation of duties in records from elsewhere: who wrote a change does not approve it."""

from collections.abc import Iterable


def author_approvers(*, authors: Iterable[str], approvers: Iterable[str]) -> list[str]:
    """The handles that stand on both sides, as the approvers are written; compared without “@” and case, sorted."""
    wrote = {_comparable(handle) for handle in authors}
    return sorted({handle for handle in approvers if _comparable(handle) in wrote})


def _comparable(handle: str) -> str:
    return handle.strip().lstrip("@").strip().lower()
