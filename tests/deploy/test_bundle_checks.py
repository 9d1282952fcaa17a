"""A bundle with right digests but a wrong manifest or graph is refused by every engine."""

import hashlib
import json
import shutil

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import affekt
from affekt.core.errors import FolderError
from affekt.core.files.sealed import MANIFEST, _manifest_text
from affekt.core.graphs.check import Port, Ports
from affekt.deploy.backends.graph_contract import GraphContract
from affekt.starters.find import FOLDER as STARTERS

BUNDLE = STARTERS / "compact_face"


@pytest.fixture
def forge(tmp_path):
    """A function that puts a graph or a changed manifest into a bundle, with digests that fit."""

    def make(graph=None, change=lambda document: None):
        path = tmp_path / "forged.affekt"
        shutil.copytree(BUNDLE, path)
        document = json.loads((path / MANIFEST).read_text())
        document.pop("sha256")
        if graph is not None:
            (path / "model.onnx").write_bytes(graph)
            sha256 = hashlib.sha256(graph).hexdigest()
            document["files"] = {"model.onnx": {"bytes": len(graph), "sha256": sha256}}
        change(document)
        (path / MANIFEST).write_text(_manifest_text(document))
        return path

    return make


def network(inputs=(("image", TensorProto.FLOAT, ("b", 1, 48, 48)),), output="logits", dims=("b", 7), held=7):
    """A graph that answers each picture with its mean and `held` numbers, and states the given shapes."""
    sizes = numpy_helper.from_array(np.array([-1, 1], np.int64), "sizes")
    added = numpy_helper.from_array(np.arange(held, dtype=np.float32), "added")
    nodes = [
        helper.make_node("ReduceMean", [inputs[0][0]], ["mean"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Reshape", ["mean", "sizes"], ["row"]),
        helper.make_node("Add", ["row", "added"], [output]),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(*one) for one in inputs],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, dims)],
        [sizes, added],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return made.SerializeToString()


def image(*dims, kind=TensorProto.FLOAT, name="image"):
    return (name, kind, ("b", *dims))


WRONG = {
    "another input": ({"inputs": (image(1, 48, 48, name="picture"),)}, "no input 'image'.*found 'picture'"),
    "a further input": (
        {"inputs": (image(1, 48, 48), image(1, name="more"))},
        "input 'more', which is not expected",
    ),
    "another size": (
        {"inputs": (image(1, 64, 48),)},
        r"'image': expected float32 \(any, 1, 48, 48\), found float32 \(any, 1, 64, 48\)",
    ),
    "a missing axis": ({"inputs": (image(48, 48),)}, r"'image'.*found float32 \(any, 48, 48\)"),
    "another type": ({"inputs": (image(1, 48, 48, kind=TensorProto.DOUBLE),)}, "'image'.*found float64"),
    "a fixed batch": (
        {"inputs": (("image", TensorProto.FLOAT, (2, 1, 48, 48)),)},
        r"'image'.*found float32 \(2, 1, 48, 48\)",
    ),
    "no logits": ({"output": "scores"}, "no output 'logits'.*found 'scores'"),
    "other classes": (
        {"dims": ("b", 5)},
        r"'logits': expected float32 \(any, 7\), found float32 \(any, 5\)",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_a_graph_that_does_not_fit_its_manifest_is_refused(forge, kind, backend):
    changes, reason = WRONG[kind]
    with pytest.raises(FolderError, match=reason):
        affekt.load(forge(network(**changes)), backend=backend)


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_a_graph_that_states_other_sizes_than_it_has_is_refused_when_it_answers(forge, backend):
    predictor = affekt.load(forge(network(dims=("b", "k"), held=5)), backend=backend)
    with pytest.raises(FolderError, match=r"1 rows with logits of shape \(1, 5\); expected float32 \(1, 7\)"):
        predictor.network({"image": np.zeros((1, 1, 48, 48), np.float32)})


def test_a_graph_that_fits_is_computed(forge):
    predictor = affekt.load(forge(network()))
    logits = predictor.network({"image": np.ones((3, 1, 48, 48), np.float32)})
    np.testing.assert_allclose(logits, np.tile(np.arange(7) + 1, (3, 1)))


def test_external_data_in_a_bundle_is_refused_by_name(forge):
    graph = onnx.load_from_string(network())
    graph.graph.initializer[1].data_location = TensorProto.EXTERNAL
    for backend in ("auto", "onnxruntime", "openvino"):
        path = forge(graph.SerializeToString())
        with pytest.raises(
            FolderError, match=r"forged\.affekt/model\.onnx of compact_face cannot be loaded.*'added'"
        ):
            affekt.load(path, backend=backend)
        shutil.rmtree(path)


def setting(name, value):
    def change(document):
        *parents, last = name.split(".")
        for parent in parents:
            document = document[parent]
        if value is None:
            del document[last]
        else:
            document[last] = value

    return change


IMPOSSIBLE = {
    **{f"no {name}": (name, None) for name in ("method", "config", "labels", "task", "modality")},
    **{f"no {name}": (name, None) for name in ("preprocessing", "calibration", "weights_sha256")},
    "an unknown method": ("method", "no_such_method"),
    "a method in a list": ("method", ["compact_face"]),
    "labels in a list": ("labels", ["a", "b"]),
    "a label twice": ("labels.names", ["a"] * 7),
    "six labels": ("labels", {"names": list("abcdef"), "polarity": ["neutral"] * 6}),
    "another task": ("task", "regression"),
    "the task of another method": ("task", "localization"),
    "a temperature of 0": ("calibration.temperature", 0),
    "a temperature below 0": ("calibration.temperature", -1),
    "a temperature that is not a number": ("calibration.temperature", float("nan")),
    "an infinite temperature": ("calibration.temperature", float("inf")),
    "a temperature as text": ("calibration.temperature", "1"),
    "an unknown setting": ("config.colour", "red"),
    "a setting of another type": ("config.size", "large"),
    "another size": ("config.size", 64),
    "preprocessing in a list": ("preprocessing", []),
    "inputs of another size": ("inputs", [{"name": "image", "axes": "b c h w", "shape": [1, 40, 40]}]),
    "an encoder of an unknown input": ("encoder", {"input": "clips"}),
}


@pytest.mark.parametrize("kind", IMPOSSIBLE)
def test_a_manifest_with_impossible_values_is_refused(forge, kind):
    with pytest.raises(FolderError, match=r"forged\.affekt"):
        affekt.load(forge(change=setting(*IMPOSSIBLE[kind])), backend="onnxruntime")


def test_a_manifest_of_an_older_or_newer_affekt_is_read(forge):
    def change(document):
        del document["inputs"], document["calibration"]["temperature"]
        document["later"] = {"field": 1}

    assert affekt.load(forge(change=change)).calibration.temperature == 1


def test_axes_of_any_size_must_be_open():
    contract = GraphContract({"x": Port("float32", (None, None, 4))}, {"logits": Port("float32", (None, 2))})
    logits = {"logits": Port("float32", (None, 2))}
    contract.check(Ports({"x": Port("float32", (None, None, 4))}, logits), "it")
    with pytest.raises(FolderError, match=r"expected float32 \(any, any, 4\), found float32 \(any, 9, 4\)"):
        contract.check(Ports({"x": Port("float32", (None, 9, 4))}, logits), "it")
