"""What is installed is pinned by hash, comes from wherever this machine gets its packages, and names no address."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stack import install, places
from stack.say import StackError

LOCKS = ["base.lock", "dev.lock", "uv.lock.txt"]


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


def test_uv_asks_the_registry_that_pip_was_told(monkeypatch):
    monkeypatch.setattr(sys, "executable", sys._base_executable)  # installing is run by a bare Python, which has pip
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INSECURE_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example.org/simple")
    monkeypatch.setenv("PIP_TRUSTED_HOST", "mirror.example.org")
    assert install._registry() == {
        "UV_DEFAULT_INDEX": "https://mirror.example.org/simple",
        "UV_INSECURE_HOST": "mirror.example.org",
    }


def test_what_uv_was_told_itself_wins(monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example.org/simple")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://other.example.org/simple")
    assert "UV_DEFAULT_INDEX" not in install._registry()


def test_without_a_browser_the_refusal_says_what_to_type(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError, match="apt-get install chromium"):
        install.find_chromium()


@pytest.mark.parametrize("version", [None, "v18.20.4"])
def test_the_packaged_node_builds_where_the_machine_has_none_new_enough(monkeypatch, tmp_path, version):
    if version:
        for name in ("node", "npm"):
            (tmp_path / name).write_text(f"#!/bin/sh\necho {version}\n")
            (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    node, npm = install._npm()
    assert Path(node).is_relative_to(places.SITE)
    said = subprocess.run([node, npm, "--version"], capture_output=True, text=True, check=True, env=install._node_env())
    assert int(said.stdout.split(".")[0]) >= 10


def test_a_new_enough_node_of_the_machine_is_used(monkeypatch, tmp_path):
    for name in ("node", "npm"):
        (tmp_path / name).write_text("#!/bin/sh\necho v20.11.0\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert install._npm() == ["npm"]
