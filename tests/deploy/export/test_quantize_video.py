"""int8 of networks for clips and for long video: 3D convolutions, a frozen encoder, the gate of mAP."""

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from typer.testing import CliRunner

import affekt
from affekt.cli.main import app
from affekt.core.errors import DataError, ExportError
from affekt.core.files.sealed import read_sealed
from affekt.core.labels import label_set
from affekt.core.task import Answers, find_task
from affekt.data.open import open_dataset
from affekt.deploy.backends.network import graph_network
from affekt.deploy.export import quantize
from affekt.deploy.export.convolutions import with_convolutions_in_8_bits
from affekt.deploy.export.few_channels import with_dense_channels
from affekt.deploy.export.graphs import Graphs
from affekt.deploy.runtime.bundle import ENCODER_FILE, GRAPH_FILE
from affekt.engine.runs.run import open_run

pytestmark = pytest.mark.xdist_group("clips")
CLIPS = {"clips": 24, "pixels": 32, "frames_per_clip": 24, "sound_rate_hz": 16000}


@pytest.fixture(scope="module", autouse=True)
def any_drop():
    """The gate allows any drop: a network after little training may lose more than a point by chance."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quantize, "ALLOWED_DROP", 1.0)
        yield


@pytest.fixture(scope="module")
def small_clips(clip_run, tmp_path_factory):
    """int8 bundle of a VAANet, made on the command line."""
    folder = tmp_path_factory.mktemp("int8") / "clips.affekt"
    done = CliRunner().invoke(app, ["export", str(clip_run), "--output", str(folder), "--int8"])
    assert done.exit_code == 0, done.output
    assert "accuracy in int8" in done.output
    return folder


def reduced(run, bundle):
    """int8 of a bundle's graphs: exporting them again takes much longer."""
    sealed = read_sealed(bundle, kind="bundle")
    encoder = sealed.read(ENCODER_FILE) if ENCODER_FILE in sealed.files else None
    encoded = sealed.document["encoder"]["input"] if encoder else None
    graphs = Graphs(sealed.read(GRAPH_FILE), encoder, encoded)
    return quantize.quantize(graphs, open_run(run), affekt.load(run), None)


@pytest.fixture(scope="module")
def small_long(long_run, long_bundle):
    """int8 of a TSL-Net."""
    return reduced(long_run, long_bundle)


def sources_of_convolutions(graph):
    made_by = {name: node.op_type for node in graph.node for name in node.output}
    return {made_by[name] for node in graph.node if node.op_type == "Conv" for name in node.input}


# ---- clips


def test_convolutions_and_sums_between_them_are_in_8_bits_and_softmax_is_not(small_clips):
    graph = onnx.load(small_clips / GRAPH_FILE).graph
    assert sources_of_convolutions(graph) == {"DequantizeLinear"}
    made_by = {name: node.op_type for node in graph.node for name in node.output}
    kinds = [{made_by.get(name) for name in node.input} for node in graph.node if node.op_type == "Add"]
    assert {"DequantizeLinear"} in kinds
    for node in graph.node:
        if node.op_type in ("Softmax", "Tanh", "Gemm"):
            assert "DequantizeLinear" not in {made_by.get(name) for name in node.input}


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_int8_answers_of_clips_are_near_those_in_floating_point(small_clips, clip_bundle, backend):
    samples = open_dataset("moving_shapes", None, CLIPS).samples[:4]
    small, plain = affekt.load(small_clips, backend=backend), affekt.load(clip_bundle)
    rounded, whole = (
        np.asarray(one.task.answer(samples, one.preprocess, one.network).values) for one in (small, plain)
    )
    assert 0 < np.abs(rounded - whole).max() < 0.1 * np.abs(whole).max()


def test_the_manifest_states_which_samples_calibrated_int8_and_they_are_the_same_again(
    small_clips, clip_run, clip_bundle
):
    gate = read_sealed(small_clips, kind="bundle").document["gate"]["int8"]
    stated = gate["calibration_samples"]
    assert stated["part"] == "train" and stated["views"] == gate["calibration_views"] > 0
    assert len(stated["samples_sha256"]) == 64
    again = reduced(clip_run, clip_bundle)
    assert again.gate == gate
    assert again.graphs.main == (small_clips / GRAPH_FILE).read_bytes()


