"""What fails around the gateway: each fault has one outcome, and none of them is an open door."""

import http.client
import json
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from gateway_model import ENDLESS, ModelServer
from gateway_rig import CHAT, SETTLED, WAIT, Got, Rig, gateway, letter, receipts_of, wait

from bylaw.gateway import meters
from bylaw.gateway.record.layout import end_of
from bylaw.gateway.snapshot.head import read_head

AGED = SETTLED.replace("[snapshot]", "[snapshot]\nrenew_seconds = 1\nmax_age_seconds = 12")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rig, ModelServer]]:
    with gateway(tmp_path_factory.mktemp("faults"), AGED + "[limits]\nwrite_seconds = 2\n") as both:
        yield both


@pytest.mark.parametrize(
    ("model", "status", "kind"),
    [
        ("hangs", 504, "upstream-slow"),
        ("resets", 502, "upstream"),
        ("moved", 502, "upstream"),
        ("nowhere", 502, "upstream"),
        ("drips", 504, "upstream-slow"),
        ("garbled", 502, "upstream"),
        ("headless", 502, "upstream"),
        ("switches", 502, "upstream"),
    ],
)
def test_a_model_s_server_that_does_not_answer(rig: Rig, model: str, status: int, kind: str) -> None:
    got = rig.chat("citizen", model=model)
    assert got.status == status and got.json["type"] == f"urn:bylaw:problem:{kind}"
    assert "169.254" not in got.body.decode() and "127.0.0.1" not in got.body.decode()


def test_what_a_model_s_server_says_comes_back_as_it_is(rig: Rig) -> None:
    broken, garbage = rig.chat("citizen", model="broken"), rig.chat("citizen", model="garbage")
    assert (broken.status, broken.json) == (500, {"error": {"message": "out of memory"}})
    assert (garbage.status, garbage.body) == (200, b'{"choices": [{"mess')


def test_a_server_cannot_forge_a_receipt_or_set_a_cookie(rig: Rig) -> None:
    got = rig.chat("citizen", model="spoofs")
    assert got.status == 200 and got.headers.get_all("bylaw-receipt") != ["forged"]
    assert len(got.headers.get_all("bylaw-receipt") or []) == 1 and "set-cookie" not in got.headers


@pytest.mark.parametrize("model", ["half", "short", "stalls"])
def test_an_answer_that_breaks_off_is_not_ended_as_if_it_were_whole(rig: Rig, model: str) -> None:
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        rig.chat("citizen", model=model, stream=True)


def test_a_bomb_of_compression_is_not_opened_here(rig: Rig) -> None:
    got = rig.chat("citizen", model="zipped")
    assert got.status == 200 and got.headers["content-encoding"] == "gzip" and len(got.body) < 100_000


def test_a_caller_that_leaves_ends_the_work_for_it(rig: Rig, server: ModelServer) -> None:
    left = server.left
    connection = _begin(rig, stream=True, max_tokens=ENDLESS)
    connection.getresponse().read1(100)
    connection.sock.close()  # type: ignore[union-attr]
    connection.close()
    wait(lambda: server.left > left)


def test_a_caller_that_does_not_read_is_shown_out(rig: Rig, server: ModelServer) -> None:
    left, server.pause = server.left, 0.0
    parts = urlsplit(rig.door)
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((parts.hostname, parts.port))
        body = json.dumps({**CHAT, "stream": True, "max_tokens": ENDLESS})
        head = f"POST /v1/chat/completions HTTP/1.1\r\nauthorization: Bearer {rig.keys['citizen']}\r\n"
        slow.sendall(f"{head}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode())
        wait(lambda: server.left > left)
    server.pause = 0.02


def test_past_its_greatest_age_nobody_is_let_through_and_then_all_is_as_before(rig: Rig, server: ModelServer) -> None:
    publisher = rig.child("publisher")
    os.kill(publisher, signal.SIGSTOP)
    try:
        wait(lambda: rig.chat("citizen").status != 200)
        got = rig.chat("citizen")
        assert got.status == 503 and got.json["type"] == "urn:bylaw:problem:stale"
        server.heard.clear()
        for who in ("citizen", "foreign", "", "bylaw-" + "x" * 43):
            assert rig.chat(who).status == 503  # never 401: who asks cannot be known either
            assert rig.get("/v1/models", who).status == 503
        assert not server.heard
        assert _admin(rig, "/readyz") == 503
    finally:
        os.kill(publisher, signal.SIGCONT)
    rig.wait_ready()
    assert rig.chat("citizen").status == 200 and _admin(rig, "/readyz") == 200


def test_a_head_that_was_tampered_with_or_is_old_is_not_taken(rig: Rig) -> None:
    publisher, head = rig.child("publisher"), rig.state.snapshot / "head"
    old = head.read_bytes()
    wait(lambda: head.read_bytes() != old)
    os.kill(publisher, signal.SIGSTOP)
    try:
        young = head.read_bytes()
        version = read_head(rig.state.snapshot, rig.state.public_key()).version
        wait(lambda: _version(rig) == version)
        for content in (old, young[:-20], young.replace(b"sig", b"gis"), b"", b"{}"):
            head.write_bytes(content)
            time.sleep(0.15)  # time to look at it; a worker that has not looked yet has not taken it either
            assert _version(rig) == version
        head.write_bytes(young)
    finally:
        os.kill(publisher, signal.SIGCONT)
    rig.wait_ready()


def test_a_full_disk_stops_answers_and_not_the_gateway(rig: Rig, server: ModelServer) -> None:
    worker = rig.child("worker")
    assert rig.chat("citizen").status == 200
    size = max(end_of(path) for path in rig.state.segments.glob("w*.log"))
    before = resource.prlimit(worker, resource.RLIMIT_FSIZE)
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (size + 100, before[1]))
    server.heard.clear()
    try:
        for who in ("citizen", "foreign") * 3:
            got = rig.chat(who)
            assert got.status == 503 and got.json["type"] == "urn:bylaw:problem:no-record"
        assert not server.heard
    finally:
        resource.prlimit(worker, resource.RLIMIT_FSIZE, before)
    receipt = rig.chat("citizen").headers["bylaw-receipt"]
    wait(lambda: receipt in receipts_of(rig))  # what was written before and after is read
    lines = b"".join(path.read_bytes()[: end_of(path)] for path in rig.state.segments.glob("w*.log"))
    assert all(line.endswith(b"}\n") for line in lines.splitlines(keepends=True))


