"""`train` takes a recipe, or paths or names of recipes; everything else is refused by type."""

from pathlib import Path

import pytest

from affekt.core.errors import ConfigError, UsageError
from affekt.core.recipe import Recipe, as_recipe
from affekt.engine.train import train

TEXT = 'method = "bpm_gcn"\ndata = {name = "skeletons"}\n'


def test_a_recipe_is_read_from_paths_or_names(tmp_path):
    file, more = tmp_path / "mine.toml", tmp_path / "seed.toml"
    file.write_text(TEXT)
    more.write_text("seed = 5\n")
    recipe = Recipe.load([file])
    for given in (recipe, file, str(file), [file], (str(file),)):
        assert as_recipe(given) == recipe
    assert as_recipe([file, more]).seed == 5
    assert as_recipe("compact_face/fer2013") == Recipe.load("compact_face/fer2013")
    assert Recipe.load(str(file)) == Recipe.load(file) == recipe


def test_train_reads_its_recipe_before_the_data(tmp_path):
    with pytest.raises(ConfigError, match=r"mine\.toml.*\n.*cannot be read: No such file"):
        train("mine.toml", data_root=tmp_path)
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        train(Path("nowhere/mine.toml"), data_root=tmp_path)


@pytest.mark.parametrize("given", [None, 3, {"method": "bpm_gcn"}, [], [None], b"mine.toml"])
def test_other_types_are_refused_and_the_error_names_the_accepted_ones(given):
    with pytest.raises(UsageError, match="train takes a Recipe, the path or name of a recipe"):
        as_recipe(given)