def test_an_int8_bundle_predicts_and_evaluates_on_the_command_line(small_clips, clip_files, tmp_path):
    runner = CliRunner()
    file = next(clip_files.glob("*.mp4"))
    found = runner.invoke(app, ["predict", str(small_clips), str(file), "--json"])
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["predictions"][0]["label"] in ("joy", "trust", "sadness", "anger")
    scored = runner.invoke(app, ["evaluate", str(small_clips), "--output", str(tmp_path / "scores")])
    assert scored.exit_code == 0, scored.output
    assert "accuracy" in scored.output


def test_a_score_of_clips_that_falls_is_refused_with_the_figures(clip_run, clip_bundle, monkeypatch):
    monkeypatch.setattr(quantize, "ALLOWED_DROP", -2.0)
    with pytest.raises(ExportError, match=r"in int8 accuracy falls from 0\.\d+ to 0\.\d+.* on 4 validation"):
        reduced(clip_run, clip_bundle)


# ---- long video


def test_encoder_and_head_of_a_network_for_long_video_are_in_8_bits(small_long):
    for graph in (small_long.graphs.main, small_long.graphs.encoder):
        assert sources_of_convolutions(onnx.load_from_string(graph).graph) == {"DequantizeLinear"}


def test_logits_of_a_last_convolution_are_not_rounded(small_long):
    graph = onnx.load_from_string(small_long.graphs.main).graph
    made_by = {name: node for node in graph.node for name in node.output}
    names = [one.name for one in graph.output]
    for _ in range(3):  # back through nodes that only move numbers
        nodes = [made_by[name] for name in names if name in made_by]
        assert "DequantizeLinear" not in {node.op_type for node in nodes}
        names = [node.input[0] for node in nodes if node.op_type in ("Transpose", "Squeeze", "Reshape")]


def test_the_gate_of_long_video_is_map_and_a_fall_is_refused(small_long, monkeypatch):
    before, after = small_long.gate["before"], small_long.gate["after"]
    assert set(before) == set(after) == {"map"}
    assert 0 <= after["map"] <= 1
    monkeypatch.setattr(quantize, "ALLOWED_DROP", -2.0)
    with pytest.raises(ExportError, match="in int8 map falls from"):
        quantize._check(before, after, small_long.gate["samples"])


def test_without_annotated_segments_there_is_no_map():
    with pytest.raises(DataError, match="no validation sample has an annotated segment"):
        find_task("localization").gate_scores(Answers([], [], []), label_set("tsl-2"))


# ---- few channels


def convolution(channels, kernel, strides, pads, size):
    """A graph of one 3D convolution, with whole numbers as weights."""
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((5, channels, *kernel)).astype(np.float32)
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="conv", strides=strides, pads=pads)
    x, y = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("x", ["b", channels, *size]), ("y", ["b", 5, None, None, None]))
    )
    graph = helper.make_graph([node], "one", [x], [y], [numpy_helper.from_array(weights, "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    return model.SerializeToString()


CASES = {
    "as published": (3, (7, 7, 7), (1, 2, 2), (3,) * 6, (16, 20, 20)),
    "strides in time": (3, (7, 7, 7), (2, 2, 2), (2, 2, 2, 3, 3, 3), (9, 16, 18)),
    "no strides": (2, (3, 3, 3), (1, 1, 1), (1,) * 6, (4, 6, 5)),
    "no zeros around": (1, (2, 5, 3), (1, 3, 1), (0,) * 6, (5, 11, 7)),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_a_convolution_over_more_channels_has_the_same_answer(case, backend, monkeypatch):
    graph = convolution(*CASES[case])
    x = np.random.default_rng(1).standard_normal((2, CASES[case][0], *CASES[case][4])).astype(np.float32)
    monkeypatch.setattr("affekt.deploy.export.convolutions.with_dense_channels", lambda graph: graph)
    plain = with_convolutions_in_8_bits(graph, [{"x": x}])
    dense = with_dense_channels(plain)
    nodes = {node.op_type: node for node in onnx.load_from_string(dense).graph.node}
    assert "Concat" in nodes and nodes["Conv"].name == "conv"
    expected, found = (graph_network(one, backend=backend).outputs({"x": x})["y"] for one in (plain, dense))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


def test_a_convolution_of_many_channels_stays_as_it_is():
    x = np.random.default_rng(1).standard_normal((1, 5, 4, 6, 6)).astype(np.float32)
    reduced = with_convolutions_in_8_bits(
        convolution(5, (3, 3, 3), (1, 1, 1), (1,) * 6, (4, 6, 6)), [{"x": x}]
    )
    assert "Concat" not in {node.op_type for node in onnx.load_from_string(reduced).graph.node}
