"""Somebody who is refused a model tries to get at it all the same. Nothing passes, and nothing answers 500."""

import gzip
import json
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from gateway_model import ModelServer
from gateway_rig import CHAT, WAIT, Rig, ask, gateway, letter

BODY = json.dumps({**CHAT, "model": "fable-5"}).encode()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rig, ModelServer]]:
    limits = "[snapshot]\nlook_seconds = 0.05\n[limits]\nbody_bytes = 200000\nheader_seconds = 4\nbody_seconds = 4\n"
    with gateway(tmp_path_factory.mktemp("attacks"), limits, "decision_point = true\n") as both:
        both[0].enact(letter("fable-5"), "letter.toml")
        both[0].wait_enforced()
        yield both


@pytest.fixture(autouse=True)
def nothing_passes(server: ModelServer) -> Iterator[None]:
    yield
    assert not [heard for heard in server.heard if b"fable-5" in heard.body or "fable-5" in heard.path]


def raw(rig: Rig, content: bytes) -> bytes:
    """All that comes back for these bytes."""
    parts = urlsplit(rig.door)
    with socket.create_connection((parts.hostname, parts.port), timeout=WAIT) as connection:
        found = b""
        try:
            connection.sendall(content)
            while piece := connection.recv(65536):
                found += piece
        except ConnectionError:
            pass
    return found


def request(rig: Rig, line: str, *headers: str, body: bytes = BODY, who: str = "foreign") -> bytes:
    """A request written by hand."""
    said = [
        line,
        "connection: close",
        f"authorization: Bearer {rig.keys[who]}",
        "content-type: application/json",
        *headers,
    ]
    if not any(each.lower().startswith(("content-length", "transfer-encoding")) for each in headers):
        said.append(f"content-length: {len(body)}")
    return raw(rig, "\r\n".join([*said, "", ""]).encode("latin-1") + body)


