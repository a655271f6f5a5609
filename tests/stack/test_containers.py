"""docker-compose.yml and deploy/: read by the programs that will read them in earnest."""

import http.client
import http.server
import json
import os
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from stack import places, postgres
from stack.checks import COMPOSE
from stack.processes import free_port, spawn, stop

BIN = places.VENV / "bin"
SECRETS = {
    "SECRET_KEY": "tests-only-" + "x1-Y" * 16,
    "FIELD_ENCRYPTION_KEY": "A" * 43 + "=",
    "DATABASE_PASSWORD": "inside",
    "POSTGRES_PASSWORD": "outside",
    "REDIS_PASSWORD": "wake-up",
    "EMAIL_URL": "consolemail://",
    "CONCORDAT_HOST": "changes.example.org",
}
APPLICATION = ("web", "worker", "beat", "migrate")


def compose(*words: str, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [COMPOSE, "config", *words],
        cwd=places.ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **env},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def composed() -> dict:
    done = compose("--format", "json", env=SECRETS)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", SECRETS)
def test_nothing_starts_while_a_value_is_missing_and_the_refusal_names_it(name):
    done = compose("--quiet", env={key: value for key, value in SECRETS.items() if key != name})
    assert done.returncode != 0
    assert f"set {name}" in done.stderr


def test_all_parts_are_there(composed):
    assert set(composed["services"]) == {"postgres", "redis", "migrate", "web", "worker", "beat", "proxy"}
    assert composed["services"]["postgres"]["image"] == "postgres:18"


def test_only_the_proxy_can_be_reached_from_outside(composed):
    assert [name for name, service in composed["services"].items() if service.get("ports")] == ["proxy"]
    assert composed["networks"]["inside"]["internal"] is True
    for name in ("postgres", "redis"):
        assert list(composed["services"][name]["networks"]) == ["inside"], name


@pytest.mark.parametrize("name", ["postgres", "redis", "web", "worker", "beat", "proxy"])
def test_every_lasting_service_says_whether_it_is_well_and_comes_back(composed, name):
    assert composed["services"][name]["healthcheck"]["test"]
    assert composed["services"][name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", APPLICATION)
def test_the_application_runs_with_no_more_rights_than_it_needs(composed, name):
    service = composed["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_the_application_starts_only_on_a_migrated_database(composed, name):
    assert composed["services"][name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_what_the_containers_get_is_all_that_production_settings_need(composed):
    done = subprocess.run(
        [BIN / "python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=places.ROOT,
        env={"PATH": os.environ["PATH"], **composed["services"]["web"]["environment"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


class Echo(http.server.BaseHTTPRequestHandler):
    """Stands where the web processes stand, and answers with what the proxy told it."""

    def do_GET(self) -> None:
        told = {name.lower(): value for name, value in self.headers.items()}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Server", "of ours")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words) -> None:
        pass


@dataclass
class Proxy:
    https: int
    http: int

    def get(self, path: str = "/", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        # Its certificate comes from an authority of its own, made for this test.
        trusting = ssl._create_unverified_context()
        asked = http.client.HTTPSConnection("localhost", self.https, context=trusting, timeout=5)
        asked.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = asked.getresponse()
        return answer, answer.read()


@pytest.fixture(scope="module")
def proxy(tmp_path_factory) -> Iterator[Proxy]:
    """The real proxy with our configuration, on free ports, in front of an echo."""
    echo = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=echo.serve_forever, daemon=True).start()
    folder, ports = tmp_path_factory.mktemp("proxy"), Proxy(https=free_port(), http=free_port())
    (folder / "Caddyfile").write_text(
        f"{{\nadmin off\nskip_install_trust\nhttps_port {ports.https}\nhttp_port {ports.http}\n}}\n"
        f"import {places.ROOT}/deploy/Caddyfile\n"
    )
    env = {
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "CONCORDAT_HOST": "localhost",
        "CONCORDAT_WEB": f"127.0.0.1:{echo.server_port}",
    }
    with (folder / "log").open("wb") as log:
        command = [BIN / "caddy", "run", "--adapter", "caddyfile", "--config", folder / "Caddyfile"]
        child = spawn(command, env=env, log=log)
        try:
            for _ in range(100):
                try:
                    ports.get()
                except OSError:
                    assert child.poll() is None, (folder / "log").read_text()
                    time.sleep(0.1)
                else:
                    break
            yield ports
        finally:
            stop(child)
            echo.shutdown()


@pytest.mark.slow
def test_the_proxy_tells_the_application_that_the_visitor_came_by_tls(proxy):
    told = json.loads(proxy.get()[1])
    assert told["x-forwarded-proto"] == "https"
    assert told["host"].startswith("localhost")


@pytest.mark.slow
def test_the_proxy_drops_what_a_visitor_claims_about_himself(proxy):
    told = json.loads(proxy.get(X_Forwarded_For="203.0.113.9", X_Forwarded_Proto="http")[1])
    assert told["x-forwarded-for"] in {"127.0.0.1", "::1"}
    assert told["x-forwarded-proto"] == "https"


@pytest.mark.slow
def test_the_proxy_keeps_measurements_inside(proxy):
    assert proxy.get("/metrics")[0].status == 404
    assert proxy.get("/readyz")[0].status == 200


@pytest.mark.slow
def test_the_proxy_does_not_say_what_runs_behind_it(proxy):
    assert proxy.get()[0].getheader("Server") is None


@pytest.mark.slow
def test_the_proxy_leads_plain_http_to_tls(proxy):
    asked = http.client.HTTPConnection("localhost", proxy.http, timeout=5)
    asked.request("GET", "/changes/")
    answer = asked.getresponse()
    assert answer.status == 308
    assert str(answer.getheader("Location")).startswith("https://localhost")


@pytest.mark.slow
def test_the_application_gets_a_role_of_its_own_that_is_no_superuser(monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with places.throwaway_folder() as state, postgres.running(state, durable=False) as server:
        administrator = {
            "PGHOST": "127.0.0.1",
            "PGPORT": server.url.rpartition(":")[2].split("/")[0],
            "PGPASSWORD": (state / "postgres-password").read_text(),
            "POSTGRES_USER": "postgres",
        }
        with psycopg.connect(
            f"host=127.0.0.1 port={administrator['PGPORT']} user=postgres dbname=postgres",
            password=administrator["PGPASSWORD"],
            autocommit=True,
        ) as connection:
            connection.execute("DROP DATABASE concordat")
            connection.execute("DROP ROLE concordat")
        binaries = postgres.find_binaries()
        done = subprocess.run(
            [places.ROOT / "deploy/create-application-role.sh"],
            env={
                **binaries.env(),
                **administrator,
                "PATH": f"{binaries.folder}:{os.environ['PATH']}",
                "CONCORDAT_PASSWORD": "it's a ; quote",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        with psycopg.connect(
            f"host=127.0.0.1 port={administrator['PGPORT']} user=concordat dbname=concordat", password="it's a ; quote"
        ) as connection:
            assert connection.execute(
                "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
            ).fetchone() == (False, False, False)
            connection.execute("CREATE EXTENSION btree_gist")  # what our migrations need is theirs to do
