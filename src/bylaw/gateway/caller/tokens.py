"""Tokens (JWT, RFC 7519): of issuers that are named, by algorithms that are pinned, with keys (JWKS) that lie here.

What a token says of its own keys (``jku``, ``x5u``, ``jwk``) is not read. An issuer is believed about its own
audience, and for no longer than it says and the settings allow. Nothing is fetched.
"""

import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from bylaw.canonical import sha256
from bylaw.errors import SettingsError
from bylaw.gateway.settings import IssuerSettings

MOST = 8 << 10
"""Bytes of the largest token."""
KEEP = 1 << 14
"""Tokens whose signature is remembered."""


class BadToken(Exception):
    """A token that is not believed. What was wrong with it is for the log, not for whoever sent it."""


class Said(msgspec.Struct, frozen=True):
    """What a token says, once it is believed: who, by which channel, until when, and whom the issuer vouches for."""

    subject: str
    channel: str
    until: float
    vouches: str


class Tokens:
    """All issuers."""

    def __init__(
        self, issuers: Mapping[str, IssuerSettings], path: Callable[[str], Path], now: Callable[[], float] = time.time
    ) -> None:
        self._issuers = {each.issuer: _Issuer(each, path(each.jwks), name) for name, each in issuers.items()}
        self._now = now
        self._known: dict[str, Said] = {}

    def read(self, token: str) -> Said:
        """What a token says. Raises ``BadToken``."""
        if len(token) > MOST:
            raise BadToken("it is too large")
        mark, now = sha256(token.encode()), self._now()
        said = self._known.get(mark)
        if said is None:
            said = self._checked(token, now)
            if len(self._known) >= KEEP:
                self._known.clear()
            self._known[mark] = said
        if now >= said.until:
            raise BadToken("it has expired")
        return said

    def _checked(self, token: str, now: float) -> Said:
        issuer = self._issuers.get(_issuer_of(token))
        if issuer is None:
            raise BadToken("its issuer is not known")
        return issuer.check(token, now)


class _Issuer:
    """One issuer with its keys."""

    def __init__(self, settings: IssuerSettings, jwks: Path, name: str) -> None:
        self._settings, self._keys = settings, _keys(jwks, name)

    def check(self, token: str, now: float) -> Said:
        """Signature, issuer, audience, times. Raises ``BadToken``."""
        how = self._settings
        claims_of = jwt.JWTClaimsRegistry(
            now=int(now),
            leeway=int(how.leeway_seconds),
            iss={"essential": True, "value": how.issuer},
            aud={"essential": True, "value": how.audience},
            exp={"essential": True},
            iat={"essential": bool(how.vouches)},
        )
        try:
            found = jwt.decode(token, self._key, algorithms=how.algorithms)
            claims_of.validate(found.claims)
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise BadToken(str(error)) from error
        return self._said(found.claims, now)

    def _said(self, claims: dict[str, Any], now: float) -> Said:
        how = self._settings
        subject, channel = claims.get(how.subject), claims.get(how.channel, "") if how.channel else ""
        if not isinstance(subject, str) or not subject or not isinstance(channel, str):
            raise BadToken(f"it says nobody in {how.subject!r}")
        try:
            until = float(claims["exp"]) + how.leeway_seconds
        except OverflowError:
            raise BadToken("it says no end that is a time") from None
        if how.vouches and claims["exp"] - claims["iat"] > how.longest_seconds:
            raise BadToken(f"it is made to last longer than {how.longest_seconds:g} seconds")
        return Said(subject, channel, until, how.vouches)

    def _key(self, header: Any) -> Any:
        """The key that a token names, and the only one where it names none."""
        kid = header.headers().get("kid")
        found = [key for key in self._keys if kid is None or key.kid == kid]
        if len(found) != 1:
            raise BadToken("it names no key that is known")
        return found[0]


def _keys(jwks: Path, name: str) -> list[RSAKey | ECKey | OKPKey]:
    """Public keys of a file. A secret among them would let whoever reads the file sign."""
    where = f"issuer.{name}.jwks"
    try:
        found = KeySet.import_key_set(msgspec.json.decode(jwks.read_bytes())).keys
    except (OSError, ValueError, JoseError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"{jwks} is no JWKS: {error}", where) from error
    if not found or any(isinstance(key, OctKey) or key.is_private for key in found):
        raise SettingsError(f"{jwks} must hold public keys, and nothing else", where)
    return [key for key in found if isinstance(key, RSAKey | ECKey | OKPKey)]


def _issuer_of(token: str) -> str:
    """Whose token it says it is: only to choose whose keys check it."""
    parts = token.split(".")
    try:
        claims = msgspec.json.decode(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)), type=dict[str, Any])
    except (IndexError, ValueError, RecursionError, msgspec.DecodeError):
        raise BadToken("it is no token") from None
    issuer = claims.get("iss")
    return issuer if len(parts) == 3 and isinstance(issuer, str) else ""
