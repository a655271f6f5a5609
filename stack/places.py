"""Where things are: the checkout, its environment, the state folder of its servers."""

import hashlib
import os
import secrets
import shutil
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
SITE = VENV / "lib" / "python3.11" / "site-packages"
BUILD = ROOT / ".state"  # tools and stamps of this checkout; nothing a server writes

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


def throwaway_folder() -> Path:
    """A new folder for servers that are thrown away; readable by them, listed by nobody else."""
    return reachable(
        Path(
            tempfile.mkdtemp(
                prefix="concordat-test-", dir="/dev/shm" if shutil.disk_usage("/dev/shm").free > 4 << 30 else None
            )
        )
    )


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
    """A secret kept in `folder` with mode 600; made on first use."""
    path = folder / name
    if not path.exists():
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(32))
    path.chmod(0o600)
    return path.read_text()
