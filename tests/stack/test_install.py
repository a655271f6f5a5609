"""What is installed is pinned by hash, comes from wherever this machine gets its packages, and names no address."""

import json
import os
import re
import subprocess
import sys
from importlib.metadata import files, metadata, packages_distributions
from pathlib import Path

import pytest

from stack import install, places, running
from stack.say import StackError

LOCKS = ["base.lock", "dev.lock", "uv.lock.txt"]
# Used without being imported, and why.
UNNAMED = {"tzdata": "the image has no time zones of its own", "argon2-cffi": "Django's Argon2 hasher imports it"}
# Under these a package may run beside ours (Apache-2.0); LGPL and MPL because it is installed apart and unchanged.
PERMITTED = re.compile(r"MIT|BSD|Apache|ISC|PSF|MPL|LGPL|0BSD|OFL")

# Of what programs are linked with: the C library's own, and the C++ one, which apt itself needs.
IN_EVERY_DEBIAN = {"dl", "m", "c", "pthread", "rt", "stdc++", "gcc_s"}


def asked_for(name: str) -> list[str]:
    """The names of the packages that a list asks for."""
    lines = (places.ROOT / "requirements" / name).read_text().splitlines()
    return [re.split(r"[\[=~<>]", line)[0].lower() for line in lines if re.match(r"\w", line)]


def pinned(name: str) -> list[str]:
    """The names of the packages that a lock pins on this platform."""
    lines = (places.ROOT / "requirements" / name).read_text().splitlines()
    return [line.split("==")[0] for line in lines if re.match(r"[a-z0-9][^;]*==[^;]*$", line)]


def program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("name", LOCKS)
def test_every_pinned_package_has_its_hashes_and_no_lock_names_a_registry(name):
    text = (places.ROOT / "requirements" / name).read_text()
    packages = [part for part in text.replace("\\\n", " ").splitlines() if part and not part.lstrip().startswith("#")]
    assert packages
    assert all("==" in package and "--hash=sha256:" in package for package in packages)
    assert not [word for word in ("://", "--index-url", "--find-links", "--extra-index-url") if word in text]


def test_the_front_ends_lock_names_no_registry():
    packages = json.loads((places.ROOT / "package-lock.json").read_text())["packages"]
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert "omit-lockfile-registry-resolved=true" in (places.ROOT / ".npmrc").read_text()


@pytest.mark.parametrize("kind", ["base", "dev"])
def test_the_locks_pin_what_is_asked_for(kind):
    """`make lock` was run after the last change of a list."""
    lock = (places.ROOT / "requirements" / f"{kind}.lock").read_text()
    named = re.findall(
        rf"^([a-z0-9._-]+)==(?:(?!^[a-z0-9]).)*?-r requirements/{kind}\.in", lock, re.MULTILINE | re.DOTALL
    )
    assert sorted(set(named)) == sorted(set(asked_for(f"{kind}.in")))


def test_the_application_asks_for_no_package_that_it_does_not_use():
    sources = [
        *(places.ROOT / "apps").rglob("*.py"),
        *(places.ROOT / "config").rglob("*.py"),
        places.ROOT / "Dockerfile",
    ]
    text = "\n".join(path.read_text() for path in sources)
    modules = packages_distributions()
    unused = [
        name
        for name in asked_for("base.in")
        if name not in UNNAMED
        and not any(
            re.search(rf"\b{module}\b", text)
            for module, brought_by in modules.items()
            if name in {re.sub("[._]", "-", one.lower()) for one in brought_by}
        )
    ]
    assert not unused


def test_every_package_of_the_running_application_has_a_licence_that_permits_it():
    refused = {}
    for name in pinned("base.lock"):
        about = metadata(name)
        said = [about.get("License-Expression"), about.get("License")]
        said += [one for one in about.get_all("Classifier") or [] if one.startswith("License")]
        said += _texts(name) if not any(said) else []
        if not any(PERMITTED.search(one) for one in said if one):
            refused[name] = said
    assert not refused


def _texts(name: str) -> list[str]:
    """How the licence files beside a package begin, for one that says nothing else about its licence."""
    beside = [one for one in files(name) or [] if "LICENSE" in one.name.upper()]
    return [one.read_text()[:400] for one in beside]


def test_the_image_leaves_out_the_same_static_files_as_a_local_run():
    collecting = (places.ROOT / "Dockerfile").read_text().partition("collectstatic")[2].splitlines()[0]
    assert [word for word in collecting.split() if word not in {"--no-input", "-v0", "\\"}] == list(running.UNUSED)


def test_installing_waits_for_the_command_beside_it_and_says_so():
    with install._alone():
        beside = subprocess.Popen(
            [sys.executable, "-m", "stack", "install"], cwd=places.ROOT, stdout=subprocess.PIPE, text=True
        )
        assert beside.stdout is not None
        assert "Waiting for the command beside this one" in beside.stdout.readline()
        assert beside.poll() is None
    assert beside.wait(60) == 0


