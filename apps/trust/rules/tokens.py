"""Whether a token would be believed: every link of the argument in order, the first that fails named.

After RFC 7519, RFC 8725 (JWT best current practices) and the SPIFFE JWT-SVID standard. The token is read once, here,
and kept nowhere.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.kernel.refusals import TooLarge
from apps.kernel.signs import moment_words
from apps.trust.formats.bundles import Key, strict_base64url

MOST_BYTES = 16 * 1024
SKEW = timedelta(seconds=60)  # that clocks may differ
SVID = "jwt-svid"
# Algorithms that prove who signed. Neither “none” nor an HMAC is among them: whoever checks an HMAC could have made it.
ASYMMETRIC = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),  # RFC 9864 renames EdDSA
)
# Headers by which a token brings its own key, or says where it lies: the key comes from the bundle, and nowhere else.
BRINGS_KEY = ("jku", "jwk", "x5u", "x5c")
TYPES: Mapping[str, frozenset[str | None]] = {
    SVID: frozenset({"jwt", "jose", None}),
    "at+jwt": frozenset({"at+jwt", "application/at+jwt"}),
    "jwt": frozenset({"jwt", "at+jwt", None}),
}


@dataclass(frozen=True)
class Issuer:
    """A trust domain as a checker sees it."""

    name: str
    issuer: str
    token_format: str
    audience: str
    algorithms: frozenset[str]
    lifetime: timedelta
    keys: Mapping[str, Key]


@dataclass(frozen=True)
class Step:
    """One link of the argument: what was asked, whether it holds, and why."""

    name: str
    holds: bool
    sentence: str


@dataclass(frozen=True)
class Answer:
    """What became of a token. Its `claims` are told only where the signature holds: else anybody wrote them."""

    steps: Sequence[Step]
    claims: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_believed(self) -> bool:
        """Whether every link holds."""
        return all(step.holds for step in self.steps)

    @property
    def failed(self) -> Step | None:
        """The first link that does not hold."""
        return next((step for step in self.steps if not step.holds), None)


class _Fails(Exception):  # noqa: N818  # the end of an argument, not an error
    """The link that does not hold."""


def check(text: str, issuer: Issuer, *, audience: str, others: Mapping[str, str], at: datetime) -> Answer:
    """Check a compact JWT as a callee that believes `issuer`, and is called `audience`, would.

    `others` names the domain of every key that another domain has (kid → domain), so that a borrowed one is called by
    its name. Refuses (TooLarge) what is over 16 KB; everything else is an answer.
    """
    if len(text) > MOST_BYTES:
        raise TooLarge("A token has at most 16 KB.", next_step="Paste the token alone.")
    steps: list[Step] = []
    claims: dict[str, Any] = {}

    def say(name: str, sentence: str) -> None:
        steps.append(Step(name, holds=True, sentence=sentence))

    name = "form"
    try:
        header, payload = _parts(text.strip())
        say(name, "Three parts of strict base64url, a header and a set of claims.")
        name = "algorithm"
        say(name, _algorithm(header, issuer))
        name = "header"
        say(name, _header(header, issuer))
        name = "key"
        key = _key(header, issuer, others)
        say(name, f"The bundle of {issuer.name} has the key “{key.kid}”.")
        name = "signature"
        say(name, _signature(text.strip(), str(header["alg"]), key))
        claims = payload
        name = "issuer"
        say(name, _issuer(payload, issuer))
        name = "audience"
        say(name, _audience(payload, audience))
        name = "time"
        say(name, _time(payload, issuer, at))
    except _Fails as failed:
        steps.append(Step(name, holds=False, sentence=str(failed)))
    return Answer(steps, claims)


def _parts(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    parts = text.split(".")
    if len(parts) != 3:  # noqa: PLR2004  # RFC 7515, section 3.1
        raise _Fails(f"A signed token has three parts, this has {len(parts)}.")
    for name, part in zip(("header", "payload", "signature"), parts, strict=True):
        try:
            strict_base64url(part)
        except ValueError:
            raise _Fails(f"Its {name} is not strict base64url: padding, blanks and spare bits are refused.") from None
    return _object(parts[0], "header"), _object(parts[1], "payload")


def _object(part: str, name: str) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("twice")
        return dict(pairs)

    try:
        found = json.loads(strict_base64url(part).decode("utf-8"), object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise _Fails(f"Its {name} is not JSON, or says a name twice.") from None
    if not isinstance(found, dict):
        raise _Fails(f"Its {name} is no JSON object.")
    return found


def _algorithm(header: Mapping[str, Any], issuer: Issuer) -> str:
    said = header.get("alg")
    if not isinstance(said, str) or said.lower() == "none":
        raise _Fails("It is not signed: “none” proves nothing.")
    if said not in ASYMMETRIC:
        raise _Fails(f"“{said[:20]}” is no signature: whoever can check it could have made it.")
    if said not in issuer.algorithms:
        raise _Fails(f"{issuer.name} signs with {', '.join(sorted(issuer.algorithms))}, not with {said}.")
    return f"Signed with {said}, which {issuer.name} uses."


def _header(header: Mapping[str, Any], issuer: Issuer) -> str:
    if brings := [name for name in BRINGS_KEY if name in header]:
        raise _Fails(f"It brings its own key (“{brings[0]}”): anybody can sign with a key of their own.")
    if "crit" in header:
        raise _Fails("It names extensions that must be understood (“crit”), and we understand none.")
    said = header.get("typ")
    word = said.lower() if isinstance(said, str) else said
    if word not in TYPES[issuer.token_format]:
        raise _Fails(f"Its type is “{str(said)[:30]}”, and {issuer.name} issues {issuer.token_format}.")
    return "It brings no key of its own, and its type fits."


def _key(header: Mapping[str, Any], issuer: Issuer, others: Mapping[str, str]) -> Key:
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise _Fails("It names no key (“kid”).")
    key = issuer.keys.get(kid)
    if key is None:
        whose = f"; {others[kid]} has one of that name" if kid in others else ""
        raise _Fails(f"The bundle of {issuer.name} has no key “{kid[:60]}”{whose}.")
    if header["alg"] not in key.algorithms:
        raise _Fails(f"The key “{kid[:60]}” is not for {header['alg']}.")
    return key


def _signature(text: str, algorithm: str, key: Key) -> str:
    # Only here: the checker alone needs the library, and no page pays for it at start.
    from joserfc import jws
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry

    try:
        jws.deserialize_compact(text, JWKRegistry.import_key(dict(key.material)), algorithms=[algorithm])
    except (JoseError, ValueError) as error:
        raise _Fails(f"The signature is not by the key “{key.kid[:60]}”.") from error
    return f"The signature is by the key “{key.kid}”."


def _issuer(claims: Mapping[str, Any], issuer: Issuer) -> str:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise _Fails("It names no subject (“sub”).")
    if issuer.token_format == SVID:
        if not subject.startswith(f"spiffe://{issuer.name}/"):
            raise _Fails(f"Its subject is no SPIFFE ID of {issuer.name}.")
    elif claims.get("iss") != issuer.issuer:
        raise _Fails(f"It was issued by “{str(claims.get('iss'))[:100]}”, not by {issuer.issuer}.")
    return f"Issued by {issuer.name} for {subject[:200]}."


def _audience(claims: Mapping[str, Any], audience: str) -> str:
    said = claims.get("aud")
    named = [said] if isinstance(said, str) else said
    if not isinstance(named, list) or not named or not all(isinstance(one, str) for one in named):
        raise _Fails("It names no audience (“aud”).")
    if audience not in named:
        raise _Fails(f"It is for {', '.join(one[:60] for one in named[:3])}, not for {audience}.")
    if len(named) > 1:
        raise _Fails("It names several audiences, so that one of them could use it at another.")
    return f"It is for {audience} alone."


def _time(claims: Mapping[str, Any], issuer: Issuer, at: datetime) -> str:
    until, since = _instant(claims, "exp"), _instant(claims, "iat") or _instant(claims, "nbf")
    if until is None:
        raise _Fails("It never ends (“exp”).")
    if until + SKEW <= at:
        raise _Fails(f"It ended at {moment_words(until)} UTC.")
    for name in ("iat", "nbf"):
        begins = _instant(claims, name)
        if begins is not None and begins - SKEW > at:
            raise _Fails(f"It begins only at {moment_words(begins)} UTC (“{name}”).")
    if since is not None and until - since > issuer.lifetime:
        raise _Fails(f"It lives longer than tokens of {issuer.name} may.")
    if since is None and until - at > issuer.lifetime:
        raise _Fails(f"It ends later than tokens of {issuer.name} may.")
    return f"It holds until {moment_words(until)} UTC."


def _instant(claims: Mapping[str, Any], name: str) -> datetime | None:
    said = claims.get(name)
    if said is None:
        return None
    if isinstance(said, bool) or not isinstance(said, int | float):
        raise _Fails(f"“{name}” is no number of seconds.")
    try:
        return datetime.fromtimestamp(said, tz=UTC)
    except (OverflowError, ValueError, OSError):
        raise _Fails(f"“{name}” is no instant.") from None
