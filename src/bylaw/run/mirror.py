"""A run behind a URL: the work is done in a directory here, and what it has made goes there, stage by stage.

::

    <url>/…             what lies in the run's directory, under the same names, but for what is this machine's alone
    <url>/worker.json   who works on it now

A stage's files go first and the manifest last: a stage whose *finished* line is not there is as good as not begun. An
older manifest holds with newer files beside it, since records files only grow. Chunks go when they are made, each
before its mark. ``local.toml``, locks, and what an unfinished training keeps stay here.

Stores have no locks. Whoever begins last works, and says so in ``worker.json``, which is read before anything is
written: the one before stops there. So a machine that is gone blocks nobody, and two that live never mix their work.
"""

import os
import secrets
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from bylaw import storage
from bylaw.canonical import digest
from bylaw.errors import RunCorrupt, RunError, RunLocked
from bylaw.objects import Objects
from bylaw.run import documents
from bylaw.run.manifest import Finished, Manifest, now, parse
from bylaw.run.sent import Sent

MANIFEST, WORKER = "manifest.jsonl", "worker.json"
_FINDINGS = "findings/"
_LOOSE = (documents.COSTS, "evidence.zip", "report/", _FINDINGS)
"""What belongs to no stage, and may be written anew: whoever wrote it last is right."""
_SMALL = (documents.COSTS, _FINDINGS)
"""What may be another one of the same size."""
_DATABASE = ("", "-wal")


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """Who works on the run: ``token`` is drawn anew each time. Of the directory only a digest leaves this machine."""

    token: str
    host: str
    process: int
    directory: str
    at: str


class Nowhere:
    """The mirror of a run that is in its directory alone."""

    url = ""

    def begin(self) -> None:
        """Nobody else is asked."""

    end = push = require_mine = begin

    def send_chunk(self, piece: Path, mark: Path) -> None:
        """It stays where it is."""


