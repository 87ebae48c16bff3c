"""An OpenID provider on the loopback, with the official steps and nothing else; it can be told to misbehave.

It is ``localhost`` and the console ``127.0.0.1``: to a browser they are two sites.
"""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

SECRET = "what the client knows"


class Provider:
    """Whoever asks is ``person``; ``changes`` are put over the claims of the next token, ``key`` signs it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.key = ECKey.generate_key("P-256", {"kid": "one"}, private=True)
        self.signs = self.key
        self.person: dict[str, Any] = {"sub": "u-1", "name": "Ana Horvat", "roles": ["staff", "gateway-operators"]}
        self.changes: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser goes back to."""
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.url})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, str]]:
        """A token for a code, once, for the client and the verifier it was asked with."""
        asked = self.codes.pop(form.get("code", ""), None)
        pair = base64.b64decode(authorization.removeprefix("Basic ")).decode().replace("%20", " ")
        if asked is None or pair != f"console:{SECRET}" or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        return 200, {"id_token": self.id_token(asked), "token_type": "Bearer", "access_token": "x"}

    def id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        again = {"auth_time": now} if asked.get("max_age") == "0" else {}
        said = {"iss": self.url, "aud": "console", "iat": now, "exp": now + 300, "nonce": asked["nonce"], **again}
        return str(jwt.encode({"alg": "ES256", "kid": "one"}, {**said, **self.person, **self.changes}, self.signs))


@contextmanager
def provider() -> Iterator[Provider]:
    """While it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("location", found.authorize(asked))
                self.end_headers()
            elif parts.path == "/jwks":
                self.answer(200, {"keys": [found.key.as_dict(private=False)]})
            else:
                ends = {f"{each}_endpoint": f"{found.url}/{path}" for each, path in (
                    ("authorization", "authorize"), ("token", "token"))}  # fmt: skip
                self.answer(200, {"issuer": found.url, "jwks_uri": f"{found.url}/jwks", **ends})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self.answer(*found.token(form, self.headers.get("authorization", "")))

        def answer(self, status: int, said: object) -> None:
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Provider(f"http://localhost:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()
