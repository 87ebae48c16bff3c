"""The official clients, unchanged, and curl: every surface, streaming and not, and what they make of a refusal."""

import subprocess
from collections.abc import Iterator

import anthropic
import openai
import pytest
from gateway_model import ModelServer
from gateway_rig import Rig, gateway, letter

SAID = "All that is said here is 42."
ASKED = [{"role": "user", "content": "What is said here?"}]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rig, ModelServer]]:
    with gateway(tmp_path_factory.mktemp("clients")) as both:
        both[0].enact(letter("fable-5"), "letter.toml")
        both[0].wait_enforced()
        yield both


@pytest.fixture
def openai_of(rig: Rig):  # type: ignore[no-untyped-def]
    def client(who: str) -> openai.OpenAI:
        return openai.OpenAI(api_key=rig.keys[who], base_url=f"{rig.door}/v1", max_retries=0)

    return client


@pytest.fixture
def anthropic_of(rig: Rig):  # type: ignore[no-untyped-def]
    def client(who: str) -> anthropic.Anthropic:
        return anthropic.Anthropic(api_key=rig.keys[who], base_url=rig.door, max_retries=0)

    return client


def test_openai_chat(openai_of) -> None:  # type: ignore[no-untyped-def]
    chat = openai_of("citizen").chat.completions
    assert chat.create(model="m", messages=ASKED).choices[0].message.content == SAID
    pieces = [each.choices[0].delta.content or "" for each in chat.create(model="m", messages=ASKED, stream=True)]
    assert "".join(pieces) == SAID and len(pieces) > 5


def test_openai_responses_completions_and_embeddings(openai_of, server: ModelServer) -> None:  # type: ignore[no-untyped-def]
    client = openai_of("citizen")
    assert client.responses.create(model="m", input="What?").output_text == SAID
    assert client.completions.create(model="m", prompt="What?").choices[0].text == SAID
    assert client.embeddings.create(model="m", input="What?", encoding_format="float").data[0].embedding == [0.25, -0.5]
    assert [heard.path for heard in server.heard] == ["/v1/responses", "/v1/completions", "/v1/embeddings"]


def test_openai_models_are_the_callers(openai_of) -> None:  # type: ignore[no-untyped-def]
    own = {each.id for each in openai_of("citizen").models.list()}
    assert own - {each.id for each in openai_of("foreign").models.list()} == {"fable-5"}
    assert openai_of("citizen").models.retrieve("fable-5").id == "fable-5"
    with pytest.raises(openai.NotFoundError):
        openai_of("foreign").models.retrieve("fable-5")


def test_openai_errors_can_be_used(openai_of) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(openai.PermissionDeniedError) as held:
        openai_of("nobody").chat.completions.create(model="fable-5", messages=ASKED)
    assert held.value.code == "fact-missing" and "citizenship" in held.value.message
    with pytest.raises(openai.APIStatusError) as refused:
        openai_of("foreign").chat.completions.create(model="fable-5", messages=ASKED)
    assert refused.value.status_code == 451 and refused.value.response.headers["bylaw-receipt"]
    with pytest.raises(openai.AuthenticationError):
        openai.OpenAI(api_key="sk-wrong", base_url=openai_of("citizen").base_url, max_retries=0).models.list()
    with pytest.raises(openai.NotFoundError):
        openai_of("citizen").chat.completions.create(model="no-such", messages=ASKED)


def test_anthropic_messages(anthropic_of, server: ModelServer) -> None:  # type: ignore[no-untyped-def]
    client = anthropic_of("citizen")
    message = client.messages.create(model="m", max_tokens=64, messages=ASKED)
    assert message.content[0].text == SAID
    with client.messages.stream(model="m", max_tokens=1, messages=ASKED) as stream:
        assert stream.get_final_text() == SAID
    assert client.messages.count_tokens(model="m", messages=ASKED).input_tokens == 7
    assert client.beta.messages.count_tokens(model="m", messages=ASKED, betas=["x-1"]).input_tokens == 7
    assert server.heard[-1].headers["anthropic-beta"].startswith("x-1")
    assert server.heard[-1].headers["anthropic-version"] == client.default_headers["anthropic-version"]


def test_anthropic_models_and_errors(anthropic_of) -> None:  # type: ignore[no-untyped-def]
    assert "fable-5" in {each.id for each in anthropic_of("citizen").models.list()}
    assert "fable-5" not in {each.id for each in anthropic_of("foreign").models.list()}
    with pytest.raises(anthropic.PermissionDeniedError, match="citizenship"):
        anthropic_of("nobody").messages.create(model="fable-5", max_tokens=9, messages=ASKED)
    with pytest.raises(anthropic.APIStatusError) as refused:
        anthropic_of("foreign").messages.create(model="fable-5", max_tokens=9, messages=ASKED)
    assert refused.value.status_code == 451


def test_curl(rig: Rig) -> None:
    command = [
        "curl",
        "-sSN",
        "--fail-with-body",
        f"{rig.door}/v1/chat/completions",
        "-H",
        "content-type: application/json",
        "-H",
        f"authorization: Bearer {rig.keys['citizen']}",
        "-d",
        '{"model":"m","stream":true,"messages":[]}',
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("data: [DONE]\n\n")
