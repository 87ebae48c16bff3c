"""Answers under way: looked at again whenever something else is in force, and cut if they are no longer allowed."""

from collections.abc import Callable, Iterator

from bylaw.access.decision import Request
from bylaw.gateway.caller.identify import Caller, is_valid
from bylaw.gateway.snapshot.edition import Edition, Ruled
from bylaw.gateway.wire.exchange import Exchange


class Passage:
    """One answer under way. ``ended`` is the decision that ended it, ``gone`` that the caller has left."""

    __slots__ = ("caller", "ended", "exchange", "gone", "request", "revoked", "task")

    def __init__(self, caller: Caller, request: Request, exchange: Exchange) -> None:
        self.caller, self.request, self.exchange = caller, request, exchange
        self.task = exchange.task
        self.gone = self.revoked = False
        self.ended: Ruled | None = None

    @property
    def started(self) -> bool:
        """Whether something of it was sent."""
        return self.exchange.is_begun

    def leave(self) -> None:
        """The caller has gone."""
        self.gone = True
        self._stop()

    def cut(self) -> None:
        """Nothing more of it is sent."""
        if self.started:
            self.exchange.cut()
        self._stop()

    def _stop(self) -> None:
        if self.task is not None:
            self.task.cancel()


class Passages:
    """All answers under way at a worker."""

    def __init__(self) -> None:
        self._running: set[Passage] = set()

    def __len__(self) -> int:
        return len(self._running)

    def __iter__(self) -> Iterator[Passage]:
        return iter(tuple(self._running))

    def enter(self, passage: Passage) -> None:
        """It is under way, and ends if its caller goes."""
        passage.exchange.on_lost = passage.leave
        self._running.add(passage)

    def leave(self, passage: Passage) -> None:
        """It is over."""
        passage.exchange.on_lost = None
        self._running.discard(passage)

    def review(self, edition: Edition, now: float, tell: Callable[[Passage], None]) -> int:
        """Decide about each again; cut those that are refused or whose key has ended. Returns how many.

        First all are cut, then told: nobody waits for another's record to be written.
        """
        cut = [passage for passage in self._running if not _stands(passage, edition, now)]
        for passage in cut:
            passage.cut()
        for passage in cut:
            tell(passage)
        return len(cut)


def _stands(passage: Passage, edition: Edition, now: float) -> bool:
    caller = passage.caller
    if not is_valid(caller, edition, now):
        passage.revoked = True
        return False
    try:
        ruled = edition.decide(caller.subject, passage.request)
    except Exception:  # noqa: BLE001  nobody has that id any more, or it cannot be decided: then it is not allowed
        passage.revoked = True
        return False
    if ruled.decision.outcome == "allow":
        return True
    passage.ended = ruled
    return False
