"""A time after which something is too late.

It is moved at every step of a connection, so it costs an addition: one timer of the loop is armed, and when it fires
before the time that was set last, it is armed again.
"""

import asyncio
from collections.abc import Callable
from math import inf


class Alarm:
    """Calls ``late`` once the time that was set last has come; ``clear`` and ``cancel`` prevent it."""

    __slots__ = ("_due", "_fires", "_late", "_loop", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, late: Callable[[], None]) -> None:
        self._loop, self._late = loop, late
        self._due = self._fires = inf
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float) -> None:
        """So many seconds from now, whatever was set before."""
        self._due = self._loop.time() + seconds
        if self._due < self._fires:
            self._arm()

    def clear(self) -> None:
        """Nothing is waited for."""
        self._due = inf

    def cancel(self) -> None:
        """The same, for good: it holds nothing and nobody any more."""
        self._due = self._fires = inf
        self._late = _nothing
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._fires = self._due
        self._timer = self._loop.call_at(self._due, self._fired)

    def _fired(self) -> None:
        self._timer, self._fires = None, inf
        if self._due <= self._loop.time():
            self._due = inf
            self._late()
        elif self._due < inf:
            self._arm()


def _nothing() -> None:
    """What is done when nothing is late."""
