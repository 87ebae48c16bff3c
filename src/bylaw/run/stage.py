"""One stage at work: records come in chunk by chunk, and a finished chunk is never done twice.

A chunk is a fixed set of record ids in a fixed order; it is written whole or not at all. What a chunk holds
may depend only on its items, the stage's inputs and seeds made from ids, never on the chunks before it: then
a stage killed at any moment and started again ends with the bytes of one that ran through.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from bylaw import records
from bylaw.canonical import digest, sha256
from bylaw.errors import RunCorrupt, RunError, UsageError
from bylaw.lineage.left_out import LEFT_OUT
from bylaw.lineage.tree import file_digest
from bylaw.records import Record
from bylaw.run.working import Working
from bylaw.storage import line_of, write_bytes, writing

RECORD_TYPES: dict[str, type[Record]] = {
    type.kind: type
    for type in (
        records.Prompt,
        records.Response,
        records.Critique,
        records.Revision,
        records.Comparison,
        records.Label,
        records.Reward,
        records.Sample,
        records.Measurement,
    )
}
"""The kinds of record a run keeps, in the order in which the method makes them."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


class Identified(Protocol):
    """Whatever has an id: a record, or an item made of several."""

    @property
    def id(self) -> str: ...


Item = TypeVar("Item", bound=Identified)


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a stage is. ``seconds`` and ``tokens`` count this process's work only: their ratio is a speed.

    ``resumed`` of the ``done`` items were already there when the stage began.
    """

    stage: str
    done: int
    total: int
    resumed: int
    seconds: float
    tokens: float

    @property
    def seconds_left(self) -> float | None:
        """At the speed so far; None before there is one."""
        worked = self.done - self.resumed
        return (self.total - self.done) * self.seconds / worked if worked else None


Report = Callable[[Progress], None]
Seal = Callable[[Path, str, Mapping[str, str]], str]
"""Signs a finished model directory of a name, given the digests that are known; returns the directory's digest."""


class Row(msgspec.Struct, frozen=True):
    """A record with its kind, as a chunk keeps it."""

    kind: str
    record: msgspec.Raw


class Cost(msgspec.Struct, frozen=True):
    """First line of a chunk: what it took."""

    seconds: float
    figures: dict[str, float]


