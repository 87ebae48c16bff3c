"""Several processes that train one model: FSDP2, each holding its part of every weight, gradient and moment.

accelerate sets the processes up, as ``torchrun`` or ``accelerate launch`` started them: NCCL on GPUs, gloo on CPUs.
Weights are whole only while a layer computes (``fully_shard``, arXiv 2304.11277). FSDP2 hangs that on a module's
``forward``; ours is asked in other ways (packed rows, the head where it is needed), so ``within`` is registered as one.
"""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from types import MethodType
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import torch
import torch.distributed as dist
from torch.distributed.device_mesh import init_device_mesh

from bylaw.errors import MissingExtra
from bylaw.train.crew import Crew, E
from bylaw.train.packing import micro_batches
from bylaw.train.settings import TrainSettings

T = TypeVar("T")

PATIENCE = timedelta(days=30)
"""How long a process waits for the others: while the first one generates and labels, they have nothing to do."""


class Sharded(Crew):
    """All processes that were started together. Each calls the same functions with the same arguments."""

    def __init__(self) -> None:
        try:
            from accelerate import PartialState
        except ImportError as error:
            raise MissingExtra("accelerate", "train") from error
        state = PartialState(cpu=not torch.cuda.is_available(), timeout=PATIENCE)
        self.size, self.rank = int(state.num_processes), int(state.process_index)
        self.device: torch.device = state.device
        self._mesh = init_device_mesh(self.device.type, (self.size,))
        self._talk = dist.new_group(backend="gloo", timeout=PATIENCE)
        self._whole: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()

    def placed(self, model: Any) -> Any:
        """A model on this process's device."""
        return model.to(self.device)

    def spread(self, model: Any, settings: TrainSettings) -> Any:
        """A model to train. The first process keeps the one handed in; the others' becomes their part."""
        from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard, register_fsdp_forward_method

        device = model.device
        policy = copy.deepcopy(model.to("cpu")) if self.first else model
        # Computed in bfloat16, weights may as well travel in it; gradients are summed in float32.
        mixed = MixedPrecisionPolicy(torch.bfloat16, torch.float32, cast_forward_inputs=False)
        how: dict[str, Any] = {"mesh": self._mesh, **({"mp_policy": mixed} if settings.precision == "mixed" else {})}
        for layer in layers(policy):
            fully_shard(layer, **how)
        policy.within = MethodType(_within, policy)
        fully_shard(policy, **how)
        register_fsdp_forward_method(policy, "within")
        if self.first:
            self._whole[policy] = model.to(device)
        return policy

    def gather(self, policy: Any) -> Any:
        """The whole model, one weight at a time."""
        model: Any = self._whole.get(policy)
        into = dict(model.named_parameters()) if self.first else {}
        with torch.no_grad():
            for name, weight in policy.named_parameters():
                value = weight.full_tensor()
                if self.first:
                    into[name].copy_(value)
        return model

    def within(self, policy: Any, compute: Callable[[Any], T]) -> T:
        """``compute(policy)`` with whole weights at hand, layer by layer."""
        found: T = policy.within(compute)
        if not torch.is_grad_enabled():  # no backward pass will come to take apart what the root holds whole
            policy.reshard()
        return found

    def shares(self, batch: Sequence[E], tokens: int) -> list[tuple[list[E], float]]:
        """Examples are dealt longest first, so that all have about as much to do."""
        dealt = sorted(batch, key=lambda one: (-len(one.tree), one.index))
        parts = [micro_batches(dealt[rank :: self.size], tokens) for rank in range(self.size)]
        mine = [(group, 1.0) for group in parts[self.rank]]
        idle = max(map(len, parts)) - len(mine)
        return mine + [([dealt[-1]], 0.0)] * idle

    def sums(self, figures: Mapping[str, float]) -> dict[str, float]:
        """Figures summed over all processes."""
        total = torch.tensor(list(figures.values()), dtype=torch.float64)
        dist.all_reduce(total, group=self._talk)
        return dict(zip(figures, total.tolist(), strict=True))

    def joined(self, parts: Iterable[T]) -> list[T]:
        """What all processes have, in their order."""
        found: list[list[T]] = [[]] * self.size
        dist.all_gather_object(found, list(parts), group=self._talk)
        return [one for part in found for one in part]

    def same(self, make: Callable[[], T]) -> T:
        """What the first process made. What it could not make is raised by all."""
        made: list[Any] = [None, None]
        if self.first:
            try:
                made[0] = make()
            except Exception as error:
                made[1] = error
                dist.broadcast_object_list(made, group=self._talk)
                raise
        dist.broadcast_object_list(made, group=self._talk)
        if made[1] is not None:
            raise made[1]
        found: T = made[0]
        return found

    def wait(self) -> None:
        """Until everybody is here."""
        dist.barrier(group=self._talk)

    def leave(self) -> None:
        """End the groups. A thread of gloo's that still holds what was last said aborts the process if the interpreter
        ends meanwhile (pytorch #190489); those of ``_talk`` end with it. Those of the mesh have been idle for long."""
        dist.destroy_process_group()
        del self._talk


def layers(model: Any) -> list[Any]:
    """The layers of a model that are held whole while they compute: those transformers would not split."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    names = set(base._no_split_modules or ())
    return [module for module in base.modules() if type(module).__name__ in names]


def _within(policy: Any, compute: Callable[[Any], T]) -> T:
    return compute(policy)
