"""`make check`: everything that can be known in a minute, two checks at a time."""

import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from stack import install, places
from stack.running import BESIDE, beside
from stack.say import say

BIN = places.VENV / "bin"
# What needs no server. Values that settings must have, and that nothing here uses.
PRETENDED = {
    "SECRET_KEY": "checks-only-" + "x1-Y" * 16,
    "FIELD_ENCRYPTION_KEY": "A" * 43 + "=",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "LOG_LEVEL": "ERROR",
    "DATABASE_PASSWORD": "none",
    "POSTGRES_PASSWORD": "none",
    "REDIS_PASSWORD": "none",
    "EMAIL_URL": "consolemail://",
    "CONCORDAT_HOST": "changes.example.org",
    "CONCORDAT_WEB": "web:8000",
}
COMPOSE = places.SITE / "compose" / "docker-compose"  # the program itself: its package's wrapper drops the exit code
FAST = "not slow and not journey and not realdata"
TEST = "--settings config.settings.test"
PRODUCTION = "--settings config.settings.production"
# The longest first, so that none is left running alone at the end.
CHECKS = {
    "schema": f"python manage.py spectacular --validate --fail-on-warn --file {os.devnull} {TEST}",
    "types": "mypy apps config stack",
    "templates": "djlint templates --lint --quiet",
    "deploy": f"python manage.py check --deploy --fail-level WARNING {PRODUCTION}",
    "reference": f"python manage.py document --check {TEST}",
    "floors": "lint-imports --no-cache",
    "lint": "ruff check .",
    "format": "ruff format --check .",
    "compose schema": "check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml",
    "compose": f"{COMPOSE} config --quiet",
    "image": "hadolint Dockerfile",
    "proxy": "caddy validate --adapter caddyfile --config deploy/Caddyfile",
}


def check() -> int:
    """Run every check and say which failed, with what it said; then the fast tests."""
    began = time.monotonic()
    install.find_pango()
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda item: (item[0], *_one(*item)), CHECKS.items()))
    failed = [name for name, code, _ in results if code]
    for name, code, said in results:
        if code:
            print(f"\n── {name} ──\n{said[-6000:]}", flush=True)
    missing = "python manage.py makemigrations --check --dry-run -v1"
    tests = beside(["sh", "-c", f"{missing} && python -m pytest -q {' '.join(BESIDE)} -m '{FAST}'"], durable=False)
    if tests:
        failed.append("fast tests")
    say(f"{'Failed: ' + ', '.join(failed) if failed else 'All checks passed'} in {time.monotonic() - began:.0f} s")
    return int(bool(failed))


def _one(name: str, command: str) -> tuple[int, str]:
    program, *words = command.split()
    began = time.monotonic()
    env = {**PRETENDED, **{k: v for k, v in os.environ.items() if k not in PRETENDED}}
    done = subprocess.run(
        [BIN / program, *words], cwd=places.ROOT, env=env, capture_output=True, text=True, check=False
    )
    say(f"{'FAILED' if done.returncode else 'ok    '} {name} ({time.monotonic() - began:.1f} s)")
    return done.returncode, done.stdout + done.stderr
