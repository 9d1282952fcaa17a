"""`affekt convert` on the command line: reports, next steps and exit codes."""

import json
import subprocess
import sys

import pytest
import torch

from affekt.methods.poster_v2.config import PosterV2Config
from affekt.methods.poster_v2.model import PosterV2
from affekt.methods.poster_v2.weights import LANDMARK_BRANCH, WEIGHTS

SMALL = {"size": 32, "width": 8, "image_units": (1, 1, 1), "landmark_units": (1, 1, 1), "token_blocks": 1}


def affekt(*arguments):
    code = "from affekt.cli.main import run; run()"
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def state():
    torch.manual_seed(0)
    return PosterV2(PosterV2Config(**SMALL)).state_dict()


@pytest.fixture
def whole_file(state, tmp_path):
    names = WEIGHTS.to_theirs(state)
    theirs = {f"module.{names[key]}": value for key, value in state.items()}
    theirs["module.VIT.CON1.weight"] = torch.ones(1)
    torch.save({"epoch": 1, "state_dict": theirs}, tmp_path / "epoch1.pth")
    return tmp_path / "epoch1.pth"


def test_a_whole_network_is_reported_and_the_next_step_is_named(whole_file, state, tmp_path):
    done = affekt("convert", "poster-v2", whole_file, "--labels", "raf-7")
    assert done.returncode == 0
    assert (
        f"{len(state)} tensors converted" in done.stderr and "1 that the network does not use" in done.stderr
    )
    assert f"next: affekt predict {tmp_path / 'epoch1-poster_v2'}" in done.stderr


def test_a_branch_is_reported_as_json(state, tmp_path):
    branch = {key: value for key, value in state.items() if key.startswith("landmarks.")}
    names = LANDMARK_BRANCH.to_theirs(branch)
    file = tmp_path / "mobilefacenet_model_best.pth.tar"
    torch.save({"state_dict": {names[key]: value for key, value in branch.items()}}, file)
    done = affekt("convert", "poster_v2", file, "--output", tmp_path / "landmarks", "--json")
    report = json.loads(done.stdout)
    assert report["part"] == "landmarks" and report["matched"] == len(branch)
    assert report["folder"] == str(tmp_path / "landmarks")


def test_a_file_that_does_not_exist_is_wrong_usage(tmp_path):
    done = affekt("convert", "poster_v2", tmp_path / "nowhere.pth")
    assert done.returncode == 2 and "does not exist" in done.stderr


def test_missing_labels_are_wrong_usage_and_the_sets_are_listed(whole_file, tmp_path):
    done = affekt("convert", "poster_v2", whole_file)
    assert done.returncode == 2 and "raf-7" in done.stderr and "affectnet-7" in done.stderr
    assert not (tmp_path / "epoch1-poster_v2").exists()


def test_the_state_of_an_optimizer_is_recognised(tmp_path):
    torch.save({"state": {}, "param_groups": [{"lr": 1.0}]}, tmp_path / "raf_model_best.pth")
    done = affekt("convert", "poster_v2", tmp_path / "raf_model_best.pth", "--labels", "raf-7")
    assert done.returncode == 1 and "the state of an optimizer and no weights" in done.stderr


def test_weights_that_do_not_fit_stop_a_training_with_one_error(tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('method = "poster_v2"\ndata = {name = "drawn_faces", options = {people = 8}}\n')
    done = affekt("train", recipe, "--weights", tmp_path / "nowhere", "--runs", tmp_path / "runs")
    assert done.returncode == 1 and "does not exist" in done.stderr
    assert not (tmp_path / "runs").exists()