def test_what_an_install_step_started_ends_with_it():
    with install._running(["sleep", "300"]):
        child = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()[-1]
        assert b"sleep" in Path("/proc", child, "cmdline").read_bytes()
    assert not Path("/proc", child).exists()


def test_an_install_step_that_fails_says_what_its_program_said():
    with pytest.raises(StackError, match="no such package"):
        install._run(["sh", "-c", "echo no such package >&2; exit 1"])


@pytest.mark.slow
def test_what_runs_keeps_its_bytecode_also_where_the_environment_says_not_to():
    ask = [str(places.PYTHON), "-c", "import sys; sys.exit(sys.dont_write_bytecode)"]
    done = subprocess.run(
        [sys.executable, "-m", "stack", "with", "--", *ask],
        cwd=places.ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
    )
    assert done.returncode == 0


def test_uv_asks_the_registry_that_pip_was_told(monkeypatch):
    monkeypatch.setattr(sys, "executable", sys._base_executable)  # installing is run by a bare Python, which has pip
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INSECURE_HOST", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example.org/simple")
    monkeypatch.setenv("PIP_TRUSTED_HOST", "mirror.example.org")
    monkeypatch.setenv("PIP_CERT", "/etc/ssl/mirror.crt")
    assert install._registry() == {
        "UV_DEFAULT_INDEX": "https://mirror.example.org/simple",
        "UV_INSECURE_HOST": "mirror.example.org",
        "SSL_CERT_FILE": "/etc/ssl/mirror.crt",
    }


def test_what_uv_was_told_itself_wins(monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example.org/simple")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://other.example.org/simple")
    assert "UV_DEFAULT_INDEX" not in install._registry()


def test_without_a_browser_the_refusal_says_what_to_type(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError, match="apt-get install chromium"):
        install.find_chromium()


def test_root_installs_a_browser_where_there_is_none(monkeypatch, tmp_path):
    made = f"printf '#!/bin/sh' > {tmp_path}/chromium; /bin/chmod 755 {tmp_path}/chromium"
    program(tmp_path, "apt-get", f'echo "$@" >> {tmp_path}/asked; case "$*" in *chromium*) {made};; esac')
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert install.find_chromium() == tmp_path / "chromium"
    assert (tmp_path / "asked").read_text().splitlines()[0].startswith("update")


def test_a_browser_that_cannot_be_installed_is_a_loud_failure(monkeypatch, tmp_path, capsys):
    program(tmp_path, "apt-get", "echo no network >&2; exit 100")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(StackError, match="apt-get install chromium"):
        install.find_chromium()
    assert "no network" in capsys.readouterr().out


def test_root_installs_what_pdfs_need_where_it_is_missing(monkeypatch, tmp_path):
    program(tmp_path, "apt-get", f'echo "$@" >> {tmp_path}/asked')
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    there = lambda name: name if (tmp_path / "asked").exists() else None  # noqa: E731
    monkeypatch.setattr(install.ctypes.util, "find_library", there)
    install.find_pango()
    assert "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0" in (tmp_path / "asked").read_text()


def test_without_the_libraries_of_pdfs_the_refusal_says_what_to_type(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(install.ctypes.util, "find_library", lambda name: None if "subset" in name else name)
    with pytest.raises(StackError, match="apt-get install libharfbuzz-subset0"):
        install.find_pango()


def test_the_driver_of_the_browser_is_linked_with_nothing_else_that_a_bare_debian_lacks():
    import playwright

    driver = Path(playwright.__file__).parent / "driver" / "node"
    linked = subprocess.run(["ldd", str(driver)], capture_output=True, text=True, check=True).stdout
    wanted = {line.split()[0].partition(".so")[0].removeprefix("lib") for line in linked.splitlines() if "=>" in line}
    assert wanted - IN_EVERY_DEBIAN == set(install.DRIVER)


def test_without_the_drivers_library_the_refusal_says_what_to_type(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(install.ctypes.util, "find_library", lambda name: None)
    with pytest.raises(StackError, match="apt-get install libatomic1"):
        install.find_driver()


def test_the_application_the_image_and_set_up_ask_for_the_same_libraries():
    from apps.kernel.printing import LIBRARIES

    assert install.PANGO == LIBRARIES
    image = (places.ROOT / "Dockerfile").read_text()
    assert all(package in image for package in LIBRARIES.values())


@pytest.mark.parametrize("version", [None, "v18.20.4"])
def test_the_packaged_node_builds_where_the_machine_has_none_new_enough(monkeypatch, tmp_path, version):
    if version:
        for name in ("node", "npm"):
            program(tmp_path, name, f"echo {version}")
    monkeypatch.setenv("PATH", str(tmp_path))
    node, npm = install._npm()
    assert Path(node).is_relative_to(places.SITE)
    said = subprocess.run([node, npm, "--version"], capture_output=True, text=True, check=True, env=install.node_env())
    assert int(said.stdout.split(".")[0]) >= 10


def test_a_new_enough_node_of_the_machine_is_used(monkeypatch, tmp_path):
    for name in ("node", "npm"):
        program(tmp_path, name, "echo v20.11.0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert install._npm() == ["npm"]
