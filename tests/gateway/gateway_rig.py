"""A gateway as it is run: ``bylaw serve``, a process of its own, before a model's server, with an office of four."""

import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from gateway_model import ENDLESS, ModelServer

from bylaw.access.office.place import Office, OfficeSettings
from bylaw.gateway import meters
from bylaw.gateway.caller.keys import Key
from bylaw.gateway.settings import Place
from bylaw.gateway.snapshot.head import read_head
from bylaw.gateway.snapshot.table import Table
from bylaw.gateway.state import State
from bylaw.ledger.merkle import leaf_hash
from bylaw.lineage.lab import Lab
from bylaw.settings import dumps
from offices import BASE, LETTER, enacted, office_in

FAULTY = ("hangs", "drips", "resets", "garbled", "headless", "switches", "half", "short", "stalls", "broken", "garbage")
MODELS = ("m", "fable-5", "mythos-5", *FAULTY, "moved", "spoofs", "zipped", "thinks", "waits", "nowhere")
OTHERS = {"nowhere": "nowhere", "hangs": "hasty", "drips": "hasty", "stalls": "hasty"}
"""Which upstream answers for a model, if not the main one."""
CHAT = {"model": "m", "messages": [{"role": "user", "content": "What is said here?"}]}
SETTLED = """
[snapshot]
look_seconds = 0.05
[record]
commit_seconds = 0.5
beat_seconds = 2.0
"""
"""Changes are looked for often; what may not happen on a slow machine (a gap in what is attested) has time."""
WAIT = 90.0
"""Seconds after which what is waited for never comes."""
ANY_BASE = BASE.replace('models = ["m"]', 'models = ["*"]')


def letter(*models: str, id: str = "letter", more: str = "") -> str:
    """The letter against foreign persons, for some models; it cuts answers under way."""
    named = json.dumps(list(models))
    text = LETTER.replace('models = ["m"]', f"models = {named}").replace('id = "letter"', f'id = "{id}"')
    return text.replace("who = ", f"cut_streams = true\n{more}who = ")


