"""What a call's exceptions mean: come back later, make it again, or stop the run. One reading for all backends."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from bylaw.errors import RemoteError
from bylaw.models.remote.asked import Broken, Busy, Failure, Request, Slow
from bylaw.models.remote.posting import StatusError
from bylaw.models.remote.saying import shown
from bylaw.models.remote.settings import RemoteSettings

_BUSY = {409, 429, 503, 529}
_LATER = 600.0  # seconds; a longer Retry-After is a server that is not there today


class TooLong(Failure):
    """The server refused the conversation for its length."""


class Refused(RemoteError):
    """The server refuses the question as it is put."""


@contextmanager
def calling(settings: RemoteSettings, asked: Sequence[Request] = ()) -> Iterator[None]:
    """Turn what a call raises into a ``Failure`` or a ``RemoteError``, which repeat neither the key nor what was asked.

    What reads the answer belongs inside: what it finds instead of one is shown too.
    """
    try:
        yield
    except Exception as error:
        raise _meaning(error, settings, asked) from error


def _meaning(error: Exception, settings: RemoteSettings, asked: Sequence[Request]) -> Exception:
    if isinstance(error, TimeoutError):
        return Slow(f"no answer within {settings.deadline:g} s")
    if isinstance(error, StatusError):
        return _status(error, settings, asked)
    if isinstance(error, Broken):
        return Broken(shown(error, settings, asked))
    # aiohttp is there only where a server is asked, so its errors are known by name.
    if isinstance(error, OSError) or "ClientError" in {one.__name__ for one in type(error).__mro__}:
        return Broken(f"the connection to {settings.where} broke: {shown(error, settings, asked)}")
    return error


def _status(error: StatusError, settings: RemoteSettings, asked: Sequence[Request]) -> Exception:
    status, raw = error.status, _said(error)
    said = shown(raw, settings, asked)
    if status in (401, 403):
        return RemoteError(
            f"{settings.where} does not accept the key in {settings.key or '(models.judge.key is not set)'} "
            f"({status}: {said}); it may have expired. Everything finished is kept: renew it, and go on"
        )
    if status == 402 or "insufficient_quota" in raw:
        return RemoteError(f"{settings.where} says that nothing is left to pay with ({status}: {said})")
    if status in _BUSY:
        return Busy(f"{status}: {said}", _after(error.headers))
    if status >= 500:
        return Broken(f"{status}: {said}")
    if 300 <= status < 400:
        there = shown(error.headers.get("location", "nowhere"), settings, asked)
        return Refused(f"{settings.where} sends elsewhere ({status}: {there}), and keys are sent to no third place")
    if status in (400, 413, 422) and _is_length(raw):
        return TooLong(said)
    if status == 404:
        return RemoteError(f"{settings.where} knows no model {settings.model!r}, or no such path ({status}: {said})")
    return Refused(f"{settings.where} refuses the question ({status}: {said})")


def _said(error: StatusError) -> str:
    body = error.body
    inner = body.get("error", body) if isinstance(body, dict) else body
    text = inner.get("message") or inner.get("code") if isinstance(inner, dict) else inner
    code = inner.get("code") if isinstance(inner, dict) else None
    try:
        return f"{code + ': ' if isinstance(code, str) else ''}{text or body or 'it says nothing else'}"
    except RecursionError:
        return "what it says is nested too deeply"


def _is_length(said: str) -> bool:
    low = said.lower()
    return "context_length" in low or (
        any(word in low for word in ("context", "too long", "maximum", "too many tokens"))
        and any(word in low for word in ("length", "window", "token", "long"))
    )


def _after(headers: Any) -> float | None:
    """Seconds of ``Retry-After`` (RFC 9110 §10.2.3: a number or a date) or ``retry-after-ms``; None if it has none."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        left = _seconds(headers.get(name), scale)
        if left is not None and not math.isnan(left):
            return min(max(left, 0.0), _LATER)
    return None


def _seconds(said: str | None, scale: float) -> float | None:
    if said is None:
        return None
    try:
        return float(said) * scale
    except ValueError:
        pass
    try:
        return (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
