"""Recipes: presets stand under what a file says; the number of settings is watched."""

from typing import get_args, get_type_hints

import pytest

from bylaw.errors import SettingsError
from bylaw.recipe import OptimiseSettings, Recipe, read
from bylaw.settings import dumps, known_keys
from bylaw.training import METHODS


def test_the_default_is_modern() -> None:
    recipe = read("")
    assert (recipe.preset, recipe.optimise.method, recipe.label.scheme) == ("modern", "dpo", "ensemble")
    assert recipe == Recipe()


def test_the_paper_preset_sets_what_the_file_does_not_say() -> None:
    recipe = read('preset = "paper"\n[label]\npool = "product"\n')
    assert (recipe.label.scheme, recipe.label.template, recipe.label.both_orders) == ("one", "paper", False)
    assert recipe.label.pool == "product"
    assert (recipe.optimise.method, recipe.optimise.reward) == ("grpo", "preference")


def test_an_override_beats_preset_and_file() -> None:
    recipe = read('preset = "paper"', ["label.template=principle_last", "optimise.method=dpo"])
    assert (recipe.label.template, recipe.optimise.method) == ("principle_last", "dpo")


def test_a_written_recipe_reads_back_without_its_preset() -> None:
    recipe = read('preset = "paper"')
    assert read(dumps(recipe)) == recipe


def test_an_unknown_setting_names_its_neighbour() -> None:
    with pytest.raises(SettingsError, match="learning_rate"):
        read("", ["sft.learning_rat=1"])
    with pytest.raises(SettingsError, match="rounds"):
        read("[revise]\nround = 3\n")


def test_settings_do_not_grow_unnoticed() -> None:
    assert len(known_keys(Recipe)) <= 161, "think twice before adding a setting; then raise this"


def test_every_method_that_can_be_named_is_in_the_table() -> None:
    assert set(METHODS) == set(get_args(get_type_hints(OptimiseSettings)["method"]))
