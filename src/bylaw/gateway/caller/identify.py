"""A request's headers → who asks: by an API key or a token, perhaps for an end user that an organisation vouches for.

There is exactly one credential. Whoever cannot be identified is told 401 in one sentence, whatever it was that failed,
so nobody learns which part of a guess was right. Without an assertion an organisation's end user is unknown: the
request is then its service's own, and the rules say what follows for a service for which nobody answers.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from bylaw.access.decision import Surface
from bylaw.canonical import sha256
from bylaw.gateway.caller.keys import Key, id_of, looks_like
from bylaw.gateway.caller.tokens import BadToken, Tokens
from bylaw.gateway.problem import Problem
from bylaw.gateway.snapshot.edition import Edition

END_USER = b"bylaw-end-user"
_NONE: frozenset[bytes] = frozenset()
_UNKNOWN = "Send one valid API key or token, as Authorization: Bearer or x-api-key."


class Caller(NamedTuple):
    """Who asks. ``name`` is the key's id: what limits count by. ``hash`` is the key's, empty for a token."""

    subject: str
    channel: str
    organization: str
    surface: Surface
    name: str
    hash: str = ""


class Headers(NamedTuple):
    """A request's headers: the last of each name, the names that came more than once, and all of them."""

    last: Mapping[bytes, bytes]
    twice: frozenset[bytes]
    all: Sequence[tuple[bytes, bytes]] = ()

    @classmethod
    def of(cls, headers: Sequence[tuple[bytes, bytes]]) -> "Headers":
        """From ASGI's."""
        last = dict(headers)
        if len(last) == len(headers):
            return cls(last, _NONE, headers)
        seen: set[bytes] = set()
        return cls(last, frozenset(name for name, _ in headers if name in seen or seen.add(name)), headers)  # type: ignore[func-returns-value]

    def joined(self, name: bytes) -> str:
        """The values of a name, as one list."""
        if name not in self.last:
            return ""
        return b",".join(value for each, value in self.all if each == name).decode("latin-1")


def identify(headers: Headers, tokens: Tokens, edition: Edition, now: float) -> Caller:
    """Who asks. Raises ``Problem``."""
    credential = _credential(headers)
    caller = _by_key(credential, edition, now) if looks_like(credential) else _by_token(credential, tokens)
    if END_USER not in headers.last:
        return caller
    if END_USER in headers.twice or not caller.organization:
        raise Problem("who", "This key may not speak for end users.")
    return _end_user(headers.last[END_USER].decode("latin-1"), caller, tokens, edition)


def is_valid(caller: Caller, edition: Edition, now: float) -> bool:
    """Whether the key that somebody came by still counts; a token was read for its own time."""
    if not caller.hash:
        return True
    key = edition.key(caller.hash)
    return key is not None and not _has_ended(key, now)


def _has_ended(key: Key, now: float) -> bool:
    return key.expires is not None and now >= key.expires.timestamp()


def _credential(headers: Headers) -> str:
    authorization, key = headers.last.get(b"authorization"), headers.last.get(b"x-api-key")
    if headers.twice & {b"authorization", b"x-api-key"}:
        raise Problem("who", _UNKNOWN)
    scheme, _, bearer = (authorization or b"").partition(b" ")
    if key is None and bearer and scheme == b"Bearer":
        return bearer.strip().decode("latin-1")
    found = {each.strip() for each in (bearer, key) if each}
    if len(found) != 1 or (authorization and scheme.lower() != b"bearer"):
        raise Problem("who", _UNKNOWN)
    return found.pop().decode("latin-1")


def _by_key(text: str, edition: Edition, now: float) -> Caller:
    hash = sha256(text.encode())
    key = edition.key(hash)
    if key is None or _has_ended(key, now):
        raise Problem("who", _UNKNOWN)
    return Caller(key.subject, key.channel, key.organization, key.surface, id_of(hash), hash)


def _by_token(token: str, tokens: Tokens) -> Caller:
    try:
        said = tokens.read(token)
    except BadToken:
        raise Problem("who", _UNKNOWN) from None
    if said.vouches:  # an assertion about an end user is no credential of the organisation
        raise Problem("who", _UNKNOWN)
    return Caller(said.subject, said.channel, "", "api", f"token:{said.subject}")


def _end_user(token: str, caller: Caller, tokens: Tokens, edition: Edition) -> Caller:
    """The end user in the organisation's place. It may vouch for those whom the register knows as its own."""
    try:
        said = tokens.read(token)
    except BadToken:
        raise Problem("who", "The assertion about the end user is not valid.") from None
    if said.vouches != caller.organization:
        raise Problem("who", "The assertion about the end user is not valid.")
    subject = edition.opened.days[edition.day].get(said.subject)
    day = date.fromisoformat(edition.day)
    employers = {each.text for each in (subject.values("employer") or ()) if each.holds(day)} if subject else set()
    own = said.subject.startswith(f"{caller.organization}:") or caller.organization in employers
    if not own:
        raise Problem("unknown-subject", "The organisation vouches for somebody who is not known as its own.")
    return caller._replace(subject=said.subject, channel=said.channel or caller.channel)
