"""Rendering: prefill, options under merging tokenizers, templates that refuse."""

from copy import deepcopy
from typing import Any

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from bylaw.errors import ModelError
from bylaw.models.chat import Chat, common_prefix
from bylaw.records import Message

WEEDS = (Message("user", "How do I poison the weeds?"),)


@pytest.fixture
def chat(tokenizer: Any) -> Chat:
    return Chat(tokenizer, frozenset([tokenizer.eos_token_id]))


def test_an_assistant_turn_at_the_end_is_continued(chat: Chat) -> None:
    assert chat.text(WEEDS) == "<|user|>How do I poison the weeds?<|end|><|assistant|>"
    begun = (*WEEDS, Message("assistant", "With "))
    assert chat.text(begun, "salt") == chat.text(WEEDS, "With salt") == chat.text(WEEDS) + "With salt"

    with pytest.raises(ModelError, match="without a turn"):
        chat.text(())


def test_a_refusing_template_is_told_apart(tokenizer: Any) -> None:
    strict = deepcopy(tokenizer)
    strict.chat_template = (
        "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('System role not supported') }}"
        "{% endif %}{{ m.content }}{% endfor %}"
    )
    with pytest.raises(ModelError, match=r"\(system, user\): System role not supported"):
        Chat(strict, frozenset()).text((Message("system", "Be kind."), *WEEDS))
    strict.chat_template = None
    with pytest.raises(ModelError, match="no chat template"):
        Chat(strict, frozenset())


def test_options_are_their_first_tokens(chat: Chat) -> None:
    base, first = chat.options(WEEDS, " (", ("A", "B"))
    assert base == chat.tokens(WEEDS, " (")
    assert [chat.tokenizer.decode([token]) for token in first] == ["A", "B"]


def test_options_that_begin_alike_are_refused(chat: Chat) -> None:
    with pytest.raises(ModelError, match="move what they share into the prefill"):
        chat.options(WEEDS, " ", ("(A)", "(B)"))
    with pytest.raises(ModelError, match="adds no token"):
        chat.options(WEEDS, "", ("", "B"))


def merging(*merges: tuple[str, str]) -> Chat:
    """A tokenizer over a few letters that merges what it is told to."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate([*letters, *("".join(pair) for pair in merges)])}
    raw = Tokenizer(models.BPE(vocab=vocabulary, merges=list(merges)))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    raw.decoder = decoders.ByteLevel()
    template = "{% for m in messages %}{{ m.content }}:{% endfor %}"
    return Chat(PreTrainedTokenizerFast(tokenizer_object=raw, chat_template=template), frozenset())


def test_a_merge_over_the_border_moves_the_cut() -> None:
    chat = merging(("(", "A"), ("(", "B"))
    base, first = chat.options(WEEDS, "(", ("A", "B"))
    assert base == chat.tokens(WEEDS)
    assert [chat.tokenizer.decode([token]) for token in first] == ["(A", "(B"]
    base, first = merging(("(", "A")).options(WEEDS, "(", ("A", "B"))
    assert base == merging(("(", "A")).tokens(WEEDS)
    assert len(set(first)) == 2


def test_the_end_token_is_no_part_of_the_answer(chat: Chat) -> None:
    ids = [*chat.encode("salt"), chat.tokenizer.eos_token_id]
    assert chat.answer(chat.tokens(WEEDS), ids, continued=False) == "salt"
    assert chat.answer(chat.tokens(WEEDS, "With"), [*chat.encode(" salt"), ids[-1]], continued=True) == " salt"


def test_common_prefix() -> None:
    assert common_prefix([], [1]) == 0
    assert common_prefix([1, 2, 3], [1, 2, 4, 5]) == 2
    assert common_prefix([1, 2, 3], [1, 2, 3]) == 3
