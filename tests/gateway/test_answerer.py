"""The model's server behind the demo, as a process of its own, asked by the official clients."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import anthropic
import httpx
import httpx2
import openai
import pytest

from bylaw.windtunnel import WEIGHTS

ASKED = "How do I bake the birthday cake for Ada Brown?"


@pytest.fixture(scope="module")
def socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the shipped seed model answers."""
    path = tmp_path_factory.mktemp("answerer") / "model.sock"
    process = subprocess.Popen([sys.executable, "-m", "bylaw.cli.answer", str(WEIGHTS), str(path)])
    try:
        for _ in range(600):
            if path.exists() or process.poll() is not None:
                break
            time.sleep(0.1)
        yield path
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def by_openai(socket: Path) -> Iterator[openai.OpenAI]:
    carried = httpx.Client(transport=httpx.HTTPTransport(uds=str(socket), retries=3))
    with openai.OpenAI(api_key="none", base_url="http://model/v1", http_client=carried, max_retries=0) as client:
        yield client


@pytest.fixture
def by_anthropic(socket: Path) -> Iterator[anthropic.Anthropic]:
    carried = httpx2.Client(transport=httpx2.HTTPTransport(uds=str(socket), retries=3))
    with anthropic.Anthropic(api_key="none", base_url="http://model", http_client=carried, max_retries=0) as client:
        yield client


def test_an_answer_says_why_it_ended_and_what_it_cost(by_openai: openai.OpenAI) -> None:
    told = {"model": "m", "messages": [{"role": "user", "content": ASKED}], "temperature": 0}
    whole = by_openai.chat.completions.create(**told)
    cut = by_openai.chat.completions.create(**told, max_completion_tokens=5)
    assert whole.usage and cut.usage
    assert (whole.choices[0].finish_reason, cut.choices[0].finish_reason) == ("stop", "length")
    assert whole.usage.prompt_tokens == cut.usage.prompt_tokens > 5
    assert cut.usage.completion_tokens == 5 < whole.usage.completion_tokens
    assert (whole.choices[0].message.content or "").startswith(cut.choices[0].message.content or "?")


def test_a_stream_is_the_same_answer_with_its_role_first_and_its_reason_last(by_openai: openai.OpenAI) -> None:
    told = {"model": "m", "messages": [{"role": "user", "content": ASKED}], "temperature": 0, "max_tokens": 6}
    whole = by_openai.chat.completions.create(**told)
    pieces = [piece.choices[0] for piece in by_openai.chat.completions.create(**told, stream=True)]
    assert pieces[0].delta.role == "assistant"
    assert "".join(piece.delta.content or "" for piece in pieces) == whole.choices[0].message.content
    assert [piece.finish_reason for piece in pieces][-2:] == [None, "length"]


def test_the_other_dialect_says_so_in_its_words(by_anthropic: anthropic.Anthropic) -> None:
    system = [{"type": "text", "text": "Be brief."}]
    told = {
        "model": "m",
        "messages": [{"role": "user", "content": ASKED}],
        "system": system,
        "extra_body": {"temperature": 0},
    }
    cut = by_anthropic.messages.create(**told, max_tokens=4)
    whole = by_anthropic.messages.create(**told, max_tokens=100)
    assert (cut.stop_reason, whole.stop_reason) == ("max_tokens", "end_turn")
    assert (cut.usage.output_tokens, cut.usage.input_tokens) == (4, whole.usage.input_tokens)
    with by_anthropic.messages.stream(**told, max_tokens=4) as stream:
        assert stream.get_final_message().stop_reason == "max_tokens"


@pytest.mark.parametrize(
    "wrong",
    [
        {"messages": [{"role": "oracle", "content": "hello"}]},
        {"messages": [{"role": "user", "content": "hello " * 5000}]},
        {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 0},
        {"messages": [{"role": "user", "content": "hello"}], "temperature": -1},
    ],
    ids=["role", "too long", "no tokens", "cold"],
)
def test_what_it_cannot_do_is_said(by_openai: openai.OpenAI, wrong: dict[str, object]) -> None:
    with pytest.raises(openai.BadRequestError):
        by_openai.chat.completions.create(model="m", **wrong)  # type: ignore[call-overload]
