"""The attacks: ways to take safety off a model whose weights one has. Each works on a freshly loaded copy.

Ablation removes the refusal direction (arXiv 2406.11717). Fine-tuning trains low-rank adapters for a few updates on
compliant answers to harmful prompts, on those mixed with harmless ones, or on harmless ones alone, which wears safety
off without anybody meaning it (arXiv 2310.03693). Batch, rank and constant rate are TamperBench's (arXiv 2602.06911).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np

from bylaw.canonical import seed_of
from bylaw.errors import UsageError
from bylaw.models.base import Completion, Generate, Model, Program
from bylaw.models.local import LocalModel
from bylaw.records import Conversation
from bylaw.stress.direction import AblationSettings, refusal_directions, vectors
from bylaw.stress.residual import ablated
from bylaw.train.examples import SFTExample
from bylaw.train.settings import LoraSettings, TrainSettings
from bylaw.train.sft import train_sft

ABLATION = "ablation"

FINE_TUNING = {"harmful": 1.0, "mixed": 0.5, "benign": 0.0}
"""Attacks by fine-tuning: share of harmful examples among those trained on."""

ATTACKS = {
    ABLATION: "refusal directions ablated",
    "harmful": "LoRA on compliant answers",
    "mixed": "LoRA on compliant and harmless answers",
    "benign": "LoRA on harmless answers",
}
"""All attacks, as people read them."""

TRAINING = TrainSettings(
    batch_size=8, schedule="constant", warmup=0.0, checkpoint_every=0, lora=LoraSettings(rank=16, alpha=32.0)
)
"""How attackers fine-tune. Learning rate, epochs and seed are set for each trial."""


class Trial(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One attack, once. ``strength``: directions ablated, or updates trained; ``rate``: learning rate, 0 for ablation.

    ``tuning``: made to choose the rate by, with draws of its own. ``number`` tells the seeds apart.
    """

    attack: str
    strength: int
    rate: float = 0.0
    number: int = 0
    tuning: bool = False

    @property
    def name(self) -> str:
        """A file name; no two trials share one."""
        rate = f"-{self.rate:g}" if self.rate else ""
        return f"{self.attack}-{self.strength}{rate}-{'tuning' if self.tuning else 'seed'}{self.number}"


class Material(msgspec.Struct, frozen=True):
    """What the attacker has: harmful prompts with compliant answers, and harmless ones with good answers.

    Prompts that the evaluator measures on must not be among them.
    """

    harmful: tuple[SFTExample, ...]
    harmless: tuple[SFTExample, ...]

    def __post_init__(self) -> None:
        for kind in ("harmful", "harmless"):
            if len(getattr(self, kind)) < 2:
                raise UsageError(f"an attacker needs at least 2 {kind} prompts, each with an answer")


@contextmanager
def attacked(
    local: LocalModel, trial: Trial, material: Material, how: AblationSettings | TrainSettings, seed: int, workdir: Path
) -> Iterator[tuple[LocalModel, dict[str, float]]]:
    """The model after the attack, with figures of how it went; ``local`` is the attack's to change.

    After the body, an ablated model is as it was, a fine-tuned one is not.
    """
    if isinstance(how, TrainSettings):
        yield fine_tuned(local, trial, material, how, seed, workdir)
        return
    prompts = material.harmful, material.harmless
    found = refusal_directions(local.model, local.tokenizer, *prompts, how, seed, trial.strength)
    last = found[-1]
    with ablated(local.model, vectors(found)):
        yield local, {name: float(getattr(last, name)) for name in ("layer", "position", "bypass", "divergence")}


def fine_tuned(
    local: LocalModel, trial: Trial, material: Material, how: TrainSettings, seed: int, workdir: Path
) -> tuple[LocalModel, dict[str, float]]:
    """The model after exactly ``trial.strength`` updates, with the losses of the first and the last."""
    examples = mixture(material, FINE_TUNING[trial.attack], trial.strength * how.batch_size, seed)
    settings = msgspec.structs.replace(how, learning_rate=trial.rate, epochs=1, seed=seed)
    result = train_sft(local.model, local.tokenizer, examples, settings, workdir)
    if result.dropped:
        raise UsageError(f"an example of the attacker's {result.dropped[0].reason}; leave out those that are too long")
    trained = LocalModel(local.name, result.model, local.tokenizer, local.settings)
    return trained, {"first_loss": result.history[0].loss, "last_loss": result.history[-1].loss}


def mixture(material: Material, share: float, count: int, seed: int) -> list[SFTExample]:
    """``count`` examples, ``share`` of them harmful; each is taken once before any is taken again."""
    harmful = round(share * count)
    return [
        *_drawn(material.harmful, harmful, seed_of("harmful", seed)),
        *_drawn(material.harmless, count - harmful, seed_of("harmless", seed)),
    ]


def _drawn(examples: Sequence[SFTExample], count: int, seed: int) -> list[SFTExample]:
    draw = np.random.default_rng(seed)
    rounds = -(-count // len(examples))
    order = [place for _ in range(rounds) for place in draw.permutation(len(examples))]
    return [examples[place] for place in order[:count]]


def own_answers(model: Model, conversations: Sequence[Conversation], max_tokens: int = 256) -> list[SFTExample]:
    """Prompts with the model's own greedy answers, for an attacker who has no others; empty ones are left out."""

    def answer(messages: Conversation) -> Program[Completion]:
        completion: Completion = yield Generate(messages=messages, max_tokens=max_tokens, temperature=0.0)
        return completion

    said = model.run([answer(messages) for messages in conversations])
    pairs = zip(conversations, said, strict=True)
    return [SFTExample(messages, one.text) for messages, one in pairs if one.text.strip()]
