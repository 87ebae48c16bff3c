"""One question, however often it takes: cache, budget, window, deadline, and calls made again.

A call that failed is made again after a full-jitter wait (drawn evenly from 0 to a bound that doubles: Brooker, AWS
2015); *busy* does not count as a failed attempt, and closes the window for all: for as long as
the server asks, if that is a second or more, else as after a failure. What came back is entered, kept and
only then handed on, so nothing that was paid for is lost with what fails beside it.
"""

import asyncio
import random
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar, cast

from bylaw.errors import RemoteError
from bylaw.models.base import Usage
from bylaw.models.remote.asked import Backend, Busy, Failure, Reply, Request, Slow
from bylaw.models.remote.cache import Cache
from bylaw.models.remote.calling import Refused, TooLong
from bylaw.models.remote.drift import Watch
from bylaw.models.remote.heard import Heard
from bylaw.models.remote.limit import Held, Limit
from bylaw.models.remote.replies import row
from bylaw.models.remote.settings import RemoteSettings
from bylaw.models.remote.spending import Spending

T = TypeVar("T")

_WAIT, _LONGEST = 0.5, 30.0  # seconds: bound of the first wait, and of any
_SAID = 1.0  # seconds: a shorter wait is not worth a word
_EVERY = 20  # calls, before their usual time is worked out anew
_PATIENCE = 4  # times the usual time of an answer, after which a call no longer holds up others


