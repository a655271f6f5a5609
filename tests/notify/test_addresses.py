"""The guard against reaching inward, and the way out: to the address that was checked, within a deadline."""

import ipaddress
import socket
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from apps.kernel.refusals import Invalid
from apps.notify import addresses, rules
from tests.notify.conftest import Receiver, serving

PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"]
INWARD = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",  # metadata of most clouds
    "100.64.0.1",
    "100.100.100.200",  # metadata of one cloud
    "192.0.0.192",  # metadata of another
    "198.18.0.1",
    "192.0.2.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.88.99.1",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",  # metadata over IPv6
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "2001::1",  # Teredo
    "2002:7f00:1::",  # 6to4 of 127.0.0.1
    "64:ff9b::7f00:1",  # NAT64 of 127.0.0.1
    "64:ff9b:1::1",
]


def resolving(monkeypatch, *ips: str) -> list[str]:
    """Every name resolves to these addresses; returns the list of names asked for."""
    asked, real = [], socket.getaddrinfo

    def answer(host, port, *args, **kwargs):
        try:
            ipaddress.ip_address(host)
        except ValueError:
            asked.append(host)
            return [found for ip in ips for found in real(ip, port, type=socket.SOCK_STREAM)]
        return real(host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


class TestAddresses:
    @pytest.mark.parametrize("ip", PUBLIC)
    def test_the_public_internet_is_open(self, ip):
        assert rules.is_public(ipaddress.ip_address(ip))

    @pytest.mark.parametrize("ip", INWARD)
    def test_everything_inward_is_closed(self, ip):
        assert not rules.is_public(ipaddress.ip_address(ip))

    def test_an_operator_may_open_a_network(self):
        allowed = [ipaddress.ip_network("10.1.0.0/16")]
        verdicts = [
            rules.is_public(ipaddress.ip_address(ip), allowed=allowed)
            for ip in ("10.1.2.3", "::ffff:10.1.2.3", "10.2.0.1", "8.8.8.8")
        ]
        assert verdicts == [True, True, False, True]


class TestUrls:
    @pytest.mark.parametrize("url", ["https://example.org", "https://example.org:8443/a?b=c", "HTTPS://Example.org/"])
    def test_plain_https_is_fine(self, url):
        host, port = rules.require_address(url, allows_plain=False)
        assert (host, port) in {("example.org", 443), ("example.org", 8443)}

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "example.org",
            "http://example.org/",
            "ftp://example.org/",
            "file:///etc/passwd",
            "gopher://example.org/",
            "https://",
            "https:///path",
            "https://user@example.org/",
            "https://user:word@example.org/",
            "https://example.org:22/",
            "https://example.org:0/",
            "https://example.org:99999/",
            "https://example.org:x/",
            "https://example.org/a b",
            "https://example.org/\r\nX-Evil: 1",
            "https://example.org/\0",
            "https://[::1",
            "https://example.org/" + "a" * 500,
        ],
    )
    def test_anything_else_is_refused_by_field(self, url):
        with pytest.raises(Invalid) as told:
            rules.require_address(url, allows_plain=False)
        assert "url" in told.value.fields
        assert told.value.next_step

    @pytest.mark.parametrize(
        "url",
        [
            "https://127.0.0.1/",
            "https://2130706433/",  # 127.0.0.1 as one number
            "https://0x7f.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://localhost/",
            "https://169.254.169.254/latest/meta-data/",
        ],
    )
    def test_inward_hosts_are_refused(self, url):
        with pytest.raises(Invalid):
            addresses.check(url)

    def test_a_name_with_one_inward_address_is_refused(self, monkeypatch):
        resolving(monkeypatch, "8.8.8.8", "10.0.0.1")
        with pytest.raises(Invalid, match="not on the public internet"):
            addresses.check("https://hooks.example/")

    def test_a_public_name_gives_an_address_of_it(self, monkeypatch):
        resolving(monkeypatch, "2606:4700:4700::1111", "8.8.8.8")
        assert addresses.check("https://hooks.example/") == "8.8.8.8"

    @pytest.mark.parametrize("url", ["https://no-such-name.invalid/", f"https://{'a' * 70}.example/", "https://a..b/"])
    def test_a_name_that_resolves_to_nothing_is_refused(self, url, monkeypatch):
        def nothing(*args, **kwargs):
            raise socket.gaierror(-2, "Name or service not known")

        if "invalid" in url:
            monkeypatch.setattr(socket, "getaddrinfo", nothing)
        with pytest.raises(Invalid, match="cannot be found"):
            addresses.check(url)

    def test_an_allowed_network_does_not_open_http_to_others(self, monkeypatch, settings):
        settings.WEBHOOK_ALLOWED_NETWORKS = ["10.1.0.0/16"]
        resolving(monkeypatch, "10.1.2.3")
        assert addresses.check("http://hooks.example:9000/") == "10.1.2.3"
        resolving(monkeypatch, "8.8.8.8")
        with pytest.raises(Invalid, match="https://"):
            addresses.check("http://hooks.example/")
        with pytest.raises(Invalid, match="Port 9000"):
            addresses.check("https://hooks.example:9000/")


