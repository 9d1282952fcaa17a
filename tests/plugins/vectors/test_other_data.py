"""A network is scored on a data set that names emotions differently."""

import pytest
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.core.recipe import Recipe
from affekt.engine.train import train
from affekt.evaluation.evaluate import evaluate

VALUES = {
    "method": "tiny_vectors",
    "data": {"name": "tiny_emotions"},
    "config": {"num_classes": 4},
    "optimizer": {"lr": 0.05},
    "train": {"epochs": 4, "batch_size": 16, "threads": 1},
}
THEIR_NAMES = '["angry", "joy", "boredom", "sad"]'  # the third is not known to the network


@pytest.fixture(scope="module")
def run(plugins, tmp_path_factory):
    return train(Recipe.from_values(VALUES), runs=tmp_path_factory.mktemp("runs"), progress=False).path


def test_labels_are_mapped_by_name_and_the_map_is_reported(run):
    own = evaluate(run)
    other = evaluate(run, data="tiny_renamed", split="all", overrides=[f"data.options.names={THEIR_NAMES}"])
    assert dict(other.label_map) == {
        "angry": "anger",
        "joy": "happiness",
        "boredom": None,
        "sad": "sadness",
    }
    assert own.label_map == {name: name for name in own.labels}
    unknown = [item for item in other.skipped if "'boredom' is not known" in item.reason]
    assert unknown and other.samples + len(unknown) == 96
    assert other.scores["accuracy"] > 0.6
    assert {row["true"] for row in other.predictions} <= set(own.labels)


def test_the_command_line_prints_the_map(run):
    arguments = ["evaluate", str(run), "--data", "tiny_renamed", "--split", "all"]
    done = CliRunner().invoke(app, [*arguments, "--set", f"data.options.names={THEIR_NAMES}"])
    assert done.exit_code == 0, done.output
    text = " ".join(done.output.split())
    assert "angry as anger, joy as happiness" in text and "boredom is not known to the network" in text


def test_classes_that_the_data_do_not_have_are_reported(run):
    result = evaluate(run, data="tiny_renamed", split="all", overrides=[f"data.options.names={THEIR_NAMES}"])
    (note,) = result.notes
    missing = sorted(set(result.labels) - set(result.label_map.values()))
    assert (
        missing and note == f"the data have no label for {', '.join(missing)}: predictions of it are errors"
    )
    assert evaluate(run).notes == ()
