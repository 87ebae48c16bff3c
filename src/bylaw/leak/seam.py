"""The seams of the leak tests: a scorer says how likely a model finds texts, a speaker what it says by itself.

Everything else is arithmetic.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from bylaw.records import Conversation


class Asked(NamedTuple):
    """A conversation so far, and a reply whose likelihood is asked for."""

    messages: Conversation
    reply: str


class Scored(NamedTuple):
    """A reply under a model, token by token, the one that ends the turn included.

    ``logprobs``: natural log-probabilities. ``likeliest``: whether no token was likelier. Where all are, the reply is
    what the model says when it is sampled at temperature 0.
    """

    logprobs: tuple[float, ...]
    likeliest: tuple[bool, ...]

    @property
    def total(self) -> float:
        """Log-probability of the whole reply."""
        return sum(self.logprobs)


class Said(NamedTuple):
    """What a model said by itself at temperature 0, and the text that was looked for."""

    text: str
    looked_for: str


Scorer = Callable[[Sequence[Asked]], list[Scored]]
"""One ``Scored`` for each text, in order."""

Speaker = Callable[[Sequence[Asked], bool], list[Said]]
"""One ``Said`` for each text, in order; what is given is the prompt alone, or without *whole* the reply's beginning."""
