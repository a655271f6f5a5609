"""Which jurisdictions there are: ISO 3166-1 countries, and the European Union, whose law crosses borders."""

from functools import cache
from importlib.resources import files
from typing import Any

from apps.kernel.refusals import Invalid

UNION = "EU"
# Members of the European Union: a rule for EU holds for data in any of them (Treaty on European Union, article 52).
MEMBERS = frozenset(
    (
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    )
)


@cache
def jurisdictions() -> dict[str, str]:
    """Code → name, by code: the countries of ISO 3166-1 as the time zone database lists them, and EU."""
    text = files("tzdata").joinpath("zoneinfo/iso3166.tab").read_text("utf-8")
    rows: list[Any] = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return dict(sorted([*rows, [UNION, "European Union"]]))


def require_jurisdictions(codes: list[str], *, field: str = "jurisdictions") -> list[str]:
    """The codes in capitals, sorted, each once; refuses what is no country and not EU."""
    known, said = jurisdictions(), sorted({code.strip().upper() for code in codes if code.strip()})
    if unknown := [code for code in said if code not in known]:
        raise Invalid(
            f"There is no jurisdiction “{unknown[0][:20]}”.",
            next_step="Use two-letter country codes (ISO 3166-1) such as DE or US, or EU.",
            fields={field: ["Unknown code."]},
        )
    return said


def covers(claimed: frozenset[str], code: str) -> bool:
    """Whether a place is among the claimed ones; EU claims every member."""
    return code in claimed or (UNION in claimed and code in MEMBERS)
