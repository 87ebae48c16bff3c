"""Direct preference optimisation with soft labels.

The target of σ(β·(log-ratio of *first* − log-ratio of *second*)) is ``p_first``, the judge's probability,
as the preference model's target is in arXiv 2212.08073 §4.1; at ``p_first`` = 1 this is DPO as published
(arXiv 2305.18290, equation 7), and at 1/2 the untrained policy bears no gradient. The reference is the
policy as handed in: its log-probabilities are computed once and kept on disk, so that no second model is
held.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from bylaw.models.local import context_of
from bylaw.models.tree import Tree
from bylaw.train.checkpoint import weights_digest
from bylaw.train.crew import ALONE, Crew
from bylaw.train.examples import Encoded, PairExample, encode_pairs
from bylaw.train.fit import learn, prepare, require
from bylaw.train.kept import kept
from bylaw.train.logprobs import BranchLogprobs, branch_logprobs
from bylaw.train.loop import autocast
from bylaw.train.method import Loss, Report, TrainResult, silent
from bylaw.train.packing import draw, updates_in
from bylaw.train.settings import DpoSettings, TrainSettings


class DPO:
    """Mean over the pairs of an update, by weight. ``reference`` [N, 2] holds log-probabilities by example
    index."""

    name = "dpo"
    sampled = False

    def __init__(
        self,
        pairs: Sequence[Encoded],
        reference: dict[int, tuple[float, float]],
        fingerprint: str,
        settings: TrainSettings,
        dpo: DpoSettings,
    ) -> None:
        self.fingerprint = f"{fingerprint} {dpo}"
        self.updates = updates_in(len(pairs), settings.batch_size, settings.epochs)
        self._pairs = pairs
        self._reference = reference
        self._settings = settings
        self._dpo = dpo

    def batch(self, step: int) -> list[Encoded]:
        return draw(self._pairs, step, self._settings.batch_size, self._settings.seed)

    def scale(self, batch: Sequence[Encoded]) -> float:
        return sum(one.weight for one in batch)

    def loss(self, model: Any, examples: Sequence[Encoded]) -> Loss:
        logprobs = branch_logprobs(model, [one.tree for one in examples])
        policy = logprobs.sums().view(-1, 2)
        ratios = policy - policy.new_tensor([self._reference[one.index] for one in examples])
        target = policy.new_tensor([one.target for one in examples])
        weight = policy.new_tensor([one.weight for one in examples])
        margin = self._dpo.beta * (ratios[:, 0] - ratios[:, 1])
        each = soft_loss(margin, target)
        if self._dpo.nll:
            each = each + self._dpo.nll * _preferred_nll(logprobs, target)
        return Loss((weight * each).sum(), pair_metrics(margin.detach(), target))


def soft_loss(margin: torch.Tensor, p_first: torch.Tensor) -> torch.Tensor:
    """−[p log σ(m) + (1 − p) log σ(−m)], elementwise: the cross-entropy of arXiv 2212.08073 §4.1."""
    return -(p_first * F.logsigmoid(margin) + (1 - p_first) * F.logsigmoid(-margin))


def _preferred_nll(logprobs: BranchLogprobs, target: torch.Tensor) -> torch.Tensor:
    """[P]: negative log-likelihood per token of the preferred response (arXiv 2404.19733, equation 2).

    It counts |2p − 1|: in full for a certain label, not at all where neither response is preferred.
    """
    per_token = (logprobs.sums() / logprobs.lengths()).view(-1, 2)
    preferred = torch.where(target >= 0.5, per_token[:, 0], per_token[:, 1])
    return -(2 * target - 1).abs() * preferred


def pair_metrics(margin: torch.Tensor, target: torch.Tensor) -> dict[str, torch.Tensor]:
    """Sums over pairs: how far the margin lies toward the label, and how often it agrees with it at all."""
    toward = margin * torch.sign(target - 0.5)
    return {"margin": toward.sum(), "agrees": (toward > 0).sum()}


def reference_logprobs(
    model: Any,
    pairs: Sequence[Encoded],
    digest: str,
    settings: TrainSettings,
    folder: Path,
    crew: Crew = ALONE,
) -> dict[int, tuple[float, float]]:
    """Log-probabilities of both responses of every pair under ``model``, by example index.

    Kept in ``folder`` under a name made of the digests of the model, the examples and the precision they
    were computed with; found there, they are not computed again.
    """
    made_from = f"{weights_digest(model)} {digest} {settings.precision}"
    stored = kept(folder, "reference", made_from, lambda: _compute(model, pairs, settings, crew), crew)
    rows: list[tuple[float, float]] = [(first, second) for first, second in stored["logprobs"].tolist()]
    return dict(zip(stored["index"].tolist(), rows, strict=True))


def _sums(trees: Sequence[Tree], policy: Any) -> torch.Tensor:
    return branch_logprobs(policy, trees).sums()


@torch.no_grad()
def _compute(model: Any, pairs: Sequence[Encoded], settings: TrainSettings, crew: Crew) -> dict[str, torch.Tensor]:
    model.eval()
    rows: list[tuple[int, list[float]]] = []
    for group, factor in crew.shares(pairs, settings.micro_tokens):
        trees = [one.tree for one in group]
        with autocast(model, settings):
            sums = crew.within(model, partial(_sums, trees))
        if factor:
            rows += zip((one.index for one in group), sums.view(-1, 2).tolist(), strict=True)
    rows = crew.joined(rows)
    return {"index": torch.tensor([index for index, _ in rows]), "logprobs": torch.tensor([row for _, row in rows])}


def train_dpo(
    model: Any,
    tokenizer: Any,
    pairs: Sequence[PairExample],
    settings: TrainSettings,
    workdir: Path,
    progress: Report = silent,
    dpo: DpoSettings | None = None,
    crew: Crew = ALONE,
) -> TrainResult:
    """Optimise a causal LM, in place, on labelled pairs; the model as handed in is the reference."""
    encoded = encode_pairs(tokenizer, pairs, context_of(model, settings.context))
    require(encoded.kept, encoded.dropped)
    policy = prepare(model, settings, crew)
    reference = reference_logprobs(policy, encoded.kept, encoded.digest, settings, workdir, crew)
    method = DPO(encoded.kept, reference, encoded.digest, settings, dpo or DpoSettings())
    return learn(policy, method, settings, workdir, progress, encoded.dropped, crew)
