"""What a web process loads before its first answer: people wait for it after every restart."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Each serves few pages or only children, mails and imports, and takes a tenth of a second or more to load.
LATE = (
    *("weasyprint", "celpy", "lark", "openpyxl", "networkx", "icalendar", "jsonschema", "PIL", "lxml", "playwright"),
    *("pydantic", "open_data_contract_standard"),
)


def test_heavy_libraries_are_loaded_by_what_needs_them():
    loads = (
        "import sys, config.wsgi, django.urls; django.urls.get_resolver().url_patterns;"
        f"print(sorted(set({LATE!r}) & set(sys.modules)), 'apps.cab.web.views.lists' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", loads], capture_output=True, text=True, check=True, cwd=ROOT, env=dict(os.environ)
    )
    assert said.stdout.strip() == "[] True"
