"""Group-relative policy optimisation (arXiv 2402.03300), which here stands where the paper's RL stage has
PPO.

One update a rollout, so the policy that is trained is the one that sampled and the clipped ratio is 1
throughout: the loss is −A·log π on the response tokens, its mean over all tokens of the update, plus the
divergence from the reference. An advantage is a sample's reward, less its group's mean, over its group's
standard deviation.
"""

import copy
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch

from bylaw.errors import BylawError
from bylaw.models.base import Completion
from bylaw.models.local import context_of
from bylaw.models.tree import Tree
from bylaw.records import Conversation
from bylaw.train.crew import ALONE, Crew
from bylaw.train.examples import Dropped, Encoded, Encoder, too_long
from bylaw.train.fit import in_precision, learn, prepare, require
from bylaw.train.logprobs import branch_logprobs
from bylaw.train.method import Loss, Report, TrainResult, silent
from bylaw.train.packing import draw, updates_in
from bylaw.train.settings import GrpoSettings, TrainSettings

Sample = Callable[[Sequence[Conversation], int, int], Sequence[Sequence[Completion]]]
"""``sample(prompts, group, step)``: ``group`` completions of each prompt, from the policy as it is before
``step``."""

Rewarder = Callable[[Sequence[Conversation], Sequence[Sequence[str]]], Sequence[Sequence[float | None]]]
"""``reward(prompts, answers)``: one figure for each answer; None leaves the answer out of its group."""


class NothingSampled(BylawError):
    """No sample of an update was usable: none was rewarded, or none fitted the context."""


@dataclass(frozen=True)
class Group(Encoded):
    """The usable samples of one prompt: branches of ``tree``, each with its reward and advantage."""

    rewards: tuple[float, ...]
    advantages: tuple[float, ...]


@dataclass(frozen=True)
class Stem:
    """A prompt, as messages and as tokens; ``index`` is its place in the input."""

    index: int
    messages: Conversation
    tokens: tuple[int, ...]


class GRPO:
    """Batches are sampled from the policy; ``reference`` is its frozen twin, None with adapters or without
    KL."""

    name = "grpo"
    sampled = True

    def __init__(
        self,
        stems: Sequence[Stem],
        sample: Sample,
        reward: Rewarder,
        encoder: Encoder,
        context: int,
        reference: Any,
        settings: TrainSettings,
        grpo: GrpoSettings,
        crew: Crew = ALONE,
    ) -> None:
        prompts = [stem.tokens for stem in stems]
        self.fingerprint = hashlib.sha256(msgspec.json.encode([prompts, grpo])).hexdigest()
        self.updates = updates_in(len(stems), settings.batch_size, settings.epochs)
        self._stems = stems
        self._sample = sample
        self._reward = reward
        self._encode = encoder
        self._context = context
        self._reference = reference
        self._settings = settings
        self._grpo = grpo
        self._crew = crew

    def batch(self, step: int) -> list[Group]:
        stems = draw(self._stems, step, self._settings.batch_size, self._settings.seed)
        prompts = [stem.messages for stem in stems]
        completions = self._sample(prompts, self._grpo.group, step)
        rewards = self._reward(prompts, [[one.text for one in row] for row in completions])
        groups = [self._group(*row) for row in zip(stems, completions, rewards, strict=True)]
        usable = [group for group in groups if group.tree.branches]
        if not usable:
            raise NothingSampled(f"update {step + 1}: no sample was rewarded and fitted the context")
        return usable

    def scale(self, batch: Sequence[Group]) -> float:
        return float(sum(len(branch) for one in batch for branch in one.tree.branches))

    def loss(self, model: Any, examples: Sequence[Group]) -> Loss:
        trees = [one.tree for one in examples]
        policy = branch_logprobs(model, trees)
        advantages = policy.tokens.new_tensor([value for one in examples for value in one.advantages])
        # The gradient of π/π_sampled at π = π_sampled is that of log π; the value is the ratio itself, 1.
        ratio = (policy.tokens - policy.tokens.detach()).exp()
        each = -advantages[policy.branch] * ratio
        means = [sum(one.rewards) / len(one.rewards) for one in examples]
        metrics = {"reward": advantages.new_tensor(means).sum()}
        if self._grpo.kl:
            divergence = k3(policy.tokens, self._reference_tokens(model, trees))
            each = each + self._grpo.kl * divergence
            shares = policy.per_branch(divergence.detach()) / policy.lengths()
            sizes = [len(tree.branches) for tree in trees]
            metrics["kl"] = torch.stack([part.mean() for part in torch.split(shares, sizes)]).sum()
        return Loss(each.sum(), metrics)

    @torch.no_grad()
    def _reference_tokens(self, model: Any, trees: Sequence[Tree]) -> torch.Tensor:
        """[T]: log-probabilities of the branch tokens before training."""
        if self._reference is None:
            with model.disable_adapter():
                return branch_logprobs(model, trees).tokens
        return self._crew.within(self._reference, lambda frozen: branch_logprobs(frozen, trees).tokens)

    def _group(self, stem: Stem, completions: Sequence[Completion], rewards: Sequence[float | None]) -> Group:
        kept: list[tuple[tuple[int, ...], float]] = []
        for completion, reward in zip(completions, rewards, strict=True):
            branch = self._encode.branch(completion.text, ended=completion.finish == "stop")
            fits = branch and not too_long(Tree(stem.tokens, (branch,)), self._context)
            if fits and reward is not None:
                kept.append((branch, reward))
        tree = Tree(stem.tokens, tuple(branch for branch, _ in kept))
        values = tuple(reward for _, reward in kept)
        return Group(stem.index, tree, 1.0, 1.0, values, advantages_of(values))


