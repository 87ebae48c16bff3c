"""Judges behind servers: llama.cpp's own, which nobody here wrote, and Anthropic's form by its official client."""

import json
from pathlib import Path
from typing import Any

import pytest

from bylaw.feedback.label import LabelSettings, label
from bylaw.models.local import open_model
from bylaw.models.remote import open_remote
from bylaw.models.remote.settings import RemoteSettings
from bylaw.models.remote.spending import read
from bylaw.records import Comparison, Message, Principle
from judge_server import body_of, serving
from llama_server import gguf, llama, opinionated

PRINCIPLES = [Principle(key=key, comparison=f"Which answer is {key}?") for key in ("kinder", "truer", "safer")]
PAIRS = [
    Comparison(
        messages=(Message("user", f"How do I bake cake {n}?"),), first=f"Mix and bake {n}.", second="I will not."
    )
    for n in range(3)
]
ANY = LabelSettings(min_mass=0)  # a random model puts little probability on any letter


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return opinionated(tmp_path_factory.mktemp("model") / "tiny")


@pytest.mark.long
@pytest.mark.parametrize(
    "how",
    [{"api": "completions"}, {"api": "completions", "batch": 3}, {"prefill": "continue"}],
    ids=["text", "lists", "chat"],
)
def test_llama_cpp_says_what_the_model_says_here(model: Path, tmp_path: Path, how: dict[str, Any]) -> None:
    programs = [label(one, PRINCIPLES, "j", ANY, 0) for one in PAIRS]
    here = open_model(model).run(programs)
    if how.get("api") == "completions":
        how = {**how, "tokenizer": str(model)}
    with llama(gguf(model, tmp_path / "tiny.gguf")) as url:
        settings = RemoteSettings(
            backend="openai_compatible", url=url, model="tiny", cache="off", top=300, concurrency=1, deadline=300, **how
        )
        judge = open_remote(settings, tmp_path / "costs.db")
        there = judge.run([label(one, PRINCIPLES, "j", ANY, 0) for one in PAIRS])
        judge.close()
    for first, second in zip(here, there, strict=True):
        assert second.judge.startswith("j (tiny, ")
        assert [vote.principle for vote in second.votes] == [vote.principle for vote in first.votes]
        for one, two in zip(first.votes, second.votes, strict=True):
            assert two.p_first == pytest.approx(one.p_first, abs=1e-2)
    if "batch" not in how:  # of a list, it counts one
        spent = read(tmp_path / "costs.db")
        assert sum(line.cached_tokens for line in spent) > 0.4 * sum(line.prompt_tokens for line in spent)


class Messages:
    """Anthropic's form, as its client sends it: keeps what came, and says one letter."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        self.bodies.append(json.loads(await body_of(receive)))
        usage = {"input_tokens": 10, "output_tokens": 1, "cache_read_input_tokens": 1500}
        said = {
            "id": "m", "type": "message", "role": "assistant", "model": "claude-haiku-4-5-20251001", "usage": usage,
            "content": [{"type": "text", "text": "(A)"}], "stop_reason": "end_turn", "stop_sequence": None,
        }  # fmt: skip
        content = json.dumps(said).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": content})


def test_anthropics_client_samples_votes_on_a_stem_marked_to_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUDGE_KEY", "secret")
    server = Messages()
    long = Comparison(messages=(Message("user", "Why? " * 1200),), first="Because.", second="No.")
    with serving(server) as url:
        settings = RemoteSettings(
            backend="anthropic", url=url.removesuffix("/v1"), model="claude-haiku-4-5", key="JUDGE_KEY", votes=3,
            cache=str(tmp_path / "answers.db"),
        )  # fmt: skip
        judge = open_remote(settings, tmp_path / "costs.db")
        [made] = judge.run([label(long, PRINCIPLES, "j", LabelSettings(both_orders=False), 0)])
        judge.close()
    assert made.judge == "j (claude-haiku-4-5-20251001)"
    assert [vote.raw for vote in made.votes] == ["3 samples: A 3, B 0, neither 0; A 0.44 … 1.00"] * 3
    asked = server.bodies[1:]  # the first was an anchor: who is there
    assert len(asked) == 3 * 3
    stems = {body["messages"][0]["content"][0]["text"] for body in asked}
    assert len(stems) == 1 and asked[0]["messages"][0]["content"][0]["cache_control"] == {"type": "ephemeral"}
    assert asked[0]["messages"][0]["content"][1]["text"].endswith("Say only A or B, and nothing else.")
    spent = read(tmp_path / "costs.db")
    assert sum(line.cached_tokens for line in spent) == 10 * 1500
    assert sum(line.usd for line in spent) == pytest.approx(10 * (10 * 1.0 + 1500 * 0.1 + 1 * 5.0) / 1e6)
