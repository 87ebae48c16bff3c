"""One run directory: a stage files its records, its statement, then its *finished* line, in this order. Used as::

    with run.lock():
        if not run.finished("label"):
            with run.stage("label", inputs={"compare": run.digest("compare")}) as stage:
                stage.chunked(comparisons, 64, judge.label)

With a ``lab``, what a stage made from what is signed and entered in the lab's ledger, and a stage's work is read only
if it is what was signed. Without one there is only the manifest.
"""

import fcntl
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from bylaw import __version__, storage
from bylaw.canonical import digest
from bylaw.errors import RunCorrupt, RunError, RunLocked, UsageError
from bylaw.ledger.policy import Policy
from bylaw.lineage.lab import Lab
from bylaw.lineage.oms import sign_directory
from bylaw.lineage.statement import Thing
from bylaw.lineage.tree import digest_of, tree_files
from bylaw.records import Measurement, Record
from bylaw.run.documents import Documents, Texts
from bylaw.run.filing import FILES, append
from bylaw.run.findings import Findings
from bylaw.run.manifest import Finished, Manifest, Output, Started, now, peak_rss
from bylaw.run.mirror import Mirror, Nowhere
from bylaw.run.stage import Report, Stage, checked_name
from bylaw.run.statements import Statements
from bylaw.run.working import Working

R = TypeVar("R", bound=Record)

LOCK = ".lock"


