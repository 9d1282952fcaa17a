"""`affekt recipe`: a recipe as TOML, as it is and with every field."""

import json
import tomllib

import pytest
from typer.testing import CliRunner

from affekt.cli.fields import document_of
from affekt.cli.main import app
from affekt.cli.recipe import tables_of_recipe
from affekt.core.errors import ConfigError
from affekt.core.recipe import Recipe, read_values
from affekt.core.recipe_files import list_recipes


def shown(*words):
    result = CliRunner().invoke(app, ["recipe", *words])
    assert result.exit_code == 0, result.output
    return result


WHOLE = [recipe.name for recipe in list_recipes() if recipe.is_whole]


@pytest.mark.parametrize("name", WHOLE)
def test_all_fields_as_toml_are_the_same_recipe(name):
    recipe = Recipe.load(name)
    text = "\n".join(document_of(tables_of_recipe(recipe), read_values([name])))
    assert Recipe.from_values(tomllib.loads(text)).digest() == recipe.digest()


def test_a_part_that_was_turned_off_by_a_word_stays_off():
    words = ["bpm_gcn/emotion_gait", "--set", "config.gaps=false"]
    again = Recipe.from_values(tomllib.loads(shown(*words, "--full").stdout))
    assert again.digest() == Recipe.load(words[0], words[2:]).digest()
    assert again.digest() != Recipe.load(words[0]).digest()


def test_a_recipe_is_shown_with_its_comments():
    assert shown("compact_face/fer2013").stdout.startswith("# Compact Face on FER2013")


def test_parts_are_merged_and_a_change_is_in_the_result():
    words = ["dataset/meld-emotion.toml", "encoders/T.toml", "--set", "seed=4", "--set", "optimizer.lr=0.5"]
    values = tomllib.loads(shown(*words).stdout)
    assert (values["seed"], values["data"]["name"], values["optimizer"]["lr"]) == (4, "meld", 0.5)


def test_a_part_is_shown_and_called_one():
    result = shown("losses/spcl.toml")
    assert "states no method and no data" in result.stderr
    assert tomllib.loads(result.stdout)["config"]["decision"] == "prototype"


def test_full_states_meaning_type_default_and_what_is_set():
    lines = shown("compact_face/fer2013", "--full").stdout.splitlines()
    place = lines.index("lr = 0.002  # set")
    assert lines[place - 1] == "# Learning rate. (number > 0; default 0.001)"
    assert "momentum = 0.0" in lines and "# patience is not set" in lines


def test_json_has_a_row_for_each_field():
    found = json.loads(shown("compact_face/fer2013", "--json").stdout)
    fields = {field["name"]: field for field in found["fields"]}
    assert fields["optimizer.lr"]["value"] == 0.002 and fields["optimizer.lr"]["set"]
    assert fields["config.augment.erase"]["meaning"].startswith("Probability")
    assert fields["data.options.labels"]["value"] == "both"


def test_a_wrong_recipe_is_refused_with_all_problems():
    result = CliRunner().invoke(app, ["recipe", "compact_face/fer2013", "--set", "optimizer.mometum=1"])
    assert isinstance(result.exception, ConfigError) and "did you mean momentum?" in str(result.exception)