PATHS = [
    "/v1//chat/completions", "/v1/chat/completions/", "/v1/./chat/completions",
    "/v1%2Fchat%2Fcompletions", "/v1/chat%2fcompletions", "/v1/chat/completions%00", "/v1/chat/completions;a=b",
    "/V1/chat/completions", "/v1/chat/completions%20", "//v1/chat/completions", "/v1/chat/%63ompletions", "/admin",
    "/metrics", "/coverage", "/v1/chat/completions/..%2f..%2fmetrics", "/weights/%2e%2e/x", "/v1/audio/speech", "*",
    "/v1/files", "/v1/batches", "/v1/fine_tuning/jobs", "/v1/responses/resp_1", "\\v1\\chat", "?",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_is_not_the_table_s_does_not_exist(rig: Rig, path: str) -> None:
    first = request(rig, f"POST {path} HTTP/1.1", "host: x").split(b"\r\n")[0]
    assert first.split()[1:2] in ([b"404"], [b"400"]), first


@pytest.mark.parametrize(
    "line",
    [
        "POST http://evil.example/v1/chat/completions HTTP/1.1",
        "POST http://evil.example@127.0.0.1/v1/models HTTP/1.1",
        "POST /v1/chat/completions?model=m HTTP/1.1",
        "POST /v1/chat/completions?beta=true&model=m HTTP/1.1",
        "POST /v1/chat/completions#m HTTP/1.1",
        "CONNECT 127.0.0.1:22 HTTP/1.1",
        "GET /v1/chat/completions HTTP/1.1",
        "PUT /v1/chat/completions HTTP/1.1",
        "OPTIONS /v1/chat/completions HTTP/1.1",
        "TRACE /v1/chat/completions HTTP/1.1",
    ],
)
def test_a_request_line_that_says_something_else(rig: Rig, line: str) -> None:
    status = request(rig, line, "host: x").split(b" ")[1]
    assert status in (b"400", b"404", b"405", b"451"), status


@pytest.mark.parametrize(
    "headers",
    [
        ("host: x\r\nhost: /v1/models",),
        ("host: x/v1/models?",),
        ("host: x", "x-original-url: /v1/models", "x-rewrite-url: /v1/models"),
        ("host: x", "x-forwarded-prefix: /admin", "x-forwarded-host: admin"),
        ("host: x", "x-http-method-override: GET"),
        ("host: x", "bylaw-end-user: citizen"),
        ("host: x", "bylaw-model: m"),
        ("host: x", "bylaw-receipt: x", "x-forwarded-for: 1.1.1.1"),
        (),
    ],
)
def test_headers_do_not_choose_the_path_or_the_person(rig: Rig, headers: tuple[str, ...]) -> None:
    status = request(rig, "POST /v1/chat/completions HTTP/1.1", *headers).split(b" ")[1]
    assert status in (b"451", b"401", b"400"), status


SMUGGLED = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"


@pytest.mark.parametrize(
    "framing",
    [
        ("content-length: 4", "transfer-encoding: chunked"),
        ("transfer-encoding: chunked", "content-length: 4"),
        ("content-length: 4", "content-length: 900"),
        ("content-length: +4",),
        ("content-length: 4, 4",),
        ("content-length: 0x4",),
        ("content-length: -1",),
        ("content-length: 99999999999999999999999",),
        ("transfer-encoding: xchunked",),
        ("transfer-encoding: chunked, identity",),
        ("transfer-encoding : chunked",),
        ("transfer-encoding:\x0bchunked",),
        ("transfer-encoding: chunked\r\n : x",),
        ("x: y\r\n\tz", "transfer-encoding\r\n: chunked"),
    ],
)
def test_a_request_has_one_length_or_is_none(rig: Rig, framing: tuple[str, ...]) -> None:
    """And so nothing behind it is taken for a second request by one and for its body by another."""
    body = b"0\r\n\r\n" + SMUGGLED
    answers = request(rig, "POST /v1/chat/completions HTTP/1.1", "host: x", *framing, body=body)
    assert b"HTTP/1.1 200" not in answers and b"HTTP/1.1 500" not in answers
    assert answers.count(b"HTTP/1.1 ") <= 2


CHUNKED = "transfer-encoding: chunked"


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        # the last lines of RFC 9112, sections 5.2, 6.1, 6.3, 7.1 and 11.2, one by one
        ((CHUNKED, "content-length: 0"), b"0\r\n\r\n"),
        (("content-length: 0", CHUNKED), b"0\r\n\r\n"),
        (("content-length: 6", f"{CHUNKED}\r\n ,identity"), b"0\r\n\r\nX"),
        ((CHUNKED, CHUNKED), b"0\r\n\r\n"),
        (("transfer-encoding: gzip, chunked",), b"0\r\n\r\n"),
        (("transfer-encoding: chunked, chunked",), b"0\r\n\r\n"),
        (("transfer-encoding: identity", "content-length: 2"), b"{}"),
        (("transfer-encoding: chunke\u0131d",), b"0\r\n\r\n"),
        (("transfer-encoding\t: chunked",), b"0\r\n\r\n"),
        (("transfer-encoding:\tchunked", "content-length: 3"), b"0\r\n\r\n"),
        (("\ttransfer-encoding: chunked",), b"0\r\n\r\n"),
        (("content-length : 2",), b"{}"),
        (("content-length:2\r\n 0",), b"{}"),
        (("content-length: 2 0",), b"{}"),
        (("content-length: 2;q=1",), b"{}"),
        (("content-length: 2_0",), b"{}"),
        (("content-length: \u0662",), b"{}"),
        (("content-length:",), b"{}"),
        ((CHUNKED,), b"g\r\n{}\r\n0\r\n\r\n"),
        ((CHUNKED,), b"0x2\r\n{}\r\n0\r\n\r\n"),
        ((CHUNKED,), b"-2\r\n{}\r\n0\r\n\r\n"),
        ((CHUNKED,), b" 2\r\n{}\r\n0\r\n\r\n"),
        ((CHUNKED,), b"ffffffffffffffff2\r\n{}\r\n0\r\n\r\n"),
        ((CHUNKED,), b"2\n{}\n0\n\n"),
        ((CHUNKED,), b"2\r\n{}XX0\r\n\r\n"),
        ((CHUNKED,), b"2;\nx\r\n{}\r\n0\r\n\r\n"),
        ((CHUNKED,), b'2;a="\n"\r\n{}\r\n0\r\n\r\n'),
        ((CHUNKED,), b"\r\n2\r\n{}\r\n0\r\n\r\n"),
        ((CHUNKED,), b"2\r\r\n{}\r\n0\r\n\r\n"),
        (("x: y\nz: w", "content-length: 2"), b"{}"),
        (("x: y\rz: w", "content-length: 2"), b"{}"),
        (("x", "content-length: 2"), b"{}"),
        (("x y: z", "content-length: 2"), b"{}"),
        ((": z", "content-length: 2"), b"{}"),
    ],
)
def test_what_stands_behind_a_doubtful_request_is_not_a_second_one(
    rig: Rig, server: ModelServer, framing: tuple[str, ...], body: bytes
) -> None:
    """The second is a good one of a citizen: were it answered, an attacker could put one into others' connections."""
    good = json.dumps(CHAT)
    second = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {rig.keys['citizen']}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(good)}\r\n\r\n{good}"
    ).encode()
    lines = ["POST /v1/chat/completions HTTP/1.1", "host: x", f"authorization: Bearer {rig.keys['foreign']}"]
    head = "\r\n".join([*lines, "content-type: application/json", *framing, "", ""])
    answers = raw(rig, head.encode("utf-8") + body + second)
    assert b"HTTP/1.1 200" not in answers and b"HTTP/1.1 500" not in answers, answers[:200]
    assert answers.count(b"HTTP/1.1 ") <= 2 and not server.heard


