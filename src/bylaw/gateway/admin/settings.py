"""The console's table of GATEWAY.toml: read and checked with the rest, and handed on; the gateway has no use for it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

Seconds = Annotated[float, Meta(gt=0)]
Role = Literal["viewer", "operator", "counsel", "admin"]
Fault = tuple[str, str]
"""A key, and what is wrong with what it says."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class SignsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an account signs as one of ``approvers.toml``: with a key's file, with a command (KMS, HSM) and its public
    key's file, or, where neither is given, with signatures that are made elsewhere and brought.
    """

    approver: Annotated[str, Meta(min_length=1)]
    key: str = ""
    command: str = ""
    public: str = ""


class OidcSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who else says who somebody is (OpenID Connect, authorization code with PKCE).

    ``client_secret`` names an environment variable. ``roles``: a value of ``role_claim`` → role; who has several gets
    the highest, who has none does not get in. ``metadata`` and ``jwks`` are files for where nothing may be fetched.
    """

    issuer: str
    client_id: Annotated[str, Meta(min_length=1)]
    client_secret: str = ""
    scope: str = "openid profile"
    name_claim: str = "sub"
    title_claim: str = "name"
    role_claim: str = "roles"
    roles: dict[str, Role] = {}
    algorithms: Annotated[
        tuple[Literal["ES256", "ES384", "EdDSA", "Ed25519", "RS256", "PS256"], ...], Meta(min_length=1)
    ] = ("RS256", "ES256")
    metadata: str = ""
    jwks: str = ""


class ConsoleSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sessions end ``idle_seconds`` after the last request and ``longest_seconds`` after signing in; what changes who
    may do what asks for a proof no older than ``fresh_seconds``.

    ``origin``: where people reach it (``https://console.lab.example``), if a proxy or a name stands in between.
    ``signs``: by account.
    """

    origin: str = ""
    idle_seconds: Seconds = 900.0
    longest_seconds: Seconds = 28_800.0
    fresh_seconds: Seconds = 600.0
    signs: dict[str, SignsSettings] = {}
    oidc: OidcSettings | None = None

    def absolute(self, whole: Callable[[str], str]) -> "ConsoleSettings":
        """The same with every path whole."""
        replace = msgspec.structs.replace
        signs = {
            name: replace(each, key=whole(each.key), public=whole(each.public)) for name, each in self.signs.items()
        }
        oidc = self.oidc and replace(self.oidc, metadata=whole(self.oidc.metadata), jwks=whole(self.oidc.jwks))
        return replace(self, signs=signs, oidc=oidc)

    def faults(self, path: Callable[[str], Path]) -> Iterator[Fault]:
        """What would not work."""
        if self.origin and not _is_origin(self.origin):
            meant = "https://HOST or https://HOST:PORT, as browsers write it (small letters, no :443)"
            yield "console.origin", f"{self.origin!r} is not {meant}"
        for name, each in self.signs.items():
            yield from _custody(f"console.signs.{name}", each, path)
        if self.oidc:
            yield from _oidc(self.oidc, path)


def _is_origin(text: str) -> bool:
    """Only encrypted, but for this machine itself."""
    parts = urlsplit(text)
    bare = text == f"{parts.scheme}://{parts.netloc}".lower() and parts.hostname and not parts.username
    if text.endswith((":443", ":80")):
        return False  # browsers leave out what goes without saying, and forms would be strangers'
    return bool(bare) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))


def _custody(where: str, signs: SignsSettings, path: Callable[[str], Path]) -> Iterator[Fault]:
    if signs.key and (signs.command or signs.public):
        yield f"{where}.key", "give a key, or a command with its public key, not both"
    if bool(signs.command) != bool(signs.public):
        yield f"{where}.command", "command and public belong together"
    for key, text in (("key", signs.key), ("public", signs.public)):
        if text and not path(text).is_file():
            yield f"{where}.{key}", f"{text} is no file"


def _oidc(oidc: OidcSettings, path: Callable[[str], Path]) -> Iterator[Fault]:
    parts = urlsplit(oidc.issuer)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        yield "console.oidc.issuer", f"{oidc.issuer!r} is not https://"
    if oidc.client_secret and not os.environ.get(oidc.client_secret):
        yield "console.oidc.client_secret", f"the environment variable {oidc.client_secret} is not set"
    if not oidc.roles:
        yield "console.oidc.roles", "it gives nobody a role, so nobody gets in"
    for key, text in (("metadata", oidc.metadata), ("jwks", oidc.jwks)):
        if text and not path(text).is_file():
            yield f"console.oidc.{key}", f"{text} is no file"
