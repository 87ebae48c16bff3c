"""A decoder by its sizes: parameters, and floating-point operations a token. No torch here."""

from pathlib import Path
from typing import Any

import msgspec

from bylaw.errors import ModelError


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """A Llama-like decoder: grouped attention, a gated feed-forward part. ``tied``: one matrix embeds and predicts."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    head_width: int
    hidden: int
    vocabulary: int
    tied: bool = False

    @property
    def layer_parameters(self) -> int:
        """Of one layer: queries, keys, values, output; gate, up, down; two norms."""
        attention = self.width * self.head_width * (2 * self.heads + 2 * self.kv_heads)
        return attention + 3 * self.width * self.hidden + 2 * self.width

    @property
    def parameters(self) -> int:
        """All of them."""
        tables = self.vocabulary * self.width * (1 if self.tied else 2)
        return self.layers * self.layer_parameters + tables + self.width

    def body_flops(self, context: int) -> float:
        """Forward operations a token without the head: two a parameter, and attention to half of ``context``."""
        attention = 2 * context * self.heads * self.head_width  # queries by keys, and shares by values
        return self.layers * (2.0 * self.layer_parameters + attention)

    @property
    def head_flops(self) -> float:
        """Forward operations of one row of the head."""
        return 2.0 * self.vocabulary * self.width

    @property
    def cache_bytes(self) -> int:
        """Of keys and values a token, in 16 bits."""
        return 2 * 2 * self.layers * self.kv_heads * self.head_width


SIZES: dict[str, Shape] = {
    "toy": Shape(layers=2, width=64, heads=4, kv_heads=2, head_width=16, hidden=128, vocabulary=512, tied=True),
    "1b": Shape(layers=16, width=2048, heads=32, kv_heads=8, head_width=64, hidden=8192, vocabulary=128256, tied=True),
    "8b": Shape(layers=32, width=4096, heads=32, kv_heads=8, head_width=128, hidden=14336, vocabulary=128256),
}
"""Shapes by name: those of Llama 3.2 1B and Llama 3.1 8B, and one for tests."""


def shape_of(directory: Path) -> Shape:
    """The shape that a model directory's ``config.json`` says. Raises ``ModelError`` where a size is not there."""
    path = directory / "config.json"
    try:
        said: dict[str, Any] = msgspec.json.decode(path.read_bytes())
        heads = said["num_attention_heads"]
        return Shape(
            layers=said["num_hidden_layers"],
            width=said["hidden_size"],
            heads=heads,
            kv_heads=said.get("num_key_value_heads") or heads,
            head_width=said.get("head_dim") or said["hidden_size"] // heads,
            hidden=said["intermediate_size"],
            vocabulary=said["vocab_size"],
            tied=bool(said.get("tie_word_embeddings")),
        )
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    except (KeyError, msgspec.DecodeError) as error:
        raise ModelError(f"{path} does not say the model's sizes as a Llama's does: {error}; name --size") from error