class Mirror:
    """The run in the directory ``root``, and the same run behind ``url``."""

    def __init__(self, url: str, root: Path) -> None:
        self.url = url.rstrip("/")
        self.root = root
        self._objects = Objects(url)
        self._manifest = Manifest(root / MANIFEST)
        self._me = Worker(
            token=secrets.token_hex(8),
            host=socket.gethostname(),
            process=os.getpid(),
            directory=digest(str(root)),
            at=now(),
        )
        self._sent = Sent(root)

    def bring(self, wanted: Callable[[str], bool] = lambda path: True) -> None:
        """Bring here what is there and not here. For one who holds the directory, before anybody opens the run.

        ``wanted`` chooses among the files of models. Raises ``RunError`` where that is another run, or none, and
        ``RunCorrupt`` where a finished stage's files are not as it made them.
        """
        content = self._objects.read(MANIFEST) or b""  # before the listing: what it names is there by then
        there = self._objects.sizes()
        if documents.SETTINGS not in there:
            self._require_nothing(there)
            return
        self._bring_documents(there)
        theirs = self._parsed(content)
        new = self._new(theirs)
        for path in sorted(there):
            if self._lacks(path, theirs, new, there[path]) and (wanted(path) or not path.startswith("models/")):
                self._get(path)
        for path in self._files():  # removed there since
            if path.startswith(_LOOSE) and path not in there and self._sent.noted(path) and not self._newer(path):
                storage.remove(self.root / path)
                self._sent.note(path)
        self._require_whole(new, wanted)
        if new or not self._manifest.path.exists():
            storage.write_bytes(self._manifest.path, content)

    def _lacks(self, path: str, theirs: list[Finished], new: list[Finished], size: int) -> bool:
        """Whether a file is to be brought: it is of the run there, and not here or not as it is there."""
        whose = _owner(path, theirs)
        if whose is None:
            return False
        here = self.root / path
        if not here.exists() or any(line in new for line in whose):
            return True
        if not path.startswith(_LOOSE) or self._newer(path):
            return False
        return path.startswith(_SMALL) or here.stat().st_size != size

    def _get(self, path: str) -> None:
        if path == documents.COSTS:  # the log of an older database is not this one's
            for part in ("-wal", "-shm"):
                storage.remove(self.root / f"{path}{part}")
        try:
            self._objects.get(path, self.root / path)
        except FileNotFoundError as error:
            raise RunError(f"{self.url}/{path} was removed while it was fetched; give the command again") from error
        if path.startswith(_LOOSE) or path.endswith(".tlog-proof"):
            self._sent.note(path, _DATABASE if path == documents.COSTS else ("",))

    def begin(self) -> None:
        """Be the one who works on the run there, and send what is finished here. Raises ``RunLocked`` if it went on."""
        if self._new(self._theirs()):
            raise RunLocked(f"{self.url} has just been gone on with by another machine; give the same command again")
        before = self._worker()
        if before and (before.host, before.directory) != (self._me.host, self._me.directory):
            print(f"{self.url}: taken over from {_who(before)}; if that still works, it will stop", file=sys.stderr)
        self._objects.write(WORKER, msgspec.json.encode(self._me))
        self.push()

    def end(self) -> None:
        """Send what is new, and let go."""
        self.push()
        self._objects.remove(WORKER)

    def push(self) -> None:
        """Send what is finished here and not there: files first, the manifest last."""
        if not (self.root / documents.SETTINGS).is_file():
            return
        self.require_mine()
        there, theirs, ours = self._objects.sizes(), self._theirs(), self._manifest.finished()
        for name in (*documents.NAMES[1:], documents.SETTINGS):  # the settings last: with them it is a run
            if name not in there and (self.root / name).is_file():
                self._objects.put(name, self.root / name)
        fresh = [line for line in ours.values() if line not in theirs]
        for line in fresh:
            self._send(line, there)
        if fresh:
            self._objects.write(MANIFEST, self._manifest.path.read_bytes())
        self._send_loose(ours)
        for path in there:
            if path.startswith("chunks/") and path.split("/")[1] in ours:
                self._objects.remove(path)

    def send_chunk(self, piece: Path, mark: Path) -> None:
        """Send a chunk of an unfinished stage, then its mark; without a mark nobody takes it for one."""
        self.require_mine()
        for each in (piece, mark):
            if each.is_file():
                self._objects.put(each.relative_to(self.root).as_posix(), each)
        self._send_costs()

    def send_findings(self) -> None:
        """Send what was filed here, whoever works on the run: it is of no stage, and the last one written is right."""
        new = {_report(path) for path in self._files() if path.startswith(_FINDINGS) and self._newer(path)}
        self._send_new(_FINDINGS)
        self._remove_gone(_FINDINGS)
        for path in self._objects.sizes():  # the statement of one that another machine has filed meanwhile
            if path.startswith(_FINDINGS) and _report(path) in new and not (self.root / path).exists():
                self._objects.remove(path)

    def require_mine(self) -> None:
        """Raise ``RunLocked`` if another process has begun to work on the run since this one did."""
        worker = self._worker()
        if worker is None or worker.token != self._me.token:
            raise RunLocked(
                f"{_who(worker) if worker else 'somebody'} has begun to work on {self.url}, so this process stops; "
                f"what it finished is in {self.root}. Once the other has ended, the same command goes on"
            )

    def _send(self, line: Finished, there: dict[str, int]) -> None:
        """A stage's files. Of a model directory nothing stays there that a broken attempt left."""
        paths = [path for path in self._files() if _is_of(line, path)]
        for path in paths:
            self._objects.put(path, self.root / path)
        for path in there.keys() - set(paths):
            if path.startswith("models/") and _is_of(line, path):
                self._objects.remove(path)

    def _send_loose(self, ours: dict[str, Finished]) -> None:
        """Whatever may be written anew, if it was since it was sent; what was removed since is removed there."""
        self._send_new(*_LOOSE[1:], *(f"proofs/{stage}.tlog-proof" for stage in ours))
        self._remove_gone("")
        self._send_costs()

    def _send_new(self, *beginnings: str) -> None:
        for path in self._files():
            if path.startswith(beginnings) and self._newer(path):
                self._objects.put(path, self.root / path)
                self._sent.note(path)

    def _remove_gone(self, beginning: str) -> None:
        for path in self._sent.gone():
            if path.startswith(beginning):
                if path.startswith(_LOOSE):
                    self._objects.remove(path)
                self._sent.note(path)

    def _newer(self, path: str) -> bool:
        return self._sent.newer(path, _DATABASE if path == documents.COSTS else ("",))

    def _send_costs(self) -> None:
        """What was paid, as it is now: a database with a log beside it is copied as one."""
        path = documents.costs_of(self.root)
        if not self._newer(path.name):
            return
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / path.name
            with closing(sqlite3.connect(path)) as base, closing(sqlite3.connect(copy)) as target:
                base.backup(target)
            self._objects.put(path.name, copy)
        self._sent.note(path.name, _DATABASE)

    def _bring_documents(self, there: dict[str, int]) -> None:
        for name in (*documents.NAMES[1:], documents.SETTINGS):
            content = self._objects.read(name) if name in there else None
            path = self.root / name
            if path.is_file() and path.read_bytes() != content:
                raise RunError(f"{path} is not the one of {self.url}: these are different runs")
            if content is not None and not path.is_file():
                storage.write_bytes(path, content)

    def _require_nothing(self, there: dict[str, int]) -> None:
        known = {WORKER, *documents.NAMES, documents.COSTS}
        if strange := sorted(there.keys() - known):
            raise RunError(f"{self.url} holds files that are no run, such as {strange[0]}; name another URL")

    def _new(self, theirs: list[Finished]) -> list[Finished]:
        """What has finished there and not here. Raises ``RunError`` where each has finished what the other has not."""
        ours = list(self._manifest.finished().values())
        common = min(len(ours), len(theirs))
        if ours[:common] != theirs[:common]:
            stage = next(a.stage for a, b in zip(ours, theirs, strict=False) if a != b)
            raise RunError(
                f"{self.root} and {self.url} have both finished {stage}, each in its own way: two machines worked at "
                f"once. Remove {self.root} to go on with what lies there, or name another URL"
            )
        return theirs[common:]

    def _theirs(self) -> list[Finished]:
        return self._parsed(self._objects.read(MANIFEST) or b"")

    def _parsed(self, content: bytes) -> list[Finished]:
        try:
            return list({line.stage: line for line in parse(content) if isinstance(line, Finished)}.values())
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise RunCorrupt(f"{self.url}/{MANIFEST} does not decode: {error}") from error

    def _require_whole(self, new: list[Finished], wanted: Callable[[str], bool]) -> None:
        outputs = [
            output for line in new for output in line.outputs if output.start is not None or wanted(f"{output.path}/")
        ]
        if faults := [fault for output in outputs if (fault := output.fault(self.root))]:
            raise RunCorrupt("\n".join([f"what {self.url} has is not what was made:", *faults]))

    def _worker(self) -> Worker | None:
        content = self._objects.read(WORKER)
        try:
            return msgspec.json.decode(content, type=Worker) if content is not None else None
        except msgspec.DecodeError as error:
            raise RunError(f"{self.url}/{WORKER} does not say who works there ({error}); remove it") from error

    def _files(self) -> Iterator[str]:
        """Every file of the run here, but working space and what is hidden."""
        for path in sorted(each for each in self.root.rglob("*") if each.is_file()):
            name = path.relative_to(self.root).as_posix()
            if not name.startswith((".", "chunks/")) and storage.TEMPORARY not in name:
                yield name


def _is_of(line: Finished, path: str) -> bool:
    """Whether a file belongs to what a stage made, or says how."""
    if path == f"statements/{line.stage}.json" or path.startswith(f"proofs/{line.stage}."):
        return True
    return any(path == output.path or path.startswith(f"{output.path}/") for output in line.outputs)


def _owner(path: str, finished: list[Finished]) -> list[Finished] | None:
    """The finished stages that a file is of; none of them for what is loose; None for what is not brought."""
    if whose := [line for line in finished if _is_of(line, path)]:
        return whose
    if path.startswith("chunks/"):
        return None if path.split("/")[1] in {line.stage for line in finished} else []
    return [] if path.startswith(_LOOSE) else None


def _report(path: str) -> str:
    """Of which report a file of findings is."""
    return path.removeprefix(_FINDINGS).partition(".")[0]


def _who(worker: Worker) -> str:
    return f"process {worker.process} on {worker.host} (since {worker.at})"
