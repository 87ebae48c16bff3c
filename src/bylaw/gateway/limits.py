"""How much anybody may ask for at once: rates and running answers, by key, subject and organisation.

They hold for all workers of a machine together (``tally``). What one worker can hold, whoever it is, is its own.
"""

from collections.abc import Iterator
from typing import Any

from bylaw.gateway.caller.identify import Caller
from bylaw.gateway.problem import Problem
from bylaw.gateway.settings import LimitSettings
from bylaw.gateway.tally import Tally


class Limits:
    """All limits, as one worker keeps them; ``under_way``: its answers."""

    def __init__(self, settings: LimitSettings, tally: Tally) -> None:
        self.settings, self._tally = settings, tally
        self._rates = (settings.key_rate, settings.subject_rate, settings.organization_rate)
        self._most = (settings.key_running, settings.subject_running, settings.organization_running)
        self._is_counted, self._is_rated = any(self._most), any(self._rates)
        self.under_way = 0

    def ask(self, caller: Caller, now: float) -> None:
        """Raise ``Problem`` if one of the rates is used up. ``now`` is of the system's monotonic clock."""
        if not self._is_rated:
            return
        burst = self.settings.burst_seconds
        wait = max((self._tally.take(name, rate, burst, now) for name, rate in _set(caller, self._rates)), default=0.0)
        if wait:
            raise _too_many(wait)

    def running(self, caller: Caller) -> "Running":
        """While an answer is under way: entering it raises ``Problem`` if there are too many."""
        return Running(self, caller)

    def enter(self, caller: Caller) -> list[str]:
        """One more answer; returns the names it counts for. Raises ``Problem``."""
        if self.under_way >= self.settings.running:
            raise Problem("busy", "Too much is under way here.", headers=((b"retry-after", b"1"),))
        counted: list[str] = []
        for name, most in _set(caller, self._most) if self._is_counted else ():
            if not self._tally.enter(name, most):
                self._leave(counted)
                raise _too_many(1.0)
            counted.append(name)
        self.under_way += 1
        return counted

    def leave(self, counted: list[str]) -> None:
        """It is over."""
        self.under_way -= 1
        self._leave(counted)

    def _leave(self, counted: list[str]) -> None:
        for name in counted:
            self._tally.leave(name)


class Running:
    """One answer under way."""

    __slots__ = ("_caller", "_counted", "_limits")

    def __init__(self, limits: Limits, caller: Caller) -> None:
        self._limits, self._caller = limits, caller

    def __enter__(self) -> None:
        self._counted = self._limits.enter(self._caller)

    def __exit__(self, *exc: object) -> None:
        self._limits.leave(self._counted)


def _set(caller: Caller, limits: tuple[float, ...]) -> Iterator[tuple[str, Any]]:
    """What a caller is counted by, with each limit that is set."""
    names = (("key", caller.name), ("subject", caller.subject), ("organization", caller.organization))
    for (kind, name), limit in zip(names, limits, strict=True):
        if name and limit:
            yield f"{kind} {name}", limit


def _too_many(wait: float) -> Problem:
    seconds = b"%d" % max(1, round(wait + 0.5))
    return Problem("too-many", "Too many requests; try again later.", headers=((b"retry-after", seconds),))
