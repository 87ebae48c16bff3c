"""Soft targets: an answer taught as the whole distribution of the model that said it, not as the tokens drawn once.

What a model must not lose is best shown to it so: learning without forgetting (arXiv 1606.09282, with the distillation
loss of arXiv 1503.02531). Where the model still agrees with what it was there is no gradient; a drawn
token pulls wherever chance fell. The ``TOP`` likeliest tokens of each place are kept, their shares made to sum to one.
"""

import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from bylaw.train.checkpoint import weights_digest
from bylaw.train.crew import ALONE, Crew
from bylaw.train.examples import Encoded
from bylaw.train.kept import Tensors, kept
from bylaw.train.logprobs import Targets, likeliest
from bylaw.train.loop import autocast
from bylaw.train.settings import TrainSettings

TOP = 32


class Teacher:
    """The distributions of a model over the answers of soft examples, at a ``temperature``.

    They are computed once and kept in ``folder`` under a name made of the digests of the model and the examples and of
    the precision they were computed with.
    """

    def __init__(
        self,
        model: Any,
        soft: Sequence[Encoded],
        digest: str,
        settings: TrainSettings,
        folder: Path,
        temperature: float = 1.0,
        crew: Crew = ALONE,
    ) -> None:
        made_from = [weights_digest(model), digest, settings.precision, [one.index for one in soft], TOP, temperature]
        self.fingerprint = hashlib.sha256(repr(made_from).encode()).hexdigest()
        same = {_said(one): one for one in soft}
        distinct = list(same.values())
        stored = kept(
            folder,
            "teacher",
            self.fingerprint,
            lambda: _distributions(model, distinct, settings, temperature, crew),
            crew,
        )
        lengths = [len(one.tree.branches[0]) for one in same.values()]
        parts = map(Targets, torch.split(stored["tokens"], lengths), torch.split(stored["shares"], lengths))
        known = dict(zip(same, parts, strict=True))
        self._known = {one.index: known[_said(one)] for one in soft}
        self._top = stored["tokens"].shape[1]

    def targets(self, examples: Sequence[Encoded]) -> Targets:
        """For all answer tokens of the examples, in order; where one is not soft, its own token has all shares."""
        each = [self._known.get(one.index) or _certain(one, self._top) for one in examples]
        return Targets(torch.cat([one.tokens for one in each]), torch.cat([one.shares for one in each]))


def _said(example: Encoded) -> tuple[tuple[int, ...], ...]:
    return tuple(example.tree.stem), tuple(example.tree.branches[0])


def _certain(example: Encoded, columns: int) -> Targets:
    said = torch.tensor(example.tree.branches[0])
    shares = torch.zeros(len(said), columns)
    shares[:, 0] = 1.0
    return Targets(said[:, None].expand(-1, columns), shares)


@torch.no_grad()
def _distributions(
    model: Any, examples: Sequence[Encoded], settings: TrainSettings, temperature: float, crew: Crew
) -> Tensors:
    model.eval()
    top = min(TOP, model.config.vocab_size)
    found: dict[int, Targets] = {}
    for group, factor in crew.shares(examples, settings.micro_tokens):
        trees = [one.tree for one in group]
        with autocast(model, settings):
            made = crew.within(model, partial(likeliest, trees=trees, top=top, temperature=temperature))
        lengths = [len(tree.branches[0]) for tree in trees]
        parts = zip(torch.split(made.tokens.cpu(), lengths), torch.split(made.shares.cpu(), lengths), strict=True)
        if factor:
            found |= {one.index: Targets(*part) for one, part in zip(group, parts, strict=True)}
    found = dict(crew.joined(found.items()))
    ordered = [found[one.index] for one in examples]
    return {
        "tokens": torch.cat([one.tokens for one in ordered]),
        "shares": torch.cat([one.shares for one in ordered]),
    }