def advantages_of(rewards: Sequence[float]) -> tuple[float, ...]:
    """Rewards less their mean, over their standard deviation; zeros where all are equal."""
    if not rewards:
        return ()
    mean = sum(rewards) / len(rewards)
    deviation = (sum((reward - mean) ** 2 for reward in rewards) / len(rewards)) ** 0.5
    return tuple((reward - mean) / (deviation + 1e-4) for reward in rewards)


def k3(policy: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """Unbiased, non-negative estimate of KL(policy ‖ reference) from log-probabilities of the policy's own
    samples."""
    difference = reference - policy
    return difference.exp() - difference - 1


def train_grpo(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[Conversation],
    sample: Sample,
    reward: Rewarder,
    settings: TrainSettings,
    workdir: Path,
    progress: Report = silent,
    grpo: GrpoSettings | None = None,
    crew: Crew = ALONE,
) -> TrainResult:
    """Optimise a causal LM, in place, on rewards of its own samples; the model as handed in is the reference.

    ``sample`` must answer from ``model`` itself, which changes under it (adapters are attached to it in
    place). Of several processes only the first samples and rewards; its model is filled before every update.
    """
    grpo = grpo or GrpoSettings()
    context = context_of(model, settings.context)
    encoder = Encoder(tokenizer)
    stems = [Stem(index, one, encoder.stem(one)) for index, one in enumerate(prompts)]
    # A prompt that fills the context leaves no room for a token of answer.
    reasons = {stem.index: too_long(Tree((*stem.tokens, 0)), context) for stem in stems}
    dropped = [Dropped(index, reason) for index, reason in reasons.items() if reason]
    stems = [stem for stem in stems if not reasons[stem.index]]
    require(stems, dropped)
    model = in_precision(model, settings)
    frozen = grpo.kl > 0 and settings.lora.rank == 0
    twin = copy.deepcopy(model).requires_grad_(False).eval() if frozen else None
    reference = crew.spread(twin, settings) if frozen else None
    method = GRPO(stems, sample, reward, encoder, context, reference, settings, grpo, crew)
    return learn(prepare(model, settings, crew), method, settings, workdir, progress, dropped, crew)
