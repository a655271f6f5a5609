"""docker-compose.yml and deploy/: read by the programs that will read them in earnest."""

import http.client
import http.server
import json
import os
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from stack import places, postgres, running
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


@pytest.mark.slow
def test_what_the_containers_get_is_all_that_production_settings_need(composed):
    done = subprocess.run(
        [BIN / "python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=places.ROOT,
        env={"PATH": os.environ["PATH"], **given(composed)},
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


@contextmanager
def caddy(folder: Path, upstream: int) -> Iterator[Proxy]:
    """The real proxy with our configuration, on free ports, in front of a port."""
    ports = Proxy(https=free_port(), http=free_port())
    options = f"{{\nadmin off\nskip_install_trust\nhttps_port {ports.https}\nhttp_port {ports.http}\n"
    ours = (places.ROOT / "deploy/Caddyfile").read_text()
    (folder / "Caddyfile").write_text(ours.replace("\n{\n", f"\n{options}", 1))  # into its global options
    env = {
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "CONCORDAT_HOST": "localhost",
        "CONCORDAT_WEB": f"127.0.0.1:{upstream}",
    }
    with (folder / "log").open("wb") as log:
        command = [BIN / "caddy", "run", "--adapter", "caddyfile", "--config", folder / "Caddyfile"]
        child = spawn(command, env=env, log=log)
        try:
            await_answer(child, ports.get, folder / "log")
            yield ports
        finally:
            stop(child)


def await_answer(child: "subprocess.Popen[bytes]", ask: Callable[[], object], log: Path) -> None:
    for _ in range(300):
        assert child.poll() is None, log.read_text()
        try:
            ask()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"no answer: {log.read_text()}")


@pytest.fixture(scope="module")
def proxy(tmp_path_factory) -> Iterator[Proxy]:
    """The proxy in front of an echo."""
    echo = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=echo.serve_forever, daemon=True).start()
    with caddy(tmp_path_factory.mktemp("proxy"), echo.server_port) as ports:
        yield ports
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
@pytest.mark.parametrize("answers", [True, False])
def test_no_secret_of_an_address_stands_in_the_proxys_log(tmp_path, answers):
    """Neither among who asked for what, nor among the errors when nobody answers behind it."""
    echo = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=echo.serve_forever, daemon=True).start()
    with caddy(tmp_path, echo.server_port if answers else free_port()) as ports:
        ports.get("/feeds/s3cret-a.ics", Referer="https://localhost/accounts/password/reset/key/1-s3cret-b/")
        ports.get("/accounts/password/reset/key/1-s3cret-c/")
        ports.get("/accounts/oidc/idp/login/callback/?code=s3cret-d&state=s3cret-e")
        ports.get("/changes/?asked=plainly")
    echo.shutdown()
    log = (tmp_path / "log").read_text()
    assert "/feeds/…" in log
    assert "/changes/?asked=plainly" in log
    assert "s3cret" not in log


def test_the_web_processes_write_no_log_of_addresses():
    assert not [word for word in image_command() if "access" in word]


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


def given(composed: dict) -> dict[str, str]:
    """The environment of the web container: what has no value is not set there."""
    return {key: value for key, value in composed["services"]["web"]["environment"].items() if value is not None}


def image_command() -> list[str]:
    """What the image runs, as its Dockerfile says."""
    text = (places.ROOT / "Dockerfile").read_text().partition("\nCMD ")[2]
    return json.loads(text.replace("\\\n", ""))


@pytest.mark.slow
def test_production_answers_behind_the_proxy_as_it_is_composed(composed, tmp_path, monkeypatch):
    """The image's command with the composed environment, a durable database, a real Redis and the real proxy."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    port = free_port()
    with places.throwaway_folder() as state, running.servers(state, durable=True) as servers:
        env = {
            **given(composed),
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "ALLOWED_HOSTS": "localhost",
            "STATIC_ROOT": str(tmp_path / "static"),
            "MEDIA_ROOT": str(tmp_path / "media"),
            **{name: servers[name] for name in ("DATABASE_URL", "REDIS_URL")},
        }
        for words in (["migrate", "--no-input", "-v0"], ["collectstatic", "--no-input", "-v0"]):
            subprocess.run([BIN / "python", "manage.py", *words], cwd=places.ROOT, env=env, check=True)
        command = [word.replace("0.0.0.0:8000", f"127.0.0.1:{port}") for word in image_command()]
        with (tmp_path / "web.log").open("wb") as log:
            web = spawn([BIN / command[0], *command[1:]], env=env, cwd=places.ROOT, log=log)
            try:
                ready = f"http://localhost:{port}/readyz"  # as the container's health check asks
                await_answer(web, lambda: urllib.request.urlopen(ready, timeout=4).close(), tmp_path / "web.log")
                with caddy(tmp_path, port) as ports:
                    answer, page = ports.get("/accounts/login/")
            finally:
                stop(web)
    assert answer.status == 200
    assert b"csrfmiddlewaretoken" in page
    assert "Secure" in str(answer.getheader("Set-Cookie"))
    assert "max-age=31536000" in str(answer.getheader("Strict-Transport-Security"))
    assert "script-src 'self' 'nonce-" in str(answer.getheader("Content-Security-Policy"))
