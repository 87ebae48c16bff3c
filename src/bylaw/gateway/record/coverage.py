"""Which worker enforced which policy from when to when, as the workers themselves say.

A worker writes a line when another policy takes its place, and one every few seconds while it lives. Between two lines
of one worker that are further apart than ``SLACK`` beats nothing is attested, and that shows as a gap. It is a claim
of this software about itself: it says what an honest worker did, not that no other way to the model exists.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import msgspec

from bylaw.storage import line_of, read_records

SLACK = 3.0


class Beat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """At ``at`` the worker enforces this policy, from snapshot ``version``; nothing: it enforces none, and lets nobody
    through.

    ``every``: seconds to the next at the most. ``cut``: running answers that this change ended; ``swept`` is when the
    last of them was, after which those it refuses were sent nothing.
    """

    at: float
    worker: str
    version: int = 0
    policy: str = ""
    every: float
    cut: int = 0
    swept: float = 0.0
    ends: bool = False


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """One worker, one policy, from when to when; ``gap``: in it nothing is attested."""

    worker: str
    policy: str
    version: int
    start: float
    end: float
    cut: int = 0
    swept: float = 0.0
    gap: bool = False


class Beats:
    """A worker's own lines. They are not synced one by one: what a loss of power takes shows as a gap."""

    def __init__(self, folder: Path, worker: str, every: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / f"{worker}.jsonl").open("ab", buffering=0)
        self.worker, self.every = worker, every

    def write(self, at: float, version: int, policy: str, cut: int = 0, swept: float = 0.0, ends: bool = False) -> None:
        """One line."""
        beat = Beat(
            at=at, worker=self.worker, version=version, policy=policy, every=self.every, cut=cut, swept=swept, ends=ends
        )
        with suppress(OSError):  # what cannot be written down shows as a gap
            self._file.write(line_of(beat))


def read(folder: Path) -> Iterator[Beat]:
    """Every line of every worker, one worker after the other."""
    for path in sorted(folder.glob("*.jsonl")):
        yield from read_records(path, Beat, torn=True)


def intervals(beats: Iterable[Beat], now: float) -> Iterator[Interval]:
    """What the lines attest, and the gaps between."""
    for worker, lines in groupby(beats, key=lambda each: each.worker):
        run: Interval | None = None
        last: Beat | None = None
        for beat in lines:
            if run is not None and last is not None:
                missing = beat.at - last.at > SLACK * last.every
                end = last.at if missing else beat.at
                run = msgspec.structs.replace(run, end=end)
                if missing:
                    yield run
                    yield _gap(worker, end, beat.at)
                    run = None
                elif (beat.policy, beat.version) != (run.policy, run.version):
                    yield run
                    run = None
            run = run or _begin(beat)
            last = beat
        if run is not None and last is not None:
            yield run
            if not last.ends and now - last.at > SLACK * last.every:
                yield _gap(worker, last.at, now)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A policy came into force at the workers, one after the other: the first, the last, and what it ended.

    From ``swept`` on none of them sent anything to whom the policy refuses.
    """

    policy: str
    first: float
    last: float
    cut: int
    swept: float


def changes(found: Iterable[Interval]) -> Iterator[Change]:
    """Each policy that came into force, in the order in which it did."""
    begun: dict[str, list[Interval]] = {}
    for each in found:
        if each.policy:
            begun.setdefault(each.policy, []).append(each)
    for policy, own in sorted(begun.items(), key=lambda item: min(each.start for each in item[1])):
        first = {worker: min(lines, key=lambda each: each.start) for worker, lines in _by_worker(own).items()}.values()
        yield Change(
            policy=policy,
            first=min(each.start for each in first),
            last=max(each.start for each in first),
            cut=sum(each.cut for each in own),
            swept=max(max(each.start, each.swept) for each in first),
        )


def _by_worker(found: Iterable[Interval]) -> dict[str, list[Interval]]:
    workers: dict[str, list[Interval]] = {}
    for each in found:
        workers.setdefault(each.worker, []).append(each)
    return workers


def stamp_of(seconds: float) -> str:
    """An instant with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _begin(beat: Beat) -> Interval:
    return Interval(
        worker=beat.worker,
        policy=beat.policy,
        version=beat.version,
        start=beat.at,
        end=beat.at,
        cut=beat.cut,
        swept=beat.swept,
    )


def _gap(worker: str, start: float, end: float) -> Interval:
    return Interval(worker=worker, policy="", version=0, start=start, end=end, gap=True)
