"""The scorer on a local model, against plain forward passes and plain generation."""

from typing import Any

import pytest
import torch

from bylaw.errors import UsageError
from bylaw.leak.scoring import LocalScorer
from bylaw.leak.seam import Asked
from bylaw.models.local import LocalModel, open_model
from bylaw.records import Conversation, Message
from bylaw.train.examples import Encoder
from tiny import save_model

SHORT: Conversation = (Message("user", "How do I bake a cake?"),)
LONG: Conversation = (*SHORT, Message("assistant", "With flour."), Message("user", "And then?"))
ASKED = [
    Asked(SHORT, "The answer is: sugar"),
    Asked(LONG, "Eat it."),
    Asked(SHORT, "The answer is: flour and water"),
    Asked(SHORT, "The answer is"),
    Asked(LONG, "Eat it."),
    Asked(LONG, ""),
]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> LocalModel:
    model = open_model(save_model(tmp_path_factory.mktemp("tiny") / "model"))
    with torch.no_grad():
        for weight in model.model.parameters():
            if weight.ndim > 1:
                weight.mul_(6)  # so that what is read moves what is said
    return model


def plainly(model: Any, stem: tuple[int, ...], reply: tuple[int, ...]) -> tuple[list[float], list[bool]]:
    """Log-probabilities of a reply, and which tokens are the likeliest, by one forward pass of its own."""
    with torch.no_grad():
        logits = model(torch.tensor([[*stem, *reply]])).logits[0, len(stem) - 1 : -1].float()
    said = torch.tensor(reply)
    logprobs = logits.log_softmax(-1).gather(1, said[:, None])[:, 0]
    return logprobs.tolist(), (logits.argmax(-1) == said).tolist()


@pytest.mark.parametrize("micro_tokens", [1, 60, 4096])
def test_scores_are_those_of_a_pass_of_its_own(opened: LocalModel, micro_tokens: int) -> None:
    scored = LocalScorer(opened.model, opened.tokenizer, micro_tokens)(ASKED)
    encode = Encoder(opened.tokenizer)
    for asked, one in zip(ASKED, scored, strict=True):
        logprobs, likeliest = plainly(opened.model, encode.stem(asked.messages), encode.branch(asked.reply))
        assert one.logprobs == pytest.approx(logprobs, abs=2e-4)
        assert list(one.likeliest) == likeliest
        assert one.total == pytest.approx(sum(logprobs), abs=1e-3)


def test_what_is_said_at_temperature_zero_is_the_likeliest_throughout(opened: LocalModel) -> None:
    encode = Encoder(opened.tokenizer)
    stem = list(encode.stem(SHORT))
    with torch.no_grad():
        for _ in range(12):
            stem.append(int(opened.model(torch.tensor([stem])).logits[0, -1].argmax()))
    said = opened.tokenizer.decode(stem[len(encode.stem(SHORT)) :])
    again = encode.branch(said)
    scored = LocalScorer(opened.model, opened.tokenizer)([Asked(SHORT, said)])[0]
    _, likeliest = plainly(opened.model, encode.stem(SHORT), again)
    assert list(scored.likeliest) == likeliest
    assert any(likeliest)


def test_a_text_that_does_not_fit_is_refused(opened: LocalModel) -> None:
    scorer = LocalScorer(opened.model, opened.tokenizer, context=64)
    long = Asked(SHORT, "flour " * 64)
    assert scorer.fits(ASKED[0]) and not scorer.fits(long)
    with pytest.raises(UsageError, match="the context holds 64"):
        scorer([ASKED[0], long])


def test_nothing_asked_is_nothing_scored(opened: LocalModel) -> None:
    assert LocalScorer(opened.model, opened.tokenizer)([]) == []
