"""A speaker on a local model: it goes on from the beginning of replies, at temperature 0, and is compared with them."""

from collections.abc import Sequence
from typing import Any

from bylaw.leak.extraction import looked_for
from bylaw.leak.seam import Asked, Said
from bylaw.models.base import Completion, Generate, Program
from bylaw.models.local import LocalModel
from bylaw.train.examples import Encoder


class LocalSpeaker:
    """Speaks as a causal LM does as it stands: it may be trained between two calls."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model = LocalModel("speaker", model, tokenizer)
        self._encode = Encoder(tokenizer)
        self._tokenizer = tokenizer

    def __call__(self, asked: Sequence[Asked], whole: bool) -> list[Said]:
        """What is said of each text; a text that stands there more than once is asked for once."""
        known: dict[Asked, Said] = {}
        distinct = list(dict.fromkeys(asked))
        for one, said in zip(distinct, self._model.run([self._ask(one, whole) for one in distinct]), strict=True):
            known[one] = said
        return [known[one] for one in asked]

    def _ask(self, asked: Asked, whole: bool) -> Program[Said]:
        tokens = self._encode.branch(asked.reply)
        part = slice(0, len(tokens)) if whole else looked_for(len(tokens))
        given, upto = self._text(tokens[: part.start]), self._text(tokens[: part.stop])
        length = len(tokens[part])
        said: Completion = yield Generate(messages=asked.messages, prefill=given, max_tokens=length, temperature=0.0)
        return Said(said.text, upto[len(given) :])

    def _text(self, tokens: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False))
