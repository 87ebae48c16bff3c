"""How much anybody may ask for at once: rates and running answers, by key, subject and organisation.

They hold for all workers of a machine together (``tally``). What one worker can hold, whoever it is, is its own.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from bylaw.gateway.caller.identify import Caller
from bylaw.gateway.problem import Problem
from bylaw.gateway.settings import LimitSettings
from bylaw.gateway.tally import Tally


class Limits:
    """All limits, as one worker keeps them."""

    def __init__(self, settings: LimitSettings, tally: Tally) -> None:
        self.settings, self._tally = settings, tally
        self._rates = (settings.key_rate, settings.subject_rate, settings.organization_rate)
        self._most = (settings.key_running, settings.subject_running, settings.organization_running)
        self._is_counted, self._is_rated = any(self._most), any(self._rates)
        self._all = 0

    def ask(self, caller: Caller, now: float) -> None:
        """Raise ``Problem`` if one of the rates is used up. ``now`` is of the system's monotonic clock."""
        if not self._is_rated:
            return
        burst = self.settings.burst_seconds
        wait = max((self._tally.take(name, rate, burst, now) for name, rate in _set(caller, self._rates)), default=0.0)
        if wait:
            raise _too_many(wait)

    @contextmanager
    def running(self, caller: Caller) -> Iterator[None]:
        """While an answer is under way. Raises ``Problem`` if there are too many."""
        if self._all >= self.settings.running:
            raise Problem("busy", "Too much is under way here.", headers=((b"retry-after", b"1"),))
        with ExitStack() as counted:
            for name, most in _set(caller, self._most) if self._is_counted else ():
                if not self._tally.enter(name, most):
                    raise _too_many(1.0)
                counted.callback(self._tally.leave, name)
            self._all += 1
            try:
                yield
            finally:
                self._all -= 1


def _set(caller: Caller, limits: tuple[float, ...]) -> Iterator[tuple[str, Any]]:
    """What a caller is counted by, with each limit that is set."""
    names = (("key", caller.name), ("subject", caller.subject), ("organization", caller.organization))
    for (kind, name), limit in zip(names, limits, strict=True):
        if name and limit:
            yield f"{kind} {name}", limit


def _too_many(wait: float) -> Problem:
    seconds = b"%d" % max(1, round(wait + 0.5))
    return Problem("too-many", "Too many requests; try again later.", headers=((b"retry-after", seconds),))
