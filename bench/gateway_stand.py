"""What the benches of the gateway share: an office with a population, a gateway before an upstream, and processes
that are pinned, watched and ended.

The load and the upstream run on the last core, whatever is measured on the first.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from bylaw.access.decision import Request
from bylaw.access.office.enact import enact, rescission
from bylaw.access.office.place import Office
from bylaw.access.rules.approval import sign
from bylaw.access.rules.library import library
from bylaw.cli.practice import APPROVERS, make
from bylaw.gateway import meters
from bylaw.gateway.caller.keys import Key, KeyFile
from bylaw.gateway.settings import Place
from bylaw.gateway.snapshot.head import read_head
from bylaw.gateway.state import State
from bylaw.lineage.lab import Lab
from bylaw.signing import LocalSigner
from gateway_machine import LOAD, SERVERS, free_port, running, tree, until
from reporting import note

HERE = Path(__file__).with_name("gateway")
WHOLE, STREAMS = "fable-5", "mythos-5"
"""The model whose upstream answers whole, and the one whose upstream streams."""
KEYS = 4096
"""People who get keys, at the most."""
CACHE = Path(tempfile.gettempdir()) / f"bylaw-bench-gateway-{os.getuid()}"
"""Offices are kept here from one bench to the next: a million subjects take minutes to bring in."""


def options(about: str, **more: Mapping[str, object]) -> argparse.Namespace:
    """A bench's arguments: ``--quick`` and its own."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a smoke run, no figure to quote")
    for name, said in more.items():
        parser.add_argument(f"--{name}", **said)  # type: ignore[arg-type]
    return parser.parse_args()


def office_of(size: int, folder: Path) -> Office:
    """An office of ``size`` subjects with the first letter of June 2026 in force, in a folder of its own."""
    kept = CACHE / f"office-{size}"
    if not (kept / "made").exists():
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        note(f"an office of {size:,} subjects is made in {kept}")
        with told_apart():
            make(kept / "office", Lab.open(kept / "home"), size, 20261201, now())
        letter(Office.open(kept / "office"), Lab.open(kept / "home"), "june-2026-letter-1")
        (kept / "people.json").write_text(json.dumps(people(Office.open(kept / "office"))))
        (kept / "made").touch()
    shutil.copytree(kept, folder, dirs_exist_ok=True)
    return Office.open(folder / "office")


@contextmanager
def told_apart() -> Iterator[None]:
    """What verbs say goes to stderr: stdout is for figures."""
    from contextlib import redirect_stdout

    with redirect_stdout(sys.stderr):
        yield


def letter(office: Office, lab: Lab, name: str, text: str = "") -> float:
    """Enact a document of the library, or this text, signed by both; returns the instant before it was."""
    draft = office.root / "practice-keys" / f"{name}.toml"
    draft.write_text(text or library()[name].text)
    for each in APPROVERS:
        sign(draft, LocalSigner.load(office.root / "practice-keys" / f"{each}.pem"))
    before = time.time()
    enact(office, draft, lab, now())
    return before


def withdrawn(office: Office, name: str) -> str:
    """The text that ends a document."""
    return rescission(office, name, "the bench goes on", now())


def now() -> datetime:
    """This second."""
    return datetime.now(UTC).replace(microsecond=0)


