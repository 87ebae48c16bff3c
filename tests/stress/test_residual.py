"""Ablated weights are an ablated stream, whatever the architecture, or the model is refused; and no trace is left."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    Gemma3TextConfig,
    GPT2Config,
    GPTNeoXConfig,
    LlamaConfig,
    MixtralConfig,
    Olmo2Config,
    PhiConfig,
    Qwen2Config,
    Qwen3Config,
)

from bylaw.errors import ModelError
from bylaw.models.tree import Tree
from bylaw.stress.residual import ablated, check_ablation, orthonormal, streams, writers

SIZE: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 50,
    "head_dim": 8,
}
EXACT = {
    "llama, tied": LlamaConfig(**SIZE, tie_word_embeddings=True),
    "llama, biases": LlamaConfig(**SIZE, tie_word_embeddings=False, attention_bias=True, mlp_bias=True),
    "qwen2": Qwen2Config(**SIZE),
    "qwen3": Qwen3Config(**SIZE),
    "mixtral": MixtralConfig(**SIZE, num_local_experts=4),
    "gpt-neox": GPTNeoXConfig(**{**SIZE, "num_key_value_heads": 4}),
    "phi": PhiConfig(**{**SIZE, "num_key_value_heads": 4}),
}
REFUSED = {
    "a norm behind the matrices": Olmo2Config(**SIZE),
    "another norm behind them": Gemma3TextConfig(**SIZE),
    "layers elsewhere": GPT2Config(n_embd=32, n_layer=2, n_head=4, vocab_size=50),
}
TREES = [Tree((3, 4, 5, 6)), Tree((7, 8, 9)), Tree((10, 11, 12, 13, 14))]
IDS = torch.tensor([[3, 4, 5, 6, 7, 8]])


def made(config: Any) -> Any:
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 1:
                weight.uniform_(0.5, 1.5)  # biases of nought and norms of one would hide what they do
    return model


def directions(count: int) -> torch.Tensor:
    return torch.randn(count, 32, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("count", [1, 3])
def test_nothing_is_left_in_the_stream(name: str, count: int) -> None:
    check_ablation(made(EXACT[name]), directions(count), TREES)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_ablated_exactly_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match="leave the attack 'ablation' out"):
        check_ablation(made(REFUSED[name]), directions(1), TREES)


def test_a_layer_without_known_matrices_is_refused() -> None:
    model = made(EXACT["qwen2"])
    layer = model.model.layers[1].mlp
    layer.other, layer.down_proj = layer.down_proj, None
    with pytest.raises(ModelError, match="the matrices that write are not known"):
        writers(model)


def _projected(basis: torch.Tensor) -> Callable[..., Any]:
    """A hook that removes the basis from what a module gives out."""

    def hook(_module: Any, _args: Any, output: torch.Tensor) -> torch.Tensor:
        return output - (output @ basis.T) @ basis

    return hook


def test_ablated_weights_give_what_ablated_activations_give() -> None:
    """Llama with a tied head: arXiv 2406.11717, App. E."""
    model, basis = made(EXACT["llama, tied"]), orthonormal(directions(2))
    modules = [model.model.embed_tokens]
    modules += [part for layer in model.model.layers for part in (layer.self_attn.o_proj, layer.mlp.down_proj)]
    handles = [module.register_forward_hook(_projected(basis)) for module in modules]
    with torch.no_grad():
        wanted = model(IDS).logits
    for handle in handles:
        handle.remove()
    with ablated(model, directions(2)), torch.no_grad():
        torch.testing.assert_close(model(IDS).logits, wanted, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", EXACT)
def test_the_model_is_as_it_was(name: str) -> None:
    model = made(EXACT[name])
    before = {key: (id(weight), weight.clone()) for key, weight in model.named_parameters(remove_duplicate=False)}
    with pytest.raises(KeyError), ablated(model, directions(1)):
        raise KeyError
    after = dict(model.named_parameters(remove_duplicate=False))
    assert list(after) == list(before)
    assert all(id(after[key]) == where and torch.equal(after[key], value) for key, (where, value) in before.items())


def test_streams_are_what_the_layers_see() -> None:
    model = made(EXACT["qwen3"])
    with torch.no_grad():
        wanted = model(torch.tensor([TREES[2].stem]), output_hidden_states=True).hidden_states
        normed = model.model.norm(streams(model, TREES)[-1, 7:])
    found = streams(model, TREES)
    assert found.shape == (4, 12, 32)
    for layer in range(3):
        torch.testing.assert_close(found[layer, 7:], wanted[layer][0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(normed, wanted[-1][0], atol=1e-5, rtol=1e-5)


def test_no_hook_is_left() -> None:
    model = made(EXACT["qwen3"])
    streams(model, TREES)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_a_direction_of_another_width_is_refused() -> None:
    with pytest.raises(ModelError, match="width 16"), ablated(made(EXACT["qwen2"]), torch.randn(1, 16)):
        pass
