"""An S3 server that nobody here wrote (moto's, in a process of its own), behind a line that can be cut in mid-write."""

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ports import free_port

pytest.importorskip("moto", reason="moto is not installed")
pytest.importorskip("flask_cors", reason="flask-cors, which moto's server needs, is not installed")
s3fs = pytest.importorskip("s3fs", reason="s3fs is not installed")

BUCKET = "s3://bucket"
NEVER = 1 << 60


class Line:
    """A relay to the server on ``port``, dead once ``left`` more bytes were sent there, until it is mended."""

    def __init__(self, port: int) -> None:
        self.sent = 0
        self.left = NEVER
        self._server_port = port
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        listening = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._relay, "127.0.0.1", 0), self._loop)
        self.port = listening.result().sockets[0].getsockname()[1]

    def cut_after(self, size: int) -> None:
        """Let so many more bytes through."""
        self.left = size

    def mend(self) -> None:
        """Let everything through."""
        self.left = NEVER

    def close(self) -> None:
        """Cut it for good."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.left <= 0:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._server_port)
        self._open |= {writer, back}
        await asyncio.gather(self._pass_on(reader, back, counted=True), self._pass_on(there, writer, counted=False))
        self._open -= {writer, back}

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, counted: bool) -> None:
        try:
            while content := await source.read(1 << 16):
                target.write(content[: max(self.left, 0)] if counted else content)
                await target.drain()
                if counted:
                    self.sent += len(content)
                    self.left -= len(content)
                if self.left <= 0:
                    self._cut()
            target.close()
        except OSError:
            target.transport.abort()

    def _cut(self) -> None:
        for each in self._open:
            each.transport.abort()


@contextmanager
def serving() -> Iterator[Line]:
    """Run the server with an empty bucket, and have s3fs find it: the line that leads there."""
    port = free_port()
    words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        line = Line(port)
        try:
            _wait_for(process, port)
            with _as_a_user(line.port):
                yield line
        finally:
            process.kill()
            line.close()


def _wait_for(process: "subprocess.Popen[bytes]", port: int) -> None:
    while process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("moto's server ended before it listened")


@contextmanager
def _as_a_user(port: int) -> Iterator[None]:
    """Keys and endpoint as a user gives them. A dead line is told at once, not after a minute of trying."""
    known = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_DEFAULT_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1"}
    known |= {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in known.items():
            patch.setenv(name, value)
        s3fs.S3FileSystem.clear_instance_cache()  # one that was opened before knows another endpoint
        s3fs.S3FileSystem().mkdir(BUCKET)
        yield
        s3fs.S3FileSystem.clear_instance_cache()
