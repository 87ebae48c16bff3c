"""The seam of the leak tests: a scorer says how likely a model finds texts. Everything else is arithmetic."""

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


Scorer = Callable[[Sequence[Asked]], list[Scored]]
"""One ``Scored`` for each text, in order."""
