"""A scorer on a local model: replies to one conversation are branches of one tree, what they begin with is its stem."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

import torch

from bylaw.errors import UsageError
from bylaw.leak.seam import Asked, Scored
from bylaw.models.attention import hidden_packed, packed_attention
from bylaw.models.chat import common_prefix
from bylaw.models.forest import Forest
from bylaw.models.local import context_of
from bylaw.models.tree import Tree, head, predictors
from bylaw.records import Conversation
from bylaw.train.examples import Encoded, Encoder, too_long
from bylaw.train.logprobs import LOGITS
from bylaw.train.packing import micro_batches


class _Bundle(NamedTuple):
    """Replies to one conversation. The last ``shared`` tokens of the tree's stem are the beginning of all of them."""

    tree: Tree
    shared: int
    places: list[int]


class LocalScorer:
    """Scores under a causal LM as it stands: it may be trained between two calls.

    ``micro_tokens``: tokens computed at once.
    """

    def __init__(self, model: Any, tokenizer: Any, micro_tokens: int = 4096, context: int = 0) -> None:
        self.model = model
        self._encode = Encoder(tokenizer)
        self._micro_tokens = micro_tokens
        self._context = context_of(model, context)

    def fits(self, asked: Asked) -> bool:
        """Whether a text is short enough for the model, and so for training on it."""
        return not too_long(self._encode.tree(asked.messages, (asked.reply,)), self._context)

    def __call__(self, asked: Sequence[Asked]) -> list[Scored]:
        """Raises ``UsageError`` for a text that does not fit the context."""
        found: dict[int, Scored] = {}
        bundles = list(self._bundles(asked))
        trees = [Encoded(index, bundle.tree, 1.0, 1.0) for index, bundle in enumerate(bundles)]
        with torch.no_grad(), packed_attention(self.model):
            for group in micro_batches(trees, self._micro_tokens):
                some = [bundles[one.index] for one in group]
                found.update(zip(chain(*(one.places for one in some)), _score(self.model, some), strict=True))
        return [found[place] for place in range(len(asked))]

    def _bundles(self, asked: Sequence[Asked]) -> Iterator[_Bundle]:
        together: dict[Conversation, list[int]] = {}
        for place, one in enumerate(asked):
            together.setdefault(one.messages, []).append(place)
        for messages, places in together.items():
            stem = self._encode.stem(messages)
            replies = {place: self._encode.branch(asked[place].reply) for place in places}
            for some in _cut(replies, self._micro_tokens - len(stem)):
                yield self._bundle(stem, some)

    def _bundle(self, stem: tuple[int, ...], replies: dict[int, tuple[int, ...]]) -> _Bundle:
        said = list(replies.values())
        # Every branch keeps a token of its own, the end of the turn if nothing else.
        shared = min(common_prefix(list(min(said)), list(max(said))), min(map(len, said)) - 1)
        tree = Tree((*stem, *said[0][:shared]), tuple(tokens[shared:] for tokens in said))
        if reason := too_long(tree, self._context):
            raise UsageError(f"a text cannot be scored: it {reason}")
        return _Bundle(tree, shared, list(replies))


def _cut(replies: dict[int, tuple[int, ...]], tokens: int) -> Iterator[dict[int, tuple[int, ...]]]:
    """Parts of about ``tokens`` tokens, one reply at least."""
    some: dict[int, tuple[int, ...]] = {}
    used = 0
    for place, reply in replies.items():
        if some and used + len(reply) > tokens:
            yield some
            some, used = {}, 0
        some[place] = reply
        used += len(reply)
    yield some


def _score(model: Any, bundles: Sequence[_Bundle]) -> Iterator[Scored]:
    """The replies of all bundles, in order."""
    plan = Forest([one.tree for one in bundles], None, next(model.parameters()))
    hidden = hidden_packed(model, plan.ids, plan.positions, plan)
    places, said = _predicted(bundles)
    scores = iter(_read(model, hidden[torch.tensor(places, device=hidden.device)], said))
    for bundle in bundles:
        common = list(islice(scores, bundle.shared))
        for tokens in bundle.tree.branches:
            logprobs, likeliest = zip(*common, *islice(scores, len(tokens)), strict=True)
            yield Scored(logprobs, likeliest)


def _predicted(bundles: Sequence[_Bundle]) -> tuple[list[int], list[int]]:
    """Packed places and the tokens they predict: what is shared once, then branch after branch."""
    branches = iter(predictors([one.tree for one in bundles]))
    places: list[int] = []
    said: list[int] = []
    start = 0
    for bundle in bundles:
        stem = bundle.tree.stem
        last = start + len(stem) - 1
        places += range(last - bundle.shared, last)
        said += stem[len(stem) - bundle.shared :]
        for tokens in bundle.tree.branches:
            places += next(branches)
            said += tokens
        start += len(bundle.tree)
    return places, said


def _read(model: Any, rows: torch.Tensor, said: list[int]) -> Iterator[tuple[float, bool]]:
    """Log-probability of each token, and whether none is likelier; the head in parts, to bound memory."""
    size = max(1, LOGITS // int(model.config.vocab_size))
    for hidden, tokens in zip(torch.split(rows, size), torch.split(torch.tensor(said), size), strict=True):
        logits = head(model, hidden)
        own = logits.gather(1, tokens.to(logits.device)[:, None])[:, 0]
        logprobs, likeliest = own - logits.logsumexp(-1), own >= logits.max(-1).values
        yield from zip(logprobs.tolist(), likeliest.tolist(), strict=True)
