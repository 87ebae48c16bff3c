"""Opening models: what is refused, and that a saved model answers as the one in memory."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import BloomConfig, BloomForCausalLM, MambaConfig, MambaForCausalLM

from bylaw.errors import ModelError
from bylaw.models.base import Generate
from bylaw.models.local import LocalModel, LocalSettings, check_architecture, open_model
from bylaw.records import Message
from hub import cached


@pytest.fixture
def directory(tmp_path: Path, make_model: Any, tokenizer: Any) -> Path:
    path = tmp_path / "tiny"
    make_model("llama").save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


def ask() -> Any:
    return (yield Generate(messages=(Message("user", "weeds"),), max_tokens=8, temperature=0))


def test_a_saved_model_answers_as_the_one_in_memory(directory: Path, make_model: Any, tokenizer: Any) -> None:
    opened = open_model(directory)
    assert opened.name == "tiny"
    assert opened.run([ask()]) == LocalModel("tiny", make_model("llama"), tokenizer).run([ask()])


def test_dtype_and_device_are_as_set(directory: Path) -> None:
    assert next(open_model(directory, LocalSettings(device="cpu")).model.parameters()).dtype == torch.float32
    half = open_model(directory, LocalSettings(dtype="bfloat16", device="cpu"))
    assert next(half.model.parameters()).dtype == torch.bfloat16
    assert half.run([ask()])[0].tokens > 0
    with pytest.raises(ModelError, match="no device 'warp'"):
        open_model(directory, LocalSettings(device="warp"))


def test_context_is_the_models_unless_set_smaller(directory: Path, make_model: Any, tokenizer: Any) -> None:
    assert open_model(directory).context == 2048
    assert open_model(directory, LocalSettings(context=99)).context == 99
    assert LocalModel("m", make_model("mistral"), tokenizer).context == 300
    with pytest.raises(ModelError, match="allows 2048"):
        open_model(directory, LocalSettings(context=9999))


def test_refuses_what_is_no_directory(directory: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no model directory"):
        open_model(tmp_path / "nowhere")
    with pytest.raises(ModelError, match="is a file"):
        open_model(directory / "config.json")
    with pytest.raises(ModelError, match="holds no config"):
        open_model(tmp_path)


def test_refuses_pickled_weights(directory: Path) -> None:
    (directory / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="holds no weights"):
        open_model(directory)
    (directory / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(ModelError, match=r"pickled weights only \(pytorch_model.bin\)"):
        open_model(directory)


def test_refuses_a_missing_chat_template(directory: Path) -> None:
    (directory / "chat_template.jinja").unlink()
    with pytest.raises(ModelError, match="has no chat template"):
        open_model(directory)


def edit(directory: Path, **changes: Any) -> None:
    path = directory / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_refuses_an_unknown_architecture_and_code(directory: Path) -> None:
    edit(directory, model_type="oracle")
    with pytest.raises(ModelError, match="cannot be loaded"):
        open_model(directory)
    edit(directory, auto_map={"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"})
    (directory / "evil.py").write_text("raise SystemExit('code of a model directory was run')")
    with pytest.raises(ModelError, match="cannot be loaded"):
        open_model(directory)


def test_refuses_missing_and_damaged_weights(directory: Path) -> None:
    edit(directory, num_hidden_layers=3)
    with pytest.raises(ModelError, match="weights are missing"):
        open_model(directory)
    edit(directory, num_hidden_layers=2)
    (directory / "model.safetensors").write_bytes(b"\x00" * 99)
    with pytest.raises(ModelError, match="cannot be loaded"):
        open_model(directory)


def test_refuses_attention_that_packing_cannot_do() -> None:
    bloom = BloomForCausalLM(BloomConfig(vocab_size=64, hidden_size=32, n_layer=1, n_head=4))
    with pytest.raises(ModelError, match="does not let its attention be replaced"):
        check_architecture(bloom)
    mamba = MambaForCausalLM(MambaConfig(vocab_size=64, hidden_size=32, num_hidden_layers=1))
    with pytest.raises(ModelError):
        check_architecture(mamba)


def test_an_adapter_is_seen_through(make_model: Any, tokenizer: Any) -> None:
    base = deepcopy(make_model("llama"))
    adapted = get_peft_model(base, LoraConfig(target_modules=["q_proj"], init_lora_weights=False))
    got = LocalModel("adapted", adapted, tokenizer).run([ask()])
    merged = adapted.merge_and_unload()
    assert LocalModel("merged", merged, tokenizer).run([ask()]) == got


def test_a_model_in_training_is_left_in_training(make_model: Any, tokenizer: Any) -> None:
    model = make_model("llama")
    local = LocalModel("policy", model, tokenizer)
    model.train()
    before = local.run([ask()])
    assert model.training
    with torch.no_grad():
        model.lm_head.weight.neg_()
    assert local.run([ask()]) != before
    with torch.no_grad():
        model.lm_head.weight.neg_()
    assert local.run([ask()]) == before
    model.eval()


def test_a_snapshot_of_the_hub_is_opened_under_its_id(directory: Path, tmp_path: Path) -> None:
    opened = open_model(cached(tmp_path / "hub", directory))
    assert opened.name == "org/tiny" and opened.run([ask()])[0].tokens > 0
