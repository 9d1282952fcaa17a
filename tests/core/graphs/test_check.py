"""Graphs that refer to something outside of them, or contradict themselves, reach no engine."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from affekt.core.errors import FolderError
from affekt.core.graphs.check import OTHERS, Port, check_graph
from affekt.deploy.backends.network import graph_network
from affekt.starters.find import FOLDER as STARTERS

GRAPH_FILE = STARTERS / "compact_face" / "model.onnx"
INT, BLOCK = 0, 2


def tensor(name="k", values=(1.0, 2.0)):
    return numpy_helper.from_array(np.array(values, np.float32), name)


def external(name="k", location="secret.bin"):
    made = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[2])
    made.data_location = TensorProto.EXTERNAL
    entry = made.external_data.add()
    entry.key, entry.value = "location", location
    return made


def value(name, *dims):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)


def model(nodes=None, *, initializers=None, opsets=(("", 18),), **more):
    """logits = x + k, or other nodes."""
    nodes = [helper.make_node("Add", ["x", "k"], ["logits"])] if nodes is None else nodes
    initializers = [tensor()] if initializers is None else initializers
    graph = helper.make_graph(
        nodes, "g", [value("x", "b", 2)], [value("logits", "b", 2)], initializers, **more
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid(*one) for one in opsets])
    made.ir_version = 8
    return made


def branch(nodes=(), initializers=()):
    out = helper.make_node("Identity", ["k"], ["inner"])
    return helper.make_graph([*nodes, out], "inner", [], [value("inner", 2)], list(initializers))


def with_branch(kind, body):
    """A model with a graph inside of a node."""
    names = {"If": ("then_branch",), "Loop": ("body",), "Scan": ("body",)}[kind]
    node = helper.make_node(kind, ["x"], ["logits"], **dict.fromkeys(names, body))
    return model([node])


def number(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def field(place, content):
    """A field as protobuf writes it."""
    if isinstance(content, int):
        return number(place << 3 | INT) + number(content)
    return number(place << 3 | BLOCK) + number(len(content)) + content


def test_ports_are_those_that_onnx_reads():
    for content in (GRAPH_FILE.read_bytes(), model().SerializeToString()):
        ports, graph = check_graph(content), onnx.load_from_string(content).graph
        for found, stated in ((ports.inputs, graph.input), (ports.outputs, graph.output)):
            assert list(found) == [one.name for one in stated]
            for one in stated:
                dims = tuple(
                    dim.dim_value if dim.HasField("dim_value") else None
                    for dim in one.type.tensor_type.shape.dim
                )
                assert found[one.name] == Port("float32", dims)


EXTERNAL = {
    "an initializer": lambda: model(initializers=[external()]),
    "a place in memory": lambda: model(initializers=[external(location="*/_ORT_MEM_ADDR_/*")]),
    "a constant": lambda: model([helper.make_node("Constant", [], ["logits"], value=external())]),
    "one of an attribute's tensors": lambda: model(
        [helper.make_node("Add", ["x", "k"], ["logits"], more=[tensor(), external()])]
    ),
    "a branch": lambda: with_branch("If", branch(initializers=[external()])),
    "a loop": lambda: with_branch("Loop", branch(initializers=[external()])),
    "a scan's constant": lambda: with_branch(
        "Scan", branch([helper.make_node("Constant", [], ["c"], value=external())])
    ),
}


@pytest.mark.parametrize("place", EXTERNAL)
@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_external_data_reaches_no_engine(place, backend):
    with pytest.raises(FolderError, match="values outside of the graph"):
        graph_network(EXTERNAL[place]().SerializeToString(), backend=backend)


def test_external_data_is_refused_by_either_of_its_two_fields():
    place_alone, data_alone = external(), external()
    place_alone.ClearField("external_data")
    data_alone.ClearField("data_location")
    for one in (place_alone, data_alone):
        with pytest.raises(FolderError, match="values outside of the graph"):
            check_graph(model(initializers=[one]).SerializeToString())


def test_a_location_that_is_external_only_in_32_bits_is_refused():
    raw = tensor().SerializeToString() + field(14, 2**32 + 1)
    plain = model(initializers=[])
    plain.graph.initializer.append(TensorProto.FromString(raw))
    graph = field(5, raw) + plain.graph.SerializeToString()
    content = field(1, 8) + field(7, graph) + field(8, helper.make_opsetid("", 18).SerializeToString())
    with pytest.raises(FolderError, match="values outside of the graph"):
        check_graph(content)


def sparse():
    kept = helper.make_sparse_tensor(tensor(), numpy_helper.from_array(np.array([0, 1]), "places"), [4])
    return model(sparse_initializer=[kept])


def functions():
    made = model(opsets=(("", 18),))
    made.functions.append(helper.make_function("own", "f", ["a"], ["b"], [], [helper.make_opsetid("", 18)]))
    return made


def renamed(name):
    made = model()
    made.graph.input.append(value(name, 2))
    return made


REFUSED = {
    "another domain's operator": (
        lambda: model([helper.make_node("Add", ["x", "k"], ["logits"], domain="com.microsoft")]),
        "com.microsoft",
    ),
    "another domain's operator in a branch": (
        lambda: with_branch("If", branch([helper.make_node("f", [], ["c"], domain="own")])),
        "'f' of 'own'",
    ),
    "another domain's operator set": (lambda: model(opsets=(("", 18), ("own", 1))), "'own'"),
    "two operator sets": (lambda: model(opsets=(("", 18), ("ai.onnx", 17))), "2 operator sets"),
    "no operator set": (lambda: model(opsets=()), "0 operator sets"),
    "an unknown operator set": (lambda: model(opsets=(("", 999),)), "operator set is 999"),
    "functions": (functions, "functions of its own"),
    "sparse tensors": (sparse, "sparse"),
    "two initializers of one name": (lambda: model(initializers=[tensor(), tensor()]), "two initializers"),
    "an initializer that is an input": (lambda: renamed("k"), "an input and an initializer"),
    "two inputs of one name": (lambda: renamed("x"), "two inputs"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_content_that_no_export_writes_is_refused(kind):
    make, reason = REFUSED[kind]
    with pytest.raises(FolderError, match=reason):
        check_graph(make().SerializeToString())


def test_graphs_of_other_exporters_may_be_older_and_state_more_but_not_use_it():
    older = model(opsets=(("", 9), ("ai.onnx.ml", 1)))
    older.ir_version = 3
    older.graph.input.append(value("k", 2))
    content = older.SerializeToString()
    assert list(check_graph(content, origin=OTHERS).inputs) == ["x"]
    with pytest.raises(FolderError, match="IR version is 3"):
        check_graph(content)
    for kind in ("another domain's operator", "two operator sets", "functions", "sparse tensors"):
        make, reason = REFUSED[kind]
        with pytest.raises(FolderError, match=reason):
            check_graph(make().SerializeToString(), origin=OTHERS)


def test_a_tensor_must_hold_as_many_values_as_its_shape_has():
    for dims in ([1000], [-1], [-1, -2], [2, 2**62, 4]):
        one = tensor()
        del one.dims[:]
        one.dims.extend(dims)
        with pytest.raises(FolderError, match="shape"):
            check_graph(model(initializers=[one]).SerializeToString())
    ragged = tensor()
    ragged.raw_data = ragged.raw_data[:-1]
    with pytest.raises(FolderError, match="within a value"):
        check_graph(model(initializers=[ragged]).SerializeToString())


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "uint8", "int32", "int64", "uint64", "bool"])
@pytest.mark.parametrize("raw", [True, False])
def test_values_of_any_usual_type_are_counted(dtype, raw):
    values = np.array([0, 1, 100, 1], dtype)
    kind = helper.np_dtype_to_tensor_dtype(values.dtype)
    held = values.tobytes() if raw else values.tolist()
    one = helper.make_tensor("v", kind, [2, 2], held, raw=raw)
    check_graph(model(initializers=[tensor(), one]).SerializeToString())
    one.dims[0] = 3
    with pytest.raises(FolderError, match="needs 6 values; it holds 4"):
        check_graph(model(initializers=[tensor(), one]).SerializeToString())


def test_deeply_nested_graphs_are_refused():
    body = branch()
    for _ in range(20):
        body = branch([helper.make_node("If", ["x"], ["c"], then_branch=body)])
    with pytest.raises(FolderError, match="deep"):
        check_graph(model([helper.make_node("If", ["x"], ["logits"], then_branch=body)]).SerializeToString())


PLAIN = model().SerializeToString()
GRAPH = model().graph.SerializeToString()
BYTES = {
    # Protobuf merges a second graph into the first, so a reader of one of them reads half.
    "a second graph": (PLAIN + field(7, GRAPH), "has graph twice"),
    "a second version": (PLAIN + field(1, 8), "has ir_version twice"),
    "an unknown field": (PLAIN + field(99, 1), "unknown field 99"),
    "field 0": (PLAIN + b"\x00", "unknown field 0"),
    "a group": (PLAIN + bytes([2 << 3 | 3, 2 << 3 | 4]), "written as group"),
    "a number as text": (PLAIN + field(5, b"1"), "model_version of the model is written as length"),
    "a long form of a number": (PLAIN + bytes([5 << 3, 0x81, 0x00]), "shortest form"),
    "a number of 70 bits": (PLAIN + bytes([5 << 3]) + b"\xff" * 10 + b"\x01", "more than 64 bits"),
    "a number above 64 bits": (PLAIN + bytes([5 << 3]) + b"\xff" * 9 + b"\x7f", "shortest form"),
    "a length beyond the end": (PLAIN + b"\x32\xff\xff\xff\xff\x0f", "ends beyond it"),
    "a length of 2^63": (PLAIN + b"\x32" + number(2**63), "ends beyond it"),
    "another beginning": (field(2, b"x") + PLAIN, "does not begin like an ONNX graph"),
    "nothing": (b"", "does not begin like an ONNX graph"),
    "no graph": (field(1, 8) + field(8, helper.make_opsetid("", 18).SerializeToString()), "has no graph"),
}


@pytest.mark.parametrize("kind", BYTES)
def test_bytes_that_readers_could_read_differently_are_refused(kind):
    content, reason = BYTES[kind]
    with pytest.raises(FolderError, match=reason):
        check_graph(content)


def test_numbers_may_be_packed_or_not():
    """Writers of protobuf do both: here none, all and some of the numbers of `dims` are packed."""
    kind, raw = field(2, TensorProto.FLOAT), field(9, np.zeros(6, np.float32).tobytes())
    for dims in (field(1, 2) + field(1, 3), field(1, bytes([2, 3])), field(1, 2) + field(1, bytes([3]))):
        graph = field(5, dims + kind + raw) + GRAPH
        content = field(1, 8) + field(7, graph) + field(8, helper.make_opsetid("", 18).SerializeToString())
        assert list(check_graph(content).outputs) == ["logits"]
        assert list(onnx.load_from_string(content).graph.initializer[0].dims) == [2, 3]


def test_every_truncated_graph_is_refused():
    for stop in range(len(PLAIN)):
        with pytest.raises(FolderError):
            check_graph(PLAIN[:stop])


def test_a_changed_byte_is_refused_or_read_as_onnx_reads_it():
    accepted = 0
    for place in range(len(PLAIN)):
        for flip in (0x01, 0x08, 0x80):
            changed = bytearray(PLAIN)
            changed[place] ^= flip
            try:
                ports = check_graph(bytes(changed))
            except FolderError:
                continue
            accepted += 1
            read = onnx.load_from_string(bytes(changed))
            assert list(ports.inputs) == [one.name for one in read.graph.input]
            assert not any(one.data_location or one.external_data for one in read.graph.initializer)
            assert {node.domain for node in read.graph.node} <= {"", "ai.onnx"}
    assert accepted  # a changed value or name is still a graph


@pytest.mark.parametrize("kind", ["Loop", "Scan"])
@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_a_graph_that_may_compute_for_ever_reaches_no_engine(kind, backend):
    with pytest.raises(FolderError, match=f"it uses {kind}, which no method needs"):
        graph_network(with_branch(kind, branch()).SerializeToString(), backend=backend)
