"""A small identity provider on loopback: discovery, authorisation code with PKCE, signed tokens, userinfo."""

import base64
import hashlib
import json
import secrets
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "concordat", "loopback-only"


class IdentityProvider:
    """Signs in whoever `claims` describes, without asking."""

    def __init__(self) -> None:
        self.claims: dict = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: set[str] = set()
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Answers,), {"provider": self}))
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Answers(BaseHTTPRequestHandler):
    provider: IdentityProvider

    def do_GET(self) -> None:
        place = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(place.query).items()}
        if place.path == "/.well-known/openid-configuration":
            self.tell(self.discovery())
        elif place.path == "/authorize":
            code = secrets.token_urlsafe()
            self.provider.codes[code] = asked
            self.send_response(302)
            back = urlencode({"code": code, "state": asked["state"]})
            self.send_header("Location", f"{asked['redirect_uri']}?{back}")
            self.end_headers()
        elif place.path == "/userinfo":
            token = self.headers["Authorization"].removeprefix("Bearer ")
            self.tell(self.provider.claims if token in self.provider.tokens else {}, 200)
        elif place.path == "/keys":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.provider.key.public_key()))
            self.tell({"keys": [public | {"kid": "1", "use": "sig", "alg": "RS256"}]})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
        asked = {name: values[0] for name, values in parse_qs(raw).items()}
        begun = self.provider.codes.pop(asked.get("code", ""), None)
        proof = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(proof).decode().rstrip("=")
        known = (asked.get("client_id"), asked.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
        if not begun or not known or begun["code_challenge"] != challenge:
            self.tell({"error": "invalid_grant"}, 400)
            return
        token, now = secrets.token_urlsafe(), int(time.time())
        self.provider.tokens.add(token)
        claims = {"iss": self.provider.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 60, **self.provider.claims}
        signed = jwt.encode(claims, self.provider.key, algorithm="RS256", headers={"kid": "1"})
        self.tell({"access_token": token, "token_type": "Bearer", "expires_in": 60, "id_token": signed})

    def discovery(self) -> dict:
        issuer = self.provider.issuer
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "userinfo_endpoint": f"{issuer}/userinfo",
            "jwks_uri": f"{issuer}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def tell(self, body: dict, status: int = 200) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_request(self, *args: object) -> None:
        """Stay quiet."""
