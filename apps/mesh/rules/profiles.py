"""What owners may say of their cluster's mesh and of one edge. Pure functions over plain values."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from apps.kernel.refusals import Invalid

MOST_MS = 3_600_000  # an hour
MOST_ATTEMPTS = 10
MOST_PORT, ALL = 65_535, 100
MOST_REQUESTS = 1_000_000
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9._-]{0,100}", re.ASCII)


def require_profile(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a profile, checked; refuses each that is not what Kubernetes would take, by its name."""
    namespace = str(values.get("namespace", "")).strip()
    gateway = str(values.get("gateway", "")).strip().lower()
    wrong: dict[str, list[str]] = {}
    if not _NAMESPACE.fullmatch(namespace):
        wrong["namespace"] = ["A namespace has at most 63 small letters, digits and hyphens between them."]
    if gateway and not _is_address(gateway):
        wrong["gateway"] = ["The gateway is a host name or an IP address, without a scheme and without a port."]
    port = values.get("gateway_port")
    if not isinstance(port, int) or not 1 <= port <= MOST_PORT:
        wrong["gateway_port"] = ["A port lies between 1 and 65,535."]
    percent = values.get("sampling_percent")
    if percent is None or not 0 <= percent <= ALL:
        wrong["sampling_percent"] = ["Between 0 and 100 percent of traces are kept."]
    provider = str(values.get("tracing_provider", "")).strip()
    if not _WORD.fullmatch(provider):
        wrong["tracing_provider"] = ["A provider is named as in the mesh's configuration: letters, digits and . - _."]
    if wrong:
        raise Invalid("The mesh of the cluster cannot be so.", next_step="Correct the marked fields.", fields=wrong)
    return {
        "namespace": namespace,
        "gateway": gateway,
        "gateway_port": port,
        "sampling_percent": percent,
        "tracing_provider": provider,
    }


def require_edge_policy(values: Mapping[str, Any]) -> dict[str, int]:
    """The fields of an edge's policy; refuses tries that do not fit into the whole: the last would never finish."""
    bounds = {
        "timeout_ms": (1, MOST_MS),
        "attempts": (0, MOST_ATTEMPTS),
        "per_try_ms": (1, MOST_MS),
        "most_requests": (1, MOST_REQUESTS),
        "error_limit": (1, 1_000),
        "ejection_s": (1, 3_600),
    }
    wrong: dict[str, list[str]] = {}
    found: dict[str, int] = {}
    for name, (least, most) in bounds.items():
        value = values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            wrong[name] = [f"Between {least:,} and {most:,}."]
        else:
            found[name] = value
    if wrong:
        raise Invalid("The edge cannot be called so.", next_step="Correct the marked fields.", fields=wrong)
    tries = (found["attempts"] + 1) * found["per_try_ms"]
    if found["attempts"] and tries > found["timeout_ms"]:
        sentence = (
            f"{found['attempts'] + 1} tries of {found['per_try_ms']:,} ms need {tries:,} ms, and the whole call may "
            f"take {found['timeout_ms']:,}: the last try would never finish."
        )
        raise Invalid(
            sentence,
            next_step="Allow more time, fewer repetitions or shorter tries.",
            fields={"timeout_ms": [sentence]},
        )
    return found


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        # What looks like an IPv4 address and is none would be read as a name.
        return bool(_HOST.fullmatch(text)) and not text.replace(".", "").isdigit()
    return True
