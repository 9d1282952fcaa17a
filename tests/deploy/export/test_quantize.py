"""int8: convolutions in 8 bits, behind a gate of scores."""

import onnx
import pytest

import affekt
from affekt.core.errors import ExportError, UsageError
from affekt.core.files.sealed import read_sealed
from affekt.data.open import open_dataset
from affekt.deploy.export import quantize
from affekt.deploy.export.export import export
from affekt.deploy.runtime.bundle import GRAPH_FILE

pytestmark = pytest.mark.xdist_group("faces")


@pytest.fixture(scope="module")
def int8_bundle(face_run, tmp_path_factory):
    """The gate allows any drop: a network after little training may lose more than a point by chance."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quantize, "ALLOWED_DROP", 1.0)
        return export(face_run, tmp_path_factory.mktemp("int8") / "small.affekt", int8=True).bundle


def test_only_convolutions_are_in_8_bits(int8_bundle):
    graph = onnx.load_from_string(read_sealed(int8_bundle, kind="bundle").read(GRAPH_FILE)).graph
    made_by = {name: node for node in graph.node for name in node.output}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    assert convolutions
    for node in convolutions:
        assert {made_by[name].op_type for name in node.input} == {"DequantizeLinear"}
    for node in graph.node:
        if node.op_type in ("Gemm", "MatMul"):
            kinds = {made_by[name].op_type for name in node.input if name in made_by}
            assert "DequantizeLinear" not in kinds


def test_the_manifest_states_what_was_measured(int8_bundle):
    document = read_sealed(int8_bundle, kind="bundle").document
    assert document["precision"] == "int8 (convolutions)"
    gate = document["gate"]["int8"]
    assert gate["calibration_views"] > 0 and gate["samples"] > 0
    assert set(gate["before"]) == set(gate["after"]) == {"accuracy", "uar"}
    assert document["calibration"]["temperature"] > 0


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_answers_stay_near_those_in_floating_point(int8_bundle, face_bundle, backend):
    options = {"people": 8, "faces_per_emotion": 1, "size": 48}
    samples = open_dataset("drawn_faces", None, options).samples[:16]
    small, plain = affekt.load(int8_bundle, backend=backend), affekt.load(face_bundle)
    reduced, whole = (one.task.answer(samples, one.preprocess, one.network).values for one in (small, plain))
    assert 0 < abs(reduced - whole).max() < 0.3
    assert small.backend == f"{backend} f32, int8 (convolutions)"


def test_a_score_that_falls_is_refused_and_nothing_is_written(face_run, tmp_path, monkeypatch):
    monkeypatch.setattr(quantize, "ALLOWED_DROP", -2.0)
    with pytest.raises(ExportError, match="no bundle was written"):
        export(face_run, tmp_path / "small.affekt", int8=True)
    assert list(tmp_path.iterdir()) == []


def test_int8_without_data_is_refused_with_what_it_needs(face_run, face_bundle, tmp_path):
    with pytest.raises(UsageError, match="int8 needs samples"):
        export(face_run / "checkpoints" / "best", tmp_path / "small.affekt", int8=True)