def test_answers_under_way_are_cut_though_the_disk_is_full(rig: Rig, server: ModelServer) -> None:
    worker = rig.child("worker")
    connection = _begin(rig, "foreign", stream=True, model="mythos-5", max_tokens=ENDLESS)
    response = connection.getresponse()
    before = resource.prlimit(worker, resource.RLIMIT_FSIZE)
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        rig.enact(letter("mythos-5", id="second"), "second.toml")
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            response.read()
    finally:
        resource.prlimit(worker, resource.RLIMIT_FSIZE, before)


def test_killed_workers_lose_no_decision_that_was_answered(tmp_path: Path) -> None:
    with gateway(tmp_path, head="workers = 2\n") as (rig, _):
        receipts: set[str] = set()
        refused: list[Got] = []  # what killed the recorder may take longer to mend than a caller waits
        stop = threading.Event()

        def ask() -> None:
            while not stop.is_set():
                try:
                    got = rig.chat("citizen")
                except (OSError, http.client.HTTPException):
                    continue  # its worker was killed
                if got.status == 200:
                    receipts.add(got.headers["bylaw-receipt"])
                else:
                    refused.append(got)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for name in ("worker", "recorder", "worker", "publisher", "worker", "recorder"):
            so_far = len(receipts)
            wait(lambda so_far=so_far: len(receipts) > so_far + 10, rig.log)  # type: ignore[misc]
            wait(lambda name=name: rig.has(name), rig.log)  # type: ignore[misc]
            os.kill(rig.child(name), signal.SIGKILL)
        stop.set()
        for thread in threads:
            thread.join()
    found = receipts_of(rig)
    assert all(got.status == 503 and b"no-record" in got.body for got in refused), [got.body for got in refused]
    assert receipts <= found.keys(), "answered, and not on record"
    assert sum(found.values()) == len(found), "on record twice"


def test_the_whole_gateway_killed_and_started_again(tmp_path: Path) -> None:
    with ModelServer() as server:
        rig = Rig(tmp_path, server.url)
        with rig.serving():
            first = {rig.chat("citizen").headers["bylaw-receipt"] for _ in range(5)}
            children = [rig.child(name) for name in ("worker", "publisher", "recorder", "admin")]
            os.kill(rig.process.pid, signal.SIGKILL)
            wait(lambda: not any(_runs(each) for each in children))
        with rig.serving():
            first.add(rig.chat("citizen").headers["bylaw-receipt"])
        assert first <= receipts_of(rig).keys()


def _runs(process: int) -> bool:
    """Whether it has not ended; one that its parent has not asked about yet has."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _begin(rig: Rig, who: str = "citizen", **body: object) -> http.client.HTTPConnection:
    parts = urlsplit(rig.door)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=WAIT)
    headers = {"authorization": f"Bearer {rig.keys[who]}", "content-type": "application/json"}
    connection.request("POST", "/v1/chat/completions", json.dumps({**CHAT, **body}), headers)
    return connection


def _admin(rig: Rig, path: str) -> int:
    from gateway_rig import ask

    return ask(rig.admin, "GET", path, {}).status


def _version(rig: Rig) -> float:
    return max(each["version"] for each in meters.read(rig.state.meters).values())
