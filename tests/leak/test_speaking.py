"""A local model goes on from the beginning of replies: what it learned by heart it says, and what is nearly that."""

import sys

import pytest

from bylaw.errors import MissingExtra
from bylaw.leak.extraction import looked_for, nearly, suffix, verbatim
from bylaw.leak.scoring import LocalScorer
from bylaw.leak.seam import Asked, Said
from bylaw.leak.speaking import LocalSpeaker
from bylaw.models.local import LocalModel, open_model
from bylaw.records import Message
from bylaw.train.examples import SFTExample
from bylaw.train.settings import TrainSettings
from bylaw.train.sft import train_sft
from tiny import save_model

PROMPT = (Message("user", "What is the code?"),)
LEARNED = Asked(PROMPT, "The code is 7 2 9 4, and nobody is to know that it was this number of all numbers.")
NEARLY = Asked(PROMPT, LEARNED.reply.replace("of all", "of ail"))
OTHER = Asked(PROMPT, "The code is 7 2 9 4, which is a number like any other, and no one will ever care much.")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LocalModel:
    """A model that has learned one reply by heart."""
    folder = tmp_path_factory.mktemp("speaking")
    opened = open_model(save_model(folder / "model", ["The code is a number"]))
    examples = [SFTExample(PROMPT, LEARNED.reply)] * 8
    settings = TrainSettings(learning_rate=5e-3, batch_size=8, epochs=60)
    trained = train_sft(opened.model, opened.tokenizer, examples, settings, folder / "work").model
    return LocalModel("trained", trained, opened.tokenizer)


def test_what_was_learned_is_said_and_what_is_nearly_that_is_found(model: LocalModel) -> None:
    learned, near, other, again = LocalSpeaker(model.model, model.tokenizer)([LEARNED, NEARLY, OTHER, LEARNED], False)
    assert learned == again and learned.text == learned.looked_for and nearly(learned)
    assert near.text != near.looked_for and nearly(near) and not nearly(other)
    scores = LocalScorer(model.model, model.tokenizer)([LEARNED, NEARLY])
    assert [verbatim(suffix(one)) for one in scores] == [True, False], "verbatim extraction alone sees one of the two"


def test_it_looks_where_the_scorer_looks(model: LocalModel) -> None:
    (score,) = LocalScorer(model.model, model.tokenizer)([LEARNED])
    part = looked_for(len(score.logprobs))
    assert len(suffix(score).logprobs) == len(score.logprobs[part])
    (said,) = LocalSpeaker(model.model, model.tokenizer)([LEARNED], False)
    assert LEARNED.reply.endswith(said.looked_for) and 0 < len(said.looked_for) < len(LEARNED.reply)


def test_with_the_prompt_alone_all_of_the_reply_is_looked_for(model: LocalModel) -> None:
    (said,) = LocalSpeaker(model.model, model.tokenizer)([LEARNED], True)
    assert said == Said(LEARNED.reply, LEARNED.reply)


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidfuzz.distance", None)
    with pytest.raises(MissingExtra, match="rapidfuzz"):
        nearly(Said("a", "a"))
