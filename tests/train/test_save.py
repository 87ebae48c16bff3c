from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from bylaw.train.examples import end_of_turn
from bylaw.train.lora import attach, merge
from bylaw.train.save import ModelCard, save_model
from bylaw.train.settings import LoraSettings, TrainSettings
from bylaw.train.sft import train_sft

CARD = ModelCard(
    title="A model",
    base="runs/seed",
    method="supervised fine-tuning",
    settings={"learning_rate": 1e-3, "lora": {"rank": 0}},
    figures={"complies": 0.01},
    notes=("validates the method",),
)


def test_a_saved_model_is_a_standard_directory(model: Any, tokenizer: Any, tmp_path: Path) -> None:
    path = save_model(model, tokenizer, tmp_path / "final", CARD)
    loaded, words = AutoModelForCausalLM.from_pretrained(path), AutoTokenizer.from_pretrained(path)
    assert words.chat_template == tokenizer.chat_template
    assert loaded.generation_config.eos_token_id == end_of_turn(tokenizer)
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in loaded.state_dict().items())
    names = {file.name for file in path.iterdir()}
    assert {"model.safetensors", "config.json", "tokenizer.json", "generation_config.json"} <= names
    assert not [name for name in names if name.endswith((".bin", ".pt", ".pkl"))]
    readme = (path / "README.md").read_text()
    assert "Made from `runs/seed`" in readme and "| lora.rank | 0 |" in readme and "| complies | 0.01 |" in readme


def test_saving_replaces_and_leaves_nothing_behind(model: Any, tokenizer: Any, tmp_path: Path) -> None:
    for _ in range(2):
        save_model(model, tokenizer, tmp_path / "final", CARD)
    assert [path.name for path in tmp_path.iterdir()] == ["final"]


def test_merged_adapters_give_the_adapted_logits(model: Any, tokenizer: Any, tmp_path: Path) -> None:
    settings = TrainSettings(lora=LoraSettings(rank=4))
    adapted = attach(model, settings)
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weight, std=0.1)
    ids = torch.arange(6, 30)[None]
    with torch.no_grad():
        before = adapted(input_ids=ids).logits
        with adapted.disable_adapter():
            untrained = adapted(input_ids=ids).logits
        after = merge(adapted, settings, tmp_path)(input_ids=ids).logits
    torch.testing.assert_close(after, before, atol=1e-5, rtol=1e-4)
    assert not torch.allclose(after, untrained, atol=1e-2)


def test_lora_trains_saves_and_loads(model: Any, tokenizer: Any, answers: Any, tmp_path: Path) -> None:
    lora = LoraSettings(rank=4, keep=True)
    settings = TrainSettings(learning_rate=2e-2, epochs=10, batch_size=4, lora=lora)
    result = train_sft(model, tokenizer, answers, settings, tmp_path / "work")
    assert result.history[-1].loss < 0.8 * result.history[0].loss
    assert (tmp_path / "work/adapter/adapter_model.safetensors").exists()
    loaded = AutoModelForCausalLM.from_pretrained(save_model(result.model, tokenizer, tmp_path / "final", CARD))
    ids = torch.arange(6, 30)[None]
    with torch.no_grad():
        torch.testing.assert_close(loaded(input_ids=ids).logits, result.model(input_ids=ids).logits)
    assert not any("lora" in name for name, _ in loaded.named_parameters())


def test_the_end_of_a_turn_is_what_the_template_puts_there(tokenizer: Any) -> None:
    assert end_of_turn(tokenizer) == tokenizer.convert_tokens_to_ids("<|end|>")


def test_settings_are_strict() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert({"learning_rat": 1.0}, TrainSettings)
