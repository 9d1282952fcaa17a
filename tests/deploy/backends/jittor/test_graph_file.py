"""A graph is the same after it was read without `onnx`, written as a file and read again."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save

from affekt.core.errors import FolderError
from affekt.deploy.backends.jittor.computing.graph import GraphFileError, read_graph_file, write_graph
from affekt.deploy.backends.jittor.graph_read import read_graph
from affekt.starters.find import FOLDER as STARTERS

BUNDLES = STARTERS


@pytest.mark.parametrize("bundle", ["compact_face", "compact_text"])
def test_graph_file_holds_what_onnx_reads(bundle):
    content = (BUNDLES / bundle / "model.onnx").read_bytes()
    graph = read_graph_file(write_graph(read_graph(content)))
    held = onnx.load_from_string(content).graph
    for tensor in held.initializer:
        np.testing.assert_array_equal(graph.tensors[tensor.name], numpy_helper.to_array(tensor))
    nodes = [node for node in held.node if node.op_type != "Constant"]
    assert len(nodes) == len(graph.nodes)
    for node, found in zip(nodes, graph.nodes, strict=True):
        assert (node.op_type, node.name) == (found.kind, found.name)
        assert (tuple(node.input), tuple(node.output)) == (found.inputs, found.outputs)
        for attribute in node.attribute:
            value = helper.get_attribute_value(attribute)
            value = value.decode() if isinstance(value, bytes) else value
            assert found.attributes[attribute.name] == (tuple(value) if isinstance(value, list) else value)
    assert list(graph.inputs) == [value.name for value in held.input]
    assert list(graph.outputs) == [value.name for value in held.output]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("float32", [1.5, -2.0]),
        ("float64", [1.5, -2.0]),
        ("float16", [1.5, -2.0]),
        ("int64", [2**40, -3]),
        ("int32", [7, -3]),
        ("int8", [127, -128]),
        ("uint8", [255, 0]),
        ("bool", [True, False]),
    ],
)
@pytest.mark.parametrize("is_raw", [True, False])
def test_values_are_read_as_onnx_stores_them(name, values, is_raw):
    array = np.array(values, name)
    kind = helper.np_dtype_to_tensor_dtype(array.dtype)
    tensor = (
        numpy_helper.from_array(array, "k") if is_raw else helper.make_tensor("k", kind, [2], array.tolist())
    )
    node = helper.make_node("Identity", ["k"], ["logits"], name="only")
    graph = helper.make_graph(
        [node], "g", [_port("x", 1)], [helper.make_tensor_value_info("logits", kind, [2])], [tensor]
    )
    found = read_graph(_model(graph)).tensors["k"]
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


def test_attribute_that_is_an_array_is_kept():
    fill = numpy_helper.from_array(np.array([7.0], np.float32))
    node = helper.make_node("ConstantOfShape", ["x"], ["logits"], name="filled", value=fill)
    graph = helper.make_graph([node], "g", [_port("x", 1, TensorProto.INT64)], [_port("logits", "b")])
    found = read_graph_file(write_graph(read_graph(_model(graph))))
    np.testing.assert_array_equal(found.nodes[0].attributes["value"], [7.0])
    assert not found.tensors


def test_constant_node_becomes_a_value():
    node = helper.make_node("Constant", [], ["k"], value_ints=[2, 3])
    out = helper.make_node("Identity", ["k"], ["logits"])
    graph = helper.make_graph([node, out], "g", [_port("x", 1)], [_port("logits", 2, TensorProto.INT64)])
    found = read_graph(_model(graph))
    assert [one.kind for one in found.nodes] == ["Identity"]
    assert found.tensors["k"].tolist() == [2, 3]


def test_branch_is_refused_with_the_other_backends():
    body = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "inner", [], [_port("y", 1)])
    node = helper.make_node("If", ["x"], ["logits"], then_branch=body, else_branch=body)
    graph = helper.make_graph([node], "g", [_port("x", 1)], [_port("logits", 1)])
    with pytest.raises(FolderError, match=r"attribute '\w+_branch' of If .* such as a branch"):
        read_graph(_model(graph))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a safetensors file"),
        (b"\x80\x04\x95 a pickle", "not a safetensors file"),
        (save({"a": np.zeros(1)}), "its format is None"),
        (save({}, {"format": "affekt-graph", "version": "9"}), "its version is '9'"),
        (save({}, {"format": "affekt-graph", "version": "1", "graph": "[]"}), "its graph cannot be read"),
        (
            save(
                {},
                {
                    "format": "affekt-graph",
                    "version": "1",
                    "graph": '{"opset": 18, "inputs": {}, "outputs": ["y"], '
                    '"nodes": [["Relu", "first", ["x"], ["y"], {}]]}',
                },
            ),
            "Relu 'first' reads 'x', which nothing makes",
        ),
        (
            save(
                {},
                {
                    "format": "affekt-graph",
                    "version": "1",
                    "graph": '{"opset": 18, "inputs": {}, "outputs": [], '
                    '"nodes": [["os.system", "", [], [], {}]]}',
                },
            ),
            "'os.system' is not the name of an operator",
        ),
    ],
    ids=["empty", "pickle", "other", "newer", "not a graph", "out of order", "not an operator"],
)
def test_broken_file_is_refused(content, reason):
    with pytest.raises(GraphFileError, match=reason):
        read_graph_file(content)


def test_file_that_is_cut_off_is_refused():
    content = write_graph(read_graph((BUNDLES / "compact_face" / "model.onnx").read_bytes()))
    for size in (4, 100, len(content) - 1):
        with pytest.raises(GraphFileError, match="not a safetensors file"):
            read_graph_file(content[:size])


def _port(name, size, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, [size])


def _model(graph):
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    made.ir_version = 8
    return made.SerializeToString()
