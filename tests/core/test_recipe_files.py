"""Recipes and parts that come with affekt."""

from itertools import product

import pytest

from affekt.core.errors import ConfigError, UsageError
from affekt.core.recipe import Recipe
from affekt.core.recipe_files import list_recipes, recipe_file


def parts(folder):
    return [one.name for one in list_recipes() if one.name.startswith(f"{folder}/")]


# Parts of networks of several modalities and of shipped features do not go with those of words alone.
MULTIMODAL = {"losses/makd.toml", "losses/modality-dropout.toml", "losses/student.toml"}
WORDS = [name for name in parts("encoders") if name.startswith("encoders/T") and "+" not in name]
SHIPPED = ["dataset/cmu-mosi.toml", "dataset/spoken-scenes.toml"]


@pytest.mark.parametrize("data", sorted(set(parts("dataset")) - set(SHIPPED)))
def test_every_data_set_goes_with_every_encoder_and_loss_of_words(data):
    for encoder, loss in product(WORDS, sorted(set(parts("losses")) - MULTIMODAL)):
        recipe = Recipe.load([data, encoder, loss], ["seed=42"])
        assert recipe.seed == 42 and recipe.method == "spcl"


@pytest.mark.parametrize("data", SHIPPED)
def test_data_with_features_go_with_every_set_of_modalities_and_loss(data):
    for features, loss in product(parts("features"), parts("losses")):
        fusion = ["fusion/vanilla.toml"] if "+" in features else []
        assert Recipe.load([data, features, *fusion, loss]).method == "mdn_makd"


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


def test_a_part_that_does_not_exist_is_suggested():
    with pytest.raises(UsageError, match=r"did you mean encoders/T-frozen\.toml\?"):
        Recipe.load(["dataset/meld-emotion.toml", "encoders/T-froze.toml"])


def test_two_losses_that_do_not_go_together_are_refused():
    parts = ["dataset/meld-emotion.toml", "encoders/T.toml"]
    with pytest.raises(ConfigError, match="gamma belongs to kind = 'focal'"):
        Recipe.load([*parts, "losses/focal.toml", "losses/spcl.toml"])


def test_a_wrong_key_of_a_loss_is_named_as_it_is_written():
    parts = ["dataset/meld-emotion.toml", "encoders/T.toml", "losses/spcl.toml"]
    with pytest.raises(ConfigError) as error:
        Recipe.load(parts, ["config.losses.contrast.temprature=1"])
    expected = "config.losses.contrast.temprature = 1: unknown key; did you mean temperature?"
    assert expected in str(error.value)


def test_a_recipe_without_a_method_says_which_part_brings_one():
    with pytest.raises(ConfigError, match=r"method: missing.*encoders/T\.toml"):
        Recipe.load(["dataset/meld-emotion.toml", "losses/spcl.toml"])


def test_a_precision_may_be_given_as_a_number():
    parts = ["dataset/meld-emotion.toml", "encoders/T.toml", "losses/spcl.toml"]
    assert Recipe.load(parts, ["train.precision=32"]).train.precision == "32"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bpm_gc/emotion_gait", r"did you mean bpm_gcn/emotion_gait\?"),
        ("bpm-gcn/emotion-gat", r"did you mean bpm_gcn/emotion_gait\?"),
        ("emotion-gait", r"did you mean bpm_gcn/emotion_gait\?"),
        ("tsl-net", r"those of the method tsl-net are tsl_net/long_shapes"),
        ("losses/spc", r"did you mean losses/spcl\.toml\?"),
    ],
)
def test_a_name_that_is_close_to_a_recipe_is_refused_with_it(name, message):
    with pytest.raises(UsageError, match=message):
        Recipe.load([name])


def test_names_of_recipes_may_be_spelled_with_hyphens():
    assert recipe_file("bpm-gcn/emotion-gait") == recipe_file("bpm_gcn/emotion_gait.toml")


@pytest.mark.parametrize(
    "name", ["mine.toml", "a/b/c.toml", "/mine.toml", "../mine.toml", "a/.toml", "x" * 5000, "a\0b"]
)
def test_a_path_that_is_like_no_recipe_stays_a_path(name):
    assert str(recipe_file(name)) == name


def test_the_description_of_a_recipe_ends_with_a_sentence():
    assert [one.name for one in list_recipes() if not one.summary.endswith((".", ".)"))] == []
