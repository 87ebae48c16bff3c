"""How much anybody may ask for at once: rates and running answers, by key, subject and organisation, in one worker.

A rate is a token bucket that is filled as time passes. What nobody has used for a while is forgotten; so memory is
bounded by who is active.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from bylaw.gateway.caller.identify import Caller
from bylaw.gateway.problem import Problem
from bylaw.gateway.settings import LimitSettings

FORGET = 1 << 16
"""Buckets after which full ones are dropped."""


class Buckets:
    """Token buckets of one rate."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._most = rate, max(1.0, rate * burst)
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, name: str, now: float) -> float:
        """Take one token; returns 0, or in how many seconds there will be one."""
        if not self._rate or not name:
            return 0.0
        left, last = self._left.get(name, (self._most, now))
        left = min(self._most, left + max(0.0, now - last) * self._rate)
        if left < 1.0:
            return (1.0 - left) / self._rate
        if len(self._left) >= FORGET:
            self._forget(now)
        self._left[name] = (left - 1.0, now)
        return 0.0

    def _forget(self, now: float) -> None:
        full = self._most / self._rate
        self._left = {name: each for name, each in self._left.items() if now - each[1] < full}


class Limits:
    """All limits of a worker."""

    def __init__(self, settings: LimitSettings) -> None:
        self.settings = settings
        burst = settings.burst_seconds
        self._rates = [
            Buckets(rate, burst) for rate in (settings.key_rate, settings.subject_rate, settings.organization_rate)
        ]
        self._most = (settings.key_running, settings.subject_running, settings.organization_running)
        self._running: tuple[dict[str, int], ...] = ({}, {}, {})
        self._all = 0

    def ask(self, caller: Caller, now: float) -> None:
        """Raise ``Problem`` if one of the rates is used up. ``now`` does not jump."""
        names = (caller.name, caller.subject, caller.organization)
        wait = max(bucket.take(name, now) for bucket, name in zip(self._rates, names, strict=True))
        if wait:
            raise _too_many(wait)

    @contextmanager
    def running(self, caller: Caller) -> Iterator[None]:
        """While an answer is under way. Raises ``Problem`` if there are too many."""
        if self._all >= self.settings.running:
            raise Problem("busy", "Too much is under way here.", headers=((b"retry-after", b"1"),))
        names = (caller.name, caller.subject, caller.organization)
        counted = [
            (each, name, most)
            for each, name, most in zip(self._running, names, self._most, strict=True)
            if most and name
        ]
        if any(each.get(name, 0) >= most for each, name, most in counted):
            raise _too_many(1.0)
        self._all += 1
        for each, name, _ in counted:
            each[name] = each.get(name, 0) + 1
        try:
            yield
        finally:
            self._all -= 1
            for each, name, _ in counted:
                each[name] -= 1
                if not each[name]:
                    del each[name]


def _too_many(wait: float) -> Problem:
    seconds = b"%d" % max(1, round(wait + 0.5))
    return Problem("too-many", "Too many requests; try again later.", headers=((b"retry-after", seconds),))
