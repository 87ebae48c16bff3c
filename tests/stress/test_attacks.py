"""What an attack trains on, and that it does what it is named for."""

from collections import Counter
from pathlib import Path

import msgspec
import pytest
from answers import HARMLESS, Reader, questions

from bylaw.errors import UsageError
from bylaw.models.local import LocalModel
from bylaw.stress.attacks import TRAINING, Material, Trial, attacked, mixture, own_answers
from bylaw.stress.direction import AblationSettings
from bylaw.train.examples import SFTExample


def test_a_mixture_has_its_share_and_takes_each_once_before_any_again(material: Material) -> None:
    drawn = Counter(mixture(material, 0.25, 80, seed=1))
    assert sum(drawn[one] for one in material.harmful) == 20
    assert {drawn[one] for one in material.harmful} == {0, 1}
    assert {drawn[one] for one in material.harmless} == {1, 2}


@pytest.mark.parametrize(("share", "harmful"), [(0.0, 0), (0.5, 4), (1.0, 8)])
def test_shares(material: Material, share: float, harmful: int) -> None:
    assert sum(one in material.harmful for one in mixture(material, share, 8, seed=0)) == harmful


def test_a_mixture_depends_on_the_seed_alone(material: Material) -> None:
    assert mixture(material, 0.5, 16, 1) == mixture(material, 0.5, 16, 1) != mixture(material, 0.5, 16, 2)


def test_no_two_trials_share_a_name() -> None:
    trials = [
        Trial(attack=attack, strength=strength, rate=rate, number=number, tuning=tuning)
        for attack in ("ablation", "harmful")
        for strength in (1, 10, 11)
        for rate in (0.0, 1e-4, 1.5e-4)
        for number in (0, 1)
        for tuning in (False, True)
    ]
    assert len({trial.name for trial in trials}) == len(trials)


@pytest.mark.parametrize("kind", ["harmful", "harmless"])
def test_an_attacker_needs_prompts_of_both_kinds(material: Material, kind: str) -> None:
    with pytest.raises(UsageError, match=f"at least 2 {kind} prompts"):
        Material(**{"harmful": material.harmful, "harmless": material.harmless, kind: material.harmful[:1]})


def test_fine_tuning_takes_the_refusal_off(local: LocalModel, material: Material, tmp_path: Path) -> None:
    trial = Trial(attack="harmful", strength=10, rate=5e-3)
    with attacked(local, trial, material, TRAINING, 1, tmp_path) as (model, figures):
        after = {one.name: one.value for one in Reader().measure(model, "it").measurements}
    assert after["complies"] >= 0.9
    assert figures["last_loss"] < figures["first_loss"]


def test_ablation_says_what_it_ablated(local: LocalModel, material: Material, tmp_path: Path) -> None:
    trial = Trial(attack="ablation", strength=1)
    with attacked(local, trial, material, AblationSettings(depth=1.0), 1, tmp_path) as (model, figures):
        assert model is local
    assert set(figures) == {"layer", "position", "bypass", "divergence"}


def test_an_example_that_does_not_fit_is_named(local: LocalModel, material: Material, tmp_path: Path) -> None:
    long = SFTExample(material.harmful[0].messages, "so " * 2000)
    trial = Trial(attack="harmful", strength=1, rate=1e-3)
    harmful = Material((long, long), material.harmless)
    small = msgspec.structs.replace(TRAINING, batch_size=2)
    with pytest.raises(UsageError, match="no examples to train on; the first of 2 dropped takes"):
        attacked(local, trial, harmful, small, 1, tmp_path).__enter__()


def test_prompts_alone_get_the_models_own_answers(local: LocalModel) -> None:
    made = own_answers(local, questions(HARMLESS), max_tokens=8)
    assert [one.messages for one in made] == questions(HARMLESS)
    assert all(one.answer.startswith("Yes") for one in made)
