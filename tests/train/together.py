"""One small training by each method, as one process or one of several: ``torchrun together.py MODEL FOLDER`` does all.

Every training is 50 updates. It leaves its losses, its model and, in ``half``, a copy of its checkpoint at update 25.
"""

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from bylaw.models.base import Generate
from bylaw.models.local import LocalModel, LocalSettings
from bylaw.records import Conversation, Message
from bylaw.train.crew import ALONE, Crew, the_crew
from bylaw.train.dpo import train_dpo
from bylaw.train.examples import PairExample, SFTExample
from bylaw.train.grpo import train_grpo
from bylaw.train.method import Progress, TrainResult
from bylaw.train.preference import train_preference
from bylaw.train.settings import GrpoSettings, LoraSettings, TrainSettings
from bylaw.train.sft import train_sft

UPDATES, HALF = 50, 25
# 150 tokens a micro-batch: an update takes several, and not the same number in each process.
SETTINGS = TrainSettings(learning_rate=1e-3, batch_size=7, epochs=50, checkpoint_every=HALF, micro_tokens=150)
WORDS = ["lock", "cake", "harm", "kind", "true", "sugar", "flour", "water", "door", "key", "pick", "break", "bake"]


def _text(draw: Random) -> str:
    return " ".join(draw.choices(WORDS, k=draw.randint(1, 6)))


def _conversations(count: int) -> list[Conversation]:
    draw = Random(5)
    return [(Message("user", _text(draw)),) for _ in range(count)]


def _answers() -> list[SFTExample]:
    draw = Random(6)
    return [SFTExample(one, _text(draw), soft=place % 2 == 0) for place, one in enumerate(_conversations(7))]


def _pairs() -> list[PairExample]:
    draw = Random(7)
    return [PairExample(one, _text(draw), _text(draw), draw.random()) for one in _conversations(7)]


def _sft(model: Any, tokenizer: Any, *loop: Any, crew: Crew) -> TrainResult:
    return train_sft(model, tokenizer, _answers(), *loop, crew=crew)


def _preference(model: Any, tokenizer: Any, *loop: Any, crew: Crew) -> TrainResult:
    return train_preference(model, tokenizer, _pairs(), *loop, crew=crew)


def _dpo(model: Any, tokenizer: Any, *loop: Any, crew: Crew) -> TrainResult:
    return train_dpo(model, tokenizer, _pairs(), *loop, crew=crew)


def _dpo_lora(model: Any, tokenizer: Any, settings: Any, *loop: Any, crew: Crew) -> TrainResult:
    adapted = TrainSettings(
        learning_rate=1e-2, batch_size=7, epochs=50, checkpoint_every=HALF, micro_tokens=150, recompute=True,
        lora=LoraSettings(rank=4),
    )  # fmt: skip
    return train_dpo(model, tokenizer, _pairs(), adapted, *loop, crew=crew)


def _grpo(model: Any, tokenizer: Any, *loop: Any, crew: Crew) -> TrainResult:
    policy = LocalModel("policy", model, tokenizer, LocalSettings(rows=16))

    def ask(prompt: Conversation, seed: int) -> Any:
        return (yield Generate(messages=prompt, max_tokens=6, seed=seed))

    def sample(prompts: Sequence[Conversation], group: int, step: int) -> list[Any]:
        places = [(place, n) for place in range(len(prompts)) for n in range(group)]
        said = policy.run([ask(prompts[place], 1000 * step + 10 * place + n) for place, n in places])
        return [said[at : at + group] for at in range(0, len(said), group)]

    def reward(prompts: Sequence[Conversation], answers: Sequence[Sequence[str]]) -> list[list[float | None]]:
        return [[float(sum(one.count(letter) for letter in "aeiou")) for one in row] for row in answers]

    grpo = GrpoSettings(group=3, kl=0.1)
    return train_grpo(model, tokenizer, _conversations(7), sample, reward, *loop, grpo=grpo, crew=crew)


METHODS: dict[str, Callable[..., TrainResult]] = {
    "sft": _sft,
    "preference": _preference,
    "dpo": _dpo,
    "dpo-lora": _dpo_lora,
    "grpo": _grpo,
}


def train(name: str, model_path: Path, folder: Path, crew: Crew = ALONE) -> list[float]:
    """The losses of a training in ``folder``, which goes on from a checkpoint that lies there."""
    torch.set_num_threads(1)
    model, tokenizer = AutoModelForCausalLM.from_pretrained(model_path), AutoTokenizer.from_pretrained(model_path)

    def report(now: Progress) -> None:
        if now.step == HALF + 1 and now.resumed == 0:
            shutil.copytree(folder / "work", folder / "half", ignore=shutil.ignore_patterns("*.safetensors.tmp"))

    result = METHODS[name](model, tokenizer, SETTINGS, folder / "work", report, crew=crew)
    losses = [point.loss for point in result.history]
    if crew.first:
        result.model.save_pretrained(folder / "model")
        (folder / "losses.json").write_text(json.dumps(losses))
    return losses


def main(model_path: Path, folder: Path, names: Sequence[str] = ()) -> None:
    """Methods (all, if none is named) anew in ``two/``, and on from what lies in ``one-on-two/``."""
    crew = the_crew()
    for name in names or METHODS:
        train(name, model_path, folder / "two" / name, crew)
        train(name, model_path, folder / "one-on-two" / name, crew)
    crew.leave()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
