"""Signing in elsewhere: OpenID Connect, authorization code with PKCE (RFC 7636), for one provider.

The browser carries a secret in a cookie, from which the state is made; the rest of a flow lies in the book, for ten
minutes and one use. The provider is asked over TLS, answers are small, and no redirect of its is followed.
"""

import base64
import hashlib
import os
import secrets
import urllib.request
from collections.abc import Callable, Mapping
from hmac import compare_digest
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import URLError
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from joserfc.jwk import KeySet

from bylaw.console.accounts.book import Book
from bylaw.console.accounts.tokens import Identity, UnknownKey, identity, keys_of
from bylaw.errors import SettingsError, UsageError, VerificationError
from bylaw.gateway.admin.settings import OidcSettings

T = TypeVar("T")
LIVES = 600.0
"""Seconds that a flow may take, and that keys and metadata are remembered at the least."""
LIMIT = 1 << 20
"""Bytes of the largest answer."""
TIMEOUT = 10.0


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of a provider's metadata (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _Answer(msgspec.Struct, frozen=True):
    id_token: str


class Flow(msgspec.Struct, frozen=True):
    """A signing in that was begun; ``again``: it must be shown anew, whatever the provider remembers."""

    nonce: str
    verifier: str
    back: str
    again: bool
    made: float


class Oidc:
    """The provider of the settings."""

    def __init__(self, how: OidcSettings, path: Callable[[str], Path], book: Book) -> None:
        self._how, self._path, self._book = how, path, book
        self._provider: tuple[float, Provider] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def begin(self, redirect: str, back: str, now: float, *, again: bool = False) -> tuple[str, str]:
        """Where the browser goes, and the secret it takes along. Raises ``UsageError``, ``VerificationError``."""
        secret, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        with self._book.writing() as connection:
            connection.execute("DELETE FROM flow WHERE made < ?", (now - LIVES,))
            row = (_mark(secret), nonce, verifier, back, again, now)
            connection.execute("INSERT INTO flow VALUES (?, ?, ?, ?, ?, ?)", row)
        asked = {
            "response_type": "code",
            "client_id": self._how.client_id,
            "redirect_uri": redirect,
            "scope": self._how.scope,
            "state": state_of(secret),
            "nonce": nonce,
            "code_challenge": _base64(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
            **({"max_age": "0", "prompt": "login"} if again else {}),
        }
        endpoint = self._metadata(now).authorization_endpoint
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(asked)}", secret

    def end(self, secret: str, said: Mapping[str, str], redirect: str, now: float) -> tuple[Identity, str]:
        """Who has come back, and where they wanted to go. Raises ``VerificationError``, ``UsageError``."""
        if not secret or not compare_digest(said.get("state", "").encode(), state_of(secret).encode()):
            raise VerificationError("state", "this browser did not begin this signing in; begin again")
        flow = self._taken(secret, now)
        if said.get("iss", self._how.issuer) != self._how.issuer:
            raise VerificationError("iss", "another provider answers than was asked (RFC 9207)")
        if "code" not in said:
            raise VerificationError("code", f"the provider said no: {said.get('error', 'it gave no code')[:100]}")
        token = self._exchanged(said["code"], flow, redirect, now)
        found = self._believed(token, flow, now)
        if flow.again and found.proved < flow.made - LIVES / 10:
            raise VerificationError("auth_time", "the provider did not ask anew who it is")
        return found, flow.back

    def _taken(self, secret: str, now: float) -> Flow:
        """The flow, which counts once."""
        with self._book.writing() as connection:
            row = connection.execute(
                "DELETE FROM flow WHERE mark = ? RETURNING nonce, verifier, back, again, made", (_mark(secret),)
            ).fetchone()
        if row is None or row["made"] < now - LIVES:
            raise VerificationError("state", "this signing in took too long, or was ended before; begin again")
        return Flow(row["nonce"], row["verifier"], row["back"], bool(row["again"]), row["made"])

    def _exchanged(self, code: str, flow: Flow, redirect: str, now: float) -> str:
        """The ID token for a code (RFC 6749, section 4.1.3)."""
        how, provider = self._how, self._metadata(now)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "client_id": how.client_id,
            "code_verifier": flow.verifier,
        }
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        if how.client_secret:
            key = os.environ.get(how.client_secret, "")
            if "client_secret_basic" in provider.token_endpoint_auth_methods_supported:
                pair = f"{quote(how.client_id, safe='')}:{quote(key, safe='')}"
                headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
            else:
                form["client_secret"] = key
        answer = fetch(provider.token_endpoint, self._loopback, urlencode(form).encode(), headers)
        return _read(answer, _Answer, "the provider’s answer").id_token

    def _believed(self, token: str, flow: Flow, now: float) -> Identity:
        """By the keys known; where it names another, by those of now, asked for once."""
        try:
            return identity(token, self._jwks(now), self._how, flow.nonce, now)
        except UnknownKey:
            if self._how.jwks or self._keys is None or now - self._keys[0] < TIMEOUT:
                raise VerificationError("id_token", "it names no key of the provider") from None
        self._keys = None
        try:
            return identity(token, self._jwks(now), self._how, flow.nonce, now)
        except UnknownKey:
            raise VerificationError("id_token", "it names no key of the provider") from None

    @property
    def _loopback(self) -> bool:
        return urlsplit(self._how.issuer).scheme == "http"

    def _metadata(self, now: float) -> Provider:
        if self._provider is None or now - self._provider[0] > LIVES:
            text = self._found(self._how.metadata, f"{self._how.issuer.rstrip('/')}/.well-known/openid-configuration")
            found = _read(text, Provider, "the provider’s metadata")
            if found.issuer != self._how.issuer:
                raise VerificationError("issuer", f"the metadata of {self._how.issuer} is that of {found.issuer}")
            self._provider = now, found
        return self._provider[1]

    def _jwks(self, now: float) -> KeySet:
        if self._keys is None or now - self._keys[0] > LIVES:
            self._keys = now, keys_of(self._found(self._how.jwks, self._metadata(now).jwks_uri))
        return self._keys[1]

    def _found(self, file: str, url: str) -> bytes:
        """From a file where one is named; then nothing is fetched."""
        if not file:
            return fetch(url, self._loopback)
        try:
            return self._path(file).read_bytes()
        except OSError as error:
            raise SettingsError(f"cannot be read: {error.strerror}", file) from error


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """A provider that points elsewhere is not followed."""


def fetch(url: str, loopback: bool, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> bytes:
    """What lies at an address: over TLS, or, for tests, on this machine. Raises ``UsageError``."""
    if urlsplit(url).scheme != "https" and not (loopback and urlsplit(url).hostname in ("127.0.0.1", "localhost")):
        raise UsageError(f"the provider is asked over https only, not at {url[:100]!r}")
    try:
        request = urllib.request.Request(url, body, dict(headers or {}))
        with urllib.request.build_opener(_Stay).open(request, timeout=TIMEOUT) as answer:
            content: bytes = answer.read(LIMIT + 1)
    except (URLError, OSError, ValueError) as error:
        raise UsageError(f"the provider does not answer as it should: {error}") from error
    if len(content) > LIMIT:
        raise UsageError("the provider’s answer is too large")
    return content


def state_of(secret: str) -> str:
    """The state of a flow: nobody who has it can tell the secret."""
    return _base64(hashlib.sha256(f"state {secret}".encode()).digest())


def _read(content: bytes, type: type[T], what: str) -> T:
    try:
        return msgspec.json.decode(content, type=type)
    except msgspec.DecodeError as error:
        raise VerificationError("oidc", f"{what} is not as it should be: {error}") from error


def _mark(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
