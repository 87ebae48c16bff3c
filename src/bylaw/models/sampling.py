"""From logits to tokens. A draw depends on the ask's seed and the token's index alone, never on the batch."""

from collections.abc import Sequence

import numpy as np
import torch


def uniforms(seed: int, count: int) -> list[float]:
    """One number in [0, 1) per token index: Philox keyed by the seed, so the i-th does not depend on
    ``count``.
    """
    draws: list[float] = np.random.Generator(np.random.Philox(key=seed % 2**64)).random(count).tolist()
    return draws


def sample(logits: torch.Tensor, temperatures: Sequence[float], draws: Sequence[float]) -> list[int]:
    """Tokens [N] from float32 logits [N, V]: the likeliest at temperature 0, else by inverting the CDF."""
    best = logits.argmax(-1)
    if not any(temperatures):
        return best.tolist()
    heat = torch.tensor(temperatures, device=logits.device)[:, None]
    scaled = logits / torch.where(heat > 0, heat, 1.0)
    total = scaled.softmax(-1).cumsum(-1, dtype=torch.float64)
    draw = torch.tensor(draws, dtype=torch.float64, device=logits.device)[:, None] * total[:, -1:]
    drawn = torch.searchsorted(total, draw, right=True)[:, 0]
    # Rounding can put a draw at the very end of the CDF, one past the last token.
    drawn = torch.where((heat[:, 0] > 0) & (drawn < logits.shape[1]), drawn, best)
    return drawn.tolist()
