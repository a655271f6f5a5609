"""Where things are: the checkout, its environment, the state folder of its servers."""

import base64
import fcntl
import hashlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
SITE = VENV / "lib" / "python3.11" / "site-packages"
BUILD = ROOT / ".state"  # tools and stamps of this checkout; nothing a server writes

# Throw-away servers live in memory when it has this much room (bytes): without fsync it is the disk that is slow.
THROWAWAY_MEMORY, THROWAWAY_NEED = Path("/dev/shm"), 4 << 30  # noqa: S108  # mkdtemp makes a folder of our own in it
THROWAWAY = "concordat-test-"

# Servers refuse to run as root. This uid exists on every Debian and owns nothing; no account is added.
SERVER_UID = 65534


def state_folder() -> Path:
    """The folder that keeps this checkout's database between runs, outside the checkout.

    A root checkout may lie where the unprivileged servers cannot look, so root keeps it under /var/lib.
    """
    chosen = os.environ.get("CONCORDAT_STATE")
    if chosen:
        return Path(chosen)
    mark = hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    home = (
        Path("/var/lib")
        if os.geteuid() == 0
        else Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state")
    )
    return home / f"concordat-{mark}"


@contextmanager
def throwaway_folder() -> Iterator[Path]:
    """A new folder that goes when the block ends; readable by servers, listed by nobody else."""
    place = (
        THROWAWAY_MEMORY if shutil.disk_usage(THROWAWAY_MEMORY).free > THROWAWAY_NEED else Path(tempfile.gettempdir())
    )
    _sweep(place)
    folder = reachable(Path(tempfile.mkdtemp(prefix=THROWAWAY, dir=place)))
    try:
        with held(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(place: Path) -> None:
    """Remove the throw-away folders of runs that were killed before they could: nobody holds those.

    One younger than a minute is let be: its run may be about to take hold of it.
    """
    for folder in place.glob(f"{THROWAWAY}*"):
        try:
            if time.time() - folder.stat().st_mtime > 60:  # noqa: PLR2004  # seconds
                with held(folder):
                    shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # held by a run beside us, or another person's
            continue


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a folder against every other run; the kernel lets go when we die, however we die.

    Raises BlockingIOError while another run holds it.
    """
    with (folder / "held").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def reachable(folder: Path) -> Path:
    """Create a folder that the servers' user may enter but not list."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)
    return folder


def owned(folder: Path) -> Path:
    """Create a folder that belongs to the servers' user alone."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(folder, SERVER_UID, SERVER_UID)
    folder.chmod(0o700)
    return folder


def secret(folder: Path, name: str) -> str:
    """A secret kept in `folder` with mode 600: 32 random bytes in base64url, made on first use."""
    path = folder / name
    if not path.exists():
        write_secret(path, base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    path.chmod(0o600)
    return path.read_text()


def private_log(path: Path) -> IO[bytes]:
    """A log begun anew that only its owner can read: mails with links stand in it."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600), "ab")


def write_secret(path: Path, text: str, *, owner: int | None = None) -> None:
    """Write a file that was never readable by anyone but its owner; root may give it to a server's uid."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w") as file:
        if owner is not None and os.geteuid() == 0:
            os.fchown(handle, owner, owner)
        file.write(text)
