"""A worker: the door, on the port that all workers share, with what it enforces written down."""

import argparse
import asyncio
import gc
import resource
import secrets
import socket
import sys
import time

import uvloop

from bylaw.gateway.caller.tokens import Tokens
from bylaw.gateway.caller.whence import Locator
from bylaw.gateway.door import Door, Parts
from bylaw.gateway.limits import Limits
from bylaw.gateway.log import Log
from bylaw.gateway.meters import Meters
from bylaw.gateway.passages import Passage
from bylaw.gateway.problem import Problem
from bylaw.gateway.processes import child
from bylaw.gateway.processes.server import serve, server_of
from bylaw.gateway.record.coverage import Beats
from bylaw.gateway.record.segment import Segments
from bylaw.gateway.record.writing import Writer
from bylaw.gateway.settings import Place
from bylaw.gateway.snapshot.edition import Edition
from bylaw.gateway.snapshot.follow import Follower, Stale
from bylaw.gateway.state import State
from bylaw.gateway.tally import Tally
from bylaw.gateway.weights import Weights
from bylaw.gateway.wire.connection import connection_class
from bylaw.gateway.wire.upstream import Upstreams

YOUNG = (20_000, 20, 100)
"""When memory is looked through for cycles (``gc.set_threshold``): what some dozens of requests under way hold is more
than Python's 700, and would be looked through again and again only to be found in use.
"""
SWITCH = 0.0005
"""Seconds after which whoever waits for the interpreter gets it: a decision that has been synced is waited for, and
Python's 5 ms would come before the sync and after it.
"""


class Worker:
    """One worker's door and its bookkeeping."""

    def __init__(self, place: Place, number: int) -> None:
        state, settings = State(place), place.settings
        machine = settings.cluster.name if settings.cluster.is_replica else ""
        self.name = f"{machine}-w{secrets.token_hex(6)}".lstrip("-")
        self.settings, self.listen = settings, place.absolute().listen
        self.segments = Segments(state.segments, self.name, settings.record.sync, settings.record.segment_bytes)
        self.beats = Beats(state.coverage, self.name, settings.record.beat_seconds)
        self.follower = Follower(state.snapshot, state.public_key(), settings.snapshot.look_seconds)
        self.follower.changed.append(self.changed)
        self.door = Door(
            Parts(
                settings=settings,
                follower=self.follower,
                tokens=Tokens(settings.issuer, place.path),
                locator=Locator(settings.caller, place.path),
                limits=Limits(settings.limits, Tally(state.tally, number)),
                writer=Writer(self.segments),
                upstreams=Upstreams(settings),
                weights=Weights.noted(state.weights),
                meters=Meters(state.meters, self.name),
                log=Log(self.name),
            )
        )
        self._records: set[asyncio.Task[None]] = set()

    def changed(self, edition: Edition) -> None:
        """Something else is in force: who is no longer allowed is cut, and that it is so is written down."""
        now = time.time()
        cut = self.door.passages.review(edition, now, lambda passage: self._told(edition, passage))
        self.door.parts.meters.count("cut", cut)
        self.door.parts.meters.count("swaps")
        self.door.parts.meters.gauge("version", edition.head.version)
        self.door.parts.meters.gauge("made", edition.head.made)
        self.beats.write(now, edition.head.version, edition.policy.id, cut, time.time())

    def beat(self, ends: bool = False) -> None:
        """What is enforced now."""
        now = time.time()
        try:
            edition, _ = self.follower.current()
            self.beats.write(now, edition.head.version, edition.policy.id, ends=ends)
        except Stale:
            self.beats.write(now, 0, "", ends=ends)
        self.door.parts.meters.gauge("running", len(self.door.passages))

    def _told(self, edition: Edition, passage: Passage) -> None:
        """Record that an answer under way was cut."""
        if passage.ended is not None and passage.started:
            task = asyncio.ensure_future(self._record(edition, passage))
            self._records.add(task)
            task.add_done_callback(self._records.discard)

    async def _record(self, edition: Edition, passage: Passage) -> None:
        assert passage.ended is not None
        try:
            receipt = await self.door.record(edition, passage.ended, time.time())
            self.door.parts.log.event("cut", receipt=receipt)
        except Problem as problem:
            self.door.parts.log.event("cut", receipt="", why=problem.detail)


async def run(worker: Worker, listening: socket.socket) -> None:
    """Serve until told to stop; then let answers under way end, as long as that may take."""
    await worker.follower.turn()
    limits = worker.settings.limits
    server = server_of(
        worker.door,
        worker.listen,
        loop="uvloop",
        http=connection_class(limits, worker.door, lambda: worker.door.parts.meters.count("turned_away")),
        backlog=4096,
        timeout_keep_alive=round(limits.keep_seconds),
        timeout_graceful_shutdown=round(limits.drain_seconds),
    )
    tasks = [asyncio.ensure_future(each) for each in (worker.follower.watch(), _beating(worker))]
    gc.collect()
    gc.freeze()  # what is here now stays; looking through it again and again would cost every request
    gc.set_threshold(*YOUNG)
    sys.setswitchinterval(SWITCH)
    try:
        await serve(server, listening)
    finally:
        for task in tasks:
            task.cancel()
        worker.door.parts.upstreams.close()
        worker.beat(ends=True)
        worker.segments.close()


async def _beating(worker: Worker) -> None:
    while True:
        worker.beat()
        await asyncio.sleep(worker.settings.record.beat_seconds)


def main(args: argparse.Namespace, place: Place) -> None:
    """One worker."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each answer has two connections; `limits` caps them
    listening = socket.socket(fileno=args.socket)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(Worker(place, args.number), listening))


if __name__ == "__main__":
    child.run("worker", main)
