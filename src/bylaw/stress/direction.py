"""The refusal direction (arXiv 2406.11717): what tells the stream of harmful prompts from that of harmless ones.

Difference of the means at the last tokens of the prompt, at every layer (§2.3). Which layer and token, a validation
part decides: of the directions whose ablation hardly changes what the model says to harmless prompts, the one whose
ablation makes compliant answers likeliest. Two deviations from the paper (App. C): it scores refusal by the probability
of first tokens listed by hand for each model, here it is the log-probability of the compliant answers that the attacker
has; and it asks that adding the direction should make the model refuse, which taking safety off does not need.
"""

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import msgspec
import numpy as np
import torch

from bylaw.canonical import seed_of
from bylaw.errors import SettingsError, UsageError
from bylaw.models.tree import Tree, head
from bylaw.stress.residual import ablated, check_ablation, layers, streams
from bylaw.train.examples import Encoded, Encoder, SFTExample
from bylaw.train.logprobs import branch_logprobs
from bylaw.train.packed import packed_hidden
from bylaw.train.packing import micro_batches

_AT_ONCE = 4096  # tokens of one forward pass
_NOUGHT = 1e-4  # of the stream's length: a difference below it is rounding


class AblationSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a direction is found. The defaults are the paper's (§2.2, App. C) but for ``opening``.

    ``fit``: prompts of each kind for the means; ``validation``: others to choose by. With fewer prompts, a fifth is for
    validation. ``positions``: last tokens of the prompt that are looked at. ``depth``: share of the layers, from the
    first. ``divergence``: most nats that ablation may change the next token after harmless prompts by, on average.
    ``opening``: tokens of a compliant answer that are scored.
    """

    fit: int = 128
    validation: int = 32
    positions: int = 5
    depth: float = 0.8
    divergence: float = 0.1
    opening: int = 16

    def __post_init__(self) -> None:
        for key in ("fit", "validation", "positions", "opening"):
            if getattr(self, key) < 1:
                raise SettingsError(f"{key} must be at least 1, not {getattr(self, key)}")
        if not 0 < self.depth <= 1:
            raise SettingsError(f"depth is a share of the layers, above 0 and at most 1, not {self.depth}")


@dataclass(frozen=True)
class Direction:
    """A candidate. ``vector`` [d]; ``layer`` it enters, ``position`` from the prompt's end (-1 is the last token).

    ``bypass``: mean log-probability (nats) of the openings of compliant answers with it ablated; ``divergence``: mean
    KL divergence (nats) after harmless prompts, of the model as it was from the ablated one.
    """

    vector: torch.Tensor
    layer: int
    position: int
    bypass: float = 0.0
    divergence: float = 0.0


@dataclass(frozen=True)
class _Parts:
    """Trees of the prompts: ``fit`` for the means, ``validation`` to choose by; of harmful ones with the answer."""

    harmful_fit: list[Encoded]
    harmless_fit: list[Encoded]
    answers: list[Encoded]
    harmless: list[Encoded]


def refusal_directions(
    model: Any,
    tokenizer: Any,
    harmful: Sequence[SFTExample],
    harmless: Sequence[SFTExample],
    settings: AblationSettings,
    seed: int,
    count: int = 1,
) -> list[Direction]:
    """``count`` directions to ablate together, or as many as there are; the paper takes one.

    ``seed`` decides which prompts they are found on and which they are chosen by. Each is looked for in the model
    without those before it, so that refusal which lies along several is found too. Raises ``UsageError`` for fewer than
    two prompts of a kind and ``ModelError`` for an architecture whose residual stream cannot be ablated exactly.
    """
    parts = _split(Encoder(tokenizer), harmful, harmless, settings, seed)
    plain = _next_tokens(model, parts.harmless)
    found: list[Direction] = []
    for _ in range(count):
        with ablated(model, vectors(found)) if found else nullcontext():
            next_ones = candidates(model, parts.harmful_fit, parts.harmless_fit, settings)
        if not next_ones:
            break
        if not found:
            check_ablation(model, vectors(next_ones[:1]), [one.tree for one in parts.harmless[:4]])
        scored = [_scored(model, found, one, parts, plain) for one in next_ones]
        found.append(chosen(scored, settings.divergence))
    if not found:
        raise UsageError("harmful and harmless prompts are the same to the model: there is no direction between them")
    return found


def vectors(found: Sequence[Direction]) -> torch.Tensor:
    """[k, d]: the directions' vectors."""
    return torch.stack([one.vector for one in found])


