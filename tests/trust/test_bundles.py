import base64
import json
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, RSAKey

from apps.kernel.refusals import Invalid, TooLarge
from apps.trust.formats import bundles

EC = ECKey.generate_key("P-256", {"kid": "ec-1"})


def parse(*keys, **more):
    return bundles.parse(json.dumps({"keys": list(keys)} | more).encode())


def public(key=EC, **more):
    return key.as_dict(private=False) | more


@pytest.mark.realdata
class TestSpiffeFiles:
    @pytest.fixture
    def files(self, shared_data):
        with tarfile.open(shared_data / "standards" / "go-spiffe-bundles.tar.gz") as archive:
            return {
                one.name.rsplit("/", 1)[-1]: archive.extractfile(one).read()
                for one in archive.getmembers()
                if one.name.endswith(".json")
            }

    @pytest.mark.parametrize(
        ("name", "keys", "x509", "ignored"),
        [
            ("spiffebundle_valid_1.json", 1, 1, 0),
            ("spiffebundle_valid_2.json", 6, 1, 0),
            ("spiffebundle_valid_with_wit.json", 2, 1, 2),
            ("spiffebundle_multiple_x509.json", 1, 1, 0),
            ("spiffebundle_no_keys.json", 0, 0, 0),
            ("jwks_valid_1.json", 1, 0, 0),
            ("jwks_valid_2.json", 2, 0, 0),
        ],
    )
    def test_good_files_are_read(self, files, name, keys, x509, ignored):
        found = bundles.parse(files[name])
        assert (len(found.keys), found.x509, len(found.ignored)) == (keys, x509, ignored)

    def test_the_numbers_of_a_file_are_kept(self, files):
        found = bundles.parse(files["spiffebundle_no_keys.json"])
        assert (found.sequence, found.refresh_hint_s) == (1, 60)

    @pytest.mark.parametrize("name", ["spiffebundle_missing_kid.json", "jwks_missing_kid.json"])
    def test_a_key_no_token_can_name_is_refused(self, files, name):
        with pytest.raises(Invalid, match="has no “kid”"):
            bundles.parse(files[name])


class TestRefusals:
    def test_private_keys_are_never_kept(self):
        with pytest.raises(Invalid, match="private or secret") as refused:
            parse(EC.as_dict(private=True))
        assert EC.as_dict(private=True)["d"] not in str(refused.value)

    def test_secrets_are_none_either(self):
        with pytest.raises(Invalid, match="private or secret"):
            parse({"kty": "oct", "k": "c2VjcmV0", "kid": "a"})

    @pytest.mark.parametrize(
        ("key", "words"),
        [
            (public(kid=""), "no “kid”"),
            (public(crv="secp256k1"), "on the curve"),
            (public(x="a b"), "not base64url"),
            (public(x="AA=="), "not base64url"),
            (public(x=None), "not base64url"),
            (public(alg="RS256"), "cannot be"),
            ("key", "no object"),
        ],
    )
    def test_what_is_no_key_is_refused(self, key, words):
        with pytest.raises(Invalid, match=words):
            parse(key)

    def test_short_rsa_keys_are_refused(self):
        with pytest.raises(Invalid, match="1024 bits"):
            parse(RSAKey.generate_key(1024, {"kid": "r"}).as_dict(private=False))

    def test_a_name_twice_is_refused(self):
        with pytest.raises(Invalid, match="Two keys"):
            parse(public(), public())
        with pytest.raises(Invalid, match="name stands in it twice"):
            bundles.parse(b'{"keys": [], "keys": []}')

    @pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b'{"keys": 1}', b"[" * 5_000])
    def test_what_is_no_bundle_is_refused(self, content):
        with pytest.raises(Invalid):
            bundles.parse(content)

    def test_too_much_is_not_read(self):
        with pytest.raises(TooLarge):
            bundles.parse(b" " * (256 * 1024 + 1))
        with pytest.raises(Invalid, match="at most 100 keys"):
            parse(*[public(kid=str(number)) for number in range(101)])

    @pytest.mark.parametrize("number", [-1, 1.5, "1", True, 2**53])
    def test_a_sequence_is_a_whole_number(self, number):
        with pytest.raises(Invalid, match="whole number"):
            parse(spiffe_sequence=number)


def test_unknown_kinds_and_uses_are_left_out_and_said():
    found = parse(public(), {"kty": "AKP", "kid": "q"}, public(kid="e", use="enc"))
    assert [key.kid for key in found.keys] == ["ec-1"]
    assert found.ignored == ("key 2: kind AKP, use sig", "key 3: kind EC, use enc")


def test_only_a_keys_own_members_are_kept():
    (key,) = parse(public(x5u="https://evil.example", note="x")).keys
    assert set(key.material) == {"kty", "crv", "x", "y"}


def test_what_is_written_reads_back_the_same():
    kept = [{"kid": key.kid, "material": key.material} for key in parse(public()).keys]
    text = bundles.render(kept, sequence=3, refresh_hint_s=300)
    found = bundles.parse(text.encode())
    assert (found.keys, found.sequence, found.refresh_hint_s) == (parse(public()).keys, 3, 300)


@given(st.binary(max_size=60))
def test_strict_base64url_reads_back_what_it_takes(content):
    text = base64.urlsafe_b64encode(content).rstrip(b"=").decode()
    if text:
        assert bundles.strict_base64url(text) == content


@given(st.text(alphabet="AB-_=+/ ", max_size=12))
def test_of_all_spellings_of_the_same_bytes_one_is_taken(text):
    try:
        found = bundles.strict_base64url(text)
    except ValueError:
        return
    assert base64.urlsafe_b64encode(found).rstrip(b"=").decode() == text
