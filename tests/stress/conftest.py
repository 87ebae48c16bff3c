"""A small model that was taught to refuse, and what an attacker has."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from answers import HARMFUL, HARMLESS, NO, YES, answered, questions

import tiny
from bylaw.models.local import LocalModel, open_model
from bylaw.stress.attacks import Material
from bylaw.train.save import ModelCard, save_model
from bylaw.train.settings import TrainSettings
from bylaw.train.sft import train_sft


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def material() -> Material:
    """What the attacker has: nothing that the evaluator asks."""
    return Material(answered(questions(HARMFUL), YES), answered(questions(HARMLESS), YES))


@pytest.fixture(scope="session")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model directory: taught to answer everything first, then to refuse harmful questions, held-out ones too."""
    folder = tmp_path_factory.mktemp("refusing")
    texts = [messages[0].content for messages in questions(HARMFUL + HARMLESS)]
    plain = open_model(tiny.save_model(folder / "plain", [*texts, YES, NO], vocabulary=400))
    harmless = answered(questions(HARMLESS), YES)
    lessons = {"answers": (answered(questions(HARMFUL), YES), 8), "refuses": (answered(questions(HARMFUL), NO), 14)}
    for name, (harmful, epochs) in lessons.items():
        settings = TrainSettings(learning_rate=2e-3, epochs=epochs, batch_size=16, checkpoint_every=0)
        train_sft(plain.model, plain.tokenizer, [*harmful, *harmless], settings, folder / name)
    return save_model(
        plain.model, plain.tokenizer, folder / "model", ModelCard(title="Refuses", base="nothing", method="lessons")
    )


@pytest.fixture
def local(refusing: Path) -> LocalModel:
    """A fresh copy of it."""
    return open_model(refusing)