class Rig:
    """An office and its gateway below a folder."""

    def __init__(self, folder: Path, upstream: str, settings: str = "", head: str = "") -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.lab = Lab.open(folder / "home")
        self.office = office_in(folder)
        (self.office.root / "access.toml").write_text(dumps(OfficeSettings(models=MODELS)))
        self.office = Office.open(self.office.root)
        self.enact(ANY_BASE, "base.toml")
        self.path = folder / "gateway.toml"
        rows = "".join(f'[model."{each}"]\nupstream = "{OTHERS.get(each, "main")}"\n' for each in MODELS)
        rows += '[upstream.nowhere]\nurl = "http://127.0.0.1:9"\n'
        rows += f'[upstream.hasty]\nurl = "{upstream}"\nfirst_byte_seconds = 1\nidle_seconds = 1\n'
        self.path.write_text(
            f'office = "office"\nhome = "home"\n{head}[listen]\nport = 0\n[admin]\nport = 0\n'
            f'[upstream.main]\nurl = "{upstream}"\nkey = "MODEL_KEY"\n'
            f"{rows}{settings or SETTLED}"
        )
        self.state = State(Place.read(self.path))
        self.keys = {name: self.key(name) for name in ("citizen", "foreign", "nobody")}

    def key(self, subject: str, **more: object) -> str:
        """A key of a subject."""
        return self.state.keys.issue(Key(subject=subject, **more), datetime.now(UTC))  # type: ignore[arg-type]

    def enact(self, text: str, name: str, at: datetime | None = None) -> None:
        """A document, signed by both and in force."""
        enacted(self.office, self.folder, self.lab, text, name, at or datetime.now(UTC).replace(microsecond=0))

    @contextmanager
    def serving(self, **environment: str) -> Iterator["Rig"]:
        """While the gateway runs."""
        log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bylaw", "serve", str(self.path)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, "MODEL_KEY": "sk-upstream", **environment},
        )
        try:
            self.door, self.admin = self._address(), self._address()
            self.wait_ready()
            yield self
        finally:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
            self.process.wait(WAIT)
            log.close()

    def _address(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, (self.folder / "log").read_text()
        return line.split()[1]

    def wait_ready(self) -> None:
        """Until a snapshot is in force at a worker."""
        wait(lambda: self.get("/v1/models", "citizen").status == 200, self.log)

    def wait_enforced(self) -> None:
        """Until every worker enforces what is in force and valid now."""
        wanted = len(self.office.journal.acts()), len(self.state.keys.valid())
        wait(lambda: self._enforced(*wanted), self.log)

    def _enforced(self, acts: int, keys: int) -> bool:
        head = read_head(self.state.snapshot, self.state.public_key())
        if head.acts != acts or len(Table(self.state.snapshot / head.keys, Key)) != keys:
            return False
        return min(each["version"] for each in meters.read(self.state.meters).values()) >= head.version

    def get(self, path: str, who: str = "", headers: Mapping[str, str] | None = None, method: str = "GET") -> "Got":
        """A request without a body."""
        return ask(self.door, method, path, self._with_key(who, headers))

    def chat(self, who: str, headers: Mapping[str, str] | None = None, **body: object) -> "Got":
        """A chat completion."""
        return self.post("/v1/chat/completions", who, {**CHAT, **body}, headers)

    def post(self, path: str, who: str, body: object, headers: Mapping[str, str] | None = None) -> "Got":
        """A request with a body of JSON, or of bytes."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"content-type": "application/json", **self._with_key(who, headers)}
        return ask(self.door, "POST", path, sent, content)

    def _with_key(self, who: str, headers: Mapping[str, str] | None) -> dict[str, str]:
        key = {"authorization": f"Bearer {self.keys.get(who, who)}"} if who else {}
        return {**key, **(headers or {})}

    def has(self, name: str) -> bool:
        """Whether a child of that name runs."""
        try:
            return self.child(name) > 0
        except AssertionError:
            return False

    def child(self, name: str) -> int:
        """The process of a child of the supervisor, the first of that name."""
        found = self.children(name)
        assert found, f"there is no {name}"
        return found[0]

    def children(self, name: str) -> list[int]:
        """The processes of all children of that name."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == self.process.pid and f"processes.{name}".encode() in (path / "cmdline").read_bytes():
                    found.append(int(path.name))
            except OSError:
                continue
        return found

    def log(self) -> str:
        """What the processes said."""
        return (self.folder / "log").read_text()


def wait(until: Callable[[], bool], why: Callable[[], str] = str) -> None:
    """Until something is so."""
    end = time.monotonic() + WAIT
    while not until():
        assert time.monotonic() < end, why()
        time.sleep(0.02)


class Got:
    """An answer, read whole."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    @property
    def json(self) -> dict[str, object]:
        return json.loads(self.body)  # type: ignore[no-any-return]


def ask(url: str, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Got:
    """One request on a connection of its own."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=WAIT)
    try:
        connection.request(method, path, body, dict(headers))
        return Got(connection.getresponse())
    finally:
        connection.close()


@contextmanager
def gateway(folder: Path, settings: str = "", head: str = "") -> Iterator[tuple[Rig, ModelServer]]:
    """A gateway that runs, and the model's server behind it."""
    with ModelServer() as server:
        rig = Rig(folder, server.url, settings, head)
        with rig.serving():
            yield rig, server


class Stream:
    """A stream without an end of its own, read in a thread."""

    def __init__(self, rig: Rig, who: str, model: str) -> None:
        parts = urlsplit(rig.door)
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=WAIT)
        body = json.dumps({**CHAT, "model": model, "stream": True, "max_tokens": ENDLESS})
        headers = {"authorization": f"Bearer {rig.keys[who]}", "content-type": "application/json"}
        self.connection.request("POST", "/v1/chat/completions", body, headers)
        self.response = self.connection.getresponse()
        self.read = self.response.read1(65536)
        self.whole = False
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self) -> None:
        try:
            while piece := self.response.read1(65536):
                self.read += piece
            self.whole = self.read.endswith(b"[DONE]\n\n")
        except (http.client.IncompleteRead, ConnectionResetError):
            pass

    @property
    def goes_on(self) -> bool:
        """Whether it was neither ended nor cut."""
        return self.thread.is_alive()

    def leave(self) -> None:
        """Go, in the middle of it."""
        self.connection.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]
        self.thread.join(WAIT)
        self.connection.close()

    def end(self) -> "Stream":
        """Read to its end, however that comes."""
        self.thread.join(WAIT)
        assert not self.goes_on
        self.connection.close()
        return self


def receipts_of(rig: Rig) -> dict[str, int]:
    """How often each receipt is in the archive's batches: as leaves, made again from commitments."""
    found: dict[str, int] = {}
    with closing(sqlite3.connect(rig.office.archive.path)) as base:
        for (committed,) in base.execute("SELECT committed FROM commitments"):
            leaf = leaf_hash(committed.encode()).hex()
            found[leaf] = found.get(leaf, 0) + 1
    return found
