"""Which direction is taken: the one that holds the refusal of a model that was taught to refuse."""

from dataclasses import replace

import pytest
import torch
from answers import Reader, answered, questions

from bylaw.errors import SettingsError, UsageError
from bylaw.models.local import LocalModel
from bylaw.stress.attacks import Material
from bylaw.stress.direction import AblationSettings, Direction, chosen, refusal_directions, vectors
from bylaw.stress.residual import ablated

# The small model has two layers: the paper's share of them would leave out the one that decides.
ALL = AblationSettings(depth=1.0)


def measured(local: LocalModel) -> dict[str, float]:
    return {one.name: one.value for one in Reader().measure(local, "it").measurements}


@pytest.mark.parametrize("seed", range(3))
def test_ablation_takes_the_refusal_off(local: LocalModel, material: Material, seed: int) -> None:
    assert measured(local) == {"complies": 0.0, "helpful": 1.0}
    found = refusal_directions(local.model, local.tokenizer, material.harmful, material.harmless, ALL, seed)
    with ablated(local.model, vectors(found)):
        after = measured(local)
    assert after["complies"] >= 0.9 and after["helpful"] >= 0.9
    assert measured(local) == {"complies": 0.0, "helpful": 1.0}


def test_a_direction_at_random_takes_nothing_off(local: LocalModel) -> None:
    torch.manual_seed(0)
    with ablated(local.model, torch.randn(1, 64)):
        assert measured(local)["complies"] <= 0.1


def test_the_seed_decides_and_nothing_else(local: LocalModel, material: Material) -> None:
    def found(seed: int) -> torch.Tensor:
        few = AblationSettings(depth=1.0, fit=8, validation=4)
        return vectors(
            refusal_directions(local.model, local.tokenizer, material.harmful, material.harmless, few, seed, 2)
        )

    assert torch.equal(found(1), found(1))
    assert not torch.equal(found(1), found(2))


def test_a_next_direction_lies_outside_those_before(local: LocalModel, material: Material) -> None:
    found = refusal_directions(local.model, local.tokenizer, material.harmful, material.harmless, ALL, 0, 2)
    unit = vectors(found) / vectors(found).norm(dim=1, keepdim=True)
    assert abs(float(unit[0] @ unit[1])) < 1e-3


def test_prompts_that_do_not_differ_have_no_direction(local: LocalModel) -> None:
    same = answered(questions(("bake",))[:1], "Yes") * 8
    with pytest.raises(UsageError, match="no direction between them"):
        refusal_directions(local.model, local.tokenizer, same, same, ALL, 0)


def test_one_prompt_is_too_few(local: LocalModel, material: Material) -> None:
    with pytest.raises(UsageError, match="at least 2 prompts of each kind; 1"):
        refusal_directions(local.model, local.tokenizer, material.harmful[:1], material.harmless, ALL, 0)


def _scored(bypass: float, divergence: float) -> Direction:
    return Direction(torch.ones(2), 0, -1, bypass, divergence)


def test_the_best_bypass_within_the_divergence_is_chosen() -> None:
    gentle, strong, best = _scored(-3, 0.01), _scored(-2, 0.1), _scored(-1, 0.11)
    assert chosen([gentle, best, strong], 0.1) is strong
    assert chosen([replace(gentle, divergence=0.2), best], 0.1) is best


@pytest.mark.parametrize("wrong", [{"fit": 0}, {"positions": 0}, {"depth": 0.0}, {"depth": 1.5}])
def test_settings_that_cannot_be(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingsError):
        AblationSettings(**wrong)  # type: ignore[arg-type]
