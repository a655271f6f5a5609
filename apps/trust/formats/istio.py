"""Istio's RequestAuthentication for what a cluster believes (security.istio.io/v1): the same for the same trust."""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml


def request_authentication(*, cluster: str, audience: str, issuers: Iterable[Mapping[str, Any]]) -> str:
    """The manifest of a cluster: `issuers` are what it believes, each with `issuer`, and `jwks_url` or `jwks`.

    Tokens are forwarded, so that the callee can exchange them on. A manifest without rules believes nobody.
    """
    rules = []
    for one in sorted(issuers, key=lambda row: str(row["issuer"])):
        keys = {"jwksUri": one["jwks_url"]} if one.get("jwks_url") else {"jwks": one["jwks"]}
        rules.append({"issuer": one["issuer"], "audiences": [audience], **keys, "forwardOriginalToken": True})
    document = {
        "apiVersion": "security.istio.io/v1",
        "kind": "RequestAuthentication",
        "metadata": {"name": f"{cluster}-identities", "namespace": cluster},
        "spec": {"jwtRules": rules},
    }
    return yaml.safe_dump(document, sort_keys=True, allow_unicode=True)
