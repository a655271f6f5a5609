import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from apps.kernel.refusals import TooLarge
from apps.trust.formats import bundles
from apps.trust.rules.tokens import Issuer, check

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
EC = ECKey.generate_key("P-256", {"kid": "ec-1"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa-1"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed-1"})
STRANGER = ECKey.generate_key("P-256", {"kid": "far-1"})
PUBLIC = bundles.parse(json.dumps({"keys": [one.as_dict(private=False) for one in (EC, RSA, ED)]}).encode())
PAYMENTS = Issuer(
    name="payments.example",
    issuer="https://id.payments.example",
    token_format="jwt",  # the name of a format
    audience="ledger",
    algorithms=frozenset({"ES256", "RS256", "EdDSA"}),
    lifetime=timedelta(hours=1),
    keys={one.kid: one for one in PUBLIC.keys},
)


def claims(**more):
    seconds = int(AT.timestamp())
    said = {"iss": PAYMENTS.issuer, "sub": "checkout", "aud": "ledger", "iat": seconds, "exp": seconds + 600} | more
    return {name: value for name, value in said.items() if value is not None}


def minted(payload=None, *, key=EC, alg="ES256", **header):
    said = {"alg": alg, "kid": key.kid, "typ": "JWT"} | header
    said = {name: value for name, value in said.items() if value is not None}
    algorithms = [alg]
    return jws.serialize_compact(said, json.dumps(payload or claims()).encode(), key, algorithms=algorithms)


def raw(part) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def answered(text, issuer=PAYMENTS, *, audience="ledger", at=AT, others=None):
    return check(text, issuer, audience=audience, others=others or {}, at=at)


def failed(text, **more):
    found = answered(text, **more)
    assert not found.is_believed
    return found.failed.name


@pytest.mark.parametrize(("key", "alg"), [(EC, "ES256"), (RSA, "RS256"), (ED, "EdDSA")])
def test_a_good_token_is_believed_and_every_link_says_why(key, alg):
    found = answered(minted(key=key, alg=alg))
    assert found.is_believed, found.failed
    assert [step.name for step in found.steps] == [
        *("form", "algorithm", "header", "key", "signature", "issuer", "audience", "time"),
    ]
    assert found.claims["sub"] == "checkout"


class TestForgeries:
    def test_none_proves_nothing(self):
        for alg in ("none", "None", "NONE", "nOnE", None, 7, ["ES256"]):
            assert failed(f"{raw({'alg': alg, 'kid': 'ec-1'})}.{raw(claims())}.{raw('x')}") == "algorithm"

    def test_an_hmac_with_the_public_key_is_no_signature(self):
        secret = OctKey.import_key(json.dumps(RSA.as_dict(private=False)))
        text = jws.serialize_compact(
            {"alg": "HS256", "kid": "rsa-1"}, json.dumps(claims()).encode(), secret, algorithms=["HS256"]
        )
        assert failed(text) == "algorithm"

    def test_an_algorithm_the_domain_does_not_use_is_refused(self):
        assert failed(minted(key=RSA, alg="PS256")) == "algorithm"

    def test_a_key_is_not_used_for_another_algorithm(self):
        assert failed(f"{raw({'alg': 'RS256', 'kid': 'ec-1'})}.{raw(claims())}.{raw('x')}") == "key"

    @pytest.mark.parametrize(
        "header",
        [
            {"jku": "https://evil.example/keys"},
            {"x5u": "https://evil.example/cert"},
            {"jwk": STRANGER.as_dict(private=False)},
            {"x5c": ["MIIB"]},
        ],
    )
    def test_a_token_that_brings_its_own_key_is_refused(self, header):
        said = {"alg": "ES256", "kid": "ec-1", "typ": "JWT"} | header
        assert failed(f"{raw(said)}.{raw(claims())}.{raw('x')}") == "header"

    def test_extensions_that_must_be_understood_are_not(self):
        said = {"alg": "ES256", "kid": "ec-1", "crit": ["b64"], "b64": False}
        assert failed(f"{raw(said)}.{raw(claims())}.{raw('x')}") == "header"

    def test_a_borrowed_kid_is_called_by_its_owner(self):
        found = answered(minted(key=STRANGER), others={"far-1": "far.example"})
        assert found.failed.name == "key"
        assert "far.example has one of that name" in found.failed.sentence

    def test_another_key_under_the_right_name_does_not_sign(self):
        false = ECKey.generate_key("P-256", {"kid": "ec-1"})
        assert failed(minted(key=false)) == "signature"

    def test_a_changed_claim_breaks_the_signature_and_is_not_told(self):
        header, _, signature = minted().split(".")
        found = answered(f"{header}.{raw(claims(sub='root'))}.{signature}")
        assert found.failed.name == "signature"
        assert found.claims == {}

    @pytest.mark.parametrize(
        "change", ["{0}=.{1}.{2}", "{0}.{1}=.{2}", "{0}.{1}.{2}==", " {0}.{1}. {2}", "{0}.{1}.{2}!"]
    )
    def test_base64url_is_strict(self, change):
        parts = minted().split(".")
        assert failed(change.format(*parts)) == "form"

    def test_spare_bits_make_no_second_token(self):
        header, payload, signature = minted().split(".")
        last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        place = last.index(signature[-1])
        assert len(signature) % 4 == 2  # 64 bytes leave four spare bits
        forged = f"{header}.{payload}.{signature[:-1]}{last[place + 1]}"
        assert failed(forged) == "form"

    def test_a_name_said_twice_is_refused(self):
        twice = base64.urlsafe_b64encode(b'{"alg":"none","alg":"ES256","kid":"ec-1"}').rstrip(b"=").decode()
        assert failed(f"{twice}.{raw(claims())}.{raw('x')}") == "form"

    @pytest.mark.parametrize("text", ["", "a", "a.b", "a.b.c.d", "..", "a.b.c.d.e", "[].[].[]", "ä.ö.ü"])
    def test_what_is_no_token_is_answered_not_raised(self, text):
        assert failed(text) == "form"

    def test_deep_json_is_answered(self):
        deep = base64.urlsafe_b64encode(b"[" * 9_000).rstrip(b"=").decode()
        assert failed(f"{deep}.{raw({})}.{raw('x')}") == "form"

    def test_more_than_sixteen_kilobytes_are_not_read(self):
        with pytest.raises(TooLarge, match="16 KB"):
            answered("a" * (16 * 1024 + 1))


