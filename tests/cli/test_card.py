"""`affekt card` of a bundle, a checkpoint and a run."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.core import catalog
from affekt.core.claims.invented import NOTE
from affekt.starters.find import FOLDER as STARTERS

BUNDLE = STARTERS / "compact_face"
SCORES = {
    "scores": {"uar": 0.61, "n": 3},
    "intervals": {"uar": [0.55, 0.67]},
    "samples": 1,
    "evaluated_on": {"data": "walkers", "split": "test"},
}


def card(*words):
    done = CliRunner().invoke(app, ["card", *map(str, words)])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_card_of_a_bundle_states_what_is_inside(tmp_path):
    bundle = shutil.copytree(
        BUNDLE, tmp_path / "a bundle in a folder whose name is long enough to be wrapped"
    )
    place = bundle.with_name(bundle.name + "-evaluation") / "fer2013--1" / "test"
    place.mkdir(parents=True)
    (place / "scores.json").write_text(json.dumps(SCORES))
    facts = json.loads(card(bundle, "--json"))
    assert facts["method"] == f"compact_face: {catalog.card('compact_face').title}"
    assert facts["task"] == "single_label" and facts["labels"].startswith("anger, disgust")
    assert facts["inputs"][0].startswith("image: float32 1 x 48 x 48; grey face crop")
    assert facts["training data"] == "fer2013 (labels both, original_share 0.8)"
    assert facts["evaluations"] == ["walkers test, 1 sample: uar 0.610 (0.550 to 0.670)"]
    assert facts["calibration"] == "temperature 1.056"
    assert facts["engines"].startswith("onnxruntime ") and "in int8 accuracy" in facts["agrees with PyTorch"]
    assert facts["files"] == ["model.onnx, 1.7 MB"]
    assert facts["licence of the data"].startswith("pictures")
    assert "preprocessing" in facts and facts["scores"].endswith("(validation)")
    shown = card(bundle)
    assert shown.splitlines()[0] == str(bundle)
    assert all(len(line) <= 90 for line in shown.splitlines()[1:])


@pytest.fixture(scope="module")
def run(trained_run, tmp_path_factory):
    """A copy of a run, with an evaluation."""
    copy = tmp_path_factory.mktemp("runs") / "mine"
    shutil.copytree(trained_run, copy, symlinks=True)
    place = copy / "evaluation" / "walkers--1" / "test"
    place.mkdir(parents=True, exist_ok=True)
    (place / "scores.json").write_text(json.dumps(SCORES))
    return copy


@pytest.mark.xdist_group("bundle")
def test_the_card_of_a_run_states_recipe_epochs_and_checkpoints(run):
    facts = json.loads(card("latest", "--runs", run.parent, "--json"))
    assert facts["path"] == str(run)
    assert "config.width 8" in facts["recipe"] and "train.epochs 2" in facts["recipe"]
    assert facts["epochs"] == "2 of 2"
    assert facts["chosen epoch"].endswith("by uar on validation samples")
    assert facts["labels"] == "happy, sad, angry, neutral"
    assert facts["parts"] == "28 train, 8 validation, 12 test"
    assert "walkers test, 1 sample: uar 0.610 (0.550 to 0.670)" in facts["evaluations"]
    assert len(facts["checkpoints"]) in (1, 2) and all("epoch-" in line for line in facts["checkpoints"])
    assert "temperature" in facts["calibration"]
    assert "checkpoints  epoch-" in card(run)


@pytest.mark.xdist_group("bundle")
def test_the_card_of_a_checkpoint_states_its_epoch_and_files(trained_run):
    facts = json.loads(card(trained_run / "checkpoints" / "best", "--json"))
    assert facts["kind"] == "checkpoint" and facts["config"].startswith("width 8")
    assert facts["files"][-1].startswith("in all ")


def test_recipes_on_a_card_are_whole_sentences():
    shown = " ".join(card("compact_voice").split())
    assert "Trained from the weights of compact_voice/ravdess: --weights RUN/checkpoints/best." in shown


def test_a_network_that_was_trained_on_invented_data_says_so(bundle, trained_run, walks):
    assert json.loads((bundle / "affekt.json").read_text())["invented"] is True
    for path in (bundle, trained_run):
        done = CliRunner().invoke(app, ["card", str(path), "--json"])
        assert NOTE in json.loads(done.stdout)["invented"], done.output
    done = CliRunner().invoke(app, ["predict", str(bundle), str(walks), "--json"])
    assert all(NOTE in one["notes"] for one in json.loads(done.stdout)["predictions"])