def candidates(
    model: Any, harmful: Sequence[Encoded], harmless: Sequence[Encoded], settings: AblationSettings
) -> list[Direction]:
    """Differences of means by layer and position; none where they are nought, as of the same token at layer 0."""
    shortest = min(len(one.tree.stem) for one in (*harmful, *harmless))
    positions = min(settings.positions, shortest)
    mean = _means(model, harmless, positions)
    difference = _means(model, harmful, positions) - mean
    size = mean.norm(dim=-1).max()
    deep = max(1, int(settings.depth * len(layers(model))))
    lengths = difference.norm(dim=-1)
    return [
        Direction(difference[layer, place].float(), layer, place - positions)
        for layer in range(deep)
        for place in range(positions)
        if lengths[layer, place] > _NOUGHT * size
    ]


def chosen(scored: Sequence[Direction], divergence: float) -> Direction:
    """The best bypass among those that keep to the divergence; where none does, the one nearest to it."""
    gentle = [one for one in scored if one.divergence <= divergence]
    return max(gentle, key=lambda one: one.bypass) if gentle else min(scored, key=lambda one: one.divergence)


def _split(
    encode: Encoder,
    harmful: Sequence[SFTExample],
    harmless: Sequence[SFTExample],
    settings: AblationSettings,
    seed: int,
) -> _Parts:
    fit, validation = _drawn(harmful, settings, seed)
    harmless_fit, harmless_validation = _drawn(harmless, settings, seed)
    return _Parts(
        harmful_fit=_stems(encode, fit),
        harmless_fit=_stems(encode, harmless_fit),
        answers=_encoded(
            Tree(encode.stem(one.messages), (encode.branch(one.answer)[: settings.opening],)) for one in validation
        ),
        harmless=_stems(encode, harmless_validation),
    )


def _drawn(
    examples: Sequence[SFTExample], settings: AblationSettings, seed: int
) -> tuple[list[SFTExample], list[SFTExample]]:
    if len(examples) < 2:
        raise UsageError(f"a direction needs at least 2 prompts of each kind; {len(examples)} of one kind are given")
    order = np.random.default_rng(seed_of("direction", seed)).permutation(len(examples))
    held = min(settings.validation, max(1, len(examples) // 5))
    wanted = [examples[place] for place in order[: held + settings.fit]]
    return wanted[held:], wanted[:held]


def _stems(encode: Encoder, examples: Sequence[SFTExample]) -> list[Encoded]:
    return _encoded(Tree(encode.stem(one.messages)) for one in examples)


def _encoded(trees: Iterable[Tree]) -> list[Encoded]:
    return [Encoded(index, tree, 1.0, 1.0) for index, tree in enumerate(trees)]


def _means(model: Any, prompts: Sequence[Encoded], positions: int) -> torch.Tensor:
    """[L, P, d], float64: mean of what enters each layer at each of the last ``positions`` tokens of the prompts."""
    total: torch.Tensor | None = None
    for group in micro_batches(prompts, _AT_ONCE):
        stream = streams(model, [one.tree for one in group])[:-1]
        part = torch.stack([stream[:, end - positions : end] for end in _ends(group)]).double().sum(0)
        total = part if total is None else total + part
    assert total is not None  # there is at least one prompt
    return total / len(prompts)


def _ends(group: Sequence[Encoded]) -> list[int]:
    """Packed places just behind each prompt."""
    return list(accumulate(len(one.tree.stem) for one in group))


@torch.no_grad()
def _scored(model: Any, before: Sequence[Direction], one: Direction, parts: _Parts, plain: torch.Tensor) -> Direction:
    """``one`` with what ablating it on top of those ``before`` does."""
    with ablated(model, vectors([*before, one])):
        bypass = sum(
            float(branch_logprobs(model, [answer.tree for answer in group]).tokens.sum())
            for group in micro_batches(parts.answers, _AT_ONCE)
        )
        changed = _next_tokens(model, parts.harmless)
    divergence = float((plain.exp() * (plain - changed)).sum(-1).mean())
    return replace(one, bypass=bypass / len(parts.answers), divergence=divergence)


@torch.no_grad()
def _next_tokens(model: Any, prompts: Sequence[Encoded]) -> torch.Tensor:
    """[n, V]: log-probabilities of the token after each prompt."""
    rows = []
    for group in micro_batches(prompts, _AT_ONCE):
        hidden = packed_hidden(model, [one.tree for one in group])
        rows.append(head(model, hidden[[end - 1 for end in _ends(group)]]).log_softmax(-1))
    return torch.cat(rows)
