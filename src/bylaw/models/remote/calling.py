"""What a call's exceptions mean: come back later, make it again, or stop the run. One reading for all backends."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from bylaw.errors import RemoteError
from bylaw.models.remote.asked import Broken, Busy, Failure, Slow
from bylaw.models.remote.posting import StatusError
from bylaw.models.remote.settings import RemoteSettings

_BUSY = {409, 429, 503, 529}
_LATER = 600.0  # seconds; a longer Retry-After is a server that is not there today


class TooLong(Failure):
    """The server refused the conversation for its length."""


class Refused(RemoteError):
    """The server refuses the question as it is put."""


@contextmanager
def calling(settings: RemoteSettings) -> Iterator[None]:
    """Turn what a call raises into a ``Failure`` or a ``RemoteError``."""
    try:
        yield
    except Exception as error:
        raise _meaning(error, settings) from error


def _meaning(error: Exception, settings: RemoteSettings) -> Exception:
    if isinstance(error, TimeoutError):
        return Slow(f"no answer within {settings.deadline:g} s")
    if isinstance(error, StatusError):
        return _status(error, settings)
    # aiohttp is there only where a server is asked, so its errors are known by name.
    if isinstance(error, OSError) or "ClientError" in {one.__name__ for one in type(error).__mro__}:
        return Broken(f"the connection to {settings.where} broke: {error}")
    return error


def _status(error: StatusError, settings: RemoteSettings) -> Exception:
    status, said = error.status, _said(error)
    if status in (401, 403):
        return RemoteError(
            f"{settings.where} does not accept the key in {settings.key or '(models.judge.key is not set)'} "
            f"({status}: {said}); it may have expired. Everything finished is kept: renew it, and go on"
        )
    if status == 402 or "insufficient_quota" in said:
        return RemoteError(f"{settings.where} says that nothing is left to pay with ({status}: {said})")
    if status in _BUSY:
        return Busy(f"{status}: {said}", _after(error.headers))
    if status >= 500:
        return Broken(f"{status}: {said}")
    if status in (400, 413, 422) and _is_length(said):
        return TooLong(said)
    if status == 404:
        return RemoteError(f"{settings.where} knows no model {settings.model!r}, or no such path ({status}: {said})")
    return Refused(f"{settings.where} refuses the question ({status}: {said})")


def _said(error: StatusError) -> str:
    body = error.body
    inner = body.get("error", body) if isinstance(body, dict) else body
    text = inner.get("message") or inner.get("code") if isinstance(inner, dict) else inner
    code = inner.get("code") if isinstance(inner, dict) else None
    return " ".join(f"{code + ': ' if isinstance(code, str) else ''}{text or error}".split())[:300]


def _is_length(said: str) -> bool:
    low = said.lower()
    return "context_length" in low or (
        any(word in low for word in ("context", "too long", "maximum", "too many tokens"))
        and any(word in low for word in ("length", "window", "token", "long"))
    )


def _after(headers: Any) -> float | None:
    """Seconds of ``Retry-After`` (RFC 9110 §10.2.3: a number or a date) or of ``retry-after-ms``."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        said = headers.get(name)
        if said is None:
            continue
        try:
            return min(max(float(said) * scale, 0.0), _LATER)
        except ValueError:
            pass
        try:
            left = parsedate_to_datetime(said) - datetime.now(UTC)
        except (ValueError, TypeError):
            continue
        return min(max(left.total_seconds(), 0.0), _LATER)
    return None
