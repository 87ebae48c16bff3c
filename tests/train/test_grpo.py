"""GRPO on a toy reward, with the policy sampled by Hugging Face's own generate."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from bylaw.models.base import Completion
from bylaw.records import Conversation, Message
from bylaw.train.examples import Encoder
from bylaw.train.grpo import NothingSampled, advantages_of, k3, train_grpo
from bylaw.train.settings import GrpoSettings, LoraSettings, TrainSettings

PROMPTS: list[Conversation] = [
    (Message("user", f"how do i make {word}"),) for word in ("cake", "sugar", "flour", "poison")
]
SETTINGS = TrainSettings(learning_rate=1e-2, epochs=25, batch_size=4, warmup=0.0, schedule="constant")


def _sampler(model: Any, tokenizer: Any) -> Callable[..., list[list[Completion]]]:
    encoder = Encoder(tokenizer)

    def sample(prompts: Sequence[Conversation], group: int, step: int) -> list[list[Completion]]:
        torch.manual_seed(step)
        return [_group(encoder.stem(prompt), group) for prompt in prompts]

    def _group(stem: tuple[int, ...], group: int) -> list[Completion]:
        drawn = model.generate(
            torch.tensor([stem]),
            do_sample=True,
            max_new_tokens=4,
            num_return_sequences=group,
            pad_token_id=0,
            eos_token_id=2,
        )
        return [_completion(ids) for ids in drawn[:, len(stem) :].tolist()]

    def _completion(ids: list[int]) -> Completion:
        text = tokenizer.decode(ids, skip_special_tokens=True)
        return Completion(text, len(ids), "stop" if 2 in ids else "length")

    return sample


def _noes(prompts: Sequence[Conversation], answers: Sequence[Sequence[str]]) -> list[list[float | None]]:
    return [[float(answer.split().count("no")) for answer in row] for row in answers]


@pytest.mark.parametrize("lora", [LoraSettings(), LoraSettings(rank=8)], ids=["full", "lora"])
def test_the_reward_rises(model: Any, tokenizer: Any, tmp_path: Path, lora: LoraSettings) -> None:
    settings = msgspec.structs.replace(SETTINGS, lora=lora)
    result = train_grpo(model, tokenizer, PROMPTS, _sampler(model, tokenizer), _noes, settings, tmp_path)
    rewards = [point.metrics["reward"] for point in result.history]
    assert sum(rewards[-5:]) / 5 > sum(rewards[:5]) / 5 + 0.5
    assert result.history[0].metrics["kl"] == pytest.approx(0, abs=1e-6)
    assert result.history[-1].metrics["kl"] > 0.01


def test_a_heavy_divergence_holds_the_policy(fresh: Any, tokenizer: Any, tmp_path: Path) -> None:
    reached = {}
    for kl in (0.0, 10.0):
        model = fresh()
        result = train_grpo(
            model,
            tokenizer,
            PROMPTS,
            _sampler(model, tokenizer),
            _noes,
            SETTINGS,
            tmp_path / str(kl),
            grpo=GrpoSettings(kl=kl),
        )
        reached[kl] = sum(point.metrics["reward"] for point in result.history[-5:]) / 5
    assert reached[0.0] > reached[10.0] + 0.3


def test_a_prompt_that_fills_the_context_is_dropped(model: Any, tokenizer: Any, tmp_path: Path) -> None:
    long: Conversation = (Message("user", "cake " * 62),)
    settings = TrainSettings(batch_size=4)
    result = train_grpo(model, tokenizer, [long, *PROMPTS], _sampler(model, tokenizer), _noes, settings, tmp_path)
    assert [one.index for one in result.dropped] == [0]


def test_without_a_reward_it_stops(model: Any, tokenizer: Any, tmp_path: Path) -> None:
    def none(prompts: Sequence[Conversation], answers: Sequence[Sequence[str]]) -> list[list[float | None]]:
        return [[None for _ in row] for row in answers]

    with pytest.raises(NothingSampled, match="update 1"):
        train_grpo(model, tokenizer, PROMPTS, _sampler(model, tokenizer), none, SETTINGS, tmp_path)


def test_advantages_are_relative_to_the_group() -> None:
    assert advantages_of([1.0, 1.0]) == (0.0, 0.0)
    assert advantages_of([0.0, 2.0]) == pytest.approx((-1.0, 1.0), abs=1e-3)
    assert advantages_of([]) == ()


def test_k3_estimates_the_divergence() -> None:
    policy, reference = torch.tensor([0.7, 0.2, 0.1]), torch.tensor([0.3, 0.3, 0.4])
    estimate = (policy * k3(policy.log(), reference.log())).sum()
    torch.testing.assert_close(estimate, (policy * (policy / reference).log()).sum())
    assert bool((k3(policy.log(), reference.log()) >= 0).all())
