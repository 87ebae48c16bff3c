"""The local backend: a Hugging Face causal LM from a directory or the hub, run on this machine."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import msgspec
import torch

from bylaw.errors import MissingExtra, ModelError
from bylaw.models.attention import packed_attention
from bylaw.models.base import Program, T, Usage
from bylaw.models.cache import Slots
from bylaw.models.chat import Chat
from bylaw.models.engine import Engine
from bylaw.models.given import locate, name_of
from bylaw.models.tree import body

_PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
_LAYERS = {"full_attention", "sliding_attention"}


class LocalSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a local model is loaded and run.

    ``dtype`` auto: float32 on a CPU, bfloat16 on CUDA. ``device`` auto: CUDA where there is one. ``rows``:
    how many programs generate at once. ``context``: most tokens of a conversation with its answer; 0 is what
    the model allows. ``pass_tokens``: most new tokens in one forward pass, apart from one longer
    conversation, which goes alone.
    """

    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    device: str = "auto"
    rows: int = 64
    context: int = 0
    pass_tokens: int = 4096


class LocalModel:
    """Runs programs on a loaded model. It may be trained between two runs: nothing of it is kept aside."""

    def __init__(self, name: str, model: Any, tokenizer: Any, settings: LocalSettings | None = None) -> None:
        self.name = name
        self.model = model
        self.tokenizer = tokenizer
        self.settings = settings or LocalSettings()
        self.usage = Usage()
        check_architecture(model)
        self.chat = Chat(tokenizer, stop_tokens(model, tokenizer))
        self.context = context_of(model, self.settings.context)

    def run(self, programs: Iterable[Program[T]]) -> list[T]:
        """Run all programs to their end and return what they returned, in order."""
        slots = Slots(self.settings.rows)
        engine: Engine[T] = Engine(self.model, self.chat, slots, self.usage, self.context, self.settings.pass_tokens)
        with torch.no_grad(), packed_attention(self.model):
            return engine.run(programs)


def open_model(path: str | Path, settings: LocalSettings | None = None) -> LocalModel:
    """Load a model and its tokenizer from a directory, or by hub id; never any code that comes with it.

    Raises ModelError, saying what to do, for a directory without weights, with pickled weights only, without
    a chat template, or of an architecture that transformers or the engine does not know.
    """
    settings = settings or LocalSettings()
    directory = locate(path)
    _check_files(directory)
    model, tokenizer = load(directory, settings)
    return LocalModel(name_of(directory), model, tokenizer, settings)


def load(source: Path, settings: LocalSettings) -> tuple[Any, Any]:
    """Model and tokenizer, on their device, in evaluation mode."""
    try:
        from safetensors import SafetensorError
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils.logging import disable_progress_bar
    except ImportError as error:
        raise MissingExtra("transformers", "train") from error
    device, dtype = _placement(settings)
    disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
        model, info = AutoModelForCausalLM.from_pretrained(
            source, dtype=dtype, use_safetensors=True, trust_remote_code=False, output_loading_info=True
        )
    except (OSError, ValueError, KeyError, ImportError, SafetensorError) as error:
        raise ModelError(f"{source} cannot be loaded as a causal language model: {error}") from error
    if info["missing_keys"] or info["mismatched_keys"]:
        lacking = sorted(map(str, [*info["missing_keys"], *info["mismatched_keys"]]))
        raise ModelError(f"{source}: {len(lacking)} weights are missing or of another shape, first {lacking[0]}")
    if not tokenizer.chat_template:
        raise ModelError(f"{source} has no chat template; add chat_template.jinja beside its tokenizer")
    return model.to(device).eval(), tokenizer


def _check_files(directory: Path) -> None:
    names = [file.name for file in directory.iterdir()]
    if "config.json" not in names:
        raise ModelError(f"{directory} holds no config.json, so it is not a Hugging Face model directory")
    if any(name.endswith(".safetensors") for name in names):
        return
    pickled = sorted(name for name in names if name.endswith(_PICKLED))
    if pickled:
        raise ModelError(
            f"{directory} holds pickled weights only ({pickled[0]}); loading them can run code. Convert them "
            "with model.save_pretrained(…) where they are trusted: it writes .safetensors"
        )
    raise ModelError(f"{directory} holds no weights (*.safetensors)")


def _placement(settings: LocalSettings) -> tuple[torch.device, torch.dtype]:
    automatic = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(automatic if settings.device == "auto" else settings.device)
    except RuntimeError as error:
        raise ModelError(f"there is no device {settings.device!r}; use auto, cpu or cuda") from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ModelError("device is cuda, but torch finds no CUDA device; use auto or cpu")
    if settings.dtype == "auto":
        return device, torch.float32 if device.type == "cpu" else torch.bfloat16
    return device, getattr(torch, settings.dtype)


def stop_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    """Ids that end a turn: those of the generation config (one or a list) and the tokenizer's end token."""
    ends = getattr(model.generation_config, "eos_token_id", None)
    ends = [ends] if isinstance(ends, int) else list(ends or [])
    return frozenset([*ends, *([] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id])])


def check_architecture(model: Any) -> None:
    """Raise ModelError for a model whose attention the engine could not run as the model means it."""
    from inspect import signature

    inner = body(model)
    name = type(inner).__name__
    if not getattr(inner, "_supports_attention_backend", False):
        raise ModelError(f"{name} does not let its attention be replaced (transformers' AttentionInterface)")
    if "position_ids" not in signature(inner.forward).parameters:
        raise ModelError(f"{name} does not take position ids, which packed sequences need")
    odd = set(getattr(inner.config, "layer_types", None) or []) - _LAYERS
    if odd or getattr(inner, "_is_stateful", False):
        raise ModelError(f"{name} has layers other than attention: {', '.join(sorted(odd)) or 'recurrent ones'}")


def context_of(model: Any, wanted: int) -> int:
    """The most tokens of a conversation: as wanted, but no more than the model was made for.

    Within a sliding window, sliding attention is full attention; up to their original length, rotary
    embeddings that change with length do not. So the context stops there.
    """
    config = body(model).config
    rope = getattr(config, "rope_parameters", None) or {}
    limits = [getattr(config, "max_position_embeddings", None)]
    if getattr(config, "use_sliding_window", True):
        limits.append(getattr(config, "sliding_window", None))
    if rope.get("rope_type") in ("dynamic", "longrope"):
        limits.append(rope.get("original_max_position_embeddings"))
    allowed = min(limit for limit in [*limits, 2**20] if limit)
    if wanted > allowed:
        raise ModelError(f"a context of {wanted} tokens is set, but the model allows {allowed}")
    return wanted or allowed
