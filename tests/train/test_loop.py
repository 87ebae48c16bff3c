"""The loop: resumable to the bit, exact over micro-batches, honest about what it cannot train."""

import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from bylaw.errors import RunError, UsageError
from bylaw.records import Message
from bylaw.train.checkpoint import checkpoints
from bylaw.train.dpo import train_dpo
from bylaw.train.examples import SFTExample
from bylaw.train.loop import TrainingDiverged, schedule
from bylaw.train.method import Progress
from bylaw.train.packing import draw, updates_in
from bylaw.train.settings import LoraSettings, TrainSettings
from bylaw.train.sft import train_sft

SETTINGS = TrainSettings(learning_rate=1e-2, epochs=3, batch_size=4, checkpoint_every=2, micro_tokens=40)


class Killed(Exception):
    """Stands for a kill: raised in the middle of a training."""


def _kill_at(step: int) -> Any:
    def report(progress: Progress) -> None:
        if progress.step == step:
            raise Killed

    return report


def _same(first: Any, second: Any) -> bool:
    pairs = zip(first.state_dict().items(), second.state_dict().items(), strict=True)
    return all(a == b and torch.equal(x, y) for (a, x), (b, y) in pairs)


@pytest.mark.parametrize("lora", [LoraSettings(), LoraSettings(rank=4)], ids=["full", "lora"])
@pytest.mark.parametrize("step", [1, 5])
def test_a_killed_training_ends_with_the_same_bits(
    fresh: Any, tokenizer: Any, pairs: Any, tmp_path: Path, lora: LoraSettings, step: int
) -> None:
    settings = msgspec.structs.replace(SETTINGS, lora=lora)
    whole = train_dpo(fresh(), tokenizer, pairs, settings, tmp_path / "whole")
    with pytest.raises(Killed):
        train_dpo(fresh(), tokenizer, pairs, settings, tmp_path / "killed", _kill_at(step))
    again = train_dpo(fresh(), tokenizer, pairs, settings, tmp_path / "killed")
    assert again.history == whole.history
    assert _same(again.model, whole.model)
    assert not _same(again.model, fresh())


def test_a_finished_training_returns_at_once(fresh: Any, tokenizer: Any, answers: Any, tmp_path: Path) -> None:
    whole = train_sft(fresh(), tokenizer, answers, SETTINGS, tmp_path)
    again = train_sft(fresh(), tokenizer, answers, SETTINGS, tmp_path)
    assert again.tokens == 0 and again.history == whole.history and _same(again.model, whole.model)
    assert len(checkpoints(tmp_path)) == 1
    assert sorted(path.suffix for path in checkpoints(tmp_path)[0].iterdir()) == [
        ".json",
        ".safetensors",
        ".safetensors",
    ]


def test_a_checkpoint_of_another_training_is_refused(fresh: Any, tokenizer: Any, answers: Any, tmp_path: Path) -> None:
    train_sft(fresh(), tokenizer, answers, SETTINGS, tmp_path)
    with pytest.raises(RunError, match="other weights, data or settings"):
        train_sft(fresh(), tokenizer, answers[:-1], SETTINGS, tmp_path)


def test_micro_batches_do_not_change_what_is_learned(fresh: Any, tokenizer: Any, answers: Any, tmp_path: Path) -> None:
    small = train_sft(fresh(), tokenizer, answers, SETTINGS, tmp_path / "small")
    settings = msgspec.structs.replace(SETTINGS, micro_tokens=10_000)
    large = train_sft(fresh(), tokenizer, answers, settings, tmp_path / "large")
    for one, other in zip(small.history, large.history, strict=True):
        assert one.loss == pytest.approx(other.loss, abs=1e-3)


def test_sft_learns_and_reports(fresh: Any, tokenizer: Any, answers: Any, tmp_path: Path) -> None:
    seen: list[Progress] = []
    settings = msgspec.structs.replace(SETTINGS, epochs=10)
    result = train_sft(fresh(), tokenizer, answers, settings, tmp_path, seen.append)
    assert [progress.step for progress in seen] == list(range(1, result.updates + 1))
    assert seen[-1].eta == 0 and seen[-1].tokens_per_second > 0
    assert result.history[-1].loss < 0.5 * result.history[0].loss


@pytest.mark.parametrize("precision", ["mixed", "bfloat16"])
def test_low_precision_learns(fresh: Any, tokenizer: Any, answers: Any, tmp_path: Path, precision: Any) -> None:
    settings = msgspec.structs.replace(SETTINGS, epochs=6, precision=precision)
    result = train_sft(fresh(), tokenizer, answers, settings, tmp_path)
    assert result.history[-1].loss < 0.8 * result.history[0].loss
    assert result.model.dtype == (torch.bfloat16 if precision == "bfloat16" else torch.float32)


def test_what_does_not_fit_is_counted_not_cut(fresh: Any, tokenizer: Any, answers: Any, tmp_path: Path) -> None:
    long = SFTExample((Message("user", "cake " * 70),), "no")
    result = train_sft(fresh(), tokenizer, [long, *answers], SETTINGS, tmp_path)
    assert [(one.index, one.reason) for one in result.dropped] == [(0, "takes 74 tokens, the context holds 64")]
    with pytest.raises(UsageError, match="the first of 1 dropped takes 74 tokens"):
        train_sft(fresh(), tokenizer, [long], SETTINGS, tmp_path / "none")


def test_divergence_stops_the_training(fresh: Any, tokenizer: Any, answers: Any, tmp_path: Path) -> None:
    broken = fresh()
    with torch.no_grad():
        broken.lm_head.weight[3] = math.nan
    with pytest.raises(TrainingDiverged, match="update 1"):
        train_sft(broken, tokenizer, answers, SETTINGS, tmp_path)


def test_an_epoch_is_a_permutation() -> None:
    items = list(range(10))
    epochs = [
        [item for step in range(3 * epoch, 3 * epoch + 3) for item in draw(items, step, 4, 7)] for epoch in (0, 1)
    ]
    assert updates_in(10, 4, 2) == 6
    assert all(sorted(epoch) == items for epoch in epochs) and epochs[0] != epochs[1]


def test_schedules() -> None:
    settings = TrainSettings(schedule="cosine", warmup=0.2)
    rates = [schedule(step, 10, settings) for step in range(10)]
    assert rates[:3] == [0.5, 1.0, 1.0]
    assert rates[2:] == sorted(rates[2:], reverse=True) and 0 < rates[-1] < 0.1
    constant = msgspec.structs.replace(settings, schedule="constant")
    assert {schedule(step, 10, constant) for step in range(2, 10)} == {1.0}
    linear = msgspec.structs.replace(settings, schedule="linear", warmup=0.0)
    assert schedule(5, 10, linear) == 0.5
