"""The run directory. Nobody else knows these names::

    run.toml  constitution.toml     every default spelled out; the exact text used
    manifest.jsonl                  append-only: stage started / finished
    records/                        prompts responses critiques revisions comparisons labels (.jsonl)
    models/<name>/                  standard Hugging Face directories
    measurements.jsonl              what was measured
    report/index.html
    chunks/<stage>/                 working space of unfinished stages; empty when all are done

A stage writes its records, then its *finished* line, in this order. Used as::

    with run.lock():
        if not run.finished("label"):
            with run.stage("label", inputs={"comparisons": run.digest("revise")}) as stage:
                stage.chunked(comparisons, 64, judge.label)
"""

import fcntl
import hashlib
import itertools
import os
import resource
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from bylaw import __version__, storage
from bylaw.canonical import digest
from bylaw.errors import RunCorrupt, RunError, RunLocked, UsageError
from bylaw.manifest import Finished, Manifest, Output, Started, output_digest
from bylaw.records import Measurement, Record
from bylaw.stage import RECORD_TYPES, Report, Stage, checked_name

R = TypeVar("R", bound=Record)

_FILES = {kind: f"records/{kind}s.jsonl" for kind in RECORD_TYPES} | {"measurement": "measurements.jsonl"}
_LOCK = ".lock"