class Gateway:
    """``bylaw serve`` before upstreams, with keys of people who may use the models (and of some who may not)."""

    def __init__(
        self,
        folder: Path,
        size: int,
        upstreams: Mapping[str, int],
        keys: int = 256,
        workers: int = 1,
        settings: str = "",
    ) -> None:
        self.folder = folder
        self.office = office_of(size, folder)
        self.lab = Lab.open(folder / "home")
        rows = "".join(
            f'[upstream."{model}"]\nurl = "http://127.0.0.1:{port}"\n[model."{model}"]\nupstream = "{model}"\n'
            for model, port in upstreams.items()
        )
        self.path = folder / "gateway.toml"
        self.path.write_text(
            f'office = "office"\nhome = "home"\nworkers = {workers}\n'
            f"[listen]\nport = 0\n[admin]\nport = 0\n{rows}{settings}"
        )
        self.state = State(Place.read(self.path))
        chosen = json.loads((folder / "people.json").read_text())
        self.allowed, self.refused = chosen["allow"][:keys], chosen["refuse"][:keys]
        self.keys = issue(self.state.keys, self.allowed)
        self.key_file = folder / "keys.txt"
        self.key_file.write_text("".join(f"{each}\n" for each in self.keys))

    @contextmanager
    def serving(self, core: str = SERVERS, is_asked: bool = True) -> Iterator["Gateway"]:
        """While it runs, on one core: from its first answer on (``is_asked``), or from when it lists models."""
        log = (self.folder / "log").open("wb")
        command = ["taskset", "-c", core, sys.executable, "-m", "bylaw", "serve", str(self.path)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True)
        try:
            self.door, self.admin = self._address(), self._address()
            until(lambda: ask(self.door, self.keys[0], WHOLE if is_asked else "") == 200, 3600, self.log, 0.2)
            yield self
        finally:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(300)
            log.close()

    def _address(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(self.log())
        return line.split()[1]

    def log(self) -> str:
        """What its processes said last."""
        return (self.folder / "log").read_text()[-2000:]

    def children(self, name: str = "") -> list[int]:
        """Its processes, or those of one name."""
        found = []
        for pid in tree(self.process.pid):
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            if not name or f"processes.{name}".encode() in words:
                found.append(pid)
        return found

    def keys_of(self, subjects: Sequence[str]) -> list[str]:
        """A key for each."""
        return issue(self.state.keys, subjects)

    def enforced(self, workers: int) -> bool:
        """Whether so many workers enforce all that is enacted."""
        head = read_head(self.state.snapshot, self.state.public_key())
        versions = [each["version"] for each in meters.read(self.state.meters).values()]
        acts = len(self.office.journal.acts())
        return head.acts == acts and len(versions) == workers and min(versions) >= head.version


def people(office: Office) -> dict[str, list[str]]:
    """Persons who may use both models, and as many who may use none of the two."""
    policy, basis = office.present(now())
    register = office.register(now(), basis.facts)
    found: dict[str, list[str]] = {"allow": [], "refuse": []}
    for id, subject in register.items():
        outcomes = {policy.decide(register, id, Request(model=model)).outcome for model in (WHOLE, STREAMS)}
        kept = found.get(outcomes.pop()) if len(outcomes) == 1 and subject.kind == "person" else None
        if kept is not None and len(kept) < KEYS:
            kept.append(id)
        if min(map(len, found.values())) == KEYS:
            break
    return found


def issue(file: KeyFile, subjects: Sequence[str]) -> list[str]:
    """A key for each."""
    return [file.issue(Key(subject=each), now()) for each in subjects]


def configured(name: str, folder: Path, **values: object) -> Path:
    """A file of ``bench/gateway`` with ``@NAME@`` replaced."""
    text = (HERE / name).read_text()
    for key, value in {"folder": folder, **values}.items():
        text = text.replace(f"@{key.upper()}@", str(value))
    path = folder / name
    path.write_text(text)
    return path


@contextmanager
def upstreams(folder: Path, pause: float = 0.0, endless: bool = False) -> Iterator[dict[str, int]]:
    """The two upstreams on the load's core: whole answers by nginx, streams by ``upstream.py`` with a pause (ms)."""
    ports = {WHOLE: free_port(), STREAMS: free_port()}
    whole = configured("upstream.conf", folder, port=ports[WHOLE])
    with ExitStack() as stack:
        nginx = ("nginx", "-g", "daemon off;", "-c", str(whole))
        stack.enter_context(running(*nginx, core=LOAD, port=ports[WHOLE]))
        python = (sys.executable, str(HERE / "upstream.py"), str(ports[STREAMS]), str(pause), *["endless"] * endless)
        stack.enter_context(running(*python, core=LOAD, port=ports[STREAMS]))
        yield ports


def ask(url: str, key: str, model: str = WHOLE) -> int:
    """The status of one small chat completion; of the list of models where none is named."""
    import http.client

    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        body = json.dumps({"model": model, "messages": [{"role": "user", "content": "What is said here?"}]})
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        connection.request(*("POST", "/v1/chat/completions", body) if model else ("GET", "/v1/models", None), headers)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()
