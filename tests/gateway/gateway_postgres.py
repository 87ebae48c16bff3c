"""PostgreSQL as tests need it: started here, killed here, with a standby that can be promoted."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from gateway_rig import wait

OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "dynamic_shared_memory_type": "mmap",  # in its own folder: what is killed leaves nothing elsewhere
    "shared_buffers": "16MB",
    "max_connections": "40",
    "wal_keep_size": "64MB",
}


class Postgres:
    """One server below a folder, as a user who is not root."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def initialised(self) -> "Postgres":
        """A new, empty one."""
        _run("initdb", "-D", str(self.data), "--auth=trust", "-U", "bylaw", "-E", "UTF8", "--no-sync")
        return self

    def standby_of(self, primary: "Postgres") -> "Postgres":
        """A streaming replica."""
        source = ["-h", "127.0.0.1", "-p", str(primary.port), "-U", "bylaw"]
        _run("pg_basebackup", *source, "-D", str(self.data), "-R", "-X", "stream", "-c", "fast")
        return self

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = [word for name, value in OPTIONS.items() for word in ("-c", f"{name}={value}")]
        log = (self.folder / "log").open("ab")
        command = [_binary("postgres"), "-D", str(self.data), "-p", str(self.port), *options]
        self.process = subprocess.Popen(command, stdout=log, stderr=log, **_user())  # type: ignore[call-overload]
        wait(self.answers, (self.folder / "log").read_text)

    def answers(self) -> bool:
        """Whether it takes connections."""
        try:
            psycopg.connect(self.dsn(), connect_timeout=10).close()
        except psycopg.Error:
            assert self.process is not None and self.process.poll() is None, (self.folder / "log").read_text()
            return False
        return True

    def promote(self) -> None:
        """Make a primary of a standby."""
        _run("pg_ctl", "promote", "-D", str(self.data), "-w")

    def signal(self, number: int) -> None:
        """To all its processes: each of them has a session of its own."""
        assert self.process is not None
        children = _children(self.process.pid)
        for each in (self.process.pid, *children):
            with suppress(ProcessLookupError):
                os.kill(each, number)

    def kill(self) -> None:
        """``kill -9`` of all its processes; none of them is left, nor what they shared, when this returns."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)  # it starts no other meanwhile
        children = _children(self.process.pid)
        self.signal(signal.SIGKILL)
        self.process.wait()
        wait(lambda: not any(map(_runs, children)))

    def dsn(self, name: str = "postgres") -> str:
        """Where a database of it is."""
        return f"host=127.0.0.1 port={self.port} user=bylaw dbname={name}"

    def database(self, name: str) -> str:
        """A new database; returns where it is."""
        with psycopg.connect(self.dsn(), autocommit=True) as base:
            base.execute(f"CREATE DATABASE {name}".encode())
        return self.dsn(name)


@contextmanager
def postgres(count: int = 1) -> Iterator[list[Postgres]]:
    """A server that runs, and behind it others that are its standbys."""
    folder = Path(tempfile.mkdtemp(prefix="bylaw-postgres-"))
    made: list[Postgres] = []
    try:
        for number in range(count):
            own = folder / str(number)
            own.mkdir()
            _give(folder, own)
            one = Postgres(own)
            made.append(one.standby_of(made[0]) if made else one.initialised())
            one.start()
        yield made
    finally:
        for one in made:
            if one.process is not None and one.process.poll() is None:
                one.signal(signal.SIGCONT)
                one.process.send_signal(signal.SIGQUIT)
                one.process.wait(60)
        shutil.rmtree(folder)


def both(*servers: Postgres) -> str:
    """Where whichever of them takes writes is."""
    ports = ",".join(str(each.port) for each in servers)
    hosts = ",".join("127.0.0.1" for _ in servers)
    return f"host={hosts} port={ports} user=bylaw dbname=postgres target_session_attrs=read-write"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _binary(name: str) -> str:
    """PostgreSQL's programs are on the path, or where Debian puts them."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = next((str(each / name) for each in places if (each / name).exists()), shutil.which(name))
    assert found, f"{name} is not installed; .ci/run installs postgresql"
    return found


def _children(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(path.parent.name))
    return found


def _runs(process: int) -> bool:
    """Whether it is there, and not only its exit code, for which whoever has inherited it may take its time."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "XZ"
    except OSError:
        return False


def _user() -> dict[str, object]:
    """It refuses to run as root."""
    if os.getuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": ()}


def _give(*folders: Path) -> None:
    if not os.getuid():
        nobody = pwd.getpwnam("nobody")
        for each in folders:
            os.chown(each, nobody.pw_uid, nobody.pw_gid)


def _run(*command: str) -> None:
    name, *words = command
    done = subprocess.run([_binary(name), *words], capture_output=True, text=True, check=False, cwd="/", **_user())  # type: ignore[call-overload]
    assert done.returncode == 0, done.stdout + done.stderr
