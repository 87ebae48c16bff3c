"""Where the seed's word vectors start: words that keep company lie close (Levy & Goldberg 2014).

A large model knows from reading that *spying* and *diary* go together. Ours reads too little for that, so part of each
vector starts as the truncated factors of positive pointwise mutual information, counted over the training part of the
world; the rest is noise that tells words of one topic apart. Everything is trained further.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

import torch

from bylaw.windtunnel import grammar, principles, wording
from bylaw.windtunnel.topics import TOPICS

TEXTS = 6000


def topical(tokenizer: Any, width: int) -> torch.Tensor:
    """Vectors [V, width] of norm about sqrt(width): the first three eighths from company kept, the rest drawn."""
    company = width * 3 // 8
    drawn = torch.randn(len(tokenizer), width, generator=torch.Generator().manual_seed(0))
    drawn[:, :company] = company**0.5 * _factors(_association(tokenizer), company)
    return drawn


def _association(tokenizer: Any) -> torch.Tensor:
    """Positive pointwise mutual information [V, V] of words standing in one text."""
    counts = torch.zeros(len(tokenizer), len(tokenizer))
    for text in _texts(Random("embedding")):
        words = torch.tensor(sorted(set(tokenizer.encode(text, add_special_tokens=False))))
        counts[words[:, None], words[None]] += 1
    counts.fill_diagonal_(0)
    alone = counts.sum(1)
    expected = alone[:, None] * alone[None] / counts.sum()
    return torch.where(counts > 0, (counts / expected.clamp(min=1e-9)).log().clamp(min=0), 0.0)


def _factors(association: torch.Tensor, width: int) -> torch.Tensor:
    """Unit rows [V, width]; zero for a word that never stood in a text."""
    left, strength, _ = torch.linalg.svd(association)
    rows = left[:, :width] * strength[:width].sqrt()
    norms = rows.norm(dim=1, keepdim=True)
    return torch.where(norms > 1e-6, rows / norms.clamp(min=1e-3 * float(norms.max())), 0.0)


def _texts(rng: Random) -> Iterator[str]:
    for _ in range(TEXTS):
        goal = grammar.draw_goal(rng, rng.choice(list(TOPICS)))
        mention = principles.mention(rng, goal.topic)
        yield f"{grammar.request(rng, goal)} {grammar.comply(rng, goal).text}"
        yield grammar.refuse(rng, goal).text
        yield rng.choice(wording.HIT.train).format(goal=goal.text, mention=mention)
