"""The training methods, by the name settings use. A new one is a file beside these and a row here."""

from collections.abc import Callable
from typing import Final

from bylaw.train.dpo import train_dpo
from bylaw.train.grpo import train_grpo
from bylaw.train.method import TrainResult
from bylaw.train.preference import train_preference
from bylaw.train.sft import train_sft

METHODS: Final[dict[str, Callable[..., TrainResult]]] = {
    "sft": train_sft,
    "preference": train_preference,
    "dpo": train_dpo,
    "grpo": train_grpo,
}
