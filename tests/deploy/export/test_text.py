"""Text encoders as graphs: small, in any engine, and in 8 bits behind a gate of scores."""

import json
from collections import Counter

import numpy as np
import onnx
import pytest
import torch
from typer.testing import CliRunner

import affekt
from affekt.cli.main import app
from affekt.core import catalog
from affekt.core.errors import ExportError
from affekt.core.files.sealed import read_sealed
from affekt.core.graphs.check import check_graph
from affekt.core.sample import Sample
from affekt.deploy.backends.network import graph_network
from affekt.deploy.export import quantize
from affekt.deploy.export.export import export
from affekt.deploy.export.graphs import Graphs, make_graph
from affekt.deploy.export.tokens import with_token_products_in_8_bits
from affekt.deploy.runtime.bundle import GRAPH_FILE
from affekt.engine.runs.run import open_run

pytestmark = pytest.mark.xdist_group("words")

VOCABULARY, POSITIONS = 200, 128
ARCHITECTURE = {
    "model_type": "bert",
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": POSITIONS,
}
LENGTHS = {
    "one token": [1],
    "one line": [17],
    "the longest": [POSITIONS],
    "32 of all lengths": range(4, 128, 4),
}
# Of a logit; scores by prototypes are spread by 1 / 0.05, so bf16, which has 8 digits, differs by some 0.1.
BOUNDS = {("onnxruntime", "f32"): 1e-3, ("openvino", "f32"): 1e-3, ("openvino", "bf16"): 0.5}


def network_of(mode):
    """A network with random weights and prototypes, and its input spec."""
    method = catalog.method("spcl")
    encoder = {"source": "", "mode": mode, "architecture": ARCHITECTURE, "pooling": "own"}
    config = method.make_config({"num_classes": 3, "encoders": {"T": encoder}})
    torch.manual_seed(0)
    model = method.load("model")(config)
    for value in model.parameters():
        torch.nn.init.normal_(value, std=0.2)
    model.prototypes.normal_()
    model.has_prototype.fill_(True)
    return model.eval(), method.load("preprocess")(config).spec


