"""The tests' own model server: what one heard is never remembered by another."""

import http.client
import os
import signal
import subprocess
import sys
from pathlib import Path

from gateway_model import ModelServer

STOPPED = """
from gateway_model import ModelServer
from test_gateway_model import asked
with ModelServer() as before:
    number = before.socket.fileno()
    asked(before)
with ModelServer() as server:
    assert server.socket.fileno() == number
    print("ready", flush=True)
    input()
    for _ in range(4):
        asked(server)
    assert (len(before.heard), len(server.heard)) == (1, 4), (before.heard, server.heard)
"""


def asked(server: ModelServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.socket.getsockname()[1])
    connection.request("POST", "/v1/embeddings", '{"model": "m"}')
    assert connection.getresponse().status == 200
    connection.close()


def test_a_server_that_ended_takes_no_callers_of_the_next_though_the_process_was_stopped() -> None:
    """As jobs are, when a machine is shared: their calls into the system begin again when they go on."""
    here = str(Path(__file__).parent)
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPED],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": here},
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    os.kill(process.pid, signal.SIGSTOP)
    os.waitpid(process.pid, os.WUNTRACED)
    os.kill(process.pid, signal.SIGCONT)
    _, said = process.communicate("go on\n")
    assert process.returncode == 0, said
