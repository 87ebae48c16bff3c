"""ID tokens (OpenID Connect Core 1.0, section 3.1.3.7): believed from one issuer, for one client, by pinned algorithms.

What a token says of its own keys (``jku``, ``x5u``, ``jwk``) is not read.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey

from bylaw.console.accounts.roles import highest
from bylaw.console.accounts.sessions import ELSEWHERE
from bylaw.errors import VerificationError
from bylaw.gateway.admin.settings import OidcSettings, Role

MOST = 16 << 10
"""Bytes of the largest token."""
LEEWAY = 30
"""Seconds that two clocks may differ."""


class Identity(msgspec.Struct, frozen=True):
    """Who somebody is elsewhere; ``proved``: when they last showed it there, 0 where that is not said."""

    name: str
    title: str
    role: Role
    proved: float


class UnknownKey(Exception):
    """The token names a key that is not among those known: they may have been changed since."""


def keys_of(text: bytes) -> KeySet:
    """Public keys (JWKS). Raises ``VerificationError``."""
    try:
        found = KeySet.import_key_set(msgspec.json.decode(text))
    except (ValueError, JoseError, KeyError, TypeError, AttributeError) as error:
        raise VerificationError("jwks", f"the provider’s keys cannot be read: {error}") from error
    if not found.keys or any(isinstance(key, OctKey) or key.is_private for key in found.keys):
        raise VerificationError("jwks", "the provider’s keys must be public ones, and nothing else")
    return found


def identity(token: str, keys: KeySet, how: OidcSettings, nonce: str, now: float) -> Identity:
    """Who the token says it is. Raises ``VerificationError``, ``UnknownKey``."""
    claims = _claims(token, keys, how, now)
    audience = claims["aud"]
    if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != how.client_id:
        raise VerificationError("id_token", "it is for several clients, and not said to be given to this one")
    if claims.get("nonce") != nonce:
        raise VerificationError("id_token", "it answers another request than this one")
    name, title = claims.get(how.name_claim), claims.get(how.title_claim)
    if not isinstance(name, str) or not 0 < len(name) <= 200 or not name.isprintable():
        raise VerificationError("id_token", f"it says nobody in {how.name_claim!r}")
    role = highest(tuple(how.roles[each] for each in _roles(claims, how.role_claim) if each in how.roles))
    if role is None:
        raise VerificationError("role", f"nothing in {how.role_claim!r} gives {name} a role here")
    proved = claims.get("auth_time")
    shown = title if isinstance(title, str) and 0 < len(title) <= 200 and title.isprintable() else name
    when = min(float(proved), now) if isinstance(proved, int | float) else 0.0
    return Identity(f"{ELSEWHERE}{name}", shown, role, when)


def _claims(token: str, keys: KeySet, how: OidcSettings, now: float) -> dict[str, Any]:
    if len(token) > MOST:
        raise VerificationError("id_token", "it is too large")

    def key(header: Any) -> Any:
        kid = header.headers().get("kid")
        found = [each for each in keys.keys if kid is None or each.kid == kid]
        if len(found) != 1:
            raise UnknownKey
        return found[0]

    registry = jwt.JWTClaimsRegistry(
        now=int(now),
        leeway=LEEWAY,
        iss={"essential": True, "value": how.issuer},
        aud={"essential": True, "value": how.client_id},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        found = jwt.decode(token, key, algorithms=list(how.algorithms))
        registry.validate(found.claims)
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise VerificationError("id_token", f"it is not believed: {error}") from error
    return found.claims


def _roles(claims: Mapping[str, Any], path: str) -> list[str]:
    """The values of a claim, or of one inside another (``realm_access.roles``)."""
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for name in path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
    values = [found] if isinstance(found, str) else found
    return [each for each in values if isinstance(each, str)] if isinstance(values, list) else []
