"""The whole API against its own schema, by the schemathesis command line on a real server and the demo organisation."""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.actions import make_api_key
from apps.accounts.models import Person, RoleGrant
from apps.accounts.rules import Role, Scope
from stack.processes import free_port

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PATIENCE_S = 60
LONGEST_RUN_S = 900
BIN = Path(sys.executable).parent
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "ignored_auth",
)


@pytest.fixture
def server(tmp_path, raise_organisation):
    """Gunicorn on loopback over the test database, holding the demo organisation; its address and its access log."""
    raise_organisation()
    port, log = free_port(), tmp_path / "access.log"
    here = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    env = os.environ | {"DATABASE_URL": here.geturl(), "API_RATE": "1000000/min", "LOG_LEVEL": "ERROR"}
    command = [BIN / "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "4", "--log-level", "error"]
    command += ["--access-logfile", log, "--access-logformat", "%(s)s %(m)s %(U)s"]
    address = f"http://127.0.0.1:{port}"
    with (tmp_path / "server.log").open("wb") as said:
        process = subprocess.Popen([str(word) for word in command], env=env, stdout=said, stderr=said)
        try:
            _wait_for(address, process)
            yield address, log
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture
def token(server):
    """A key with every scope, of somebody who may do nearly everything: deep calls break more."""
    person = Person.objects.get(handle="marit")
    RoleGrant.objects.bulk_create(
        RoleGrant(person=person, role=role) for role in (Role.ADMINISTRATOR, Role.CLUSTER_OWNER, Role.OPERATOR)
    )
    now = timezone.now()
    scopes = [scope.value for scope in Scope]
    return make_api_key(
        owner=person, maker=person, name="schemathesis", scopes=scopes, expires_at=now + timedelta(days=1), at=now
    ).token


def test_whatever_is_sent_is_answered_as_the_schema_says_and_no_operation_ignores_who_calls(server, token, tmp_path):
    address, log = server
    said = _schemathesis(
        address, tmp_path, "--phases", "coverage,fuzzing", "-n", "4", "-H", f"Authorization: Bearer {token}"
    )
    statuses = _statuses(log)
    assert said.returncode == 0, _failures(said.stdout)
    assert not [status for status in statuses if status >= 500]
    assert {200, 201, 401, 403, 404, 409, 422, 428} <= set(statuses)  # it got deep enough to mean something


def test_without_a_key_every_operation_is_closed(server, tmp_path):
    address, log = server
    said = _schemathesis(address, tmp_path, "--phases", "fuzzing", "--mode", "positive", "-n", "2")
    assert said.returncode == 0, _failures(said.stdout)
    statuses = _statuses(log, but="/api/v1/schema/")
    assert set(statuses) <= {401, 404, 429}  # 404: an address of no operation at all; 429: made-up keys, too many
    assert statuses[401] > 80


def _schemathesis(address: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(BIN / "st"), "run", f"{address}/api/v1/schema/", "--checks", ",".join(CHECKS)]
    command += ["--generation-deterministic", "--continue-on-failure", "--no-color", "--request-timeout", "30"]
    # One worker: CPython 3.11 can fail to parse Hypothesis' own lambdas in two threads at once.
    return subprocess.run(
        [*command, "--workers", "1", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN_S,
        check=False,
    )


def _failures(said: str) -> str:
    """What failed, and the sum; not the long lists of what was only noted."""
    return f"{said[said.find('= FAILURES =') :][:12_000]}\n…\n{said[-2_000:]}"


def _statuses(log: Path, *, but: str = "/readyz") -> Counter[int]:
    """How often each status was answered. A path that holds a line break continues on a line that is none of these."""
    lines = re.findall(r"^(\d{3}) [A-Z]+ (\S*)", log.read_text(errors="replace"), flags=re.MULTILINE)
    return Counter(int(status) for status, path in lines if path not in ("/readyz", but))


def _wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        with suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(f"{address}/readyz", timeout=2).close()
            return
        time.sleep(0.2)
    pytest.fail("The server did not answer.")
