"""Numbers that are finite and absurd are refused; a label is named only where outputs are finite."""

import time
from dataclasses import replace

import numpy as np
import pytest

import affekt
from affekt.core.errors import MediaError
from affekt.core.sample import Skipped
from affekt.core.task import read_task
from affekt.data.open import open_dataset
from affekt.media import arrays
from affekt.media.skeleton import Skeleton, read_skeletons
from affekt.starters.find import FOLDER as STARTERS
from affekt.tasks.rows import finite_outputs

BUNDLE = STARTERS / "compact_face"


@pytest.fixture(scope="module")
def walk():
    """A generated walk."""
    return open_dataset("walkers").samples[0].media["skeleton"]


@pytest.mark.parametrize("value", [1e9, 1e18, 1e30, -3e38])
def test_coordinates_that_no_body_has_are_refused(walk, value):
    positions = walk.positions.astype(np.float64)
    with pytest.raises(MediaError, match="implausible"):
        Skeleton((positions + value).astype(np.float32), walk.joints)
    positions[:, :, 1] = value
    with pytest.raises(MediaError, match="implausible"):
        Skeleton(positions.astype(np.float32), walk.joints)


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("away", [0.0, 1000.0])
def test_metres_millimetres_and_long_ways_are_read(walk, unit, away):
    moved = (walk.positions + np.array([away, 0, 0])) * unit
    assert Skeleton(moved.astype(np.float32), walk.joints).positions.shape == walk.positions.shape


def test_outputs_that_are_not_finite_are_zeros_and_their_samples_are_named():
    logits = np.ones((5, 3), np.float32)
    logits[1, 2], attention = np.nan, np.ones((5, 2), np.float32)
    attention[4, 0] = np.inf
    outputs, finite = finite_outputs({"logits": logits, "attention": attention}, [2, 1, 1, 1])
    assert finite == [False, True, True, False]
    assert all(np.isfinite(values).all() for values in outputs.values())
    assert outputs["logits"][2].tolist() == [1, 1, 1]


def test_finite_outputs_are_left_alone():
    given = {"logits": np.ones((2, 3), np.float32), "ids": np.zeros((2, 1), np.int64)}
    outputs, finite = finite_outputs(given, [1, 1])
    assert outputs is given
    assert finite == [True, True]


class _Diverging:
    """The network of a predictor, which answers the middle third of a batch with NaN."""

    def __init__(self, network):
        self.network = network

    def outputs(self, batch):
        found = {name: values.copy() for name, values in self.network.outputs(batch).items()}
        views = len(found["logits"]) // 3
        found["logits"][views : 2 * views] = np.nan
        return found

    def __call__(self, batch):
        return self.outputs(batch)["logits"]


def test_a_sample_with_nan_has_a_reason_and_no_label_and_the_others_are_answered():

    predictor = affekt.load(BUNDLE, backend="onnxruntime", threads=1)
    pictures = [np.full((48, 48, 3), shade, np.uint8) for shade in (10, 120, 240)]
    expected = list(predictor.predict(pictures))
    broken = replace(predictor, network=_Diverging(predictor.network))
    first, second, third = broken.predict(pictures)
    assert isinstance(second, Skipped)
    assert "not finite" in second.reason
    assert (first.scores, third.scores) == (expected[0].scores, expected[2].scores)


@pytest.mark.parametrize("task", ["regression", "multi_label"])
def test_other_tasks_name_nothing_for_outputs_that_are_not_finite(task):
    """Whatever computes them: engines of graphs, PyTorch and Jittor answer through the same function."""
    predictor = affekt.load(BUNDLE, backend="onnxruntime", threads=1)
    broken = replace(predictor, network=_Diverging(predictor.network), task=read_task(task))
    first, second, third = broken.predict([np.full((48, 48, 3), shade, np.uint8) for shade in (10, 120, 240)])
    assert isinstance(second, Skipped) and "not finite" in second.reason
    assert all(
        np.isfinite([*one.scores.values(), *(one.values or {}).values()]).all() for one in (first, third)
    )


def test_an_npz_whose_header_states_too_much_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    file = tmp_path / "a.npz"
    np.savez_compressed(file, positions=np.zeros((30_000_000, 1, 3), np.int8), joints=np.array(["root"]))
    monkeypatch.setattr(arrays.np.lib.format, "read_array", lambda *a, **b: pytest.fail("it was unpacked"))
    with pytest.raises(MediaError, match="90000000 values; at most 80000000"):
        read_skeletons(file)


def test_many_joints_are_read_in_time_that_grows_with_their_number(tmp_path):
    names = np.array([f"j{n:06d}" for n in range(20_000)])
    np.savez_compressed(tmp_path / "a.npz", positions=np.zeros((1, 20_000, 3), np.float32), joints=names)
    begin = time.perf_counter()
    assert len(read_skeletons(tmp_path / "a.npz")[0].joints) == 20_000
    assert time.perf_counter() - begin < 5.0
