"""The content of a checked ONNX graph (`affekt.core.graphs.check`), read without `onnx`.

Engines that read ONNX themselves do not need it; it serves those that do not, such as Jittor.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from affekt.core.errors import FolderError
from affekt.core.graphs.check import (
    ATTRIBUTE,
    ELEMENTS,
    GRAPH,
    MODEL,
    NODE,
    OPSET,
    TENSOR,
    check_graph,
)
from affekt.core.graphs.wire import Span, WireReader
from affekt.deploy.backends.jittor.computing.graph import Attribute, Graph, Node
from affekt.deploy.backends.jittor.computing.graph import Port as FilePort

_INT, _INTS, _FLOAT, _FLOATS, _TEXT, _TENSOR, _TEXTS = 2, 7, 1, 6, 3, 4, 8  # types of attributes


def read_graph(content: bytes, name: str = "the graph") -> Graph:
    """An ONNX graph as nodes and arrays.

    Args:
        name: Name of the graph in errors.

    Raises:
        FolderError: It does not pass `check_graph`, or has graphs inside of a node (branches and loops), or
            values that NumPy has no type for.
    """
    ports = check_graph(content, name)
    found = _Reader(content, name)
    nodes, tensors, opset = found.model()
    return Graph(
        nodes,
        tensors,
        {key: FilePort(port.dtype, port.dims) for key, port in ports.inputs.items()},
        tuple(ports.outputs),
        opset,
    )


class _Reader:
    def __init__(self, content: bytes, name: str) -> None:
        self.content, self.name = content, name
        self.reader = WireReader(content)

    def model(self) -> tuple[tuple[Node, ...], dict[str, np.ndarray], int]:
        model = self.reader.message(Span(0, len(self.content)), MODEL, "the model")
        opset = self.reader.message(model["opset_import"][0], OPSET, "an operator set")["version"][0]
        graph = self.reader.message(model["graph"][0], GRAPH, "the graph")
        tensors = dict(self._tensor(span) for span in graph.get("initializer", []))
        nodes: list[Node] = []
        for span in graph.get("node", []):
            node = self._node(span)
            if node.kind == "Constant":  # a value like any other
                (value,) = node.attributes.values()
                tensors[node.outputs[0]] = np.asarray(value)
            else:
                nodes.append(node)
        return tuple(nodes), tensors, opset

    def _node(self, span: Span) -> Node:
        node = self.reader.message(span, NODE, "a node")
        (kind,), (label,) = self._texts(node, "op_type"), self._texts(node, "name")
        attributes = dict(self._attribute(one, kind) for one in node.get("attribute", []))
        return Node(
            kind,
            label,
            tuple(map(self.reader.text, node.get("input", []))),
            tuple(map(self.reader.text, node.get("output", []))),
            attributes,
        )

    def _attribute(self, span: Span, kind: str) -> tuple[str, Attribute]:
        found = self.reader.message(span, ATTRIBUTE, f"an attribute of {kind}")
        (name,) = self._texts(found, "name")
        type_ = found.get("type", [0])[0]
        if type_ in (_INT, _INTS):
            field = "i" if type_ == _INT else "ints"
            numbers = self.reader.numbers(found.get(field, []), name, at_most=2**20)
            value: Attribute = (numbers[0] if numbers else 0) if type_ == _INT else tuple(numbers)
        elif type_ in (_FLOAT, _FLOATS):
            floats = self._floats(found, "f" if type_ == _FLOAT else "floats")
            value = (floats[0] if floats else 0.0) if type_ == _FLOAT else tuple(floats)
        elif type_ == _TEXT:
            (value,) = self._texts(found, "s")
        elif type_ == _TEXTS:
            value = tuple(map(self.reader.text, found.get("strings", [])))
        elif type_ == _TENSOR:
            value = self._tensor(found["t"][0])[1]
        else:
            raise FolderError(
                f"{self.name}: the attribute {name!r} of {kind} is of a kind that only ONNX Runtime and "
                "OpenVINO read, such as a branch: choose one of these backends"
            )
        return name, value

    def _tensor(self, span: Span) -> tuple[str, np.ndarray]:
        tensor = self.reader.message(span, TENSOR, "a tensor")
        (name,) = self._texts(tensor, "name")
        element = ELEMENTS[tensor["data_type"][0]]
        if element.name == "bfloat16":
            raise FolderError(f"{self.name}: the tensor {name!r} is bfloat16, which NumPy does not have")
        dims = self.reader.numbers(tensor.get("dims", []), name, at_most=64)
        dtype = np.dtype(element.name)
        if "raw_data" in tensor:
            (place,) = tensor["raw_data"]
            values = np.frombuffer(self.content[place.start : place.stop], dtype.newbyteorder("<"))
        elif element.field in ("float_data", "double_data"):
            parts = [self.content[place.start : place.stop] for place in tensor.get(element.field, [])]
            values = np.frombuffer(b"".join(parts), "<f4" if element.field == "float_data" else "<f8")
        else:
            numbers = self.reader.numbers(tensor.get(element.field, []), name, at_most=2**31)
            stored = np.array(numbers, np.int64)
            values = stored.astype(np.uint16).view(dtype) if element.name == "float16" else stored
        return name, values.astype(dtype).reshape(dims)

    def _floats(self, found: Mapping[str, Any], field: str) -> list[float]:
        spans = found.get(field, [])
        content = b"".join(self.content[span.start : span.stop] for span in spans)
        return list(struct.unpack(f"<{len(content) // 4}f", content))

    def _texts(self, found: Mapping[str, Any], field: str) -> tuple[str]:
        return (self.reader.text(found.get(field, [None])[0]),)
