"""`streams` is spelled alike in all methods; the earlier spelling is accepted."""

import pytest
import torch
from safetensors.torch import save_file

import affekt
from affekt.core import catalog
from affekt.core.files.sealed import write_sealed
from affekt.core.labels import LabelSet
from affekt.core.recipe import Recipe

OLD = [
    ("vaanet", "visual+audio", "video+audio"),
    ("vaanet", "visual", "video"),
    ("cten", "visual+audio", "video+audio"),
    ("cten", "visual", "video"),
]
LABELS = LabelSet.of("joy", "trust", "fear", "anger")


@pytest.mark.parametrize(("method", "old", "new"), OLD)
def test_the_earlier_spelling_is_accepted_and_the_new_one_is_kept(method, old, new):
    recipe = Recipe.from_values(
        {"method": method, "data": {"name": "moving_shapes"}, "config": {"num_classes": 4, "streams": old}}
    )
    assert catalog.method(method).make_config(recipe.config).streams == new


def test_a_recipe_of_an_earlier_run_keeps_its_spelling_and_with_it_its_digest():
    values = {"method": "vaanet", "data": {"name": "moving_shapes"}}
    recipe = Recipe.from_values({**values, "config": {"num_classes": 4, "streams": "visual"}})
    assert recipe.config["streams"] == "visual"


@pytest.mark.parametrize(("method", "old", "new"), OLD)
def test_a_checkpoint_with_the_earlier_spelling_is_read(tmp_path, method, old, new):
    config = {**catalog.card(method).tiny, "streams": new}
    network = catalog.method(method).load("model")(catalog.method(method).make_config(config))
    document = {
        "kind": "checkpoint",
        "method": method,
        "config": {**config, "streams": old},
        "labels": LABELS.model_dump(mode="json"),
        "task": "single_label",
        "preprocessing": {},
    }
    with write_sealed(tmp_path / "old", document) as work:
        save_file(network.state_dict(), work / "model.safetensors")
    predictor = affekt.load(tmp_path / "old")
    assert predictor.labels == LABELS
    again = affekt.create(method, weights=tmp_path / "old", **{**config, "streams": old})
    assert all(torch.equal(value, network.state_dict()[key]) for key, value in again.state_dict().items())


@pytest.mark.parametrize("method", ["vaanet", "cten", "tsl_net"])
def test_all_methods_spell_both_streams_alike(method):
    assert catalog.method(method).make_config({}).streams == "video+audio"