class Stage:
    """What a stage has made so far. ``Run.stage`` opens it and files what it holds if its body ends well."""

    def __init__(
        self, name: str, seed: int, working: Working, models: Path, seal: Seal, report: Report | None = None
    ) -> None:
        checked_name(name)
        self.name = name
        self.seed = seed
        self.figures: dict[str, float] = {}
        self.seconds_before = 0.0
        self.models_written: dict[str, str] = {}
        self.kinds: set[str] = set()
        self._working = working
        self._models = models
        self._seal = seal
        self._known: dict[str, str] = {}
        self._report = report
        self._calls = 0
        self._parts: list[Path | list[Row]] = []
        self._seen: dict[Path, str] = {}

    def note(self, **figures: float) -> None:
        """Add to the stage's sums: ``note(tokens=512)``. What a chunk's work notes is kept with the chunk.

        The ``tokens`` of responses, critiques and revisions are counted without being noted.
        """
        for name, value in figures.items():
            self.figures[name] = self.figures.get(name, 0) + value

    def count(self, taken: int, made: int, **dropped: int) -> None:
        """Add to what the stage took and what became of it, by reason.

        Raises ``RunError`` if something went missing, or for a reason that no statement knows.
        """
        if unknown := dropped.keys() - LEFT_OUT.keys():
            raise RunError(f"stage {self.name} left rows out as {min(unknown)}, which is no reason of LEFT_OUT")
        if taken != made + sum(dropped.values()):
            raise RunError(f"stage {self.name} took {taken}, made {made}, left out {dropped}: that does not add up")
        self.note(taken=taken, made=made, **dropped)

    def add(self, *made: Record) -> None:
        """File records not worth a chunk (a handful of measurements): lost if the stage is killed."""
        self._parts.append([_row(record) for record in made])
        self.kinds.update(record.kind for record in made)
        self.note(tokens=_tokens(made))

    def chunked(
        self,
        items: Sequence[Item],
        size: int,
        work: Callable[[list[Item]], Iterable[Record]],
        ahead: Callable[[list[list[Item]]], None] | None = None,
    ) -> list[Record]:
        """Do ``work`` on ``size`` items at a time and file the records it returns, of any kinds, in order.

        Chunks finished by an earlier process are read instead of done; ``ahead`` is told first which ones will be done.
        Returns all records of all chunks.
        """
        call, self._calls = self._calls, self._calls + 1
        progress = _Meter(self.name, len(items), self._report)
        made: list[Record] = []
        chunks = [list(items[at : at + size]) for at in range(0, len(items), size)]
        paths = [self._working.folder / f"{digest([call, [item.id for item in chunk]])}.jsonl" for chunk in chunks]
        there = [self._working.holds(path) for path in paths]
        if ahead:
            ahead([chunk for chunk, resumed in zip(chunks, there, strict=True) if not resumed])
        for chunk, path, resumed in zip(chunks, paths, there, strict=True):
            fresh = self._recall(path) if resumed else self._work(path, chunk, work, progress)
            self._parts.append(path)
            self._seen[path] = file_digest(path)
            self.kinds.update(record.kind for record in fresh)
            made += fresh
            progress.advance(len(chunk), resumed)
        return made

    @contextmanager
    def writing_model(self, name: str) -> Iterator[Path]:
        """An empty temporary directory that becomes ``models/<name>`` when the body succeeds."""
        checked_name(name)
        with writing(self._models / name) as temporary:
            temporary.mkdir()
            self._known.clear()
            yield temporary
            sealed = self._seal(temporary, name, self._known)
        self.models_written[name] = sealed

    def hashed(self, files: Mapping[str, str]) -> None:
        """Digests of files (relative path → SHA-256) of the model being written, taken while they were written."""
        self._known.update(files)

    def working_file(self, name: str) -> Path:
        """A path for what is costly to compute twice (reference log-probabilities).

        It survives a kill and goes when the stage is done; a stage with other inputs or another seed does not
        see it. Write it with ``storage.writing``.
        """
        return self._working.open(checked_name(name))

    def report(self, done: int, total: int, seconds: float, tokens: float = 0, resumed: int = 0) -> None:
        """Tell the progress of work that has no chunks: training steps, a measurement."""
        self._working.look()
        if self._report:
            self._report(
                Progress(stage=self.name, done=done, total=total, resumed=resumed, seconds=seconds, tokens=tokens)
            )

    def lines(self, kind: str) -> Iterator[bytes]:
        """The lines of all records of one kind, in the order in which they were filed."""
        for part in self._parts:
            for row in self._kept(part) if isinstance(part, Path) else part:
                if row.kind == kind:
                    yield bytes(row.record) + b"\n"

    def _kept(self, path: Path) -> list[Row]:
        """The rows of a chunk, if it still is what this process made or read."""
        if file_digest(path) != self._seen[path]:
            raise RunCorrupt(f"{path} has changed while stage {self.name} was at work")
        return _read_chunk(path)[1]

    def _work(
        self,
        path: Path,
        chunk: list[Item],
        work: Callable[[list[Item]], Iterable[Record]],
        progress: "_Meter",
    ) -> list[Record]:
        before, began = self.figures.copy(), time.perf_counter()
        made = list(work(chunk))
        self.note(tokens=_tokens(made))
        figures = {name: value - before.get(name, 0) for name, value in self.figures.items()}
        cost = Cost(time.perf_counter() - began, figures)
        content = b"".join(line_of(each) for each in [cost, *map(_row, made)])
        self._working.put(path, sha256(content))
        write_bytes(path, content)
        self._working.written(path)
        progress.spend(cost)
        return made

    def _recall(self, path: Path) -> list[Record]:
        cost, rows = _read_chunk(path)
        self.note(**cost.figures)
        self.seconds_before += cost.seconds
        return [msgspec.json.decode(row.record, type=RECORD_TYPES[row.kind]) for row in rows]


class _Meter:
    """Adds up what chunks took and tells it on."""

    def __init__(self, stage: str, total: int, report: Report | None) -> None:
        self._now = Progress(stage=stage, done=0, total=total, resumed=0, seconds=0.0, tokens=0)
        self._report = report

    def spend(self, cost: Cost) -> None:
        now = self._now
        # Labels generate nothing: their speed is that of reading.
        tokens = now.tokens + (cost.figures.get("tokens") or cost.figures.get("prompt_tokens", 0))
        self._now = msgspec.structs.replace(now, seconds=now.seconds + cost.seconds, tokens=tokens)

    def advance(self, items: int, resumed: bool) -> None:
        now = self._now
        self._now = msgspec.structs.replace(now, done=now.done + items, resumed=now.resumed + (items if resumed else 0))
        if self._report:
            self._report(self._now)


def checked_name(name: str) -> str:
    """``name``, if it can name a file inside a run; ``UsageError`` for anything that could lead out of it."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot name a stage, model or file: use a-z, 0-9, '.', '_' and '-'")
    return name


def _row(record: Record) -> Row:
    if record.kind not in RECORD_TYPES:
        raise UsageError(f"a run keeps no {record.kind!r} records; it keeps {', '.join(RECORD_TYPES)}")
    return Row(record.kind, msgspec.Raw(msgspec.json.encode(record)))


def _tokens(made: Iterable[Record]) -> int:
    return sum(getattr(record, "tokens", 0) for record in made)


def _read_chunk(path: Path) -> tuple[Cost, list[Row]]:
    first, *rest = path.read_bytes().splitlines()
    return msgspec.json.decode(first, type=Cost), [msgspec.json.decode(line, type=Row) for line in rest]
