"""Multiply-adds are counted by hand here, for each operator that has them."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from affekt.deploy.backends.network import graph_network
from affekt.deploy.bench.matrix_product import product_graph, product_input
from affekt.deploy.bench.multiply_adds import Counted, network_multiply_adds


def network(nodes, weights, shape, output="y"):
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.ones(size, np.float32), name) for name, size in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    model.graph.output[0].type.tensor_type.shape.dim.add().dim_param = "b"
    return graph_network(model.SerializeToString())


@pytest.mark.parametrize(
    ("nodes", "weights", "shape", "expected"),
    [
        # 2 rows, 6 outputs of 3 x 3 places, 2 of 4 inputs in each group, a kernel of 3 x 3
        ([("Conv", {"group": 2})], {"w": (6, 2, 3, 3)}, (2, 4, 5, 5), 2 * 6 * 9 * 2 * 9),
        ([("ConvTranspose", {})], {"w": (4, 3, 2, 2)}, (2, 4, 5, 5), 2 * 4 * 25 * 3 * 4),
        ([("MatMul", {})], {"w": (4, 7)}, (2, 5, 4), 2 * 5 * 4 * 7),
        ([("Gemm", {"transA": 1})], {"w": (4, 7)}, (4, 3), 3 * 4 * 7),
        ([("LSTM", {"hidden_size": 5})], {"w": (1, 20, 4), "r": (1, 20, 5)}, (3, 2, 4), 3 * 2 * 20 * 9),
        ([("Relu", {})], {}, (2, 4), 0),
    ],
)
def test_multiply_adds_of_an_operator(nodes, weights, shape, expected):
    (kind, attributes) = nodes[0]
    node = helper.make_node(kind, ["x", *weights], ["y"], **attributes)
    counted = network_multiply_adds(network([node], weights, shape), {"x": np.ones(shape, np.float32)})
    assert counted == Counted(expected, ())


def test_an_operator_whose_multiply_adds_are_not_known_is_named():
    node = helper.make_node("Einsum", ["x", "w"], ["y"], equation="bi,ij->bj")
    counted = network_multiply_adds(
        network([node], {"w": (4, 3)}, (2, 4)), {"x": np.ones((2, 4), np.float32)}
    )
    assert counted == Counted(0, ("Einsum",))


def test_the_graph_of_a_matrix_product_is_onnx_and_multiplies():
    graph = product_graph(8)
    model = onnx.load_from_string(graph)
    onnx.checker.check_model(model)
    weights = numpy_helper.to_array(model.graph.initializer[0])
    matrix = product_input(8)
    product = graph_network(graph).outputs(matrix)["product"]
    np.testing.assert_allclose(product, matrix["matrix"] @ weights, rtol=1e-4, atol=1e-5)
    assert network_multiply_adds(graph_network(graph), matrix).total == 8**3