def send(url: str) -> addresses.Answer:
    return addresses.post(url, body=b"{}", headers={"content-type": "application/json"})


class TestPosting:
    def test_the_name_is_asked_for_once_and_kept_as_host(self, receiver, monkeypatch):
        asked = resolving(monkeypatch, "127.0.0.1")
        assert send(f"http://hooks.example:{receiver.port}/a%20b?c=d").status == 204
        ((path, headers, body),) = receiver.requests
        assert (path, headers["host"], body) == ("/a%20b?c=d", f"hooks.example:{receiver.port}", b"{}")
        assert asked == ["hooks.example"], "no second question whose answer could differ"

    def test_proxies_of_the_environment_are_not_used(self, receiver, monkeypatch):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        assert send(receiver.url).status == 204

    def test_redirects_are_answers_and_not_followed(self, receiver):
        receiver.status, receiver.headers = 302, {"location": "http://169.254.169.254/"}
        assert send(receiver.url).status == 302
        assert len(receiver.requests) == 1

    def test_the_beginning_of_an_answer_is_kept(self, receiver):
        receiver.status, receiver.body = 500, b"\0caf\xc3\xa9\xff" + b"x" * 5_000_000
        begun = time.monotonic()
        answer = send(receiver.url)
        assert answer.excerpt.startswith("café�xxx")
        assert len(answer.excerpt) == 500
        assert time.monotonic() - begun < 5

    def test_nobody_there(self, receiver, unused_port):
        with pytest.raises(httpcore.ConnectError):
            send(f"http://127.0.0.1:{unused_port}/")

    @pytest.mark.parametrize("drips", [b"", b"HTTP/1.1 200 OK\r\nx-slow: ", b"HTTP/1.1 200 OK\r\n\r\n"])
    def test_everything_together_ends_in_time(self, receiver, monkeypatch, drips):
        monkeypatch.setattr(addresses, "TOTAL_S", 0.6)

        def drip(handler):
            handler.wfile.write(drips)
            for _ in range(60):
                handler.wfile.write(b"a" if drips else b"")
                handler.wfile.flush()
                time.sleep(0.05)

        receiver.answer = drip
        begun = time.monotonic()
        with pytest.raises(httpcore.TimeoutException):
            send(receiver.url)
        assert time.monotonic() - begun < 1.5

    def test_what_is_no_http_is_an_error(self, receiver):
        receiver.answer = lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH\r\n")
        with pytest.raises(httpcore.RemoteProtocolError):
            send(receiver.url)


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def certificate(folder, name: str) -> str:
    """A self-signed certificate for `name`, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(tz=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(*form) + made.public_bytes(serialization.Encoding.PEM))
    return str(path)


class TestTls:
    """The connection goes to a checked address; the certificate is asked for the name and checked against it."""

    @pytest.fixture
    def secure(self, tmp_path, monkeypatch, settings):
        settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
        path = certificate(tmp_path, "hooks.example")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        monkeypatch.setattr("certifi.where", lambda: path)
        self.names = []
        context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        yield from serving(Receiver(), lambda plain: context.wrap_socket(plain, server_side=True))

    def test_the_name_is_checked(self, secure, monkeypatch):
        resolving(monkeypatch, "127.0.0.1")
        assert send(f"https://hooks.example:{secure.port}/").status == 204
        assert self.names == ["hooks.example"]
        assert secure.requests[0][1]["host"] == f"hooks.example:{secure.port}"

    def test_a_certificate_of_another_name_is_refused(self, secure, monkeypatch):
        resolving(monkeypatch, "127.0.0.1")
        with pytest.raises(httpcore.ConnectError, match="certificate verify failed"):
            send(f"https://other.example:{secure.port}/")
        assert not secure.requests


@pytest.mark.parametrize(
    ("url", "host", "target"),
    [
        ("https://example.org", b"example.org", b"/"),
        ("https://EXAMPLE.org:8443/a%20b?x=1&y=%2F#part", b"example.org", b"/a%20b?x=1&y=%2F"),
        ("https://bücher.example/ü", b"xn--bcher-kva.example", b"/%C3%BC"),
        ("https://[2606:4700:4700::1111]/", b"2606:4700:4700::1111", b"/"),
    ],
)
def test_an_address_is_asked_for_as_it_was_checked(url, host, target):
    place = addresses._place(url)
    assert (place.host, place.target) == (host, target)
    assert rules.require_address(url, allows_plain=False)[1] == (place.port or 443)


def test_a_program_that_starts_reads_no_http_client():
    """httpx alone is a tenth of a second of every start."""
    told = "import sys, apps.notify.addresses; print('httpx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
