"""int8 of a text encoder: products of tokens with weights, and the table of embeddings.

Weights are rounded once, by column; each token is rounded when it is computed, by its own largest value. The
dynamic quantization of ONNX Runtime has one range for a whole batch instead: the answer to a line then
depends on the lines beside it, and one large value costs digits in all tokens. Both take nearly the same
time.

Attention, norms, pooling and everything behind it stay in floating point.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

_STEPS = 127  # int8 from -127 to 127
_ZERO = 128  # tokens are uint8 with this zero, which x86 multiplies by int8 in one instruction
_SMALLEST = 1e-12  # largest value of a token: a token of zeros is divided by it


def has_token_products(graph: onnx.GraphProto) -> bool:
    """Whether the graph multiplies tokens, which are rows of a tensor of three axes, by weights."""
    return any(_token_products(graph))


def with_token_products_in_8_bits(graph: bytes) -> bytes:
    """The graph with 8-bit weights; operators of the ONNX standard only."""
    model = onnx.load_from_string(graph)
    writer = _Writer(model.graph)
    writer.write()
    return model.SerializeToString()


def _token_products(graph: onnx.GraphProto) -> Iterator[NodeProto]:
    held = {tensor.name: tensor for tensor in graph.initializer}
    axes = {value.name: len(value.type.tensor_type.shape.dim) for value in graph.value_info}
    for node in graph.node:
        if node.op_type != "MatMul" or node.input[1] not in held:
            continue
        weight = held[node.input[1]]
        if weight.data_type == TensorProto.FLOAT and len(weight.dims) == 2 and axes.get(node.input[0], 0) > 2:
            yield node


class _Writer:
    """Replaces the nodes of one graph.

    Args:
        graph: Changed in place.
    """

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.graph = graph
        self.weights = {tensor.name: tensor for tensor in graph.initializer}
        self.inputs = {value.name for value in graph.input}
        self.products = {node.output[0] for node in _token_products(graph)}
        self.added: dict[str, TensorProto] = {}
        self.rounded: dict[str, tuple[str, str]] = {}  # tokens by name: in 8 bits, and their largest values

    def write(self) -> None:
        """Replace products and tables; weights that nothing reads any more are dropped."""
        nodes: list[NodeProto] = []
        for node in self.graph.node:
            if node.output[0] in self.products:
                nodes += self._product(node)
            elif self._is_table(node):
                nodes += self._table(node)
            else:
                nodes.append(node)
        read = {name for node in nodes for name in node.input} | {one.name for one in self.graph.output}
        kept = [tensor for name, tensor in self.weights.items() if name in read]
        del self.graph.node[:]
        self.graph.node.extend(nodes)
        del self.graph.initializer[:]
        self.graph.initializer.extend([*kept, *self.added.values()])

    def _product(self, node: NodeProto) -> list[NodeProto]:
        """Tokens times weights, in integers: `(u8 - 128) @ i8`, scaled by column and by token."""
        tokens, weight, answer = node.input[0], node.input[1], node.output[0]
        nodes, (small, largest) = self._rounded(tokens)
        integers, by_column = self._rounded_weight(weight, axis=0)
        sums, real, scaled = (f"{answer}.{name}" for name in ("sums", "real", "scaled"))
        return [
            *nodes,
            helper.make_node("MatMulInteger", [small, integers, self._zero()], [sums]),
            helper.make_node("Cast", [sums], [real], to=TensorProto.FLOAT),
            helper.make_node("Mul", [real, by_column], [scaled]),
            helper.make_node("Mul", [scaled, largest], [answer]),
        ]

    def _rounded(self, tokens: str) -> tuple[list[NodeProto], tuple[str, str]]:
        """Nodes that round tokens, once for all products that read them, and the names of the results."""
        if tokens in self.rounded:
            return [], self.rounded[tokens]
        sizes, found, largest, factor, spread, small = (
            f"{tokens}.{name}" for name in ("sizes", "found", "largest", "factor", "spread", "small")
        )
        steps = self._constant("int8.steps", np.array(_STEPS, np.float32))
        one = self._constant("int8.one", np.array(1, np.float32))
        floor = self._constant("int8.smallest", np.array(_SMALLEST, np.float32))
        last = self._constant("int8.last_axis", np.array([-1], np.int64))
        self.rounded[tokens] = small, largest
        return [
            helper.make_node("Abs", [tokens], [sizes]),
            helper.make_node("ReduceMax", [sizes, last], [found], keepdims=1),
            helper.make_node("Max", [found, floor], [largest]),
            helper.make_node("Div", [steps, largest], [factor]),
            helper.make_node("Mul", [tokens, factor], [spread]),
            helper.make_node("QuantizeLinear", [spread, one, self._zero()], [small]),
        ], (small, largest)

    def _is_table(self, node: NodeProto) -> bool:
        """Whether a node looks up rows by ids that are an input of the graph."""
        if node.op_type != "Gather" or node.input[0] not in self.weights or node.input[1] not in self.inputs:
            return False
        table = self.weights[node.input[0]]
        on_rows = all(one.i == 0 for one in node.attribute if one.name == "axis")
        return table.data_type == TensorProto.FLOAT and len(table.dims) == 2 and on_rows

    def _table(self, node: NodeProto) -> list[NodeProto]:
        """Rows of a table in 8 bits, each with its own scale."""
        table, ids, answer = node.input[0], node.input[1], node.output[0]
        integers, by_row = self._rounded_weight(table, axis=1)
        rows, real, scale = (f"{answer}.{name}" for name in ("rows", "real", "scale"))
        return [
            helper.make_node("Gather", [integers, ids], [rows]),
            helper.make_node("Cast", [rows], [real], to=TensorProto.FLOAT),
            helper.make_node("Gather", [by_row, ids], [scale]),
            helper.make_node("Mul", [real, scale], [answer]),
        ]

    def _rounded_weight(self, name: str, *, axis: int) -> tuple[str, str]:
        """Names of a weight in 8 bits and of its scales: that of its largest value along an axis.

        Of a product they contain the steps of the tokens; of a table they are the scales themselves.
        """
        small, scale = f"{name}.int8", f"{name}.scale"
        if small not in self.added:
            weight = numpy_helper.to_array(self.weights[name])
            step = np.maximum(np.abs(weight).max(axis=axis, keepdims=True), _SMALLEST) / _STEPS
            self._constant(small, np.rint(weight / step).astype(np.int8))
            by_column = step[0] / _STEPS
            self._constant(scale, (by_column if axis == 0 else step).astype(np.float32))
        return small, scale

    def _zero(self) -> str:
        return self._constant("int8.zero", np.array(_ZERO, np.uint8))

    def _constant(self, name: str, value: np.ndarray) -> str:
        if name not in self.added:
            self.added[name] = numpy_helper.from_array(value, name)
        return name
