"""The report of rejected rows as CSV, safe to open in a spreadsheet."""

import csv
from collections.abc import Iterable
from typing import Any

from apps.kernel.sheets import safe_cell

HEADER = ("row", "place", "field", "value", "reason")


def write(out: Any, rejections: Iterable[Any]) -> None:
    """Write one line a rejection (anything with HEADER's attributes) to a text stream or response."""
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for rejection in rejections:
        writer.writerow([safe_cell(getattr(rejection, name)) for name in HEADER])
