"""Graphs as data: nodes and arrays, and their file, which holds no code and no pickle.

The file is a safetensors file. Its arrays are the graph's values; its metadata has `format`, `version` and
`graph`, a JSON document of inputs, outputs and nodes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

FORMAT, VERSION = "affekt-graph", 1
_VALUE = "value"  # key of an attribute that is an array of the file
_INNER = "@{}.{}"  # name of such an array, by node and attribute

Attribute = int | float | str | tuple[Any, ...] | np.ndarray


class GraphFileError(ValueError):
    """The bytes are not the file of a graph."""


@dataclass(frozen=True)
class Port:
    """An input: its type of values, and the size of each axis; None for any size."""

    dtype: str
    dims: tuple[int | None, ...]


@dataclass(frozen=True)
class Node:
    """One operation.

    Attributes:
        kind: The operator, as ONNX names it.
        inputs: Names of values; an empty name is an optional input that is not given.
    """

    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute]


@dataclass(frozen=True)
class Graph:
    """A graph of ONNX operators, its nodes in an order in which they can be computed.

    Attributes:
        tensors: Parameters and constants by name.
        opset: Version of the operators.
    """

    nodes: tuple[Node, ...]
    tensors: Mapping[str, np.ndarray]
    inputs: Mapping[str, Port]
    outputs: tuple[str, ...]
    opset: int

    def check(self) -> None:
        """Check that each value is made before it is used.

        Raises:
            GraphFileError: Naming the first node or output that uses an unknown value.
        """
        known = {"", *self.tensors, *self.inputs}
        for node in self.nodes:
            for name in node.inputs:
                if name not in known:
                    raise GraphFileError(f"{node.kind} {node.name!r} reads {name!r}, which nothing makes")
            known.update(node.outputs)
        for name in self.outputs:
            if name not in known:
                raise GraphFileError(f"nothing makes the output {name!r}")


def write_graph(graph: Graph) -> bytes:
    """The file of a graph."""
    from safetensors.numpy import save

    arrays, nodes = dict(graph.tensors), []
    for place, node in enumerate(graph.nodes):
        attributes: dict[str, Any] = {}
        for key, value in node.attributes.items():
            if isinstance(value, np.ndarray):
                arrays[_INNER.format(place, key)] = value
                attributes[key] = {_VALUE: _INNER.format(place, key)}
            else:
                attributes[key] = value
        nodes.append([node.kind, node.name, node.inputs, node.outputs, attributes])
    document = {
        "opset": graph.opset,
        "inputs": {name: [port.dtype, port.dims] for name, port in graph.inputs.items()},
        "outputs": graph.outputs,
        "nodes": nodes,
    }
    metadata = {"format": FORMAT, "version": str(VERSION), "graph": json.dumps(document)}
    return save({name: np.ascontiguousarray(a).reshape(a.shape) for name, a in arrays.items()}, metadata)


def read_graph_file(content: bytes) -> Graph:
    """The graph in a file.

    Raises:
        GraphFileError: It is not such a file, is of a newer version, or is not a graph that can be computed.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays, metadata = load(content), metadata_of(content)
    except (SafetensorError, ValueError, TypeError, AttributeError) as error:
        raise GraphFileError(f"it is not a safetensors file: {error}") from None
    if metadata.get("format") != FORMAT:
        raise GraphFileError(f"its format is {metadata.get('format')!r}, not {FORMAT!r}")
    if metadata.get("version") != str(VERSION):
        raise GraphFileError(f"its version is {metadata.get('version')!r}; {VERSION} is known")
    try:
        graph = _graph(json.loads(metadata["graph"]), arrays)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise GraphFileError(f"its graph cannot be read ({type(error).__name__}: {error})") from None
    graph.check()
    return graph


def metadata_of(content: bytes) -> dict[str, str]:
    """The metadata of a safetensors file, which its library reads from paths only.

    Raises:
        ValueError: It is cut off, or its header is not JSON.
    """
    size = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + size]).get("__metadata__", {})


def _graph(document: Mapping[str, Any], arrays: dict[str, np.ndarray]) -> Graph:
    nodes = tuple(
        Node(
            _name(kind),
            str(name),
            tuple(map(str, inputs)),
            tuple(map(str, outputs)),
            {key: _attribute(value, arrays) for key, value in attributes.items()},
        )
        for kind, name, inputs, outputs, attributes in document["nodes"]
    )
    inputs = {
        name: Port(np.dtype(kind).name, tuple(dims)) for name, (kind, dims) in document["inputs"].items()
    }
    return Graph(nodes, arrays, inputs, tuple(map(str, document["outputs"])), int(document["opset"]))


def _name(kind: Any) -> str:
    if not isinstance(kind, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", kind):
        raise ValueError(f"{kind!r} is not the name of an operator")
    return kind


def _attribute(value: Any, arrays: dict[str, np.ndarray]) -> Attribute:
    if isinstance(value, dict):
        return arrays.pop(value[_VALUE])
    return tuple(value) if isinstance(value, list) else value
