"""Recipes of members name weights as the recipes of runs do."""

import json

from affekt.core.files.sealed import MANIFEST
from affekt.core.recipe import Recipe
from affekt.engine.weights.initial import name_weights, read_weights
from affekt.studies.plans.expand import Member
from affekt.studies.running.state import Finder

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
