"""The preference model: a scalar head on the last token of a response, trained on soft labels (arXiv
2212.08073 §4.1).

The result is a standard ``*ForSequenceClassification`` model with one label. Its logit is the reward of
the rendered conversation followed by the answer and the end-of-turn token.
"""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from bylaw.models.local import context_of
from bylaw.models.tree import Tree, body, ends
from bylaw.records import Conversation
from bylaw.train.crew import ALONE, Crew
from bylaw.train.dpo import pair_metrics, soft_loss
from bylaw.train.examples import (
    Encoded,
    Encoder,
    PairExample,
    encode_pairs,
    end_of_turn,
    too_long,
)
from bylaw.train.fit import fit, require
from bylaw.train.method import Loss, Report, TrainResult, silent
from bylaw.train.packed import packed_hidden
from bylaw.train.packing import draw, micro_batches, updates_in
from bylaw.train.settings import TrainSettings


class Preference:
    """Mean over the pairs of an update, by weight, of −[p log σ(r₁ − r₂) + (1 − p) log σ(r₂ − r₁)]."""

    name = "preference"
    sampled = False

    def __init__(self, pairs: Sequence[Encoded], fingerprint: str, settings: TrainSettings) -> None:
        self.fingerprint = fingerprint
        self.updates = updates_in(len(pairs), settings.batch_size, settings.epochs)
        self._pairs = pairs
        self._settings = settings

    def batch(self, step: int) -> list[Encoded]:
        return draw(self._pairs, step, self._settings.batch_size, self._settings.seed)

    def scale(self, batch: Sequence[Encoded]) -> float:
        return sum(one.weight for one in batch)

    def loss(self, model: Any, examples: Sequence[Encoded]) -> Loss:
        rewards = branch_rewards(model, [one.tree for one in examples]).view(-1, 2)
        margin = rewards[:, 0] - rewards[:, 1]
        target = margin.new_tensor([one.target for one in examples])
        weight = margin.new_tensor([one.weight for one in examples])
        return Loss((weight * soft_loss(margin, target)).sum(), pair_metrics(margin.detach(), target))


def branch_rewards(model: Any, trees: Sequence[Tree]) -> torch.Tensor:
    """[B] float32: the reward at each branch's last token, tree by tree, branch by branch."""
    hidden = packed_hidden(model, trees)
    last = torch.tensor(ends(trees), device=hidden.device)
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    rewards: torch.Tensor = base.score(hidden[last])
    return rewards.squeeze(-1).float()


def scalar_model(model: Any, tokenizer: Any) -> Any:
    """A sequence classifier with one label and the body of a causal LM; its head starts at zero."""
    from transformers import AutoModelForSequenceClassification

    config = copy.deepcopy(model.config)
    config.num_labels = 1
    config.pad_token_id = _pad(tokenizer)
    scorer = AutoModelForSequenceClassification.from_config(config, dtype=model.dtype)
    body(scorer).load_state_dict(body(model).state_dict())
    torch.nn.init.zeros_(scorer.score.weight)
    return scorer.to(model.device)


def _pad(tokenizer: Any) -> int | None:
    """A padding token that is not the end-of-turn token.

    The classifier reads the reward at the last token that is not padding, which must be the end of the
    answer. None if the tokenizer has no such token; the saved model then scores one text at a time.
    """
    for token in (tokenizer.pad_token_id, tokenizer.unk_token_id, tokenizer.bos_token_id):
        if token is not None and token not in (end_of_turn(tokenizer), tokenizer.eos_token_id):
            return int(token)
    return None


class PreferenceModel:
    """Rewards of answers, in batches that compute a conversation once for all its answers."""

    def __init__(self, model: Any, tokenizer: Any, micro_tokens: int = 8192) -> None:
        self.model = model.eval()
        self._encode = Encoder(tokenizer)
        self._micro_tokens = micro_tokens

    def rewards(self, prompts: Sequence[Conversation], answers: Sequence[Sequence[str]]) -> list[list[float | None]]:
        """One reward for each answer to each prompt; None where an answer does not fit the model's
        context."""
        found: list[list[float | None]] = [[None] * len(row) for row in answers]
        where: dict[int, list[int]] = {}
        trees: list[Encoded] = []
        for index, (messages, row) in enumerate(zip(prompts, answers, strict=True)):
            tree, where[index] = self._fitting(self._encode.tree(messages, row))
            if tree.branches:
                trees.append(Encoded(index, tree, 1.0, 1.0))
        for group in micro_batches(trees, self._micro_tokens):
            with torch.no_grad():
                rewards = iter(branch_rewards(self.model, [one.tree for one in group]).tolist())
            for one in group:
                for place in where[one.index]:
                    found[one.index][place] = next(rewards)
        return found

    def _fitting(self, tree: Tree) -> tuple[Tree, list[int]]:
        context = context_of(self.model, 0)
        keep = [i for i, one in enumerate(tree.branches) if not too_long(Tree(tree.stem, (one,)), context)]
        return Tree(tree.stem, tuple(tree.branches[i] for i in keep)), keep


def train_preference(
    model: Any,
    tokenizer: Any,
    pairs: Sequence[PairExample],
    settings: TrainSettings,
    workdir: Path,
    progress: Report = silent,
    crew: Crew = ALONE,
) -> TrainResult:
    """Train a preference model from the body of a causal LM, which stays as it is.

    ``result.model`` is the sequence classifier; wrap it in ``PreferenceModel`` to ask for rewards.
    """
    encoded = encode_pairs(tokenizer, pairs, context_of(model, settings.context))
    require(encoded.kept, encoded.dropped)
    scorer = scalar_model(model, tokenizer)
    return fit(
        scorer,
        Preference(encoded.kept, encoded.digest, settings),
        settings,
        workdir,
        progress,
        encoded.dropped,
        crew,
    )
