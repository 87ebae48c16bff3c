"""Losses over packed trees have the value and the gradient of plain Hugging Face, one sequence at a time."""

import copy
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from bylaw.train.dpo import DPO, reference_logprobs
from bylaw.train.examples import encode_pairs, encode_sft
from bylaw.train.loop import accumulate
from bylaw.train.preference import Preference, scalar_model
from bylaw.train.settings import DpoSettings, TrainSettings
from bylaw.train.sft import SFT

# 60 tokens a micro-batch: an update takes several, and rows hold several trees.
SETTINGS = TrainSettings(batch_size=13, micro_tokens=60)


def _logprobs(model: Any, stem: Any, branch: Any) -> torch.Tensor:
    ids = torch.tensor([[*stem, *branch]])
    every = model(input_ids=ids).logits[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0]
    return every[len(stem) - 1 :]


def _gradients(model: Any) -> dict[str, torch.Tensor]:
    return {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}


def _assert_same(packed: Any, plain: Any, model: Any, twin: Any) -> None:
    assert packed == pytest.approx(plain.item(), abs=1e-5)
    plain.backward()
    ours, theirs = _gradients(model), _gradients(twin)
    assert ours.keys() == theirs.keys()
    for name, gradient in theirs.items():
        torch.testing.assert_close(ours[name], gradient, atol=1e-5, rtol=1e-4, msg=name)


def test_sft(model: Any, tokenizer: Any, answers: Any) -> None:
    twin = copy.deepcopy(model)
    encoded = encode_sft(tokenizer, answers, 64)
    method = SFT(encoded.kept, "", SETTINGS)
    packed, _ = accumulate(model, method, method.batch(0), SETTINGS)
    total = sum(one.weight * _logprobs(twin, one.tree.stem, one.tree.branches[0]).sum() for one in encoded.kept)
    tokens = sum(one.weight * len(one.tree.branches[0]) for one in encoded.kept)
    _assert_same(packed, -total / tokens, model, twin)


@pytest.mark.parametrize("nll", [0.0, 0.3])
def test_soft_dpo(model: Any, tokenizer: Any, pairs: Any, nll: float, tmp_path: Any) -> None:
    policy = copy.deepcopy(model)
    with torch.no_grad():
        for weight in policy.parameters():
            weight.mul_(1.05)
    twin = copy.deepcopy(policy)
    encoded = encode_pairs(tokenizer, pairs, 64)
    reference = reference_logprobs(model, encoded.kept, encoded.digest, SETTINGS, tmp_path)
    method = DPO(encoded.kept, reference, "", SETTINGS, DpoSettings(beta=0.2, nll=nll))
    packed, _ = accumulate(policy, method, method.batch(0), SETTINGS)
    total = torch.zeros(())
    for one in encoded.kept:
        stem, (first, second), p = one.tree.stem, one.tree.branches, one.target
        a, b = _logprobs(twin, stem, first), _logprobs(twin, stem, second)
        with torch.no_grad():
            ref = _logprobs(model, stem, first).sum() - _logprobs(model, stem, second).sum()
        margin = 0.2 * (a.sum() - b.sum() - ref)
        total = total - p * F.logsigmoid(margin) - (1 - p) * F.logsigmoid(-margin)
        total = total - nll * abs(2 * p - 1) * (a if p >= 0.5 else b).mean()
    _assert_same(packed, total / len(encoded.kept), policy, twin)


def test_preference(model: Any, tokenizer: Any, pairs: Any) -> None:
    scorer = scalar_model(model, tokenizer)
    torch.nn.init.normal_(scorer.score.weight)
    twin = copy.deepcopy(scorer)
    encoded = encode_pairs(tokenizer, pairs, 64)
    method = Preference(encoded.kept, "", SETTINGS)
    packed, _ = accumulate(scorer, method, method.batch(0), SETTINGS)
    total = torch.zeros(())
    for one in encoded.kept:
        first, second = (
            twin(input_ids=torch.tensor([[*one.tree.stem, *branch]])).logits[0, 0] for branch in one.tree.branches
        )
        total = total - one.target * F.logsigmoid(first - second)
        total = total - (1 - one.target) * F.logsigmoid(second - first)
    _assert_same(packed, total / len(encoded.kept), scorer, twin)


def test_the_head_in_chunks_is_the_same(model: Any, tokenizer: Any, answers: Any, monkeypatch: Any) -> None:
    twin = copy.deepcopy(model)
    method = SFT(encode_sft(tokenizer, answers, 64).kept, "", SETTINGS)
    whole, _ = accumulate(model, method, method.batch(0), SETTINGS)
    monkeypatch.setattr("bylaw.train.logprobs.LOGITS", 32 * 7)
    parts, _ = accumulate(twin, method, method.batch(0), SETTINGS)
    assert parts == pytest.approx(whole, abs=1e-6)
    for name, gradient in _gradients(model).items():
        torch.testing.assert_close(_gradients(twin)[name], gradient, atol=1e-6, rtol=1e-5)