class Run:
    """One run directory. ``report`` is told the progress of every stage; ``lab`` signs; ``mirror`` gets a copy."""

    def __init__(
        self, path: Path, report: Report | None = None, lab: Lab | None = None, mirror: Mirror | None = None
    ) -> None:
        self.path = path
        self.manifest = Manifest(path / "manifest.jsonl")
        self.report = report
        self._lab = lab
        self._statements = Statements(path, lab) if lab else None
        self._findings = Findings(path, lab)
        self._mirror = mirror or Nowhere()
        self._locked = False
        self.documents = Documents(path, self._mirror.url)

    @classmethod
    def create(
        cls,
        path: Path,
        settings_text: str,
        constitution_text: str,
        report: Report | None = None,
        lab: Lab | None = None,
        reward_text: str = "",
        mirror: Mirror | None = None,
    ) -> "Run":
        """Make a run directory, or open the one that is there if it is the same run.

        Raises ``RunError`` if ``path`` holds a run made by other texts, or files that are no run, and
        ``RunLocked`` if somebody works in it.
        """
        run = cls(path, report, lab, mirror)
        texts = Texts(settings_text, constitution_text, reward_text)
        if mirror:
            run.documents.settle(texts)
        if path.exists():
            run.documents.are(texts, lock=LOCK)
        with storage.explained(path):
            path.mkdir(parents=True, exist_ok=True)
        with run.lock():
            if not run.documents.are(texts, lock=LOCK):
                run.documents.write(texts)
        return run

    def document_digest(self, name: str) -> str:
        """SHA-256 of ``run.toml``, ``constitution.toml`` or ``reward.toml``, as it was when the run was opened."""
        return self.documents.digests[name]

    @classmethod
    def open(
        cls, path: Path, report: Report | None = None, lab: Lab | None = None, mirror: Mirror | None = None
    ) -> "Run":
        """Open a run directory that exists. Raises ``RunError`` if ``path`` is none."""
        if not (path / "run.toml").is_file():
            raise RunError(f"{path} is not a run directory: it has no run.toml")
        return cls(path, report, lab, mirror)

    @property
    def signed(self) -> bool:
        """Whether a lab has signed anything of this run."""
        return any(path.is_file() for name in ("statements", "proofs") for path in (self.path / name).glob("*"))

    @property
    def settings_text(self) -> str:
        """The settings this run was made with, every default spelled out (TOML), with the directories of this machine.

        Raises ``RunCorrupt`` if ``run.toml``, where of those only the last names stand, says something else.
        """
        return self.documents.settings

    @property
    def constitution_text(self) -> str:
        """The exact constitution this run trains to (TOML)."""
        return self.documents.constitution

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only process that works in this directory; the system lets go if the process dies.

        Raises ``RunLocked`` naming the process that holds it.
        """
        with storage.explained(self.path), (self.path / LOCK).open("a+") as file:
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
            self._mirror.begin()
            done = self.manifest.finished()
            self._clear(*done)
            if self._statements:
                self._statements.enter(done)
            self._locked = True
            try:
                yield
            finally:
                self._locked = False
            self._mirror.end()  # after a failure, whoever goes on takes over

    def finished(self, stage: str) -> bool:
        """Whether ``stage`` has its finished line and everything it made is still as it was, and as it was signed.

        Raises ``RunCorrupt`` naming what changed, with the digest expected and found.
        """
        line = self.manifest.finished().get(stage)
        if line is None:
            return False
        self._require(line, *line.outputs)
        return True

    def prove(self, policy: Policy | None = None) -> bytes | None:
        """Have the ledger signed and keep the proof of every statement; returns the checkpoint, None without a lab.

        A proof stays that a witness of ``policy`` has cosigned.
        """
        return self._statements.prove(self.manifest.finished(), policy) if self._statements else None

    def digest(self, stage: str) -> str:
        """One digest over all outputs of a finished stage: what a later stage names as its input."""
        line = self.manifest.finished().get(stage)
        if line is None:
            raise RunError(f"stage {stage} of {self.path} has not finished, so it has no digest")
        return digest(line.outputs)

    @contextmanager
    def stage(
        self,
        name: str,
        inputs: Mapping[str, str] | None = None,
        seed: int = 0,
        parameters: Mapping[str, Any] | None = None,
    ) -> Iterator[Stage]:
        """Work on a stage: a started line, the body, its records and last the finished line.

        ``inputs`` names the digests of what the body reads; chunks made from other inputs are not used again.
        ``parameters`` is what the statement says of how it was made.
        If the body raises, its finished chunks stay for the next attempt and nothing else is filed.
        """
        if not self._locked:
            raise UsageError(f"stage {name} needs run.lock()")
        if name in self.manifest.finished():
            raise UsageError(f"stage {name} of {self.path} has finished already")
        read, began = dict(inputs or {}), time.perf_counter()
        working = self._working(checked_name(name), digest([seed, read])[:16])
        stage = Stage(name, seed, working, self.path / "models", self._seal, self.report)
        started = Started(stage=name, at=now(), version=__version__, seed=seed, inputs=read)
        self.manifest.append(started)
        yield stage
        filed = list(self._file(stage))
        line = Finished(
            stage=name,
            at=now(),
            version=__version__,
            seed=seed,
            inputs=read,
            outputs=tuple(output for output, _ in filed),
            seconds=round(stage.seconds_before + time.perf_counter() - began, 3),
            figures={name: float(value) for name, value in stage.figures.items()},
            peak_rss=peak_rss(),
        )
        self._finish(line, started.at, parameters or {}, {output.path: leaves for output, leaves in filed if leaves})
        self._clear(name)

    def _working(self, stage: str, made_from: str) -> Working:
        """A stage's working folder, named by what it reads; its marks hold in this run alone."""
        key = self._lab.working_key if self._lab else None
        context = digest([stage, made_from, self.documents.digests])
        return Working(self.path / "chunks" / stage / made_from, key, context, self._mirror.send_chunk)

    def _finish(
        self, line: Finished, started: str, parameters: Mapping[str, Any], leaves: Mapping[str, Sequence[bytes]]
    ) -> None:
        """Sign and enter, then write the finished line: with it the stage is done."""
        self._mirror.require_mine()
        if self._statements:
            self._statements.write(line, started, parameters, leaves, self.manifest.finished(), self.documents.digests)
        self.manifest.append(line)
        self._mirror.push()

    def read(self, type: type[R], stage: str | None = None) -> Iterator[R]:
        """The records of one type that finished stages made, or that ``stage`` made, in order.

        They are verified first, each time. Raises ``RunCorrupt`` naming file and row, or ``RecordError`` naming file,
        line and field.
        """
        for line, output in self._outputs():
            if output.path == FILES[type.kind] and stage in (None, line.stage):
                self._require(line, output)
                path = self.path / output.path
                yield from storage.read_records(path, type, start=output.start or 0, end=output.end)

    def measurements(self) -> list[Measurement]:
        """Everything measured so far."""
        return list(self.read(Measurement))

    def model_dir(self, name: str) -> Path:
        """Where the model ``name`` lies. Raises ``RunError`` if no stage has made it."""
        return self.path / self._model(name)[1].path

    def model_digest(self, name: str) -> str:
        """The digest that the model ``name`` had when it was made; ``verified_model`` holds it to that."""
        return self._model(name)[1].sha256

    def verified_model(self, name: str) -> Path:
        """Where the model ``name`` lies, if it is as it was made: for loading. Raises ``RunCorrupt`` if it is not."""
        self._require(*self._model(name))
        return self.model_dir(name)

    def _model(self, name: str) -> tuple[Finished, Output]:
        for line, output in self._outputs():
            if output.path == f"models/{name}":
                return line, output
        raise RunError(f"{self.path} has no model {name!r}: no stage that makes it has finished")

    def _require(self, line: Finished, *outputs: Output) -> None:
        """Raise ``RunCorrupt`` unless outputs are as they were made, and as the lab signed them."""
        if self._statements:
            self._statements.verified(line)
        if faults := [fault for output in outputs if (fault := self._fault(line, output))]:
            raise RunCorrupt("\n".join([f"what stage {line.stage} made has changed since it finished:", *faults]))

    def _fault(self, line: Finished, output: Output) -> str:
        """What is wrong with an output, to the row where that can be told; "" if nothing is."""
        fault = output.fault(self.path)
        return (self._statements.changed_row(line, output) if fault and self._statements else "") or fault

    def working_folder(self, name: str) -> Path:
        """A folder for work on a finished run that can be gone on with; it is no part of what the run made."""
        return self.path / "chunks" / checked_name(name)

    def file_finding(self, name: str, report: object, looked_at: Sequence[Thing] = ()) -> Path:
        """Keep the report of an audit, leak or stress test as JSON, replacing an older one; returns its path.

        A lab signs and enters it, as made from every stage that has finished, and from ``looked_at`` besides.
        """
        ours = self._statements.all(self.documents.digests, self.manifest.finished()) if self._statements else ()
        return self._findings.file(checked_name(name), report, (*ours, *looked_at))

    def findings(self) -> dict[str, bytes]:
        """Reports that were filed, by name. Raises ``RunCorrupt`` for one that the lab has not signed."""
        return {name: filed.report for name, filed in self._findings.read().items()}

    def write_report(self, html: str) -> Path:
        """Write the report, replacing an older one; returns its path."""
        path = self.path / "report" / "index.html"
        storage.write_text(path, html)
        return path

    def _clear(self, *finished: str) -> None:
        """Remove the working space of finished stages."""
        for name in finished:
            storage.remove(self.path / "chunks" / name)

    def _outputs(self) -> list[tuple[Finished, Output]]:
        """(finished line, output) of everything finished, in order."""
        return [(line, output) for line in self.manifest.finished().values() for output in line.outputs]

    def _seal(self, directory: Path, name: str, known: Mapping[str, str]) -> str:
        """Sign a model directory that is whole; returns its digest. Files whose digest is known are not read again."""
        if self._lab is None:
            return digest_of(tree_files(directory, known))
        return digest_of(sign_directory(directory, name, self._lab.signer, known))

    def _file(self, stage: Stage) -> Iterator[tuple[Output, Sequence[bytes]]]:
        """Put what a stage made where it belongs; yields one output per file, with its rows' hashes, and per model."""
        for kind, name in FILES.items():
            if kind in stage.kinds:
                start = max((output.end or 0 for _, output in self._outputs() if output.path == name), default=0)
                yield append(self.path, name, start, stage.lines(kind))
        for name, made in stage.models_written.items():
            yield Output(path=f"models/{name}", sha256=made), ()
