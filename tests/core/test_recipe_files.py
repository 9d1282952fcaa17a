"""Recipes and parts that come with affekt."""

from itertools import product

import pytest

from affekt.core.errors import ConfigError
from affekt.core.recipe import Recipe
from affekt.core.recipe_files import list_recipes, recipe_file


def parts(folder):
    return [one.name for one in list_recipes() if one.name.startswith(f"{folder}/")]


@pytest.mark.parametrize("data", parts("dataset"))
def test_every_data_set_goes_with_every_encoder_and_loss(data):
    for encoder, loss in product(parts("encoders"), parts("losses")):
        recipe = Recipe.load([data, encoder, loss], ["seed=42"])
        assert recipe.seed == 42 and recipe.method == "spcl"


def test_each_recipe_says_what_it_is_for():
    listed = list_recipes()
    assert {"dataset/meld-emotion.toml", "encoders/T.toml", "losses/spcl.toml"} <= {
        one.name for one in listed
    }
    assert not [one.name for one in listed if not one.summary]
    assert all(recipe_file(one.name) == one.path for one in listed)


def test_a_part_alone_is_not_a_recipe():
    with pytest.raises(ConfigError, match="data"):
        Recipe.load(["encoders/T.toml"])


def test_a_file_of_ones_own_comes_before_a_part_of_the_same_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "losses").mkdir()
    (tmp_path / "losses" / "spcl.toml").write_text("[config]\ndecision = 'classifier'\n")
    recipe = Recipe.load(["dataset/meld-emotion.toml", "encoders/T.toml", "losses/spcl.toml"])
    assert recipe.config["decision"] == "classifier"
