import copy
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from bylaw.records import Message
from bylaw.train.preference import PreferenceModel, scalar_model, train_preference
from bylaw.train.save import ModelCard, save_model
from bylaw.train.settings import LoraSettings, TrainSettings

SETTINGS = TrainSettings(learning_rate=5e-3, epochs=8, batch_size=4, warmup=0.0, micro_tokens=80)
CARD = ModelCard(title="Preference model", base="a tiny model", method="soft labels")


@pytest.mark.parametrize("lora", [LoraSettings(), LoraSettings(rank=4)], ids=["full", "lora"])
def test_the_directory_loads_as_a_classifier_with_the_same_rewards(
    model: Any, tokenizer: Any, pairs: Any, tmp_path: Path, lora: LoraSettings
) -> None:
    settings = msgspec.structs.replace(SETTINGS, lora=lora)
    result = train_preference(model, tokenizer, pairs, settings, tmp_path / "work")
    path = save_model(result.model, tokenizer, tmp_path / "preference", CARD)
    loaded = AutoModelForSequenceClassification.from_pretrained(path)
    words = AutoTokenizer.from_pretrained(path)
    prompts = [pair.messages for pair in pairs]
    ours = PreferenceModel(result.model, tokenizer, 60).rewards(prompts, [[pair.first] for pair in pairs])
    texts = [
        tokenizer.apply_chat_template(
            [*msgspec.to_builtins(pair.messages), {"role": "assistant", "content": pair.first}],
            tokenize=False,
        ).rstrip()
        for pair in pairs
    ]
    with torch.no_grad():
        theirs = loaded(**words(texts, padding=True, return_tensors="pt", return_token_type_ids=False)).logits
    assert loaded.config.num_labels == 1
    torch.testing.assert_close(torch.tensor(ours), theirs, atol=1e-5, rtol=1e-4)
    assert ours[0] != ours[1]


def test_it_learns_to_prefer(model: Any, tokenizer: Any, pairs: Any, tmp_path: Path) -> None:
    before = {name: value.clone() for name, value in model.state_dict().items()}
    result = train_preference(model, tokenizer, pairs, SETTINGS, tmp_path)
    assert result.history[0].loss == pytest.approx(0.6931, abs=1e-3)
    assert result.history[-1].metrics["agrees"] == 1.0
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_an_answer_that_does_not_fit_has_no_reward(model: Any, tokenizer: Any, pairs: Any, tmp_path: Path) -> None:
    result = train_preference(model, tokenizer, pairs[:4], SETTINGS, tmp_path)
    (row,) = PreferenceModel(result.model, tokenizer).rewards([pairs[0].messages], [["yes", "yes " * 64, "no"]])
    assert row[1] is None
    assert row[0] is not None and row[2] is not None and row[0] != row[2]


def test_rewards_hold_in_batches_where_the_tokenizer_pads_with_the_end_token(
    model: Any, tokenizer: Any, pairs: Any, tmp_path: Path
) -> None:
    awkward = copy.deepcopy(tokenizer)
    awkward.pad_token = "<|end|>"
    scorer = scalar_model(model, awkward)
    torch.nn.init.normal_(scorer.score.weight)
    path = save_model(scorer, awkward, tmp_path / "preference", CARD)
    loaded, words = (
        AutoModelForSequenceClassification.from_pretrained(path),
        AutoTokenizer.from_pretrained(path),
    )
    texts = [
        "<|user|> cake <|assistant|> no <|end|>",
        "<|user|> cake <|assistant|> yes with some water <|end|>",
    ]
    with torch.no_grad():
        batch = loaded(**words(texts, padding=True, return_tensors="pt", return_token_type_ids=False)).logits
    ours = PreferenceModel(scorer, awkward).rewards([(Message("user", "cake"),)], [["no", "yes with some water"]])
    torch.testing.assert_close(torch.tensor(ours[0]), batch[:, 0], atol=1e-5, rtol=1e-4)