def test_requests_behind_each_other_are_each_their_own_caller_s(rig: Rig, server: ModelServer) -> None:
    def one(who: str, model: str, last: bool = False) -> bytes:
        body = json.dumps({**CHAT, "model": model})
        close = "connection: close\r\n" if last else ""
        return (
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {rig.keys[who]}\r\n{close}"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}"
        ).encode()

    got = raw(
        rig, one("foreign", "fable-5") + one("citizen", "m") + one("nobody", "m") + one("foreign", "fable-5", True)
    )
    assert re.findall(rb"HTTP/1\.1 (\d+) ", got) == [b"451", b"200", b"200", b"451"]
    receipts = re.findall(rb"bylaw-receipt: (\w+)", got)
    assert len(set(receipts)) == 4 and len(server.heard) == 2


@pytest.mark.parametrize(
    "headers",
    [
        (
            "upgrade: websocket",
            "connection: upgrade",
            "sec-websocket-version: 13",
            "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==",
        ),
        ("upgrade: h2c", "connection: upgrade, http2-settings", "http2-settings: AAMAAABkAAQAAP__"),
        ("upgrade: TLS/1.2", "connection: upgrade"),
        ("upgrade: chunked, h2c, websocket", "connection: upgrade"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_other_protocol_is_spoken(rig: Rig, server: ModelServer, method: str, headers: tuple[str, ...]) -> None:
    for path in ("/v1/chat/completions", "/v1/realtime", "/v1/models"):
        got = request(rig, f"{method} {path} HTTP/1.1", "host: x", *headers, who="foreign")
        assert not got.startswith(b"HTTP/1.1 101") and b"HTTP/1.1 500" not in got, got[:60]
    assert not server.heard


def test_http_2_begins_nothing(rig: Rig) -> None:
    for start in (
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
        b"\x16\x03\x01" + bytes(200),
        b"GET /v1/models\r\n\r\n",
    ):
        got = raw(rig, start)
        assert got == b"" or got.startswith((b"HTTP/1.1 400", b"HTTP/1.1 401")), got[:60]


def test_a_body_goes_upstream_with_our_own_length(rig: Rig, server: ModelServer) -> None:
    body = json.dumps(CHAT).encode()
    chunked = b"%x;ext=1\r\n%s\r\n0\r\ntrailer: x\r\n\r\n" % (len(body), body)
    got = request(
        rig, "POST /v1/chat/completions HTTP/1.1", "host: x", "transfer-encoding: chunked", body=chunked, who="citizen"
    )
    assert got.startswith(b"HTTP/1.1 200")
    assert server.heard[-1].headers["content-length"] == str(len(body))
    assert "transfer-encoding" not in server.heard[-1].headers and "trailer" not in server.heard[-1].headers


@pytest.mark.parametrize("value", ["a\rb: c", "a\nb: c", "a\0b"])
def test_a_header_cannot_bring_another(rig: Rig, server: ModelServer, value: str) -> None:
    got = request(
        rig, "POST /v1/chat/completions HTTP/1.1", "host: x", f"user-agent: {value}", body=json.dumps(CHAT).encode()
    )
    assert got.startswith(b"HTTP/1.1 400") and not server.heard


BODIES = [
    b'{"model":"m","model":"fable-5","messages":[]}',
    b'{"model":"fable-5","model":"m","messages":[]}',
    b'{"model":"m","Model":"fable-5","messages":[]}',
    b'{"MODEL":"fable-5","model":"m","messages":[]}',
    b'{"mod\\u0065l":"fable-5","model":"m","messages":[]}',
    b'{"model":"m","\\u006dodel":"fable-5","messages":[]}',
    b'{"model":["m","fable-5"],"messages":[]}',
    b'{"model":{"m":"fable-5"},"messages":[]}',
    b'{"model":null,"x":"fable-5"}',
    b'{"messages":"fable-5"}',
    b'\xef\xbb\xbf{"model":"m","x":"fable-5"}',
    b'{"model":"m","x":"fable-5"} {"model":"fable-5"}',
    b'{"model":"m","x":"fable-5",}',
    b'{"model":"m",//\n"x":"fable-5"}',
    b"{'model':'m','x':'fable-5'}",
    b'{"model":"m","x":"fable-5\xff"}',
    '{"model":"m","x":"fable-5"}'.encode("utf-16"),
    b'[{"model":"m","x":"fable-5"}]',
    b'{"model":"m","x":NaN,"y":"fable-5"}',
    b"",
    b"fable-5",
    b'{"model":"m","x":' + b"[" * 90_000 + b'"fable-5"' + b"]" * 90_000 + b"}",
    b'{"a":' * 20_000 + b'"fable-5"' + b"}" * 20_000,
    b'{"model":"m","model":"m","x":"fable-5"}',
    b'{"model":"m","x":{"model":"m"},"model":"fable-5"}',
    rb'{"model":"m","m\u00f6del":1,"\u004dodel":"fable-5"}',
    rb'{"model":"m","mode\u006c":"fable-5"}',
    '{"model":"m","mode\u217c":"fable-5","MODEL":1}'.encode(),
    b'{"model":"fable-5\\u0000","x":1}',
    b'{"model":"FABLE-5"}',
    b'{"model":" fable-5"}',
    b'{"model":"m/../fable-5"}',
    b'{"model":"m\\r\\nfable-5"}',
    b'{"model":"{{7*7}}fable-5"}',
    b"{\"model\":\"fable-5' OR '1'='1\"}",
    b'{"model":"fable-5","x":' + b"9" * 150_000 + b',"model":"m"}',
    b'{"model":"m",' + b",".join(b'"k%d":0' % each for each in range(15_000)) + b',"MODEL":"fable-5"}',
    b'{"model":"m","x":"\\ud800fable-5","\\ud83dmodel":1,"Model":2}',
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_body_names_one_model_in_every_reading(rig: Rig, body: bytes) -> None:
    for who in ("foreign", "citizen"):
        assert rig.post("/v1/chat/completions", who, body).status in (400, 404), body[:60]


def test_the_word_model_inside_is_no_second_name(rig: Rig, server: ModelServer) -> None:
    schema = {"properties": {"model": {"type": "string"}, "Model": {}}}
    tools = [{"type": "function", "function": {"name": "f", "parameters": schema}}]
    said = [{"role": "user", "content": 'say {"model": "x"} \u00e9\u006d'}]
    assert rig.chat("citizen", tools=tools, messages=said).status == 200
    server.heard.clear()


def test_sizes_encodings_and_kinds(rig: Rig) -> None:
    large = json.dumps({**CHAT, "model": "fable-5", "x": "y" * 300_000}).encode()
    assert rig.post("/v1/chat/completions", "citizen", large).status == 413
    chunks = b"".join(b"%x\r\n%s\r\n" % (60_000, b"x" * 60_000) for _ in range(5)) + b"0\r\n\r\n"
    assert (
        b" 413 "
        in request(rig, "POST /v1/chat/completions HTTP/1.1", "host: x", "transfer-encoding: chunked", body=chunks)[:40]
    )
    bomb = gzip.compress(BODY + b" " * 10_000_000)
    for encoding in ("gzip", "br", "deflate", "identity, gzip"):
        assert rig.post("/v1/chat/completions", "citizen", bomb, {"content-encoding": encoding}).status == 415
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", ""):
        assert rig.post("/v1/chat/completions", "citizen", BODY, {"content-type": kind}).status == 415


def test_headers_without_end_are_not_collected(rig: Rig) -> None:
    assert b" 200 " not in raw(rig, b"GET /v1/models HTTP/1.1\r\nx: " + b"y" * 2_000_000)
    many = "".join(f"x-{number}: y\r\n" for number in range(20_000))
    assert b" 200 " not in raw(rig, f"GET /v1/models HTTP/1.1\r\n{many}\r\n".encode())
    assert rig.chat("citizen").status == 200


def test_who_is_slow_with_a_request_is_shown_out(rig: Rig) -> None:
    parts = urlsplit(rig.door)
    line = "POST /v1/chat/completions HTTP/1.1\r\n"
    headers = f"authorization: Bearer {rig.keys['citizen']}\r\ncontent-type: application/json\r\n"
    starts = ("", "POST /v1/ch", line + headers, f"{line}{headers}content-length: 99\r\n\r\n{{")
    with ExitStack() as all:
        for start in starts:
            connection = all.enter_context(socket.create_connection((parts.hostname, parts.port), timeout=WAIT))
            connection.sendall(start.encode())
            all.callback(lambda connection=connection: _shown_out(connection))


def _shown_out(connection: socket.socket) -> None:
    try:
        said = connection.recv(4096)
    except ConnectionResetError:
        said = b""
    assert said == b"" or said.startswith(b"HTTP/1.1 408")


def test_a_wrong_key_says_nothing_of_how_wrong_it_was(rig: Rig) -> None:
    right = rig.keys["citizen"]
    wrong = [
        right[:-1] + ("A" if right[-1] != "A" else "B"),
        right[:20],
        right.lower(),
        right + "x",
        "bylaw-",
        f"{right} ",
        f" {right}",
    ]
    answers = {rig.chat("", {"authorization": f"Bearer {each}"}).body for each in wrong[:5]}
    assert len(answers) == 1 and json.loads(answers.pop())["status"] == 401


def test_the_decision_point_asks_for_a_key_and_a_known_model(rig: Rig) -> None:
    assert rig.get("/decide", "", {"bylaw-model": "m"}).status == 401
    refused = rig.get("/decide", "foreign", {"bylaw-model": "fable-5"})
    assert refused.status == 403 and refused.json["reason"] == "law"
    assert rig.get("/decide", "foreign", {"bylaw-model": "m"}).status == 200
    assert rig.get("/decide", "foreign").status == 404
    assert rig.get("/decide/v1/chat/completions", "foreign", {"bylaw-model": "fable-5"}, method="POST").status == 403


def test_the_door_has_no_page_of_the_admin_listener_and_the_other_way_round(rig: Rig) -> None:
    assert ask(rig.admin, "GET", "/metrics", {}).status == 200
    for path in ("/v1/models", "/v1/chat/completions", "/decide", "/weights/m/x"):
        assert ask(rig.admin, "GET", path, {"authorization": f"Bearer {rig.keys['citizen']}"}).status == 404


@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
def test_what_a_server_keeps_is_not_handed_out_by_its_id(rig: Rig, server: ModelServer, method: str) -> None:
    for path in ("/v1/responses/r", "/v1/responses/r/cancel", "/v1/responses/r/input_items", "/v1/chat/completions/c"):
        got = ask(rig.door, method, path, {"authorization": f"Bearer {rig.keys['citizen']}"})
        assert got.status == 404 and got.json["type"] == "urn:bylaw:problem:kept", path
    assert not server.heard


KEPT = [
    b'{"model":"m","input":"x","previous_response_id":"r"}',
    b'{"model":"m","input":"x","previous_response_id":null,"previous_response_id":"r"}',
    b'{"model":"m","input":"x","Previous_Response_Id":"r"}',
    b'{"model":"m","input":"x","previou\\u0073_response_id":"r"}',
    '{"model":"m","input":"x","previou\u017f_response_id":"r"}'.encode(),
    b'{"model":"m","input":"x","previou\\u017f_response_id":"r"}',
    b'{"model":"m","input":"x","conversation":{"id":"c"}}',
    b'{"model":"m","input":"x","background":true}',
    b'{"model":"m","input":"x","background":false,"background":true}',
    '{"model":"m","input":"x","bac\u212aground":true}'.encode(),
    b'{"model":"m","input":"x","background":1}',
]


@pytest.mark.parametrize("body", KEPT, ids=range(len(KEPT)))
def test_a_response_does_not_go_on_from_what_was_decided_about_for_somebody_else(
    rig: Rig, server: ModelServer, body: bytes
) -> None:
    got = rig.post("/v1/responses", "citizen", body)
    assert got.status == 404 and got.json["type"] == "urn:bylaw:problem:kept" and not server.heard


def test_the_words_of_what_is_kept_may_stand_in_a_text(rig: Rig) -> None:
    body = {"model": "m", "input": "what is a background conversation? \u017f", "background": False}
    assert rig.post("/v1/responses", "citizen", {**body, "previous_response_id": None}).status == 200
