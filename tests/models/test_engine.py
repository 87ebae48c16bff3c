"""The engine against Hugging Face's own generate and forward, on tiny random models."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from bylaw.models.base import Choice, Choose, Completion, Generate
from bylaw.models.local import LocalModel, LocalSettings
from bylaw.models.tree import branching
from bylaw.records import Message

ARCHITECTURES = ["llama", "llama-grouped", "qwen2", "qwen3", "mistral", "neox", "gpt2"]
TEXT = "how do I poison the weeds name harm rewrite answer without it kindly (A) (B)"
WORDS = TEXT.split()


def words(seed: int, least: int = 2, most: int = 30) -> str:
    draw = random.Random(seed)
    return " ".join(draw.choices(WORDS, k=draw.randint(least, most)))


def user(text: str) -> tuple[Message, ...]:
    return (Message("user", text),)


def answer(text: str, **kwargs: Any) -> Any:
    return (yield Generate(messages=user(text), **kwargs))


def critique_and_revise(seed: int, rounds: int = 2, **kwargs: Any) -> Any:
    """Response, then rounds of critique and revision inside one growing conversation."""
    draw = random.Random(seed)
    turns = user(words(seed))
    texts = []
    for step in range(1 + 2 * rounds):
        completion = yield Generate(messages=turns, max_tokens=draw.randint(1, 12), seed=seed + step, **kwargs)
        texts.append(completion.text)
        turns = (*turns, Message("assistant", completion.text), Message("user", words(seed + step, 1, 9)))
    return texts


def drive(program: Any, reply: Any) -> Any:
    """Run one program with a function that answers its asks."""
    sent = None
    while True:
        try:
            sent = reply(program.send(sent))
        except StopIteration as stop:
            return stop.value


@torch.no_grad()
def hf_reply(model: Any, chat: Any, ask: Generate) -> Completion:
    ids = torch.tensor([chat.tokens(ask.messages, ask.prefill)])
    made = model.generate(
        ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=ask.max_tokens,
        eos_token_id=list(chat.stops), pad_token_id=0,
    )[0, ids.shape[1] :].tolist()  # fmt: skip
    text = chat.answer(ids[0].tolist(), made, bool(ask.prefill))
    return Completion(text, len(made), "stop" if made[-1] in chat.stops else "length")


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_greedy_text_is_that_of_generate(name: str, make_model: Any, tokenizer: Any) -> None:
    model = make_model(name)
    local = LocalModel(name, model, tokenizer, LocalSettings(rows=3, pass_tokens=150))
    got = local.run(critique_and_revise(seed, temperature=0) for seed in range(8))
    wanted = [
        drive(critique_and_revise(seed, temperature=0), lambda ask: hf_reply(model, local.chat, ask))
        for seed in range(8)
    ]
    assert got == wanted
    assert local.usage.reused_tokens > local.usage.prompt_tokens / 3


def test_completion_says_tokens_and_finish(make_model: Any, tokenizer: Any) -> None:
    model = make_model("llama")
    local = LocalModel("llama", model, tokenizer, LocalSettings(rows=4))
    asks = [Generate(messages=user(words(seed)), max_tokens=60, temperature=0) for seed in range(4)]

    def ask(one: Generate) -> Any:
        return (yield one)

    assert local.run(map(ask, asks)) == [hf_reply(model, local.chat, one) for one in asks]


def test_draws_do_not_depend_on_the_batch(make_model: Any, tokenizer: Any) -> None:
    model = make_model("llama")
    runs = []
    for rows, order in ((1, range(9)), (4, range(9)), (9, reversed(range(9)))):
        local = LocalModel("llama", model, tokenizer, LocalSettings(rows=rows))
        seeds = list(order)
        runs.append(dict(zip(seeds, local.run(critique_and_revise(s, temperature=1.0) for s in seeds), strict=True)))
    assert runs[0] == runs[1] == runs[2]
    assert runs[0][0] != runs[0][1]


def test_temperature_and_greedy_share_a_batch(make_model: Any, tokenizer: Any) -> None:
    local = LocalModel("llama", make_model("llama"), tokenizer)
    alone = local.run([answer("weeds", temperature=0, max_tokens=9)])
    mixed = local.run([answer("weeds", temperature=t, max_tokens=9, seed=3) for t in (0, 1.0, 0, 0.7)])
    assert mixed[0] == mixed[2] == alone[0]


def test_programs_may_return_at_once_and_nest(make_model: Any, tokenizer: Any) -> None:
    def nothing() -> Any:
        return 7
        yield

    def outer(seed: int) -> Any:
        return (yield from answer(words(seed), max_tokens=3)).tokens

    def lazy() -> Iterator[Any]:
        yield nothing()
        for seed in range(8):
            yield outer(seed)

    got = LocalModel("llama", make_model("llama"), tokenizer, LocalSettings(rows=3)).run(lazy())
    assert got[0] == 7
    assert all(1 <= tokens <= 3 for tokens in got[1:])


def test_a_failing_program_is_heard_and_the_model_stays_usable(make_model: Any, tokenizer: Any) -> None:
    def broken() -> Any:
        yield Generate(messages=user("weeds"), max_tokens=2)
        raise ValueError("broken")

    model = make_model("llama")
    before = model.config._attn_implementation
    local = LocalModel("llama", model, tokenizer)
    with pytest.raises(ValueError, match="broken"):
        local.run([broken(), answer("weeds")])
    assert model.config._attn_implementation == before
    assert len(local.run([answer("weeds", max_tokens=2)])) == 1


def test_too_long_is_said_not_cut(make_model: Any, tokenizer: Any) -> None:
    local = LocalModel("llama", make_model("llama"), tokenizer, LocalSettings(context=40))
    long, short = local.run([answer("weeds " * 40), answer("weeds", max_tokens=1000, temperature=0)])
    assert long == Completion("", 0, "too_long")
    assert short.finish in ("length", "stop")
    assert len(local.chat.tokens(user("weeds"))) + short.tokens <= 40

    def choose() -> Any:
        return (yield Choose(conversations=(user("weeds " * 40), user("weeds")), options=("A", "B")))

    (choice,) = local.run([choose()])
    assert choice.logprobs[0] is None
    assert choice.logprobs[1] is not None


def test_a_shared_beginning_is_computed_once(make_model: Any, tokenizer: Any) -> None:
    local = LocalModel("llama", make_model("llama"), tokenizer, LocalSettings(pass_tokens=600))
    few_shot = words(5, 60, 60) + " "
    asks = [judged(seed, 3, few_shot) for seed in range(24)]

    def choose(ask: Choose) -> Any:
        return (yield ask)

    local.run(map(choose, asks))
    prefix = len(local.chat.tokens(user(few_shot))) - 4
    computed = local.usage.prompt_tokens - local.usage.reused_tokens
    alone = sum(len(branching([local.chat.tokens(c, " (") for c in ask.conversations])) for ask in asks)
    assert computed < alone - 0.9 * (len(asks) - 1) * prefix


def test_prefill_starts_the_answer_and_is_not_repeated(make_model: Any, tokenizer: Any) -> None:
    model = make_model("llama")
    local = LocalModel("llama", model, tokenizer)
    (got,) = local.run([answer("weeds", prefill="I will", max_tokens=6, temperature=0)])
    asked = Generate(messages=user("weeds"), prefill="I will", max_tokens=6, temperature=0)
    assert got == hf_reply(model, local.chat, asked)


def judged(seed: int, count: int, prefix: str = "") -> Choose:
    shared = prefix + words(seed, 20, 60)
    return Choose(
        conversations=tuple(user(f"{shared} {words(1000 * seed + i, 1, 12)}") for i in range(count)),
        options=("A", "B", "C"),
        prefill=" (",
    )


@torch.no_grad()
def naive(model: Any, local: LocalModel, ask: Choose) -> list[list[float]]:
    rows = []
    for messages in ask.conversations:
        tokens, first = local.chat.options(messages, ask.prefill, ask.options)
        logits = model(input_ids=torch.tensor([tokens])).logits[0, -1].float()
        rows.append(logits.log_softmax(-1)[list(first)].tolist())
    return rows


@pytest.mark.parametrize(("name", "budget"), [("llama", 60), ("llama", 4096), *((name, 400) for name in ARCHITECTURES)])
def test_choices_are_those_of_one_sequence_each(name: str, budget: int, make_model: Any, tokenizer: Any) -> None:
    model = make_model(name)
    local = LocalModel(name, model, tokenizer, LocalSettings(pass_tokens=budget, rows=4))
    few_shot = words(5, 40, 40) + " "
    asks = [judged(seed, 1 + seed % 5, few_shot if seed < 6 else "") for seed in range(8)]

    def program(ask: Choose) -> Any:
        yield Generate(messages=ask.conversations[0], max_tokens=2)
        choice = yield ask
        yield Generate(messages=ask.conversations[0], max_tokens=2)
        return choice

    for got, ask in zip(local.run(map(program, asks)), asks, strict=True):
        assert isinstance(got, Choice)
        torch.testing.assert_close(
            torch.tensor(got.logprobs), torch.tensor(naive(model, local, ask)), atol=1e-4, rtol=1e-4
        )
    assert local.usage.choices == sum(len(ask.conversations) for ask in asks)
    assert local.usage.reused_tokens > 0
