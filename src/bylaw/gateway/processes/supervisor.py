"""The process that starts the others: it binds the ports once, so a worker that is killed loses its own connections
and no other's, and starts again what ends.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

from bylaw.errors import UsageError
from bylaw.gateway.log import Log
from bylaw.gateway.processes.child import SUPERVISOR
from bylaw.gateway.settings import ListenSettings, Place
from bylaw.gateway.state import State
from bylaw.gateway.tally import Tally
from bylaw.gateway.weights import check, note
from bylaw.lineage.lab import Lab

ROOM = "bylaw.gateway.processes"
AGAIN = 0.2
"""Seconds before what has ended is started again."""
FAST = 5
"""What ends within as many seconds of its start, so many times and without ever having stayed, stops the start. Once
it has stayed it is started again for ever: without a publisher the door closes by itself.
"""


OWN = 0
"""A process group of its own, so that no Ctrl-C reaches it; no session of its own (``core`` says why)."""


class Child:
    """One process, started again when it ends."""

    def __init__(self, name: str, command: Sequence[str], sockets: Sequence[int] = ()) -> None:
        self.name, self.command, self.sockets = name, list(command), list(sockets)
        self.failures, self.stayed = 0, False
        self.start()

    def start(self) -> None:
        """Start it."""
        self.began = time.monotonic()
        said = {**os.environ, SUPERVISOR: str(os.getpid())}
        self.process = subprocess.Popen(self.command, pass_fds=self.sockets, process_group=OWN, env=said)

    def tend(self) -> None:
        """Start it again if it has ended. Raises ``UsageError`` if it cannot stay up."""
        code = self.process.poll()
        if code is None:
            self.stayed = self.stayed or time.monotonic() - self.began > FAST
            return
        self.failures += code > 0
        if self.failures >= FAST and not self.stayed:
            raise UsageError(f"the {self.name} ends as soon as it is started; what it says stands above")
        Log("supervisor").event("restart", child=self.name, code=code)
        self.start()


class Supervisor:
    """All processes of a gateway. ``more`` are commands of others that belong to it, by name; ``admin`` is the module
    that serves the admin listener, for one that serves more there than this room knows.
    """

    def __init__(
        self, place: Place, settings: Path, more: Mapping[str, Sequence[str]], admin: str = f"{ROOM}.admin"
    ) -> None:
        self.place, self.state, self._admin = place, State(place), admin
        self._settings, self._more = str(settings), more
        self._stop = False
        self.door = bind(place.settings.listen, "listen")
        self.admin = bind(place.settings.admin, "admin")
        self.children: list[Child] = []

    def prepare(self) -> None:
        """What must be so before anything starts: the key, and weights that are as they were signed."""
        self.state.root.mkdir(parents=True, exist_ok=True)
        self.state.root.chmod(0o700)  # facts about people lie in it
        if self.place.settings.cluster.is_replica:
            self.state.machine_signer()
        else:
            self.state.signer()
        Tally.create(self.state.tally, self.place.settings.workers)
        weights = {name: self.place.path(row.weights) for name, row in self.place.settings.model.items() if row.weights}
        note(self.state.weights, check(weights, Lab.open(self.place.home).trusted if weights else ()))

    def run(self, ready: Callable[["Supervisor"], bool]) -> None:
        """Start all, tend them until a signal comes, stop all. ``ready`` is called until it says that it was."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._told)
        for number in (signal.SIGTTOU, signal.SIGTTIN):  # a terminal may stop whoever speaks from the background
            signal.signal(number, signal.SIG_IGN)
        self.prepare()
        try:
            self._start()
            is_ready = False
            while not self._stop:
                is_ready = is_ready or ready(self)
                for each in self.children:
                    each.tend()
                time.sleep(AGAIN)
        finally:
            self._end()

    def _start(self) -> None:
        self.children += [Child(name, command) for name, command in self._more.items()]
        cluster = self.place.settings.cluster
        if not cluster.is_replica:
            self.children.append(self._child("publisher"))
            self.children.append(self._child("recorder"))
        if cluster.role:
            self.children.append(self._child("carrier"))
        self.children.append(self._child("admin", self.admin, module="" if cluster.is_replica else self._admin))
        self.children += [
            self._child("worker", self.door, "--number", str(number)) for number in range(self.place.settings.workers)
        ]

    def _child(self, name: str, listening: socket.socket | None = None, *more: str, module: str = "") -> Child:
        command = [sys.executable, "-m", module or f"{ROOM}.{name}", self._settings, *more]
        if listening is None:
            return Child(name, command)
        return Child(name, [*command, "--socket", str(listening.fileno())], [listening.fileno()])

    def _told(self, signum: int, frame: FrameType | None) -> None:
        self._stop = True

    def _end(self) -> None:
        """Workers first; what they still decided is carried and drained before the others end."""
        self.door.close()
        for group in (("worker",), ("admin", "publisher", *self._more), ("carrier",), ("recorder",)):
            ending = [each.process for each in self.children if each.name in group]
            for process in ending:
                process.terminate()
            until = time.monotonic() + self.place.settings.limits.drain_seconds + 5
            for process in ending:
                try:
                    process.wait(max(0.1, until - time.monotonic()))
                except subprocess.TimeoutExpired:
                    process.kill()
        self._drain()

    def _drain(self) -> None:
        """Drain what a recorder has left that was killed, or that was told to stop before it could listen."""
        for each in self.children:
            if each.name == "recorder" and each.process.wait() != 0:
                Log("supervisor").event("drain", child=each.name, code=each.process.returncode)
                command = [*each.command, "--once"]
                with suppress(subprocess.TimeoutExpired):  # the next start drains it
                    subprocess.run(
                        command,
                        check=False,
                        timeout=self.place.settings.limits.drain_seconds + 5,
                        process_group=OWN,
                    )


def bind(settings: ListenSettings, name: str) -> socket.socket:
    """A port, taken. Raises ``UsageError``."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((settings.host, settings.port))
        made.listen(4096)
    except OSError as error:
        raise UsageError(f"[{name}] cannot listen on {settings.host}:{settings.port}: {error.strerror}") from error
    made.set_inheritable(True)
    return made


def address_of(listening: socket.socket, settings: ListenSettings) -> str:
    """Where it listens, for people."""
    host, port = listening.getsockname()[:2]
    return f"http{'s' if settings.certificate else ''}://{f'[{host}]' if ':' in host else host}:{port}"
