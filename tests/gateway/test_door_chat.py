"""Chat completions through the door: bytes as they are, refusals that can be used, and never open."""

import json

from gateway_model import ModelServer
from gateway_rig import CHAT, Rig


def test_an_answer_comes_back_byte_for_byte_with_a_receipt(rig: Rig, server: ModelServer) -> None:
    got = rig.chat("citizen")
    assert got.status == 200
    assert got.json["choices"][0]["message"]["content"] == "All that is said here is 42."  # type: ignore[index]
    assert len(got.headers["bylaw-receipt"]) == 64


def test_the_body_goes_on_as_it_came_with_the_labs_credential(rig: Rig, server: ModelServer) -> None:
    body = b'{ "messages": [{"role":"user","content":"\xc3\xa9 \\u00e9"}],  "model"  :"m", "top_p": 1.0e0}'
    assert (
        rig.post("/v1/chat/completions", "citizen", body, {"cookie": "a=b", "x-forwarded-for": "1.1.1.1"}).status == 200
    )
    heard = server.heard[-1]
    assert heard.body == body
    assert heard.headers["authorization"] == "Bearer sk-upstream"
    assert {"cookie", "x-forwarded-for", "x-api-key"}.isdisjoint(heard.headers)
    assert rig.keys["citizen"] not in str(heard)


def test_a_stream_comes_piece_by_piece(rig: Rig, server: ModelServer) -> None:
    got = rig.chat("citizen", stream=True)
    events = [line[6:] for line in got.body.decode().split("\n\n") if line]
    assert events[-1] == "[DONE]" and len(events) == 10
    assert got.headers["content-type"] == "text/event-stream"
    assert "".join(json.loads(each)["choices"][0]["delta"].get("content", "") for each in events[:-1]).endswith("42.")


def test_without_a_valid_key_nobody_is_let_in_and_nothing_goes_on(rig: Rig, server: ModelServer) -> None:
    for headers in (
        {},
        {"authorization": "Bearer bylaw-" + "a" * 43},
        {"authorization": "Basic abc"},
        {"x-api-key": ""},
    ):
        got = rig.chat("", headers)
        assert got.status == 401 and got.json["error"]["type"] == "authentication_error"  # type: ignore[index]
    both = {"authorization": f"Bearer {rig.keys['citizen']}", "x-api-key": rig.keys["foreign"]}
    assert rig.chat("", both).status == 401
    assert not server.heard


def test_a_model_that_is_not_here_or_not_decided_about(rig: Rig, server: ModelServer) -> None:
    for name in ("no-such", "M", "m ", ""):
        assert rig.chat("citizen", model=name).status == 404
    assert not server.heard


def test_the_same_key_as_x_api_key(rig: Rig, server: ModelServer) -> None:
    assert rig.post("/v1/chat/completions", "", CHAT, {"x-api-key": rig.keys["citizen"]}).status == 200
