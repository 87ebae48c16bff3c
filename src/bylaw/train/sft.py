"""Supervised fine-tuning: the negative log-likelihood of the answers (arXiv 2212.08073 §3, its revision
stage)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bylaw.models.local import context_of
from bylaw.train.crew import ALONE, Crew
from bylaw.train.examples import Encoded, SFTExample, encode_sft
from bylaw.train.fit import learn, prepare, require
from bylaw.train.logprobs import branch_logprobs
from bylaw.train.method import Loss, Report, TrainResult, silent
from bylaw.train.packing import draw, updates_in
from bylaw.train.settings import TrainSettings
from bylaw.train.soft import Teacher


class SFT:
    """Mean over the answer tokens of an update, each weighted by its example's weight. The prompt bears no
    loss. With a ``teacher``, soft examples are learned from its distributions. Logits are
    divided by ``temperature``."""

    name = "sft"
    sampled = False

    def __init__(
        self,
        examples: Sequence[Encoded],
        fingerprint: str,
        settings: TrainSettings,
        teacher: Teacher | None = None,
        temperature: float = 1.0,
    ) -> None:
        self.fingerprint = f"{fingerprint} {temperature} {teacher.fingerprint if teacher else ''}"
        self.updates = updates_in(len(examples), settings.batch_size, settings.epochs)
        self._examples = examples
        self._settings = settings
        self._teacher = teacher
        self._temperature = temperature

    def batch(self, step: int) -> list[Encoded]:
        return draw(self._examples, step, self._settings.batch_size, self._settings.seed)

    def scale(self, batch: Sequence[Encoded]) -> float:
        return sum(one.weight * len(one.tree.branches[0]) for one in batch)

    def loss(self, model: Any, examples: Sequence[Encoded]) -> Loss:
        targets = self._teacher.targets(examples) if self._teacher else None
        logprobs = branch_logprobs(model, [one.tree for one in examples], targets, self._temperature)
        weights = logprobs.tokens.new_tensor([one.weight for one in examples])
        return Loss(-(weights * logprobs.sums()).sum())


def train_sft(
    model: Any,
    tokenizer: Any,
    examples: Sequence[SFTExample],
    settings: TrainSettings,
    workdir: Path,
    progress: Report = silent,
    temperature: float = 1.0,
    crew: Crew = ALONE,
) -> TrainResult:
    """Fine-tune a causal LM, in place, on answers. ``workdir`` holds the checkpoints it goes on from.

    ``temperature`` divides the logits in the loss, the teacher's of soft examples too (arXiv 1503.02531, §2). Sampled
    at 1, the model then speaks as one trained at 1 does when sampled at 1 / ``temperature``.
    """
    encoded = encode_sft(tokenizer, examples, context_of(model, settings.context))
    require(encoded.kept, encoded.dropped)
    policy = prepare(model, settings, crew)
    soft = [one for one in encoded.kept if examples[one.index].soft]
    teacher = Teacher(policy, soft, encoded.digest, settings, workdir, temperature, crew) if soft else None
    method = SFT(encoded.kept, encoded.digest, settings, teacher, temperature)
    return learn(policy, method, settings, workdir, progress, encoded.dropped, crew)
