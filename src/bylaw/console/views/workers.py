"""Workers and the policy each enforces: what they wrote last, what they count, and where they say nothing."""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bylaw.console.desk import Desk
from bylaw.console.views.sources import head_of
from bylaw.gateway import meters
from bylaw.gateway.record.coverage import SLACK, Beat, Change, Interval, changes, intervals
from bylaw.gateway.snapshot.head import Head

SHOWN = 24 * 3600
"""Seconds of the past that are shown."""
END = 1 << 20
"""Bytes that are read of a worker's lines, from the end: a day and more of beats."""


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """``seen`` is its last line, seconds since 1970; ``behind``: it enforces another version than what is in force."""

    name: str
    version: int
    policy: str
    seen: float
    silent: bool
    ended: bool
    behind: bool
    running: int
    decided: int


class Workers(msgspec.Struct, frozen=True, kw_only=True):
    """``head`` is what is in force (None, and ``fault`` says why); ``age`` its seconds, of ``head.max_age`` at most;
    ``expected`` workers there should be."""

    head: Head | None
    fault: str
    age: float
    workers: tuple[Worker, ...]
    expected: int
    intervals: tuple[Interval, ...]
    changes: tuple[Change, ...]

    @property
    def stale(self) -> bool:
        """Whether nobody is let through any more for want of a fresh snapshot."""
        return self.head is None or not -5 <= self.age < self.head.max_age

    @property
    def alive(self) -> tuple[Worker, ...]:
        """Those that have not ended."""
        return tuple(each for each in self.workers if not each.ended)

    @property
    def missing(self) -> int:
        """How many of those that there should be say nothing. One that was killed and replaced is not missed."""
        return max(0, self.expected - sum(not each.silent for each in self.alive))

    @property
    def wrong(self) -> int:
        """How many are behind, or missing."""
        return self.missing + sum(each.behind and not each.silent for each in self.alive)

    @property
    def gaps(self) -> int:
        """Times in which nothing is attested."""
        return sum(each.gap for each in self.intervals)


def workers(desk: Desk) -> Workers:
    """What they attest for the last day."""
    now = desk.clock()
    head, fault = head_of(desk)
    beats = list(_beats(desk.state.coverage, now - SHOWN))
    last = {beat.worker: beat for beat in beats}
    counted = meters.read(desk.state.meters)
    found = [_worker(beat, counted.get(name, {}), head, now) for name, beat in last.items()]
    shown = sorted(intervals(beats, now), key=lambda each: (-each.end, each.worker))
    return Workers(
        head=head,
        fault=fault,
        age=now - head.made if head else 0.0,
        workers=tuple(sorted(found, key=lambda each: (each.ended, -each.seen, each.name))),
        expected=desk.place.settings.workers,
        intervals=tuple(shown),
        changes=tuple(reversed(list(changes(intervals(beats, now))))),
    )


def _worker(beat: Beat, counted: dict[str, float], head: Head | None, now: float) -> Worker:
    ended = beat.ends
    return Worker(
        name=beat.worker,
        version=beat.version,
        policy=beat.policy,
        seen=beat.at,
        silent=not ended and now - beat.at > SLACK * beat.every,
        ended=ended,
        behind=not ended and head is not None and _lags(beat, counted, head, now),
        running=int(counted.get("running", 0)),
        decided=int(sum(counted.get(f"decision:{each}", 0) for each in ("allow", "hold", "refuse"))),
    )


def _lags(beat: Beat, counted: dict[str, float], head: Head, now: float) -> bool:
    """A renewed head is told of by the counters first; a beat follows within its time."""
    version = max(beat.version, int(counted.get("version", 0)))
    return version < head.version and now - head.made > beat.every


def _beats(folder: Path, since: float) -> Iterator[Beat]:
    """The last lines of every worker, one worker after the other."""
    decode = msgspec.json.Decoder(Beat).decode
    for path in sorted(folder.glob("*.jsonl")):
        if path.stat().st_mtime < since:
            continue
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - END))
            lines = file.read().split(b"\n")[:-1]
        for line in lines[1:] if size > END else lines:
            beat = decode(line)
            if beat.at >= since:
                yield beat
