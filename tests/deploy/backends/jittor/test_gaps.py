"""What Jittor lacks and the importer composes, against ONNX Runtime: one graph with an output for each."""

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from affekt.core.errors import FolderError
from affekt.deploy.backends.network import graph_network

pytestmark = [pytest.mark.jittor, pytest.mark.xdist_group("jittor")]

LARGEST, LEAST = 2**63 - 1, -(2**63)
RNG = np.random.default_rng(0)


def _weights(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


# Output: operator, its input (`map` of b 4 8 9, `line` of b 4 11, `steps` of b 9), constants, attributes.
GAPS = {
    "padding_that_differs": ("Conv", "map", [_weights(3, 4, 3, 3), _weights(3)], {"pads": [0, 2, 1, 1]}),
    "convolution_1d": (
        "Conv",
        "line",
        [_weights(3, 4, 3)],
        {"pads": [2, 1], "strides": [2], "dilations": [2]},
    ),
    "convolution_in_groups": ("Conv", "map", [_weights(4, 2, 3, 3)], {"group": 2, "pads": [1, 1, 1, 1]}),
    "largest_of_the_whole_map": ("MaxPool", "map", [], {"kernel_shape": [8, 9]}),
    "mean_of_the_whole_map": ("AveragePool", "map", [], {"kernel_shape": [8, 9]}),
    "largest_with_a_part_of_a_window": (
        "MaxPool",
        "map",
        [],
        {"kernel_shape": [3, 3], "strides": [2, 3], "pads": [1, 0, 0, 1], "ceil_mode": 1},
    ),
    "mean_without_padding": (
        "AveragePool",
        "map",
        [],
        {"kernel_shape": [3, 2], "strides": [2, 2], "pads": [1, 0, 1, 1]},
    ),
    "mean_with_padding": (
        "AveragePool",
        "map",
        [],
        {"kernel_shape": [3, 2], "pads": [1, 0, 1, 1], "count_include_pad": 1},
    ),
    "slice_to_the_end": ("Slice", "line", [np.array([3]), np.array([LARGEST]), np.array([2])], {}),
    "slice_backwards": (
        "Slice",
        "line",
        [np.array([-1]), np.array([LEAST]), np.array([2]), np.array([-2])],
        {},
    ),
    "softmax_with_masked_places": ("Softmax", "masked", [], {"axis": 1}),
    "halves_to_even": ("Round", "steps", [], {}),
    "quantized": ("QuantizeLinear", "steps", [np.float32(0.5), np.uint8(3)], {}),
}


@pytest.fixture(scope="module")
def answers(jittor):
    """Outputs of ONNX Runtime and of Jittor, for one row and for three."""
    graph = _graph()
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    network = graph_network(graph, backend="jittor", threads=1)
    found = []
    for rows in (1, 3):
        batch = {
            "map": _weights(rows, 4, 8, 9),
            "line": _weights(rows, 4, 11),
            "steps": np.arange(9 * rows, dtype=np.float32).reshape(rows, 9) / 4 - 2,
        }
        found.append((dict(zip(GAPS, session.run(list(GAPS), batch), strict=True)), network.outputs(batch)))
    return found


@pytest.mark.parametrize("gap", GAPS)
def test_gap_is_composed(gap, answers):
    for expected, found in answers:
        assert found[gap].shape == expected[gap].shape
        wanted = expected[gap].astype(np.float32)
        np.testing.assert_allclose(found[gap], wanted, rtol=1e-4, atol=1e-5 * float(np.abs(wanted).max()))


def test_bad_input_is_an_error_that_names_the_node_and_the_process_goes_on(jittor):
    network = graph_network(_graph(), backend="jittor", threads=1)
    batch = {"map": _weights(1, 4, 8, 9), "line": _weights(1, 5, 11), "steps": _weights(1, 9)}
    with pytest.raises(FolderError, match=r"Jittor: Conv 'convolution_1d'"):
        network.outputs(batch)
    batch["line"] = _weights(1, 4, 11)
    assert network.outputs(batch)["convolution_1d"].shape == (1, 3, 5)


def _graph():
    nodes, constants = [], []
    for name, (kind, source, values, attributes) in GAPS.items():
        names = [f"{name}.{place}" for place in range(len(values))]
        constants += [numpy_helper.from_array(np.asarray(v), n) for v, n in zip(values, names, strict=True)]
        nodes.append(helper.make_node(kind, [source, *names], [name], name=name, **attributes))
    mask = np.zeros((1, 9), np.float32)
    mask[0, 2:5] = -np.inf
    constants.append(numpy_helper.from_array(mask, "mask"))
    nodes.insert(0, helper.make_node("Add", ["steps", "mask"], ["masked"], name="mask"))
    inputs = {"map": ("b", 4, 8, 9), "line": ("b", 4, 11), "steps": ("b", 9)}
    graph = helper.make_graph(
        nodes,
        "gaps",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
        [_output(name) for name in GAPS],
        constants,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    made.ir_version = 8
    return made.SerializeToString()


def _output(name):
    rank = {"line": 3, "steps": 2, "masked": 2}.get(GAPS[name][1], 4)
    kind = TensorProto.UINT8 if name == "quantized" else TensorProto.FLOAT
    return helper.make_tensor_value_info(name, kind, ["b", *[None] * (rank - 1)])
