"""Two engines compute one graph."""

import importlib.util
import os
import subprocess
import sys
from typing import NamedTuple

import numpy as np
import pytest
import torch

import affekt
from affekt.core.errors import FolderError, MissingExtra, UsageError
from affekt.core.files.sealed import read_sealed
from affekt.core.spec import InputSpec, TensorSpec
from affekt.deploy.backends import network as backends
from affekt.deploy.backends.network import graph_network
from affekt.deploy.export.graphs import make_graph
from affekt.deploy.runtime.bundle import GRAPH_FILE

pytestmark = pytest.mark.xdist_group("faces")


@pytest.fixture(scope="module")
def graph(face_bundle):
    return read_sealed(face_bundle, kind="bundle").read(GRAPH_FILE)


@pytest.fixture(scope="module")
def batch():
    return {"image": np.random.default_rng(0).standard_normal((3, 1, 24, 24)).astype(np.float32)}


@pytest.fixture
def without_openvino(monkeypatch):
    """As where it is not installed."""
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(backends, "find_spec", lambda name: None if name == "openvino" else find_spec(name))
    monkeypatch.setitem(sys.modules, "openvino", None)


def test_openvino_in_f32_agrees_with_onnxruntime(graph, batch):
    one, other = (graph_network(graph, backend=name) for name in ("onnxruntime", "openvino"))
    np.testing.assert_allclose(one(batch), other(batch), atol=1e-4)
    assert (one.name, other.name) == ("onnxruntime f32", "openvino f32")


class Halved(NamedTuple):
    logits: torch.Tensor


class ReadsOneOfTwo(torch.nn.Module):
    """A network that takes an input which no answer depends on, as an encoder with mean pooling does."""

    def forward(self, *, vector, own) -> Halved:
        return Halved(vector / 2)


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_an_input_that_no_answer_depends_on_may_be_given(backend):
    spec = InputSpec(
        inputs=(
            TensorSpec(name="vector", axes="b d", shape=(4,)),
            TensorSpec(name="own", axes="b l", shape=(None,)),
        )
    )
    network = graph_network(make_graph(ReadsOneOfTwo(), spec), backend=backend)
    for rows in (1, 3):
        given = {"vector": np.ones((rows, 4), np.float32), "own": np.ones((rows, 2 * rows), np.float32)}
        np.testing.assert_allclose(network(given), np.full((rows, 4), 0.5))


def test_an_answer_is_not_overwritten_by_the_next_one(graph, batch):
    network = graph_network(graph, backend="openvino")
    first = network(batch)
    before = first.copy()
    network({"image": batch["image"] * 3})
    np.testing.assert_array_equal(first, before)


def test_bf16_differs_by_little(graph, batch):
    try:
        reduced = graph_network(graph, backend="openvino", precision="bf16")
    except UsageError as error:
        pytest.skip(str(error))
    plain = graph_network(graph)(batch)
    difference = np.abs(reduced(batch) - plain).max()
    assert 0 < difference < 0.05 * np.abs(plain).max() + 0.05


def test_bf16_is_refused_where_nothing_computes_in_it(graph):
    with pytest.raises(UsageError, match="onnxruntime does not compute in bf16"):
        graph_network(graph, backend="onnxruntime", precision="bf16")


def test_auto_keeps_the_faster_one(graph, batch, monkeypatch):
    real = {"open_onnxruntime": backends.open_onnxruntime, "open_openvino": backends.open_openvino}

    def slow(make):
        def made(*arguments):
            compute = make(*arguments)

            def slowly(given):
                backends.time.sleep(0.02)
                return compute(given)

            return slowly

        return made

    for slower, kept in (("open_onnxruntime", "openvino f32"), ("open_openvino", "onnxruntime f32")):
        with monkeypatch.context() as patch:
            patch.setattr(backends, slower, slow(real[slower]))
            assert graph_network(graph, backend="auto").name == kept


def test_auto_does_not_try_for_a_few_inputs(graph, monkeypatch):
    monkeypatch.setattr(backends, "open_openvino", lambda *_: pytest.fail("OpenVINO was tried"))
    assert graph_network(graph, backend="auto", expected=1).name == "onnxruntime f32"


def test_auto_works_without_openvino_and_openvino_itself_reports_what_to_install(graph, without_openvino):
    assert graph_network(graph, backend="auto").name == "onnxruntime f32"
    with pytest.raises(MissingExtra, match=r"affekt\[openvino\]"):
        graph_network(graph, backend="openvino")


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_bytes_that_are_not_a_graph_are_one_clear_error(backend):
    with pytest.raises(FolderError, match="load"):
        graph_network(b"not a graph", backend=backend)


def test_a_run_is_computed_by_pytorch_alone(face_run):
    with pytest.raises(UsageError, match="affekt export"):
        affekt.load(face_run, backend="openvino")
    assert affekt.load(face_run).backend == "pytorch f32"


def test_a_network_of_openvino_may_be_released_in_any_thread_and_signals_still_arrive(graph, tmp_path):
    (tmp_path / "model.onnx").write_bytes(graph)
    code = (
        "import gc, pathlib, signal, sys, threading\n"
        "from affekt.deploy.backends.network import graph_network\n"
        "held = [graph_network(pathlib.Path(sys.argv[1]).read_bytes(), backend='openvino')]\n"
        "def end(): held.clear(); gc.collect()\n"
        "thread = threading.Thread(target=end); thread.start(); thread.join()\n"
        "signal.signal(signal.SIGCHLD, lambda *_: print('arrived'))\n"
        "signal.raise_signal(signal.SIGCHLD)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "model.onnx"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "arrived"


def test_onnxruntime_writes_no_files_about_its_use(graph, tmp_path):
    (tmp_path / "model.onnx").write_bytes(graph)
    home = tmp_path / "home"
    home.mkdir()
    code = (
        "import pathlib, sys\n"
        "from affekt.deploy.backends.network import graph_network\n"
        "graph_network(pathlib.Path(sys.argv[1]).read_bytes())\n"
    )
    # Tests that ran before in this process may have set it; a user's shell has not set it.
    names = {"ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"}
    plain = {name: value for name, value in os.environ.items() if name not in names}
    subprocess.run(
        [sys.executable, "-c", code, tmp_path / "model.onnx"], check=True, env={**plain, "HOME": str(home)}
    )
    assert not list(home.rglob("*onnxruntime*"))


def test_importing_openvino_opens_no_connection():
    code = (
        "import socket, sys\n"
        "def refuse(*a, **k): print('CONNECTION', a); raise OSError\n"
        "socket.socket.connect = refuse; socket.getaddrinfo = refuse; socket.create_connection = refuse\n"
        "from affekt.deploy.backends.engines import import_openvino\n"
        "core = import_openvino('the test').Core(); print(core.available_devices)\n"
        "import threading, time\n"
        "[t.join(2) for t in threading.enumerate() if t is not threading.main_thread()]\n"
        "assert 'openvino_telemetry' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "CPU" in done.stdout and "CONNECTION" not in done.stdout
