"""Bytes a GPU, planned before anything is loaded: an estimate to within a tenth or so, said part by part.

Weights, gradients and AdamW's two moments are shared out evenly (FSDP2). Activations are what the backward pass needs
of ``micro_tokens`` tokens: all of a layer's (after arXiv 2205.05198, §4, for a gated layer and without attention
scores), or, recomputed, what enters each layer and all of one.
"""

import msgspec

from bylaw.scale.shapes import Shape
from bylaw.train.settings import TrainSettings

GIB = 1 << 30
SPARE = 0.08
"""Share of a GPU's memory that the driver, the communication library and the allocator take."""

LOGITS = 3 * 4 * 2**28
"""The head's logits in float32 at once: the chunk, its log-softmax and its gradient (``train.logprobs.LOGITS``)."""


class Part(msgspec.Struct, frozen=True):
    """One thing that takes memory."""

    name: str
    bytes: float


class Need(msgspec.Struct, frozen=True):
    """What a stage needs of each GPU."""

    what: str
    parts: tuple[Part, ...]

    @property
    def bytes(self) -> float:
        """In all, with what is never free."""
        return sum(part.bytes for part in self.parts) / (1 - SPARE)

    def said(self, have: float | None) -> str:
        """One line: what is needed, and whether it is there."""
        parts = ", ".join(f"{part.name} {part.bytes / GIB:.3g}" for part in self.parts)
        there = "" if have is None else f"; you have {have / GIB:.3g}{'' if self.fits(have) else ': IT DOES NOT FIT'}"
        return f"{self.what} needs {self.bytes / GIB:.3g} GB a GPU{there} ({parts})"

    def fits(self, have: float) -> bool:
        """Whether a GPU with ``have`` bytes holds it."""
        return self.bytes <= have


def training(shape: Shape, settings: TrainSettings, gpus: int, *, method: str = "sft") -> Need:
    """Full or adapted training, with weights shared over ``gpus``. GRPO has a frozen twin, and samples from a copy."""
    wide = 2 if settings.precision == "bfloat16" else 4
    computed = 4 if settings.precision == "float32" else 2
    weights = shape.parameters
    learned = weights if not settings.lora.rank else _adapters(shape, settings.lora.rank)
    parts = [
        Part("weights", wide * weights / gpus),
        Part("gradients", wide * learned / gpus),
        Part("moments", 2 * wide * learned / gpus),
        Part("activations", computed * activations(shape, settings.micro_tokens, settings.recompute)),
        Part("logits", min(LOGITS, 12 * settings.micro_tokens * shape.vocabulary)),
    ]
    if gpus > 1:
        # A layer is whole while it computes, the next one on its way; so is what embeds and predicts.
        tables = shape.parameters - shape.layers * shape.layer_parameters
        parts.append(Part("gathered", computed * (2 * shape.layer_parameters + tables)))
    if method == "grpo":
        parts.append(Part("reference", wide * weights / gpus if not settings.lora.rank else 0))
        parts.append(Part("copy that samples (first GPU)", wide * weights if gpus > 1 else 0))
    return Need(f"training ({method})", tuple(part for part in parts if part.bytes))


def generating(shape: Shape, rows: int, context: int) -> Need:
    """A model that generates or labels in 16 bits: ``rows`` conversations of ``context`` tokens at once."""
    return Need(
        "generation",
        (Part("weights", 2 * shape.parameters), Part("keys and values", shape.cache_bytes * rows * context)),
    )


def activations(shape: Shape, tokens: int, recompute: bool) -> float:
    """Numbers kept for the backward pass of ``tokens`` tokens."""
    heads = shape.head_width * (2 * shape.heads + 2 * shape.kv_heads)
    layer = 6 * shape.width + heads + 4 * shape.hidden
    kept = shape.layers * shape.width + layer if recompute else shape.layers * layer
    return float(tokens * kept)


def _adapters(shape: Shape, rank: int) -> int:
    ends = 2 * shape.heads * shape.head_width + 2 * shape.kv_heads * shape.head_width + 4 * shape.width
    return shape.layers * rank * (ends + 3 * (shape.width + shape.hidden))
