"""A worker's watch over the head: a new one is verified, opened beside the old one, and put in its place at once.

What is in force is known only while a head is young enough by this machine's clock and by the time that has passed
here, so that neither a clock set back nor a publisher that died makes an old one last longer. A head of a lower
version is not taken.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bylaw.errors import BylawError
from bylaw.gateway.snapshot.edition import Edition, instant_of, least_of, open_parts
from bylaw.gateway.snapshot.head import NAME, read_head
from bylaw.gateway.snapshot.parts import Parts
from bylaw.signing import PublicKey

AHEAD = 5.0
"""Seconds that a publisher's clock may be ahead of this one's."""


class Clock(NamedTuple):
    """Seconds since 1970, which may jump; and seconds since some moment, which do not."""

    wall: Callable[[], float] = time.time
    steady: Callable[[], float] = time.monotonic


class Stale(Exception):
    """What is in force is not known; says why."""


class Follower:
    """What is in force at one worker. ``changed`` are told of every edition after it has taken its place."""

    def __init__(self, folder: Path, key: PublicKey, look: float, clock: Clock | None = None) -> None:
        self.folder, self.key, self.look, self.clock = folder, key, look, clock or Clock()
        self.changed: list[Callable[[Edition], None]] = []
        self.fault = "no snapshot has come yet"
        self._edition: Edition | None = None
        self._seen: tuple[int, int, int] | None = None
        self._dies = 0.0

    @property
    def edition(self) -> Edition | None:
        """The last one, young enough or not."""
        return self._edition

    def current(self) -> tuple[Edition, float]:
        """What is in force now, and the time it is. Raises ``Stale``."""
        edition, now = self._edition, self.clock.wall()
        if edition is None:
            raise Stale(self.fault)
        made = edition.head.made
        if now - made >= edition.head.max_age or self.clock.steady() >= self._dies:
            raise Stale(f"the last snapshot is older than {edition.head.max_age:g} seconds; {self.fault}".rstrip("; "))
        now = max(now, edition.least)
        if not edition.begins <= now < edition.ends:
            edition = self._turned(edition, now)
        return edition, now

    async def watch(self) -> None:
        """Look for a new head until cancelled."""
        while True:
            await self.turn()
            await asyncio.sleep(self.look)

    async def turn(self) -> None:
        """Take a new head if there is one, and let the rules change by their own dates."""
        try:
            found = (self.folder / NAME).stat()
            seen = found.st_ino, found.st_mtime_ns, found.st_size
            if seen != self._seen:
                await self._take()
                self._seen = seen
            elif self._edition is not None:
                self.current()
        except Stale:
            pass
        except Exception as error:  # noqa: BLE001  whatever is wrong with a head, the one before goes on until its age
            self.fault = str(error)

    async def _take(self) -> None:
        head, before = read_head(self.folder, self.key), self._edition
        now, steady = self.clock.wall(), self.clock.steady()
        if before is not None and head.version <= before.head.version:
            self.fault = f"a head of version {head.version} came after {before.head.version}, and was not taken"
            return
        if head.made > now + AHEAD:
            self.fault = f"version {head.version} was made {head.made - now:.0f} seconds in the future"
            return
        opened = await asyncio.to_thread(open_parts, Parts(self.folder), head, before)
        at = instant_of(max(now, least_of(head)))
        edition = before.renewed(head, opened, at) if before else Edition(head, opened, at)
        self._dies = steady + head.max_age - max(0.0, now - head.made)
        self.fault = ""
        self._put(edition)

    def _turned(self, edition: Edition, now: float) -> Edition:
        """The same head at another instant. Raises ``Stale``."""
        try:
            turned = Edition(edition.head, edition.opened, instant_of(now))
        except BylawError as error:
            raise Stale(str(error)) from error
        self._put(turned)
        return turned

    def _put(self, edition: Edition) -> None:
        self._edition = edition
        for tell in self.changed:
            tell(edition)
