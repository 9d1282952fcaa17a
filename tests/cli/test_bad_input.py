"""Bad input is one clear error with its exit code, never a traceback."""

import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.media.skeleton import JOINT_ORDERS

pytestmark = pytest.mark.xdist_group("bundle")
JOINTS = np.array(JOINT_ORDERS["bpm_gcn"])
WALK = np.random.default_rng(0).standard_normal((60, 16, 3)).astype(np.float32)


def affekt(*arguments):
    code = "from affekt.cli.main import run; run()"
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    return done


def truncated(path):
    np.savez(path, positions=WALK, joints=JOINTS)
    path.write_bytes(path.read_bytes()[:-200])


def text(path):
    path.write_text("walk, walk, walk")


def wrong_joint_count(path):
    np.savez(path, positions=WALK[:, :12], joints=JOINTS[:12])


def pickled(path):
    np.savez(path, positions=np.array([{"an": "object"}], dtype=object), joints=JOINTS)


def not_a_number(path):
    walk = WALK.copy()
    walk[7, 3, 1] = np.nan
    np.savez(path, positions=walk, joints=JOINTS)


def false_header(path):
    """An array whose header states a terabyte."""
    header = (
        b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 16, 3), }"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("positions.npy", header.ljust(127) + b"\n")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (truncated, "truncated"),
        (text, "not an npz file"),
        (wrong_joint_count, "lacks"),
        (pickled, "pickled object"),
        (not_a_number, "NaN or infinite in 1 of 60 frames, first in frame 7"),
        (false_header, "positions.npy states 4799999999952 values; at most"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_spoilt_walk_is_one_clear_error(bundle, tmp_path, spoil, says):
    path = tmp_path / "walk.npz"
    spoil(path)
    done = affekt("predict", bundle, path)
    assert done.returncode == 1
    assert says in done.stderr and "walk.npz" in done.stderr


def test_an_empty_folder_is_one_clear_error(bundle, tmp_path):
    done = affekt("predict", bundle, tmp_path)
    assert done.returncode == 1 and "holds no skeleton file" in done.stderr


def test_one_path_that_does_not_exist_among_others_is_skipped(bundle, walks, tmp_path):
    done = affekt("predict", bundle, walks, tmp_path / "nowhere.npz")
    assert done.returncode == 0 and "3 predicted, 1 skipped" in done.stderr
    assert f"skipped {tmp_path / 'nowhere.npz'} does not exist" in done.stderr


@pytest.mark.parametrize("suffix", [".npz", ".json", ".csv"])
def test_a_walk_is_read_from_standard_input(bundle, walks, tmp_path, suffix):
    from affekt.media.skeleton import read_skeletons

    (walk,) = read_skeletons(walks / "walk0.npz")
    path = tmp_path / f"walk{suffix}"
    if suffix == ".npz":
        path.write_bytes((walks / "walk0.npz").read_bytes())
    elif suffix == ".json":
        path.write_text(json.dumps({"joints": walk.joints, "positions": walk.positions.tolist()}))
    else:
        rows = [[f"{joint}_{axis}" for joint in walk.joints for axis in "xyz"]]
        rows += walk.positions.reshape(len(walk.positions), -1).tolist()
        path.write_text("\n".join(";".join(map(str, row)) for row in rows), encoding="utf-16")
    answers = [
        json.loads(CliRunner().invoke(app, ["predict", str(bundle), *given, "--json"], input=content).stdout)
        for given, content in (([str(walks / "walk0.npz")], None), (["-"], path.read_bytes()))
    ]
    (by_path,), (by_stream,) = (one["predictions"] for one in answers)
    assert by_stream["id"] == "stdin"
    assert by_stream["scores"] == pytest.approx(by_path["scores"], abs=1e-3)


def test_a_recipe_with_three_mistakes_reports_all_three(tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'method = "bpm_gcn"\ndata = {name = "walkers"}\n'
        "config = {widht = 16}\noptimizer = {name = 'adamv'}\ntrain = {epochs = 0}\n"
    )
    done = affekt("train", recipe)
    assert done.returncode == 2
    assert "has 3 problems" in done.stderr
    for hint in ("did you mean width?", "optimizer.name", "train.epochs"):
        assert hint in done.stderr


def test_an_unknown_method_is_wrong_usage_with_a_suggestion(tmp_path):
    done = affekt("card", "bpm-gnc")
    assert done.returncode == 2 and "did you mean bpm_gcn?" in done.stderr


def test_training_on_missing_data_states_the_expected_file(tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('method = "bpm_gcn"\ndata = {name = "emotion_gait"}\n')
    assert "--data-root" in affekt("train", recipe).stderr
    done = affekt("train", recipe, "--data-root", tmp_path)
    assert done.returncode == 1 and "gaits.npz does not exist" in done.stderr


def test_a_network_with_other_classes_than_the_data_is_refused(tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('method = "bpm_gcn"\ndata = {name = "walkers"}\nconfig = {num_classes = 7}\n')
    done = affekt("train", recipe)
    assert done.returncode == 2 and "set num_classes = 4" in done.stderr
