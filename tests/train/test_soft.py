"""Soft targets of the supervised stage: what is kept, what it pulls at, and that it is computed once."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import torch
from torch.nn import functional as F
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from bylaw.train.examples import Encoded, SFTExample, encode_sft
from bylaw.train.settings import TrainSettings
from bylaw.train.sft import SFT, train_sft
from bylaw.train.soft import Teacher

SETTINGS = TrainSettings(batch_size=4, learning_rate=1e-2)


@pytest.fixture
def encoded(tokenizer: PreTrainedTokenizerFast, answers: list[SFTExample]) -> tuple[Encoded, ...]:
    return encode_sft(tokenizer, answers, 64).kept


def test_a_model_that_is_what_it_was_learns_nothing(
    model: LlamaForCausalLM, encoded: tuple[Encoded, ...], tmp_path: Path
) -> None:
    teacher = Teacher(model, encoded, "data", SETTINGS, tmp_path)
    for kept, small in ((teacher, True), (None, False)):
        model.zero_grad()
        SFT(encoded, "data", SETTINGS, kept).loss(model, encoded).total.backward()
        norm = max(float(weight.grad.abs().max()) for weight in model.parameters() if weight.grad is not None)
        assert (norm < 1e-4) == small


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_the_loss_is_the_cross_entropy_to_the_teacher(
    fresh: Callable[[int], LlamaForCausalLM], encoded: tuple[Encoded, ...], temperature: float, tmp_path: Path
) -> None:
    was, now = fresh(0), fresh(1)
    soft = encoded[::2]
    teacher = Teacher(was, soft, "data", SETTINGS, tmp_path, temperature)
    loss = SFT(encoded, "data", SETTINGS, teacher, temperature).loss(now, encoded).total
    wanted = torch.tensor(0.0)
    for one in encoded:
        (said,) = one.tree.branches
        tokens = torch.tensor([[*one.tree.stem, *said]])
        place = slice(len(one.tree.stem) - 1, -1)
        before, after = (model(tokens).logits[0, place] / temperature for model in (was, now))
        target = before.softmax(-1) if one in soft else torch.tensor(said)
        wanted = wanted + one.weight * F.cross_entropy(after, target, reduction="sum")
    torch.testing.assert_close(loss, wanted, rtol=1e-4, atol=1e-4)


def test_training_reads_the_distributions_it_kept(
    fresh: Callable[[], LlamaForCausalLM],
    tokenizer: PreTrainedTokenizerFast,
    answers: list[SFTExample],
    tmp_path: Path,
) -> None:
    examples = [msgspec.structs.replace(one, soft=place % 2 == 0) for place, one in enumerate(answers)]
    first = train_sft(fresh(), tokenizer, examples, SETTINGS, tmp_path / "one")
    (kept,) = (tmp_path / "one").glob("teacher-*.safetensors")
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / kept.name).write_bytes(kept.read_bytes())
    second = train_sft(fresh(), tokenizer, examples, SETTINGS, tmp_path / "two")
    assert first.history == second.history
    hard = train_sft(fresh(), tokenizer, answers, SETTINGS, tmp_path / "three")
    assert hard.history != first.history
