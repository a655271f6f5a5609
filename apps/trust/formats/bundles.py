"""Key bundles: JWK Sets (RFC 7517) and SPIFFE trust bundles (SPIFFE Trust Domain and Bundle, section 4)."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.kernel.refusals import Invalid, TooLarge

MOST_BYTES = 256 * 1024
MOST_KEYS = 100
SMALLEST_RSA = 2_048  # bits (RFC 7518, section 3.3)
CURVES: Mapping[str, tuple[str, ...]] = {"P-256": ("ES256",), "P-384": ("ES384",), "P-521": ("ES512",)}
RSA_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
# Members that only a private or a secret key has (RFC 7518, sections 6.2.2, 6.3.2 and 6.4).
SECRETS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
X509 = "x509-svid"


@dataclass(frozen=True)
class Key:
    """One public key that tokens are signed with. `material` holds its own members and nothing else of the file."""

    kid: str
    kty: str
    algorithms: tuple[str, ...]  # that it may be used with
    material: Mapping[str, str]


@dataclass(frozen=True)
class Bundle:
    """The keys of a domain; `ignored` says which of the file were left out and why."""

    keys: tuple[Key, ...]
    sequence: int | None = None
    refresh_hint_s: int | None = None
    x509: int = 0  # certificate authorities for X.509-SVIDs: counted, not kept
    ignored: tuple[str, ...] = ()


def parse(content: bytes) -> Bundle:
    """The bundle that a file holds.

    As SPIFFE asks, keys of a kind or use that is not known are left out; no keys at all is a bundle, too: everything is
    revoked. Refuses what is too large, no JSON, a key that tokens cannot name, one that is too short, and private keys,
    which are never kept.
    """
    document = _document(content)
    rows = document.get("keys", [])
    if not isinstance(rows, list) or len(rows) > MOST_KEYS:
        raise _wrong(f"“keys” is a list of at most {MOST_KEYS} keys.")
    keys: dict[str, Key] = {}
    ignored: list[str] = []
    x509 = 0
    for place, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise _wrong(f"Key {place} is no object.")
        if SECRETS & set(row):
            raise Invalid(
                f"Key {place} is a private or secret key: it was not kept.",
                next_step="Send public keys only, and replace the key that was sent: others may have seen it.",
                code="private_key",
            )
        if row.get("use") == X509:
            x509 += 1
            continue
        key = _key(row, place)
        if isinstance(key, str):
            ignored.append(key)
        elif key.kid in keys:
            raise _wrong(f"Two keys are called “{key.kid[:60]}”.")
        else:
            keys[key.kid] = key
    return Bundle(
        tuple(keys.values()),
        sequence=_number(document, "spiffe_sequence"),
        refresh_hint_s=_number(document, "spiffe_refresh_hint"),
        x509=x509,
        ignored=tuple(ignored),
    )


def render(keys: Sequence[Mapping[str, Any]], *, sequence: int, refresh_hint_s: int) -> str:
    """A SPIFFE bundle of these keys (each with `kid` and `material`), the same for the same keys."""
    rows = [{"use": "jwt-svid", "kid": key["kid"], **key["material"]} for key in sorted(keys, key=lambda k: k["kid"])]
    document = {"keys": rows, "spiffe_sequence": sequence, "spiffe_refresh_hint": refresh_hint_s}
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def strict_base64url(text: str) -> bytes:
    """The bytes of unpadded base64url; refuses padding, other alphabets, blanks, and bits that say nothing.

    Libraries forgive these (RFC 7515, section 2, does not), so two texts would be one token.
    """
    if not text or not text.isascii() or set(text) - _ALPHABET or len(text) % 4 == 1:
        raise ValueError(text[:20])
    found = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(found).rstrip(b"=").decode() != text:
        raise ValueError(text[:20])
    return found


_ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def _document(content: bytes) -> dict[str, Any]:
    if len(content) > MOST_BYTES:
        raise TooLarge(f"A bundle has at most {MOST_BYTES >> 10} KB.", next_step="Send the keys in use only.")
    try:
        document = json.loads(content.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise _wrong("This is not JSON, or a name stands in it twice.") from None
    if not isinstance(document, dict):
        raise _wrong("A bundle is a JSON object with “keys”.")
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("twice")
    return found


def _number(document: Mapping[str, Any], name: str) -> int | None:
    found = document.get(name)
    if found is None:
        return None
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found < 2**53:
        raise _wrong(f"“{name}” is a whole number, zero or more.")
    return found


def _key(row: Mapping[str, Any], place: int) -> Key | str:
    """The key, or why it is left out."""
    kty, use = row.get("kty"), row.get("use", "sig")
    if kty not in {"RSA", "EC", "OKP"} or use not in {"sig", "jwt-svid"}:
        return f"key {place}: kind {str(kty)[:20]}, use {str(use)[:20]}"
    kid = row.get("kid")
    if not isinstance(kid, str) or not kid or len(kid) > 200:  # noqa: PLR2004  # characters
        raise _wrong(f"Key {place} has no “kid”, so no token can name it.")
    read = {"RSA": _rsa, "EC": _curve, "OKP": _edwards}[str(kty)]
    algorithms, material = read(row, place)
    said = row.get("alg")
    if said is not None and said not in algorithms:
        raise _wrong(f"Key {place} says it is for {str(said)[:20]}, which a key of its kind cannot be.")
    return Key(kid, str(kty), (str(said),) if said else algorithms, {"kty": str(kty), **material})


def _rsa(row: Mapping[str, Any], place: int) -> tuple[tuple[str, ...], dict[str, str]]:
    modulus, exponent = (int.from_bytes(_member(row, name, place)) for name in ("n", "e"))
    if modulus.bit_length() < SMALLEST_RSA:
        raise _wrong(f"Key {place} has {modulus.bit_length()} bits; {SMALLEST_RSA} are the least.")
    if exponent < 3 or exponent % 2 == 0:  # noqa: PLR2004  # RFC 8017, section 3.1
        raise _wrong(f"Key {place} has an exponent that no RSA key has.")
    return RSA_ALGORITHMS, {name: str(row[name]) for name in ("n", "e")}


def _curve(row: Mapping[str, Any], place: int) -> tuple[tuple[str, ...], dict[str, str]]:
    curve = str(row.get("crv"))
    if curve not in CURVES:
        raise _wrong(f"Key {place} lies on the curve “{curve[:20]}”; known are {', '.join(CURVES)}.")
    for name in ("x", "y"):
        _member(row, name, place)
    return CURVES[curve], {name: str(row[name]) for name in ("crv", "x", "y")}


def _edwards(row: Mapping[str, Any], place: int) -> tuple[tuple[str, ...], dict[str, str]]:
    if row.get("crv") != "Ed25519":
        raise _wrong(f"Key {place} lies on a curve we do not verify; of its kind Ed25519 is known.")
    _member(row, "x", place)
    return ("EdDSA", "Ed25519"), {name: str(row[name]) for name in ("crv", "x")}


def _member(row: Mapping[str, Any], name: str, place: int) -> bytes:
    try:
        return strict_base64url(row.get(name) if isinstance(row.get(name), str) else "")  # type: ignore[arg-type]
    except (ValueError, binascii.Error):
        raise _wrong(f"“{name}” of key {place} is not base64url.") from None


def _wrong(sentence: str) -> Invalid:
    return Invalid(sentence, next_step="Correct the bundle and send it again.", fields={"bundle": [sentence]})
