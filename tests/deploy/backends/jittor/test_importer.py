"""What the importer does without Jittor: it refuses unknown operators, and computes sizes in NumPy."""

from types import ModuleType

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

from affekt.core.errors import FolderError
from affekt.deploy.backends.jittor.computing.graph import Node
from affekt.deploy.backends.jittor.computing.operators.catalogue import OPERATORS
from affekt.deploy.backends.jittor.computing.operators.registry import Call, GraphError, Jittor
from affekt.deploy.backends.jittor.engine import graph_file
from affekt.deploy.backends.jittor.graph_read import read_graph
from affekt.starters.find import FOLDER as STARTERS


def test_unknown_operator_is_one_error_that_names_its_node():
    node = helper.make_node("Det", ["x"], ["logits"], name="volume")
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 2])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [])],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    made.ir_version = 8
    with pytest.raises(FolderError) as caught:
        graph_file(made.SerializeToString(), "mine.affekt/model.onnx of poster_v2")
    assert str(caught.value) == (
        "mine.affekt/model.onnx of poster_v2 cannot be computed in Jittor: it has the operator Det (node "
        "'volume'), which the importer does not know; choose another backend"
    )


def test_setting_that_is_not_known_names_its_node():
    with pytest.raises(GraphError, match=r"Pad 'edges' has mode = 'reflect'"):
        _numpy("Pad", np.zeros(3), np.array([1, 1]), name="edges", mode="reflect")


def test_text_in_the_place_of_a_number_never_becomes_code():
    class Map:
        shape = (1, 1, 4, 4)

        def reindex(self, *arguments, **options):
            raise AssertionError("it reached the compiler")

    with pytest.raises(ValueError, match="invalid literal"):
        _numpy("MaxPool", Map(), kernel_shape=(2, 2), strides=("1);system(0", 1))


# Operators that appear between sizes, masks and positions, with values as ONNX Runtime computes them.
CASES = {
    "Add": ([np.array([1, 2]), np.array([3])], {}),
    "Div": ([np.array([-7, 7]), np.array([2, 2])], {}),
    "Mod": ([np.array([-7, 7]), np.array([3, 3])], {}),
    "Equal": ([np.array([1, 2]), np.array([1, 3])], {}),
    "GreaterOrEqual": ([np.array([1, 2]), np.array([2, 2])], {}),
    "And": ([np.array([True, True]), np.array([True, False])], {}),
    "Not": ([np.array([True, False])], {}),
    "Where": ([np.array([True, False]), np.array([1, 2]), np.array([3])], {}),
    "Cast": ([np.array([0, 2])], {"to": TensorProto.BOOL}),
    "Clip": ([np.array([-1, 5]), np.array(0), np.array(3)], {}),
    "Max": ([np.array([1, 5]), np.array([4])], {}),
    "CumSum": ([np.array([[1, 2], [3, 4]]), np.array(1)], {}),
    "Range": ([np.array(1), np.array(7), np.array(2)], {}),
    "Shape": ([np.zeros((2, 3, 4))], {"start": 1}),
    "Reshape": ([np.arange(6).reshape(2, 3), np.array([0, -1, 1])], {}),
    "Transpose": ([np.arange(6).reshape(1, 2, 3)], {"perm": (2, 0, 1)}),
    "Unsqueeze": ([np.arange(3), np.array([0, -1])], {}),
    "Squeeze": ([np.arange(3).reshape(1, 3, 1), np.array([-1])], {}),
    "Concat": ([np.array([1]), np.array([2, 3])], {"axis": 0}),
    "Gather": ([np.arange(6).reshape(2, 3), np.array([[-1, 0]])], {"axis": 1}),
    "GatherElements": ([np.arange(6).reshape(2, 3), np.array([[0], [2]])], {"axis": 1}),
    "GatherND": ([np.arange(6).reshape(2, 3), np.array([[0, 1], [1, 2]])], {}),
    "Expand": ([np.arange(3).reshape(3, 1), np.array([2, 1, 4])], {}),
    "Tile": ([np.arange(3), np.array([2])], {}),
    "Slice": ([np.arange(9), np.array([-2]), np.array([-(2**63)]), np.array([0]), np.array([-2])], {}),
    "ReduceMax": ([np.arange(6).reshape(2, 3), np.array([1])], {"keepdims": 0}),
    "ReduceSum": ([np.arange(6).reshape(2, 3)], {}),
    "ArgMax": ([np.array([[1, 5, 5]])], {"axis": 1}),
    "Pad": ([np.arange(3), np.array([1, 2]), np.array(9)], {}),
    "ConstantOfShape": ([np.array([2, 3])], {}),
}


@pytest.mark.parametrize("kind", CASES)
def test_numpy_computes_what_onnx_runtime_computes(kind):
    values, attributes = CASES[kind]
    names = [f"in{place}" for place in range(len(values))]
    node = helper.make_node(kind, names, ["out"], **attributes)
    ports = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
        for name, value in zip(names, values, strict=True)
    ]
    graph = helper.make_graph([node], "g", ports, [helper.make_empty_tensor_value_info("out")])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    made.ir_version = 8
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    (expected,) = session.run(None, dict(zip(names, values, strict=True)))
    found = np.asarray(_numpy(kind, *values, **attributes))
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    np.testing.assert_array_equal(found, expected)


def _numpy(kind, *values, name="", **attributes):
    """An operator on arrays of NumPy; it must not reach for Jittor."""
    node = Node(kind, name, (), ("out",), attributes)
    return OPERATORS[kind](Call(node, Jittor(ModuleType("empty"))), *values)


def test_int8_bundle_of_the_repository_can_be_imported():
    content = (STARTERS / "compact_face" / "model.onnx").read_bytes()
    kinds = {node.kind for node in read_graph(content).nodes}
    assert "QuantizeLinear" in kinds
    assert kinds <= set(OPERATORS)
