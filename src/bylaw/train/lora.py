"""Low-rank adapters through peft: attached before training, merged into full weights after it."""

from pathlib import Path
from typing import Any

import torch

from bylaw.errors import MissingExtra
from bylaw.train.settings import TrainSettings


def attach(model: Any, settings: TrainSettings) -> Any:
    """The model with adapters to train, everything else frozen; the model itself, all trainable, at rank 0.

    The adapters' first values depend on ``settings.seed`` alone.
    """
    if settings.lora.rank == 0:
        return model.requires_grad_(True)
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError as error:
        raise MissingExtra("peft", "train") from error
    scores = hasattr(model, "score")
    config = LoraConfig(
        r=settings.lora.rank,
        lora_alpha=settings.lora.alpha,
        target_modules=settings.lora.targets,
        task_type="SEQ_CLS" if scores else "CAUSAL_LM",
        modules_to_save=["score"] if scores else None,
    )
    with torch.random.fork_rng():
        torch.manual_seed(settings.seed)
        return get_peft_model(model, config)


def merge(model: Any, settings: TrainSettings, workdir: Path) -> Any:
    """Full weights again. With ``lora.keep`` the adapter stays in ``workdir/adapter``."""
    if settings.lora.rank == 0:
        return model
    if settings.lora.keep:
        model.save_pretrained(workdir / "adapter")
    return model.merge_and_unload()
