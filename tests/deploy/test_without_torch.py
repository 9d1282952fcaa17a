"""A bundle answers in an environment that has no PyTorch in it."""

import csv
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

CORE = Path(__file__).parents[2] / ".venv-core" / "bin"

pytestmark = [
    pytest.mark.xdist_group("bundle"),
    pytest.mark.skipif(
        not CORE.is_dir(), reason="no .venv-core: `make test` makes one with the core install"
    ),
]


def affekt(*arguments):
    return subprocess.run([CORE / "affekt", *map(str, arguments)], capture_output=True, text=True)


def test_core_environment_has_no_torch():
    done = subprocess.run([CORE / "python", "-c", "import torch"], capture_output=True, text=True)
    assert "No module named 'torch'" in done.stderr


def test_a_gait_file_is_answered_as_json(bundle, walks):
    done = affekt("predict", bundle, walks / "walk0.npz", "--json")
    assert done.returncode == 0, done.stderr
    (prediction,) = json.loads(done.stdout)["predictions"]
    assert prediction["label"] in ("happy", "sad", "angry", "neutral")
    assert sum(prediction["scores"].values()) == pytest.approx(1)
    assert prediction["confidence"] == max(prediction["scores"].values())
    assert prediction["provenance"]["method"] == "bpm_gcn"


def test_the_answer_is_that_of_pytorch(bundle, trained_run, walks):
    from affekt import load

    done = affekt("predict", bundle, walks, "--json")
    light = [p["scores"] for p in json.loads(done.stdout)["predictions"]]
    heavy = [dict(p.scores) for p in load(trained_run).predict([walks])]
    for one, other in zip(light, heavy, strict=True):
        assert one == pytest.approx(other, abs=1e-4)


def test_a_folder_with_a_broken_file_is_answered_except_for_that_file(bundle, walks):
    (walks / "walk1.npz").write_text("this is not a zip archive")
    done = affekt("predict", bundle, walks, "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert [Path(p["id"]).name for p in answer["predictions"]] == ["walk0.npz", "walk2.npz"]
    assert "cannot be opened as a zip" in answer["skipped"][0]["reason"]
    assert "2 predicted, 1 skipped" in done.stderr


def test_a_broken_file_alone_is_one_clear_error(bundle, walks):
    content = (walks / "walk0.npz").read_bytes()
    (walks / "cut.npz").write_bytes(content[: len(content) // 2])
    done = affekt("predict", bundle, walks / "cut.npz")
    assert done.returncode == 1
    assert done.stderr.startswith("MediaError") and "truncated" in done.stderr
    assert "Traceback" not in done.stderr


def test_answers_are_written_as_a_table_and_as_csv(bundle, walks, tmp_path):
    table = affekt("predict", bundle, walks)
    assert table.returncode == 0 and "walk2.npz" in table.stdout
    done = affekt("predict", bundle, walks, "--output", tmp_path / "answers.csv")
    assert done.returncode == 0, done.stderr
    with (tmp_path / "answers.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 3 and float(rows[0]["confidence"]) > 0


def test_parquet_without_pyarrow_reports_what_to_install_before_anything_is_computed(bundle, walks, tmp_path):
    done = affekt("predict", bundle, walks, "--output", tmp_path / "answers.parquet")
    assert done.returncode == 2
    assert "pip install 'affekt[parquet]'" in done.stderr


def test_training_reports_what_to_install(tmp_path):
    (tmp_path / "r.toml").write_text('method = "bpm_gcn"\ndata = {name = "walkers"}\n')
    done = affekt("train", tmp_path / "r.toml")
    assert done.returncode == 2 and "pip install 'affekt[train]'" in done.stderr


@pytest.mark.parametrize("verb", ["methods", "datasets", "doctor"])
def test_listing_verbs_work(verb):
    done = affekt(verb, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)


def test_a_walk_of_another_joint_order_gets_the_same_answer(bundle, walks):
    with np.load(walks / "walk0.npz") as file:
        positions, joints = file["positions"], file["joints"]
    turned = np.random.default_rng(0).permutation(len(joints))
    np.savez(walks / "walk1.npz", positions=positions[:, turned], joints=joints[turned])
    done = affekt("predict", bundle, walks / "walk0.npz", walks / "walk1.npz", "--json")
    one, other = (p["scores"] for p in json.loads(done.stdout)["predictions"])
    assert one == pytest.approx(other, abs=1e-6)