class Run:
    """One run directory. ``report`` is called with the progress of every stage."""

    def __init__(self, path: Path, report: Report | None = None) -> None:
        self.path = path
        self.manifest = Manifest(path / "manifest.jsonl")
        self.report = report
        self._locked = False

    @classmethod
    def create(cls, path: Path, settings_text: str, constitution_text: str, report: Report | None = None) -> "Run":
        """Make a run directory, or open the one that is there if it is the same run.

        Raises ``RunError`` if ``path`` holds a run with other settings or another constitution, or files that
        are no run, and ``RunLocked`` if somebody works in it.
        """
        run = cls(path, report)
        texts = {"constitution.toml": constitution_text, "run.toml": settings_text}
        if path.exists():
            run._check_same(texts)
        with storage.explained(path):
            path.mkdir(parents=True, exist_ok=True)
        with run.lock():
            run._check_same(texts)
            for name, text in texts.items():  # run.toml comes last: with it the directory is a run
                storage.write_text(path / name, text)
        return run

    @classmethod
    def open(cls, path: Path, report: Report | None = None) -> "Run":
        """Open a run directory that exists. Raises ``RunError`` if ``path`` is none."""
        if not (path / "run.toml").is_file():
            raise RunError(f"{path} is not a run directory: it has no run.toml")
        return cls(path, report)

    @property
    def settings_text(self) -> str:
        """The settings this run was made with, every default spelled out (TOML)."""
        return (self.path / "run.toml").read_text(encoding="utf-8")

    @property
    def constitution_text(self) -> str:
        """The exact constitution this run trains to (TOML)."""
        return (self.path / "constitution.toml").read_text(encoding="utf-8")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only process that works in this directory; the system lets go if the process dies.

        Raises ``RunLocked`` naming the process that holds it.
        """
        with storage.explained(self.path), (self.path / _LOCK).open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                holder = file.read() or "?"
                raise RunLocked(f"process {holder} is working in {self.path}; wait or stop it") from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            storage.sweep(self.path)
            self._clear(*self.manifest.finished())
            self._locked = True
            try:
                yield
            finally:
                self._locked = False

    def finished(self, stage: str) -> bool:
        """Whether ``stage`` has its finished line and everything it made is still as it was.

        Raises ``RunCorrupt`` naming every file that changed, with the digest expected and found.
        """
        line = self.manifest.finished().get(stage)
        if line is None:
            return False
        found = [(output, output.found(self.path)) for output in line.outputs]
        changed = [
            f"{self.path / output.path}: expected {output.sha256}, found {now}"
            for output, now in found
            if now != output.sha256
        ]
        if changed:
            raise RunCorrupt("\n".join([f"what stage {stage} made has changed since it finished:", *changed]))
        return True

    def digest(self, stage: str) -> str:
        """One digest over all outputs of a finished stage: what a later stage names as its input."""
        line = self.manifest.finished().get(stage)
        if line is None:
            raise RunError(f"stage {stage} of {self.path} has not finished, so it has no digest")
        return digest(line.outputs)

    @contextmanager
    def stage(self, name: str, inputs: Mapping[str, str] | None = None, seed: int = 0) -> Iterator[Stage]:
        """Work on a stage: a started line, the body, its records and last the finished line.

        ``inputs`` names the digests of what the body reads; chunks made from other inputs are not used again.
        If the body raises, its finished chunks stay for the next attempt and nothing else is filed.
        """
        if not self._locked:
            raise UsageError(f"stage {name} needs run.lock()")
        if name in self.manifest.finished():
            raise UsageError(f"stage {name} of {self.path} has finished already")
        read, began = dict(inputs or {}), time.perf_counter()
        working = self.path / "chunks" / checked_name(name)
        stage = Stage(name, seed, working / digest([seed, read])[:16], self.path / "models", self.report)
        self.manifest.append(Started(stage=name, at=_now(), version=__version__, seed=seed, inputs=read))
        yield stage
        outputs = tuple(self._file(stage))
        self.manifest.append(
            Finished(
                stage=name,
                at=_now(),
                version=__version__,
                seed=seed,
                inputs=read,
                outputs=outputs,
                seconds=round(stage.seconds_before + time.perf_counter() - began, 3),
                figures=dict(stage.figures),
                peak_rss=_peak_rss(),
            )
        )
        self._clear(name)

    def read(self, type: type[R], stage: str | None = None) -> Iterator[R]:
        """The records of one type that finished stages made, or that ``stage`` made, in order.

        Raises ``RecordError`` naming file, line and field.
        """
        for name, output in self._outputs():
            if output.path == _FILES[type.kind] and stage in (None, name):
                path = self.path / output.path
                yield from storage.read_records(path, type, start=output.start or 0, end=output.end)

    def measurements(self) -> list[Measurement]:
        """Everything measured so far."""
        return list(self.read(Measurement))

    def model_dir(self, name: str) -> Path:
        """Where the model ``name`` lies. Raises ``RunError`` if no stage has made it."""
        path = f"models/{name}"
        if path not in {output.path for _, output in self._outputs()}:
            raise RunError(f"{self.path} has no model {name!r}: no stage that makes it has finished")
        return self.path / path

    def write_report(self, html: str) -> Path:
        """Write the report, replacing an older one; returns its path."""
        path = self.path / "report" / "index.html"
        storage.write_text(path, html)
        return path

    def _clear(self, *finished: str) -> None:
        """Remove the working space of finished stages."""
        for name in finished:
            storage.remove(self.path / "chunks" / name)

    def _outputs(self) -> Iterator[tuple[str, Output]]:
        """(stage, output) of everything finished, in order."""
        for name, line in self.manifest.finished().items():
            for output in line.outputs:
                yield name, output

    def _check_same(self, texts: Mapping[str, str]) -> None:
        if not self.path.is_dir():
            raise RunError(f"{self.path} is a file; name a directory for the run")
        if not (self.path / "run.toml").exists():
            strange = {each.name for each in self.path.iterdir()} - {"constitution.toml", _LOCK}
            if any(not name.endswith(storage.TEMPORARY) for name in strange):
                raise RunError(f"{self.path} holds files that are no run; name another directory")
            return
        for name, text in texts.items():
            if (self.path / name).read_text(encoding="utf-8") != text:
                raise RunError(
                    f"{self.path} holds a different run: its {name} is not the one given now. "
                    "Name another directory, or go on with the settings and the constitution it has"
                )

    def _file(self, stage: Stage) -> Iterator[Output]:
        """Put what a stage made where it belongs; yields one output per file and model."""
        for kind, name in _FILES.items():
            if kind in stage.kinds:
                yield self._append(name, stage.lines(kind))
        for name in dict.fromkeys(stage.models_written):
            path = f"models/{name}"
            yield Output(path=path, sha256=output_digest(self.path / path, None, None))

    def _append(self, name: str, lines: Iterable[bytes]) -> Output:
        """Add lines to a records file after the last finished stage's; an unfinished one's are cut off."""
        path = self.path / name
        start = max((output.end or 0 for _, output in self._outputs() if output.path == name), default=0)
        if start and (not path.exists() or path.stat().st_size < start):
            raise RunCorrupt(f"{path} is shorter than the {start} bytes that finished stages wrote to it")
        hashed, length = hashlib.sha256(), 0

        def passing() -> Iterator[bytes]:
            nonlocal length
            for line in lines:
                hashed.update(line)
                length += len(line)
                yield line

        kept = storage.read_range(path, 0, start) if start else ()
        storage.write_bytes(path, itertools.chain(kept, passing()))
        return Output(path=name, sha256=hashed.hexdigest(), start=start, end=start + length)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _peak_rss() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