class TestClaims:
    @pytest.mark.parametrize(
        ("more", "name"),
        [
            ({"iss": "https://evil.example"}, "issuer"),
            ({"iss": None}, "issuer"),
            ({"sub": None}, "issuer"),
            ({"aud": "other"}, "audience"),
            ({"aud": None}, "audience"),
            ({"aud": []}, "audience"),
            ({"aud": ["ledger", "payouts"]}, "audience"),
            ({"aud": {"ledger": 1}}, "audience"),
            ({"exp": None}, "time"),
            ({"exp": int(AT.timestamp()) - 60}, "time"),
            ({"exp": "soon"}, "time"),
            ({"exp": True}, "time"),
            ({"exp": 1e300}, "time"),
            ({"iat": int(AT.timestamp()) + 61}, "time"),
            ({"nbf": int(AT.timestamp()) + 61}, "time"),
            ({"exp": int(AT.timestamp()) + 3_601}, "time"),
            ({"iat": None, "exp": int(AT.timestamp()) + 3_601}, "time"),
        ],
    )
    def test_claims_that_do_not_fit_fail_at_their_link(self, more, name):
        assert failed(minted(claims(**more))) == name

    def test_clocks_may_differ_by_a_minute(self):
        seconds = int(AT.timestamp())
        for more in ({"exp": seconds - 59}, {"iat": seconds + 60}, {"nbf": seconds + 60}):
            assert answered(minted(claims(**more))).is_believed

    def test_types_belong_to_formats(self):
        assert failed(minted(typ="logout+jwt")) == "header"
        assert answered(minted(typ="at+jwt")).is_believed
        assert answered(minted(typ=None)).is_believed

    def test_an_svid_names_a_workload_of_its_domain(self):
        issuer = Issuer(**vars(PAYMENTS) | {"token_format": "jwt-svid"})
        good = claims(sub="spiffe://payments.example/checkout", iss=None)
        assert answered(minted(good), issuer).is_believed
        for subject in ("spiffe://evil.example/checkout", "spiffe://payments.example.evil/x", "checkout"):
            assert answered(minted(claims(sub=subject)), issuer).failed.name == "issuer"
        assert answered(minted(good, typ="at+jwt"), issuer).failed.name == "header"


def test_the_checker_agrees_with_the_library_on_what_it_mints():
    text = jwt.encode({"alg": "ES256", "kid": "ec-1"}, claims(), EC)
    assert jwt.decode(text, EC).claims == answered(text).claims
