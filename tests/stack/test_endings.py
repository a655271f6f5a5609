"""Nothing is left running, however a run ends; runs beside each other do not meet."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stack import places, running

pytestmark = pytest.mark.slow

PATIENCE_S = 40


def until(true, *, patience_s: float = PATIENCE_S) -> bool:
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.05)
    return bool(true())


def parents() -> dict[int, int]:
    """Every living process and its parent; one that is only waiting to be noticed dead is not living."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            found[int(path.parent.name)] = int(parent)
    return found


def family(of: int) -> set[int]:
    """A process and all that descend from it."""
    living, found = parents(), {of}
    while more := {pid for pid, parent in living.items() if parent in found} - found:
        found |= more
    return found


class Beside:
    """`stack with` running a command that says where its servers are and then sleeps."""

    def __init__(self, folder: Path, *, under_make: bool = False) -> None:
        self.note = folder / "note"
        sleeper = f"echo $DATABASE_URL $MEDIA_ROOT > {self.note}.new; mv {self.note}.new {self.note}; sleep 300"
        stack = [sys.executable, "-m", "stack", "with", "--", "sh", "-c", sleeper]
        env = {key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "REDIS_URL", "MAKELEVEL"}}
        if under_make:
            env["MAKELEVEL"] = "1"
            stack = ["sh", "-c", '"$@"; true', "make", *stack]
        self.process = subprocess.Popen(stack, cwd=places.ROOT, env=env, stdout=subprocess.DEVNULL)

    def started(self) -> "Beside":
        assert until(self.note.exists), "the command was not started"
        self.url, self.state = self.note.read_text().split()[0], Path(self.note.read_text().split()[1]).parent
        self.family = family(self.process.pid)
        assert len(self.family) >= 6, "ourselves, PostgreSQL, Redis, the keeper, the shell and its sleep"
        return self

    def end(self, by: signal.Signals) -> set[int]:
        """Send a signal and give what still lives when patience is over."""
        self.process.send_signal(by)
        until(lambda: self.process.poll() is not None and not self.family & parents().keys())
        self.process.wait(1)
        return self.family & parents().keys()


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_asked_to_end_leaves_no_process_and_no_folder(tmp_path, by):
    beside = Beside(tmp_path).started()
    assert beside.end(by) == set()
    assert not beside.state.exists()


def test_a_run_that_is_killed_leaves_no_process_and_the_next_one_sweeps_its_folder(tmp_path):
    beside = Beside(tmp_path).started()
    assert beside.end(signal.SIGKILL) == set()
    assert beside.state.exists()
    os.utime(beside.state, (0, 0))
    with places.throwaway_folder():
        assert not beside.state.exists()


def test_a_run_whose_make_is_killed_ends_too(tmp_path):
    beside = Beside(tmp_path, under_make=True).started()
    assert beside.end(signal.SIGKILL) == set()
    assert until(lambda: not beside.state.exists(), patience_s=5)


def test_a_second_signal_does_not_stop_the_putting_away(tmp_path):
    beside = Beside(tmp_path).started()
    beside.process.send_signal(signal.SIGINT)
    assert beside.end(signal.SIGTERM) == set()
    assert not beside.state.exists()


def test_runs_beside_each_other_have_servers_of_their_own(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    pair = [Beside(tmp_path / "one"), Beside(tmp_path / "two")]
    one, two = (beside.started() for beside in pair)
    assert one.url != two.url
    assert one.state != two.state
    assert one.end(signal.SIGTERM) == set()
    assert two.state.exists()
    assert two.family <= parents().keys()
    assert two.end(signal.SIGTERM) == set()


def test_the_commands_exit_code_is_handed_on(monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    assert running.beside(["sh", "-c", "exit 7"], durable=False) == 7


def test_a_second_run_on_the_same_checkout_is_refused_in_words(monkeypatch):
    with places.throwaway_folder() as state:  # which holds it
        monkeypatch.setenv("CONCORDAT_STATE", str(state))
        with pytest.raises(running.AlreadyRunsError, match=r"already runs.*Ctrl-C"):
            running.run()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has servers that are not its own")
def test_a_place_that_the_servers_cannot_enter_is_refused_with_what_to_type(monkeypatch):
    with places.throwaway_folder() as folder:
        folder.chmod(0o700)
        monkeypatch.setenv("CONCORDAT_STATE", str(folder / "state"))
        with pytest.raises(
            running.StackError, match=r"closed to others(.|\n)*CONCORDAT_STATE=/var/lib/concordat make run"
        ):
            running.run()


@pytest.mark.parametrize("port", ["eighty", "0", "65536", "-1"])
def test_a_port_that_is_none_is_refused_with_what_to_type(monkeypatch, port):
    monkeypatch.setenv("PORT", port)
    with places.throwaway_folder() as folder:
        monkeypatch.setenv("CONCORDAT_STATE", str(folder / "state"))
        with pytest.raises(running.StackError, match="PORT=8080 make run"):
            running.run()
