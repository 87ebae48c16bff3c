"""Token trees: a stem, and branches that each continue it. The one layout that labels and training share.

A judge asked K principles about one conversation is a stem with K branches; a DPO pair is a prompt with two. Trees
are laid side by side in rows; a token sees its own tree's stem and its own branch, nothing else, so every branch gets
exactly the logits it would get alone, and the stem is computed once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

Tokens = Sequence[int]


@dataclass(frozen=True)
class Tree:
    """``stem`` followed by each of ``branches``. A plain sequence is a stem without branches."""

    stem: Tokens
    branches: tuple[Tokens, ...] = ()

    def __len__(self) -> int:
        return len(self.stem) + sum(map(len, self.branches))


@dataclass(frozen=True)
class Place:
    """Where a tree lies: its row, the column its stem starts at, the column each branch starts at."""

    row: int
    stem: int
    branches: tuple[int, ...]


@dataclass(frozen=True)
class TreeBatch:
    """R rows of L tokens. ``mask[r, 0, i, j]`` is True where token i of row r may attend to token j."""

    input_ids: torch.Tensor
    position_ids: torch.Tensor
    mask: torch.Tensor
    places: tuple[Place, ...]


def branching(sequences: Sequence[Tokens]) -> Tree:
    """The tree of sequences that begin alike: the stem is their longest common prefix.

    Every branch keeps at least one token, so that each has a last position of its own.
    """
    first = sequences[0]
    shortest = min(map(len, sequences)) - 1
    stem = 0
    while stem < shortest and all(sequence[stem] == first[stem] for sequence in sequences):
        stem += 1
    return Tree(tuple(first[:stem]), tuple(tuple(sequence[stem:]) for sequence in sequences))


def fill_rows(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """First-fit-decreasing: which items share a row of ``capacity`` tokens. An item longer than that gets its own."""
    rows: list[list[int]] = []
    room: list[int] = []
    for item in sorted(range(len(lengths)), key=lambda index: (-lengths[index], index)):
        row = next((r for r, free in enumerate(room) if free >= lengths[item]), None)
        if row is None:
            rows.append([item])
            room.append(capacity - lengths[item])
        else:
            rows[row].append(item)
            room[row] -= lengths[item]
    return rows


def lay_out(trees: Sequence[Tree], capacity: int = 0, pad: int = 0) -> TreeBatch:
    """Lay trees into rows of at most ``capacity`` tokens (0: as long as the longest tree)."""
    lengths = [len(tree) for tree in trees]
    rows = fill_rows(lengths, capacity or max(lengths))
    width = max(sum(lengths[item] for item in row) for row in rows)
    ids = torch.full((len(rows), width), pad, dtype=torch.long)
    positions = torch.zeros_like(ids)
    owner = torch.full_like(ids, -1)
    branch = torch.zeros_like(ids)
    places: list[Place] = [Place(0, 0, ())] * len(trees)
    for r, row in enumerate(rows):
        column = 0
        for item in row:
            places[item], column = _place(trees[item], r, column, ids, positions, branch, owner, item)
    return TreeBatch(ids, positions, _mask(owner, branch), tuple(places))


def _place(
    tree: Tree, row: int, start: int, ids: Any, positions: Any, branch: Any, owner: Any, item: int
) -> tuple[Place, int]:
    column = start
    starts: list[int] = []
    for number, part in enumerate((tree.stem, *tree.branches)):
        offset = 0 if number == 0 else len(tree.stem)
        end = column + len(part)
        ids[row, column:end] = torch.tensor(part, dtype=torch.long)
        positions[row, column:end] = torch.arange(offset, offset + len(part))
        branch[row, column:end] = number
        starts.append(column)
        column = end
    owner[row, start:column] = item
    return Place(row, starts[0], tuple(starts[1:])), column


def _mask(owner: torch.Tensor, branch: torch.Tensor) -> torch.Tensor:
    width = owner.shape[1]
    same_tree = owner[:, :, None] == owner[:, None, :]
    visible = (branch[:, None, :] == 0) | (branch[:, :, None] == branch[:, None, :])
    earlier = torch.ones(width, width, dtype=torch.bool).tril()
    return (same_tree & visible & earlier)[:, None]


def hidden_states(model: Any, batch: TreeBatch) -> torch.Tensor:
    """Last hidden states [R, L, d] of a Hugging Face causal LM over a tree batch, without its head."""
    dtype = next(model.parameters()).dtype
    device = next(model.parameters()).device
    bias = torch.zeros(batch.mask.shape, dtype=dtype, device=device)
    bias.masked_fill_(~batch.mask.to(device), torch.finfo(dtype).min)
    output = body(model)(
        input_ids=batch.input_ids.to(device),
        attention_mask=bias,
        position_ids=batch.position_ids.to(device),
        use_cache=False,
    )
    return output.last_hidden_state  # type: ignore[no-any-return]


def body(model: Any) -> Any:
    """The transformer under a causal LM's head, through a peft wrapper if there is one."""
    if hasattr(model, "get_base_model"):
        model = model.get_base_model()
    return getattr(model, model.base_model_prefix)


def head(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    """Logits [N, V] in float32 of chosen hidden rows [N, d]: the head computed only where it is needed."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    logits: torch.Tensor = base.get_output_embeddings()(hidden).float()
    cap = getattr(base.config, "final_logit_softcapping", None)
    return cap * torch.tanh(logits / cap) if cap else logits