class Caller:
    """Asks one server. Everything it counts, it counts for the run."""

    def __init__(
        self, settings: RemoteSettings, backend: Backend, cache: Cache, spending: Spending, usage: Usage, watch: Watch
    ) -> None:
        self.settings = settings
        self.backend = backend
        self.cache = cache
        self.spending = spending
        self.usage = usage
        self.watch = watch
        self.heard = Heard(settings, backend, cache)
        self.limit = Limit(settings.concurrency, settings.deadline)
        self.paid = 0
        self.stopped: Exception | None = None
        self._end = asyncio.Event()
        self.meet: Callable[[], Awaitable[None]] | None = None
        self._meeting = asyncio.Lock()
        self._flying: dict[str, asyncio.Future[Reply]] = {}
        self._answered = time.monotonic()
        self.sizes = 0, 0
        self._times: deque[float] = deque(maxlen=200)
        self._timed, self._usual = 0, cast(float | None, None)
        self._random = random.Random()

    @property
    def usual(self) -> float | None:
        """Median seconds of the last calls, looked at every twenty; None before there are enough."""
        return self._usual

    async def ask(self, requests: Sequence[Request]) -> list[Reply]:
        """The answers of questions that share a stem: the first alone, then the others together on its warm prefix."""
        first, rest = requests[:1], requests[1:]
        answers = await self._known_or_asked(first)
        if rest:
            size = self.settings.batch if self.backend.batches else 1
            groups = [rest[at : at + size] for at in range(0, len(rest), size)]
            for made in await gathered([self._known_or_asked(group) for group in groups]):
                answers += made
        return answers

    async def fresh(self, requests: Sequence[Request]) -> list[Reply]:
        """Answers that the cache may not give: to see whether the server still says what it said."""
        return [reply for made in await gathered([self._call([one]) for one in requests]) for reply in made]

    async def _known_or_asked(self, requests: Sequence[Request]) -> list[Reply]:
        keys = [request.key(self.watch.served) for request in requests]
        known = {key: self.heard.unsure[key] for key in keys if key in self.heard.unsure} | self.cache.find(keys)
        flying = {key: self._flying[key] for key in keys if key not in known and key in self._flying}
        missing = {
            key: request for key, request in zip(keys, requests, strict=True) if key not in known and key not in flying
        }
        if missing:
            known |= await self._flown(missing)
        for key, future in flying.items():
            known[key] = await asyncio.shield(future)
        for key, request in zip(keys, requests, strict=True):
            if key not in missing:
                self.spending.recall(request, self.settings.model)
                self.usage.reused_tokens += known[key].prompt_tokens
        return [known[key] for key in keys]

    async def _flown(self, missing: dict[str, Request]) -> dict[str, Reply]:
        """Ask, and let others who want the same wait for it."""
        loop = asyncio.get_running_loop()
        futures = {key: loop.create_future() for key in missing}
        self._flying |= futures
        try:
            made = dict(zip(missing, await self._call(list(missing.values()), list(missing)), strict=True))
        except BaseException as error:
            for future in futures.values():
                failed = error if isinstance(error, Exception) else RemoteError("the run was stopped")
                future.set_exception(failed)
                future.exception()  # whoever waits sees it; nobody has to
            raise
        finally:
            for key in missing:
                del self._flying[key]
        for key, future in futures.items():
            future.set_result(made[key])
        return made

    def begin(self) -> None:
        """Go on, whatever stopped the run before. What was done since is no silence of the server's."""
        self.heard.begin(anew=self.stopped is not None)
        self.stopped, self._end = None, asyncio.Event()
        self._answered = time.monotonic()

    def stop(self, error: Exception) -> None:
        """Ask nothing new, and wait for nobody's turn; the first error is the one that is told."""
        self.stopped = self.stopped or error
        self._end.set()
        self.limit.reopen()

    async def _call(self, requests: list[Request], keys: list[str] | None = None) -> list[Reply]:
        """Answers, whatever it takes. An error that ends the run stops it here: others may be waiting in a row."""
        try:
            if keys is not None and self.meet is not None:
                await self._met()
            return await self._tried(requests, keys)
        except RemoteError as error:
            if keys is not None or not isinstance(error, Refused):  # who meets the server may take a no for an answer
                self.stop(error)
            raise

    async def _met(self) -> None:
        async with self._meeting:
            if self.meet is not None:
                await self.meet()
                self.meet = None

    async def _tried(self, requests: list[Request], keys: list[str] | None) -> list[Reply]:
        failed = refused = 0
        while True:
            try:
                return await self._once(requests, keys)
            except TooLong as too_long:
                return await self._too_long(requests, keys, too_long)
            except Busy as busy:
                self._note(requests, False)
                self._close(busy, refused)
                refused += 1
            except Failure as failure:
                self._note(requests, isinstance(failure, Slow))
                failed += 1
                if failed >= self.settings.attempts:
                    raise RemoteError(
                        f"{self.settings.where} failed {failed} times in a row on one question: "
                        f"{failure}{'. Every other answer is kept' if self.paid else ''}"
                    ) from failure
                await self._rest(self._jitter(failed))

    async def _once(self, requests: list[Request], keys: list[str] | None) -> list[Reply]:
        async with self.limit.slots(len(requests)) as held:
            while not self.spending.fits(requests):  # raises where waiting cannot help
                await asyncio.sleep(0.01)
            self.require_going_on()
            with self.spending.holding(requests):
                began = time.monotonic()
                replies = await self._sent(requests, held)
                seconds = time.monotonic() - began
                self._count(requests, keys, replies, seconds)
        self.limit.answered(seconds)
        return replies

    async def _sent(self, requests: list[Request], held: Held) -> list[Reply]:
        """One call within its deadline; one that takes far longer than others stops holding them up."""
        usual = self.usual
        loop = asyncio.get_running_loop()
        letting = loop.call_later(max(_PATIENCE * usual, 1.0), held.give_back) if usual else None
        try:
            async with asyncio.timeout(self.settings.deadline):
                return await self.backend.send(requests)
        except TimeoutError as error:
            raise Slow(f"no answer within {self.settings.deadline:g} s") from error
        finally:
            if letting:
                letting.cancel()

    def _count(self, requests: list[Request], keys: list[str] | None, replies: list[Reply], seconds: float) -> None:
        """Enter, check and keep answers, in this order: paid is paid, and what another model said is not kept."""
        self._answered = time.monotonic()
        self._times.append(seconds)
        self._timed += 1
        if self._timed % _EVERY == 0:
            self._usual = sorted(self._times)[len(self._times) // 2]
        self.spending.pay(list(zip(requests, replies, strict=True)), self.settings.model)
        self.paid += len(replies)
        for reply in replies:
            self.usage.prompt_tokens += reply.prompt_tokens - reply.cached_tokens
            self.usage.reused_tokens += reply.cached_tokens
            self.usage.generated_tokens += reply.generated_tokens
        characters = self.sizes[0] + sum(len(request.text) for request in requests)
        self.sizes = characters, self.sizes[1] + sum(reply.prompt_tokens for reply in replies)
        if keys is None:
            return
        for request, reply in zip(requests, replies, strict=True):
            self.watch.same(reply)
            if request.options is not None and not self.backend.sampled:
                row(request, reply, self.settings.exact)  # what cannot be read must not be kept
        answered = zip(keys, requests, replies, strict=True)
        self.cache.put([(key, reply) for key, request, reply in answered if self.heard.take(key, request, reply)])
        self.heard.require()

    async def _too_long(self, requests: list[Request], keys: list[str] | None, refused: TooLong) -> list[Reply]:
        """A refused call of several says not which of them was too long: they are asked one by one."""
        if len(requests) > 1:
            parts = [self._call([one], [key]) for one, key in zip(requests, keys or [], strict=True)]
            return [reply for made in await gathered(parts) for reply in made]
        reply = Reply(finish="too_long", served=self.watch.served, text=str(refused))
        if keys:
            self.cache.put([(keys[0], reply)])
        return [reply]

    def _note(self, requests: list[Request], billed: bool) -> None:
        self.spending.fail(requests, self.settings.model, billed)
        self.require_going_on()

    def is_stopped(self) -> bool:
        """Whether something stopped the run."""
        return self.stopped is not None

    def require_going_on(self) -> None:
        """Raise what stopped the run, if something did."""
        if self.stopped:
            raise self.stopped

    def _close(self, busy: Busy, times: int) -> None:
        """Send nothing for as long as the server asks, but no longer than it is waited for at all."""
        silent = time.monotonic() - self._answered
        left = self.settings.give_up - silent
        if left <= 0:
            raise RemoteError(f"{self.settings.where} has answered nothing for {silent:.0f} s, and says: {busy}")
        asked = busy.after or 0.0
        wait = min(asked if asked >= 1 else max(asked, self._jitter(times)), left)
        if self.limit.busy(wait) and wait >= _SAID:
            over = "\r" if sys.stderr.isatty() else ""  # how far the verb is stands there
            print(f"{over}{f'{self.settings.where} is busy, waiting {wait:.0f} s':<70}".rstrip(" "), file=sys.stderr)

    async def _rest(self, seconds: float) -> None:
        """Wait, but not for a run that has ended."""
        try:
            async with asyncio.timeout(seconds):
                await self._end.wait()
        except TimeoutError:
            return

    def _jitter(self, failed: int) -> float:
        return self._random.uniform(0, min(_LONGEST, _WAIT * 2 ** min(failed, 10)))


async def gathered(work: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """All results; where some fail, the others are waited for first, so that what they paid for is kept."""
    done = await asyncio.gather(*work, return_exceptions=True)
    for one in done:
        if isinstance(one, BaseException):
            raise one
    return cast(list[T], done)
