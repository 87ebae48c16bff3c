"""Settings of the loop that all methods share, and of each method. No torch here."""

from typing import Literal

import msgspec

from bylaw.errors import SettingsError

Schedule = Literal["constant", "linear", "cosine"]
Precision = Literal["float32", "mixed", "bfloat16"]


class LoraSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Low-rank adapters; ``rank`` 0 trains all weights. ``keep`` leaves the adapter in ``workdir``."""

    rank: int = 0
    alpha: float = 16.0
    targets: str = "all-linear"
    keep: bool = False


class TrainSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the loop needs to know.

    ``batch_size``: examples per update. ``warmup``: share of the updates. ``clip``: bound on the
    gradient's norm, 0 for none. ``precision``: ``mixed`` keeps float32 weights and computes in bfloat16.
    ``micro_tokens``: tokens computed at once; it bounds memory and does not change the gradient.
    ``context``: longest sequence in tokens, 0 for what the model's configuration allows.
    ``checkpoint_every``: updates between checkpoints, 0 for one at the end only. ``recompute``: keep only what enters
    each layer, and compute the rest again in the backward pass: less memory, a third more work, the same gradient.
    """

    learning_rate: float = 1e-5
    epochs: int = 1
    batch_size: int = 32
    schedule: Schedule = "cosine"
    warmup: float = 0.05
    clip: float = 1.0
    weight_decay: float = 0.0
    precision: Precision = "float32"
    micro_tokens: int = 4096
    recompute: bool = False
    context: int = 0
    checkpoint_every: int = 50
    seed: int = 0
    lora: LoraSettings = LoraSettings()

    def __post_init__(self) -> None:
        for key in ("epochs", "batch_size", "micro_tokens"):
            if getattr(self, key) < 1:
                raise SettingsError(f"{key} must be at least 1, not {getattr(self, key)}")
        if not 0 <= self.warmup <= 1:
            raise SettingsError(f"warmup is a share of the updates, between 0 and 1, not {self.warmup}")


class DpoSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``beta`` scales the log-probability ratios; ``nll`` weighs the likelihood of the preferred response."""

    beta: float = 0.1
    nll: float = 0.0


class GrpoSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``group``: samples per prompt. ``kl``: weight of the divergence from the reference; 0 keeps none."""

    group: int = 8
    kl: float = 0.02
