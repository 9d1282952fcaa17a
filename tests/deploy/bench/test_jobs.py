"""Each kind of bundle is measured by one mechanism, through the inputs that it states."""

import json

import numpy as np
import pytest

from affekt.deploy.bench.inputs import BenchInputs, first_sample
from affekt.deploy.runtime.predictor import Predictor


def group(name):
    return pytest.mark.xdist_group(name)


@pytest.mark.parametrize(
    ("fixture", "unit"),
    [
        pytest.param("bundle", "rows", marks=group("bundle")),
        pytest.param("face_bundle", "rows", marks=group("faces")),
        pytest.param("clip_bundle", "rows", marks=group("clips")),
        pytest.param("line_bundle", "rows", marks=group("words")),
        pytest.param("long_bundle", "cells", marks=group("long")),
    ],
)
def test_generated_inputs_of_a_bundle_are_computed_timed_and_counted(fixture, unit, request, bench_jobs):
    size = 9 if unit == "cells" else 2
    lines = bench_jobs(request.getfixturevalue(fixture), size=size)
    (facts,), (start,), (count,) = lines["probe"], lines["start"], lines["count"]
    assert facts["unit"] == unit and not facts["file"]
    assert facts["engine"] == start["engine"] == "onnxruntime f32"
    assert min(start["load_s"], start["run_s"]) > 0 and start["peak_bytes"] >= start["loaded_bytes"] > 1e7
    assert count["multiply_adds"] > 1e4 and not count["not_counted"]
    turns = [(one["threads"], one["size"]) for one in lines["turns"]]
    assert set(turns) == {(1, size), (1, 0)}  # size 0: the matrix product
    assert json.dumps(lines)


@group("bundle")
def test_a_file_is_decoded_and_its_arrays_are_measured(bundle, walks, bench_jobs):
    walk = walks / "walk0.npz"
    lines = bench_jobs(bundle, file=walk)
    predictor = Predictor.open(bundle)
    views = len(predictor.preprocess.views(first_sample(predictor, walk)))
    assert lines["probe"][0]["file"].startswith(".npz ") and lines["probe"][0]["file_rows"] == views
    assert str(walk) not in json.dumps(lines)
    (read,) = lines["read"]
    assert read["items"] == 1 and min(read[name] for name in ("decode_s", "network_s", "answer_s")) > 0


@group("clips")
def test_a_clip_is_decoded_with_its_sound(clip_bundle, clip_files, bench_jobs):
    lines = bench_jobs(clip_bundle, file=clip_files / "clip0.mp4")
    (read,) = lines["read"]
    assert set(lines["probe"][0]["rows"]) == {"clips", "mfcc"}
    assert read["items"] == 1 and read["decode_s"] > 0


@group("long")
def test_cells_of_a_long_video_are_read_from_its_file(long_bundle, long_file, bench_jobs):
    lines = bench_jobs(long_bundle, file=long_file(1), size=20)
    assert lines["probe"][0]["by_cells"] and lines["probe"][0]["file_rows"] > 0
    assert lines["read"][0]["items"] == 1


def test_batches_repeat_the_rows_of_the_input():
    rows = BenchInputs({"x": np.array([[1.0], [2.0]])}, by_cells=False)
    assert rows.batch(3)["x"].ravel().tolist() == [1, 2, 1] and rows.batch(1)["x"].shape == (1, 1)
    cells = BenchInputs({"x": np.array([[1.0], [2.0]])}, by_cells=True)
    assert cells.batch(3)["x"].shape == (1, 3, 1)
