from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from bylaw.records import Message
from bylaw.train.dpo import DPO, reference_logprobs, soft_loss, train_dpo
from bylaw.train.examples import PairExample, encode_pairs
from bylaw.train.loop import accumulate
from bylaw.train.settings import DpoSettings, TrainSettings

SETTINGS = TrainSettings(learning_rate=3e-3, epochs=6, batch_size=4, warmup=0.0)


def test_at_p_one_it_is_the_textbook_loss() -> None:
    margin = torch.linspace(-5, 5, 11)
    textbook = -torch.log(torch.sigmoid(margin))
    torch.testing.assert_close(soft_loss(margin, torch.ones(11)), textbook)


def test_swapping_a_pair_changes_nothing() -> None:
    margin, p = torch.linspace(-5, 5, 11), torch.linspace(0, 1, 11)
    torch.testing.assert_close(soft_loss(margin, p), soft_loss(-margin, 1 - p))


def test_at_p_half_the_reference_bears_no_gradient(model: Any, tokenizer: Any, pairs: Any, tmp_path: Path) -> None:
    undecided = [msgspec.structs.replace(pair, p_first=0.5) for pair in pairs]
    encoded = encode_pairs(tokenizer, undecided, 64)
    reference = reference_logprobs(model, encoded.kept, encoded.digest, SETTINGS, tmp_path)
    method = DPO(encoded.kept, reference, "", SETTINGS, DpoSettings(nll=0.5))
    accumulate(model, method, method.batch(0), SETTINGS)
    for weight in model.parameters():
        assert weight.grad is not None and float(weight.grad.abs().max()) < 1e-5


def test_the_reference_is_computed_once(model: Any, tokenizer: Any, pairs: Any, tmp_path: Path) -> None:
    encoded = encode_pairs(tokenizer, pairs, 64)
    first = reference_logprobs(model, encoded.kept, encoded.digest, SETTINGS, tmp_path)
    (path,) = tmp_path.iterdir()
    written = path.stat().st_mtime_ns
    assert reference_logprobs(model, encoded.kept, encoded.digest, SETTINGS, tmp_path) == first
    assert path.stat().st_mtime_ns == written
    with torch.no_grad():
        model.lm_head.weight.mul_(2)
    assert reference_logprobs(model, encoded.kept, encoded.digest, SETTINGS, tmp_path) != first


def test_it_learns_the_soft_labels_themselves(model: Any, tokenizer: Any, pairs: Any, tmp_path: Path) -> None:
    """Over all pairs the loss can't fall below the entropy of the labels, and it nearly reaches it."""
    settings = msgspec.structs.replace(SETTINGS, epochs=40, batch_size=len(pairs))
    result = train_dpo(model, tokenizer, pairs, settings, tmp_path)
    p = torch.tensor([pair.p_first for pair in pairs], dtype=torch.float64)
    entropy = float(-(torch.xlogy(p, p) + torch.xlogy(1 - p, 1 - p)).mean())
    assert result.history[0].loss == pytest.approx(0.6931, abs=1e-3)
    assert all(point.loss > entropy - 1e-4 for point in result.history)
    assert result.history[-1].loss < entropy + 0.03


def test_a_pair_that_does_not_fit_is_dropped_with_the_reason(
    model: Any, tokenizer: Any, pairs: Any, tmp_path: Path
) -> None:
    long = PairExample((Message("user", "cake " * 40),), "no", "yes " * 30, 1.0)
    result = train_dpo(model, tokenizer, [*pairs[:4], long], SETTINGS, tmp_path)
    (dropped,) = result.dropped
    assert dropped.index == 4
    assert dropped.reason == "takes 73 tokens, the context holds 64"
