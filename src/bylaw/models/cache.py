"""Key-value slots: one row per running program, allocated once and written in place.

``Slots`` is the memory, ``Step`` the plan of one forward pass over it: some rows get one new token (decoding,
all in one attention call), others get several (prefill, one call each, no padding).
"""

from collections.abc import Sequence

import torch
from torch.nn.functional import scaled_dot_product_attention

from bylaw.models.attention import attend_dense, bias, causal_bias

_GRAIN = 128  # columns are allocated in steps of this many: a slightly longer text does not reallocate


class Slots:
    """``keys[layer]`` and ``values[layer]``: [rows, kv heads, columns, width]; columns grow as texts need."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.columns = 0
        self.keys: list[torch.Tensor] = []
        self.values: list[torch.Tensor] = []

    def reserve(self, columns: int) -> None:
        """Make room for texts of ``columns`` tokens, keeping what is held."""
        if columns > self.columns:
            self.columns = -(-columns // _GRAIN) * _GRAIN
            self.keys = [self._grown(tensor) for tensor in self.keys]
            self.values = [self._grown(tensor) for tensor in self.values]

    def _grown(self, old: torch.Tensor) -> torch.Tensor:
        rows, heads, columns, width = old.shape
        new = old.new_zeros(rows, heads, self.columns, width)
        new[:, :, :columns] = old
        return new

    def write(
        self, layer: int, rows: torch.Tensor, columns: torch.Tensor, key: torch.Tensor, value: torch.Tensor
    ) -> None:
        """Put keys and values [kv heads, N, width] of N tokens at their rows and columns."""
        if layer == len(self.keys):
            for tensors, new in ((self.keys, key), (self.values, value)):
                tensors.append(new.new_zeros(self.rows, new.shape[0], self.columns, new.shape[2]))
        self.keys[layer][rows, :, columns] = key.transpose(0, 1)
        self.values[layer][rows, :, columns] = value.transpose(0, 1)

    def move(self, source: int, target: int, length: int) -> None:
        """Copy the first ``length`` columns of a row to another: holes close, decoding stays contiguous."""
        for tensor in (*self.keys, *self.values):
            tensor[target, :, :length] = tensor[source, :, :length]


class Step:
    """Plan of one pass. ``feeds`` are (row, tokens held, tokens fed) in packed order, single tokens first."""

    def __init__(self, slots: Slots, feeds: Sequence[tuple[int, int, int]], like: torch.Tensor) -> None:
        self.slots = slots
        singles = [(row, held) for row, held, fed in feeds if fed == 1]
        self.singles = len(singles)
        self.many = [feed for feed in feeds if feed[2] > 1]
        device = like.device
        rows = [row for row, _, fed in feeds for _ in range(fed)]
        columns = [held + i for _, held, fed in feeds for i in range(fed)]
        self._at = torch.tensor(rows, device=device), torch.tensor(columns, device=device)
        self._masks = [causal_bias(fed, held + fed, like) if held else None for _, held, fed in self.many]
        if singles:
            self._decoding(singles, like)

    def _decoding(self, singles: list[tuple[int, int]], like: torch.Tensor) -> None:
        self._rows = max(row for row, _ in singles) + 1
        self._width = max(held for _, held in singles) + 1
        self._whole = [row for row, _ in singles] == list(range(self._rows))
        lengths = [1] * self._rows
        for row, held in singles:
            lengths[row] = held + 1
        ends = torch.tensor(lengths, device=like.device)[:, None]
        self._mask = bias(torch.arange(self._width, device=like.device) < ends, like)[:, None, None]

    def attend(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float
    ) -> torch.Tensor:
        """Write the new keys and values, then attend row by row to what each row now holds."""
        self.slots.write(layer, *self._at, key, value)
        parts = [self._decode(layer, query[:, : self.singles], scale)] if self.singles else []
        start = self.singles
        for (row, held, fed), mask in zip(self.many, self._masks, strict=True):
            keys = self.slots.keys[layer][row, :, : held + fed]
            values = self.slots.values[layer][row, :, : held + fed]
            parts.append(attend_dense(query[:, start : start + fed], keys, values, mask, scale))
            start += fed
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _decode(self, layer: int, query: torch.Tensor, scale: float) -> torch.Tensor:
        keys = self.slots.keys[layer][: self._rows, :, : self._width]
        values = self.slots.values[layer][: self._rows, :, : self._width]
        heads, count, width = query.shape
        query = query.transpose(0, 1).reshape(count, keys.shape[1], heads // keys.shape[1], width)
        at = self._at[0][:count]
        if not self._whole:
            query = query.new_zeros(self._rows, *query.shape[1:]).index_copy_(0, at, query)
        output = scaled_dot_product_attention(query, keys, values, attn_mask=self._mask, scale=scale)
        output = output.reshape(self._rows, heads, -1)
        return output if self._whole else output[at]
