"""Checks of an ONNX graph before an engine reads it.

Engines follow references in a graph: OpenVINO reads tensors from files below the working directory and from
addresses in memory. So a graph must hold all of its values, each tensor those of its whole shape, and use
operators of the ONNX standard only. The runtime has no `onnx` package, so this module reads the bytes.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from affekt.core.errors import FolderError
from affekt.core.graphs.wire import Field, Kind, Schema, Span, WireError, WireReader

MAX_BYTES = 2**31 - 1  # of a protobuf message
MAX_DEPTH = 8  # of nested graphs: branches and loop bodies
MAX_RANK = 64
# A loop may run for ever, and no method needs one: networks over time are unrolled, or single operators.
UNBOUNDED = ("Loop", "Scan")
DOMAINS = ("", "ai.onnx")  # two spellings of the standard; int8 graphs need no other

_EXTERNAL = "values outside of the graph (external data)"
_SPARSE = "sparse tensors, which no method needs"
_FUNCTIONS = "functions of its own, which no method needs"
_QUANTIZATION = "quantization annotations, which no method needs"
_DEVICES = "a layout over devices, which no method needs"
_TYPES = "types as attributes, which no method needs"

_NUMBERS = {"kind": Kind.NUMBER, "repeated": True}
MODEL: Schema = {
    1: Field("ir_version", Kind.NUMBER),
    2: Field("producer_name"),
    3: Field("producer_version"),
    4: Field("domain"),
    5: Field("model_version", Kind.NUMBER),
    6: Field("doc_string"),
    7: Field("graph"),
    8: Field("opset_import", repeated=True),
    14: Field("metadata_props", repeated=True),
    20: Field("training_info", refused="training information, which no method needs"),
    25: Field("functions", refused=_FUNCTIONS),
    26: Field("configuration", refused=_DEVICES),
}
OPSET: Schema = {1: Field("domain"), 2: Field("version", Kind.NUMBER)}
GRAPH: Schema = {
    1: Field("node", repeated=True),
    2: Field("name"),
    5: Field("initializer", repeated=True),
    10: Field("doc_string"),
    11: Field("input", repeated=True),
    12: Field("output", repeated=True),
    13: Field("value_info", repeated=True),
    14: Field("quantization_annotation", refused=_QUANTIZATION),
    15: Field("sparse_initializer", refused=_SPARSE),
    16: Field("metadata_props", repeated=True),
}
NODE: Schema = {
    1: Field("input", repeated=True),
    2: Field("output", repeated=True),
    3: Field("name"),
    4: Field("op_type"),
    5: Field("attribute", repeated=True),
    6: Field("doc_string"),
    7: Field("domain"),
    8: Field("overload", refused=_FUNCTIONS),
    9: Field("metadata_props", repeated=True),
    10: Field("device_configurations", refused=_DEVICES),
}
ATTRIBUTE: Schema = {
    1: Field("name"),
    2: Field("f", Kind.FLOAT),
    3: Field("i", Kind.NUMBER),
    4: Field("s"),
    5: Field("t"),
    6: Field("g"),
    7: Field("floats", Kind.FLOAT, repeated=True),
    8: Field("ints", **_NUMBERS),
    9: Field("strings", repeated=True),
    10: Field("tensors", repeated=True),
    11: Field("graphs", repeated=True),
    13: Field("doc_string"),
    14: Field("tp", refused=_TYPES),
    15: Field("type_protos", refused=_TYPES),
    20: Field("type", Kind.NUMBER),
    21: Field("ref_attr_name", refused=_FUNCTIONS),
    22: Field("sparse_tensor", refused=_SPARSE),
    23: Field("sparse_tensors", refused=_SPARSE),
}
TENSOR: Schema = {
    1: Field("dims", **_NUMBERS),
    2: Field("data_type", Kind.NUMBER),
    3: Field("segment", refused="values in segments, which no method needs"),
    4: Field("float_data", Kind.FLOAT, repeated=True),
    5: Field("int32_data", **_NUMBERS),
    6: Field("string_data", refused="text as values, which no method needs"),
    7: Field("int64_data", **_NUMBERS),
    8: Field("name"),
    9: Field("raw_data"),
    10: Field("double_data", Kind.DOUBLE, repeated=True),
    11: Field("uint64_data", **_NUMBERS),
    12: Field("doc_string"),
    13: Field("external_data", refused=_EXTERNAL),
    14: Field("data_location", Kind.NUMBER),
    16: Field("metadata_props", repeated=True),
}
_VALUE: Schema = {
    1: Field("name"),
    2: Field("type"),
    3: Field("doc_string"),
    4: Field("metadata_props", repeated=True),
}
_TYPE: Schema = {1: Field("tensor_type"), 6: Field("denotation")}
_TENSOR_TYPE: Schema = {1: Field("elem_type", Kind.NUMBER), 2: Field("shape")}
_SHAPE: Schema = {1: Field("dim", repeated=True)}
_DIM: Schema = {1: Field("dim_value", Kind.NUMBER), 2: Field("dim_param"), 3: Field("denotation")}


class _Element(NamedTuple):
    """A type of values: its name, its bytes in `raw_data`, and the field that holds it otherwise."""

    name: str
    size: int
    field: str


ELEMENTS = {
    1: _Element("float32", 4, "float_data"),
    2: _Element("uint8", 1, "int32_data"),
    3: _Element("int8", 1, "int32_data"),
    4: _Element("uint16", 2, "int32_data"),
    5: _Element("int16", 2, "int32_data"),
    6: _Element("int32", 4, "int32_data"),
    7: _Element("int64", 8, "int64_data"),
    9: _Element("bool", 1, "int32_data"),
    10: _Element("float16", 2, "int32_data"),
    11: _Element("float64", 8, "double_data"),
    12: _Element("uint32", 4, "uint64_data"),
    13: _Element("uint64", 8, "uint64_data"),
    16: _Element("bfloat16", 2, "int32_data"),
}
_STORES = ("raw_data", "float_data", "int32_data", "int64_data", "double_data", "uint64_data")


class Origin(NamedTuple):
    """Who wrote a graph.

    Attributes:
        ir_versions: Versions of the format that are accepted.
        opsets: Versions of the ONNX standard's operators that are accepted.
        is_exact: Weights are no inputs, and no operator set is stated beside that of the standard. Other
            exporters list weights as inputs, and state sets which no node uses.
    """

    ir_versions: range
    opsets: range
    is_exact: bool


OURS = Origin(range(4, 14), range(13, 27), is_exact=True)  # from IR version 4 on, initializers are not inputs
OTHERS = Origin(range(3, 14), range(7, 27), is_exact=False)


class Port(NamedTuple):
    """An input or output of a graph.

    Attributes:
        dims: Size of each axis; None for any size.
    """

    dtype: str
    dims: tuple[int | None, ...]

    def __str__(self) -> str:
        return f"{self.dtype} ({', '.join('any' if n is None else str(n) for n in self.dims)})"


class Ports(NamedTuple):
    """Inputs and outputs of a graph by name, in order."""

    inputs: dict[str, Port]
    outputs: dict[str, Port]


def check_graph(graph: bytes, name: str = "the graph", *, origin: Origin = OURS) -> Ports:
    """Check a graph before an engine reads it, and return its inputs and outputs.

    Reads the structure only; the values of tensors are neither copied nor inspected.

    Args:
        name: Name of the graph in errors.
        origin: Graphs that affekt did not write may be older and state more.

    Raises:
        FolderError: The bytes are not an ONNX graph, refer to something outside of it, or hold something that
            no network of affekt needs.
    """
    if len(graph) > MAX_BYTES:
        raise FolderError(f"{name} cannot be loaded: it has {len(graph)} bytes, at most {MAX_BYTES}")
    try:
        return _Checker(graph, origin).model()
    except WireError as error:
        raise FolderError(f"{name} cannot be loaded: {error}; export the network again") from None


class _Checker:
    """One pass over a file."""

    def __init__(self, graph: bytes, origin: Origin) -> None:
        self.graph, self.origin = graph, origin
        self.reader = WireReader(graph)

    def model(self) -> Ports:
        # OpenVINO guesses the format of a file; every engine reads one that begins like this as ONNX.
        if self.graph[:1] != b"\x08" or self.graph[4:8] == b"TFL3":
            raise WireError("it does not begin like an ONNX graph")
        model = self.reader.message(Span(0, len(self.graph)), MODEL, "the model")
        version = model["ir_version"][0]
        if version not in self.origin.ir_versions:
            raise WireError(f"its IR version is {version}; {_range(self.origin.ir_versions)} are known")
        self._opsets(model.get("opset_import", []))
        if "graph" not in model:
            raise WireError("the model has no graph")
        return self._graph(model["graph"][0], "the graph", depth=1)

    def _opsets(self, spans: list[Span]) -> None:
        """Check that there is exactly one operator set of the standard, of a known version."""
        versions: list[int] = []
        for span in spans:
            opset = self.reader.message(span, OPSET, "an operator set")
            domain = self.reader.text(opset.get("domain", [None])[0])
            if domain in DOMAINS:
                versions.append(opset.get("version", [0])[0])
            elif self.origin.is_exact:
                raise WireError(
                    f"it needs operators of {domain!r}; only those of the ONNX standard are known"
                )
        if len(versions) != 1:
            raise WireError(f"it states {len(versions)} operator sets of the ONNX standard, not one")
        if versions[0] not in self.origin.opsets:
            raise WireError(f"its operator set is {versions[0]}; {_range(self.origin.opsets)} are known")

    def _graph(self, span: Span, what: str, *, depth: int) -> Ports:
        if depth > MAX_DEPTH:
            raise WireError(f"graphs are nested more than {MAX_DEPTH} deep")
        graph = self.reader.message(span, GRAPH, what)
        for node in graph.get("node", []):
            self._node(node, depth)
        names = [self._tensor(tensor) for tensor in graph.get("initializer", [])]
        if len(set(names)) != len(names):
            raise WireError(f"{what} has two initializers of one name")
        if depth > 1:  # inputs and outputs of a branch concern its node only
            return Ports({}, {})
        ports = Ports(self._ports(graph, "input"), self._ports(graph, "output"))
        both = set(names) & set(ports.inputs)
        if both and self.origin.is_exact:
            raise WireError(f"{min(both)!r} is an input and an initializer")
        return Ports({name: port for name, port in ports.inputs.items() if name not in both}, ports.outputs)

    def _node(self, span: Span, depth: int) -> None:
        node = self.reader.message(span, NODE, "a node")
        kind = self.reader.text(node.get("op_type", [None])[0])
        domain = self.reader.text(node.get("domain", [None])[0])
        if domain not in DOMAINS:
            raise WireError(f"it uses {kind!r} of {domain!r}; only the ONNX standard's operators are known")
        for attribute in node.get("attribute", []):
            found = self.reader.message(attribute, ATTRIBUTE, f"an attribute of {kind}")
            for tensor in (*found.get("t", ()), *found.get("tensors", ())):
                self._tensor(tensor)
            for graph in (*found.get("g", ()), *found.get("graphs", ())):
                self._graph(graph, f"a graph inside of {kind}", depth=depth + 1)
        if kind in UNBOUNDED:
            raise WireError(f"it uses {kind}, which no method needs and which may compute for ever")

    def _tensor(self, span: Span) -> str:
        """Check that a tensor holds the values of its whole shape, and return its name."""
        tensor = self.reader.message(span, TENSOR, "a tensor")
        name = self.reader.text(tensor.get("name", [None])[0])
        if tensor.get("data_location", [0]) != [0]:
            raise WireError(f"the tensor {name!r} has {_EXTERNAL}")
        element = _element(tensor.get("data_type", [0])[0], f"the tensor {name!r}")
        dims = self.reader.numbers(tensor.get("dims", []), f"the shape of {name!r}", at_most=MAX_RANK)
        if min(dims, default=0) < 0:
            raise WireError(f"the tensor {name!r} has the shape {tuple(dims)}")
        stores = [store for store in _STORES if store in tensor]
        if not set(stores) <= {"raw_data", element.field} or len(stores) > 1:
            raise WireError(f"the tensor {name!r} of {element.name} holds {' and '.join(stores)}")
        wanted, held = math.prod(dims), self._held(tensor, element)
        if held != wanted:
            raise WireError(
                f"the tensor {name!r} has shape {tuple(dims)}, which needs {wanted} values; it holds {held}"
            )
        return name

    def _held(self, tensor: dict[str, list], element: _Element) -> int:
        """Number of values that a tensor holds."""
        sizes = {"raw_data": element.size, "float_data": 4, "double_data": 8}
        store = "raw_data" if "raw_data" in tensor else element.field
        values = tensor.get(store, [])
        if store not in sizes:
            return self.reader.count_numbers(values)
        held, rest = divmod(sum(span.size for span in values), sizes[store])
        if rest:
            raise WireError(f"{store} of a tensor of {element.name} ends within a value")
        return held

    def _ports(self, graph: dict[str, list], side: str) -> dict[str, Port]:
        ports: dict[str, Port] = {}
        for span in graph.get(side, []):
            value = self.reader.message(span, _VALUE, f"an {side}")
            name = self.reader.text(value.get("name", [None])[0])
            if name in ports:
                raise WireError(f"it has two {side}s named {name!r}")
            ports[name] = self._port(value.get("type", [None])[0], f"the {side} {name!r}")
        return ports

    def _port(self, span: Span | None, what: str) -> Port:
        kind = self.reader.message(span, _TYPE, what) if span else {}
        if "tensor_type" not in kind:
            raise WireError(f"{what} is not a tensor")
        tensor = self.reader.message(kind["tensor_type"][0], _TENSOR_TYPE, what)
        dtype = _element(tensor.get("elem_type", [0])[0], what).name
        if "shape" not in tensor:
            raise WireError(f"{what} states no shape")
        shape = self.reader.message(tensor["shape"][0], _SHAPE, what)
        return Port(dtype, tuple(self._dim(dim, what) for dim in shape.get("dim", [])))

    def _dim(self, span: Span, what: str) -> int | None:
        dim = self.reader.message(span, _DIM, what)
        if "dim_value" not in dim:
            return None
        if "dim_param" in dim:
            raise WireError(f"{what} states a size twice")
        size = dim["dim_value"][0]
        if size >= 2**31:
            raise WireError(f"{what} states a size of {size}")
        return size


def _element(number: int, what: str) -> _Element:
    if number not in ELEMENTS:
        raise WireError(f"{what} holds values of type {number}, which no method needs")
    return ELEMENTS[number]


def _range(known: range) -> str:
    return f"{known.start} to {known.stop - 1}"