def batch_of(lengths):
    rng = np.random.default_rng(0)
    text = np.zeros((len(lengths), max(lengths)), np.int64)
    own = np.zeros(text.shape, np.float32)
    for row, length in enumerate(lengths):
        text[row, :length] = rng.integers(5, VOCABULARY, length)
        own[row, length // 2 : length] = 1
    return {"text": text, "own": own}


def answer_of(model, batch):
    with torch.inference_mode():
        return model(**{name: torch.from_numpy(value) for name, value in batch.items()}).logits.numpy()


@pytest.fixture(scope="module")
def plain():
    """A network whose encoder is tuned, and its graph."""
    model, spec = network_of("trainable")
    return model, make_graph(model.for_export(), spec)


@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
@pytest.mark.parametrize(("backend", "precision"), BOUNDS)
def test_every_engine_answers_like_pytorch(plain, lengths, backend, precision):
    model, graph = plain
    batch = batch_of(list(lengths))
    found = graph_network(graph, backend=backend, precision=precision)(batch)
    assert np.abs(found - answer_of(model, batch)).max() < BOUNDS[backend, precision]


def test_the_graph_holds_neither_copies_of_keys_nor_types_of_weights(plain):
    kinds = Counter(node.op_type for node in onnx.load_from_string(plain[1]).graph.node)
    assert "IsNaN" not in kinds  # the guard of the fused attention
    assert kinds["Transpose"] == 4 * ARCHITECTURE["num_hidden_layers"]  # queries, keys, values, and back
    graph = onnx.load_from_string(plain[1]).graph
    assert not {value.name for value in graph.value_info} & {tensor.name for tensor in graph.initializer}


def test_onnx_runtime_computes_gelu_in_one_pass(plain, tmp_path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    options.log_severity_level = 4
    onnxruntime.InferenceSession(plain[1], options, providers=["CPUExecutionProvider"])
    kinds = Counter(node.op_type for node in onnx.load(tmp_path / "optimized.onnx").graph.node)
    assert kinds["BiasGelu"] + kinds["Gelu"] == ARCHITECTURE["num_hidden_layers"] and not kinds["Erf"]


def test_a_graph_is_made_of_a_copy_whose_layers_hold_the_adapters():
    model, _ = network_of("lora")
    copy, batch = model.for_export(), batch_of([3, 9])
    assert any("lora" in name for name, _ in model.named_parameters())
    assert not any("lora" in name for name, _ in copy.named_parameters())
    np.testing.assert_allclose(answer_of(copy, batch), answer_of(model, batch), atol=1e-3)


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_in_8_bits_the_answer_to_a_line_does_not_depend_on_the_lines_beside_it(plain, backend):
    small = with_token_products_in_8_bits(plain[1])
    network = graph_network(small, backend=backend)
    batch = batch_of([3, 60, 17, 128])
    together = network(batch)
    assert 0 < np.abs(together - answer_of(plain[0], batch)).max() < 1.0
    for row, length in enumerate([3, 60, 17, 128]):
        alone = network({name: value[row : row + 1, :length] for name, value in batch.items()})
        np.testing.assert_allclose(alone[0], together[row], atol=2e-3)


def test_products_of_tokens_and_the_table_are_in_8_bits_and_the_rest_is_not(plain):
    small = with_token_products_in_8_bits(plain[1])
    assert check_graph(small) == check_graph(plain[1])
    graph = onnx.load_from_string(small).graph
    held = {tensor.name: tensor for tensor in graph.initializer}
    kinds = Counter(node.op_type for node in graph.node)
    assert kinds["MatMulInteger"] == 6 * ARCHITECTURE["num_hidden_layers"]
    assert kinds["QuantizeLinear"] == 4 * ARCHITECTURE["num_hidden_layers"]  # queries, keys, values share one
    large = [tensor for tensor in held.values() if np.prod(tensor.dims) >= 32 * 32]
    in_floats = [tensor for tensor in large if tensor.data_type == onnx.TensorProto.FLOAT]
    assert [tuple(tensor.dims) for tensor in in_floats] == [(POSITIONS, 32)]  # of positions


@pytest.fixture(scope="module")
def int8_bundle(line_run, talks, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quantize, "ALLOWED_DROP", 1.0)  # a tiny network may lose a point by chance
        folder = tmp_path_factory.mktemp("int8")
        return export(line_run, folder / "small.affekt", int8=True, data_root=talks).bundle


def test_the_gate_of_a_text_network_scores_both_engines(int8_bundle):
    document = read_sealed(int8_bundle, kind="bundle").document
    assert document["precision"] == "int8 (token products, embeddings)"
    gate = document["gate"]["int8"]
    assert gate["engines"] == ["onnxruntime", "openvino"] and gate["samples"] == 24
    assert set(gate["before"]) == set(gate["after"])
    assert "calibration_views" not in gate  # ranges are those of each token


def test_a_small_text_bundle_answers_near_the_whole_one(int8_bundle, line_bundle):
    one, other = affekt.load(int8_bundle, backend="onnxruntime"), affekt.load(line_bundle)
    assert one.backend == "onnxruntime f32, int8 (token products, embeddings)"
    said = Sample("said", {"text": "lovely sun"})
    assert one(said).scores == pytest.approx(dict(other(said).scores), abs=0.1)
    small, whole = (read_sealed(path, kind="bundle").read(GRAPH_FILE) for path in (int8_bundle, line_bundle))
    assert small != whole


def test_a_text_score_that_falls_is_refused(line_run, line_bundle, talks, monkeypatch):
    monkeypatch.setattr(quantize, "ALLOWED_DROP", -2.0)
    graph = read_sealed(line_bundle, kind="bundle").read(GRAPH_FILE)
    with pytest.raises(ExportError, match=r"in int8 .* falls from .* on 24 validation samples"):
        quantize.quantize(Graphs(graph), open_run(line_run), affekt.load(line_run), talks)


def test_card_and_evaluation_of_a_bundle_state_what_answers(line_bundle, talks, tmp_path):
    assert read_sealed(line_bundle, kind="bundle").document["postprocessing"]["decision"] == "prototype"
    card = CliRunner().invoke(app, ["card", str(line_bundle), "--json"])
    assert json.loads(card.stdout)["decision"] == "prototype"
    command = ["evaluate", line_bundle, "--data-root", talks, "--split", "validation", "--output", tmp_path]
    done = CliRunner().invoke(app, [*map(str, command), "--json"])
    assert json.loads(done.stdout)["decision"] == "prototype"
