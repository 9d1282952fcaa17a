"""Configs of several modalities: what fits together."""

import pytest

from affekt.core.errors import ConfigError
from affekt.core.recipe import Recipe
from affekt.core.recipe_files import PARTS

FEATURES = sorted(path.name for path in (PARTS / "features").glob("*+*.toml"))
FUSIONS = sorted(path.name for path in (PARTS / "fusion").glob("*.toml"))


@pytest.mark.parametrize("fusion", FUSIONS)
def test_each_fusion_goes_with_all_three_modalities_and_other_parts(fusion):
    recipe = Recipe.load(
        ["dataset/cmu-mosi.toml", "features/T+A+V.toml", f"fusion/{fusion}", "losses/makd.toml"]
    )
    assert recipe.method == "mdn_makd"


@pytest.mark.parametrize("features", FEATURES)
@pytest.mark.parametrize("losses", ["spcl", "focal", "modality-dropout"])
def test_each_set_of_modalities_goes_with_a_fusion_and_losses(features, losses):
    Recipe.load(["dataset/cmu-mosi.toml", f"features/{features}", "fusion/moe.toml", f"losses/{losses}.toml"])


@pytest.mark.parametrize("encoders", ["A", "V", "T+A", "T+V", "A+V", "T+A+V"])
def test_encoders_of_media_go_with_dialogues_a_fusion_and_losses(encoders):
    parts = ["dataset/meld-emotion.toml", f"encoders/{encoders}.toml", "losses/focal.toml"]
    recipe = Recipe.load([*parts, "fusion/moe.toml"] if "+" in encoders else parts)
    assert "+".join(recipe.config["encoders"]) == encoders and recipe.train.cached_views == 1


def test_several_modalities_need_a_fusion():
    with pytest.raises(ConfigError, match="takes one modality, not T 96, A 96, V 96: name a fusion"):
        Recipe.load(["dataset/cmu-mosi.toml", "features/T+A+V.toml"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"encoders": {}}, "names no modality: give T, A or V"),
        ({"features": {}}, "the width of the features of T, A, V is not stated: set features.T"),
        (
            {"losses": {"modal_contrast": {"main": "V"}}, "letters": "TA"},
            "main = 'V' is not among the encoders T, A",
        ),
        ({"fusion": {"kind": "shifting", "heads": 3}}, "heads = 3 does not divide the width 8"),
        ({"top": 2}, "top = 2 is larger than experts = 1"),
        ({"encoders": {"A": {"kind": "hearing"}}}, "hearing"),
    ],
)
def test_settings_that_do_not_fit_are_refused(make_config, changes, message):
    changes = dict(changes)
    with pytest.raises(ValueError, match=message):
        make_config(changes.pop("letters", "TAV"), **changes)


def test_the_names_of_losses_stand_in_the_path_of_a_run(make_config):
    losses = {"modal_contrast": {"main": "T"}, "reconstruction": {}, "distillation": {}}
    assert make_config(losses=losses).loss_terms == ("cross_entropy", "cmcl-T", "rec0.5", "makd")
