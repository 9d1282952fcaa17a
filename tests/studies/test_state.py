"""Recipes of members name weights as the recipes of runs do."""

import json

import pytest
import tomli_w

from affekt.core.errors import DataError
from affekt.core.files.sealed import MANIFEST
from affekt.core.recipe import Recipe
from affekt.engine.weights.initial import name_weights, read_weights
from affekt.studies.plans.expand import Member
from affekt.studies.plans.roots import Roots
from affekt.studies.running.state import Finder
from affekt.studies.study import open_study

RECIPE = {"method": "bpm_gcn", "data": {"name": "walkers"}}


def member(folder):
    return Member("row", "", 0, None, Recipe.from_values(RECIPE), weights=(folder,))


def test_weights_are_named_as_a_training_that_starts_from_them_names_them(trained_run, tmp_path):
    best = trained_run / "checkpoints" / "best"
    (name,) = Finder(tmp_path, "test").recipe_of(member(best)).initial_weights
    assert (name,) == name_weights(Recipe.from_values(RECIPE), read_weights([best])).initial_weights


def test_weights_in_several_files_are_named_by_the_hash_of_all(tmp_path):
    files = {"model.safetensors": {"sha256": "1" * 64, "bytes": 1}}
    (tmp_path / MANIFEST).write_text(
        json.dumps({"kind": "checkpoint", "files": files, "weights": {"sha256": "2" * 64, "parts": []}})
    )
    assert Finder(tmp_path, "test").recipe_of(member(tmp_path)).initial_weights == ("2" * 16,)


def test_a_plan_whose_runs_were_trained_on_other_data_is_refused(
    picture_runs, picture_recipe, pictures, changed, tmp_path
):
    (tmp_path / "mine.toml").write_text(tomli_w.dumps(picture_recipe().model_dump(exclude_unset=True)))
    plan = tmp_path / "plan.toml"
    plan.write_text('recipe = ["mine.toml"]\npart = "validation"\n')

    def opened():
        return open_study(
            plan,
            runs=picture_runs,
            roots=Roots(changed),
            parse=lambda words: pytest.fail(str(words)),
            entry="",
        )

    (one,) = opened().found.members  # a copy of the folder is the same data
    assert opened().finder.is_trained(one)
    next(changed.rglob("*.png")).unlink()
    with pytest.raises(DataError, match=f"was trained on {pictures}, .*{changed} holds other data .* 1 gone"):
        opened()
