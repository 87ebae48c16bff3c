"""How many calls are under way: additive increase, multiplicative decrease (Chiu and Jain 1989).

It begins at the ceiling, since that is what the user believes the server holds. A server that says *busy* is believed:
nothing is sent for as long as it asks, and then less. The growth back is a twentieth of the ceiling a round trip.
Answers that take more than half of the deadline are a queue, and shrink the window too.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_SHRINK = 0.7
_RECENT = 32  # answers whose median tells a queue from a slow one


class Limit:
    """A window of slots. ``clock`` is seconds, monotonic."""

    def __init__(self, ceiling: int, deadline: float) -> None:
        self.ceiling = ceiling
        self.window = float(ceiling)
        self.used = 0
        self._deadline = deadline
        self._closed_until = 0.0
        self._shrunk = 0.0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._recent: deque[float] = deque(maxlen=_RECENT)
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def slots(self, wanted: int) -> AsyncIterator["Held"]:
        """Hold ``wanted`` slots (no more than there are), first come, first served."""
        held = Held(self, min(wanted, self.ceiling))
        await self._take(held.size)
        try:
            yield held
        finally:
            held.give_back()

    async def room(self) -> None:
        """Wait until a slot is free that nobody waits for: then there is room for something new."""
        while self._waiting or not self._fits(1):
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append((0, turn))
            self._wake()
            await turn

    def answered(self, seconds: float) -> None:
        """A call came back."""
        self._recent.append(seconds)
        if len(self._recent) == _RECENT and sorted(self._recent)[_RECENT // 2] > self._deadline / 2:
            self._recent.clear()
            self._shrink()
        else:
            self.window = min(float(self.ceiling), self.window + self.ceiling / 20 / max(self.window, 1.0))
        self._wake()

    def busy(self, after: float) -> bool:
        """The server said so: nothing goes out for ``after`` seconds. Returns whether that is news."""
        now = time.monotonic()
        closed, self._closed_until = self._closed_until, max(self._closed_until, now + after)
        self._shrink()
        return closed <= now

    def reopen(self) -> None:
        """Nobody waits for the server any more."""
        self._closed_until = 0.0
        self._wake()

    def _shrink(self) -> None:
        now = time.monotonic()
        if now - self._shrunk > max(1.0, self._closed_until - now):  # one storm, one decrease
            self._shrunk = now
            self.window = max(1.0, self.window * _SHRINK)

    def _fits(self, size: int) -> bool:
        if time.monotonic() < self._closed_until:
            return False
        return self.used == 0 or self.used + size <= int(self.window)

    async def _take(self, size: int) -> None:
        if not self._waiting and self._fits(size):
            self.used += size
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        self._wake()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release(size)
            raise

    def release(self, size: int) -> None:
        """Give slots back."""
        self.used -= size
        self._wake()

    def _wake(self) -> None:
        while self._waiting:
            size, turn = self._waiting[0]
            if turn.cancelled():
                self._waiting.popleft()
                continue
            if not self._fits(size or 1):
                break
            self._waiting.popleft()
            self.used += size
            turn.set_result(None)
        left = self._closed_until - time.monotonic()
        if self._waiting and left > 0 and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(left + 0.001, self._open)

    def _open(self) -> None:
        self._timer = None
        self._wake()


class Held:
    """Slots in hand. One that waits far longer than the others gives its slots up, and goes on waiting."""

    def __init__(self, limit: Limit, size: int) -> None:
        self.size = size
        self._limit = limit
        self._given = False

    def give_back(self) -> None:
        """Let others have the slots; once."""
        if not self._given:
            self._given = True
            self._limit.release(self.size)
