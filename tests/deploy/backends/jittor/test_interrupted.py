"""Compilations that are interrupted, or run twice at once. Each test compiles a kernel of its own."""

import os
import secrets
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

from affekt.core.errors import FolderError
from affekt.deploy.backends.jittor.computing.compiling import MARK
from affekt.deploy.backends.jittor.engine import graph_file
from affekt.deploy.backends.jittor.process import JittorProcess

pytestmark = [pytest.mark.jittor, pytest.mark.xdist_group("jittor")]

ASK = """
import sys
import numpy as np
from affekt.deploy.backends.network import graph_network
network = graph_network(open(sys.argv[1], "rb").read(), backend="jittor", threads=1)
np.save(sys.argv[3], network.outputs({"line": np.load(sys.argv[2])})["logits"])
"""


@pytest.fixture
def new_kernel():
    """A graph whose numbers are part of its kernel, so that no earlier test compiled it; and inputs."""
    stride, before = 2 + secrets.randbelow(10**6), secrets.randbelow(100)
    node = helper.make_node(
        "AveragePool", ["line"], ["logits"], kernel_shape=[120], strides=[stride], pads=[before, 0]
    )
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("line", TensorProto.FLOAT, ["b", 1, 150])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["b", 1, None])],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    made.ir_version = 8
    content = made.SerializeToString()
    line = np.random.default_rng(0).standard_normal((2, 1, 150)).astype(np.float32)
    (expected,) = onnxruntime.InferenceSession(content).run(None, {"line": line})
    return content, line, expected


def test_start_after_an_interrupted_compilation_is_not_broken(new_kernel, jittor):
    content, line, expected = new_kernel
    process = JittorProcess(jittor, 1)
    key = process.open(graph_file(content, "the graph"))
    mark = jittor.kernels / MARK.format(process._process.pid)
    killer = threading.Thread(target=_kill_while_it_compiles, args=(process, mark))
    killer.start()
    with pytest.raises(FolderError, match="ended with code -9"):
        process.compute(key, {"line": line})
    killer.join()
    process.end()
    assert mark.exists()
    again = JittorProcess(jittor, 1)
    found = again.compute(again.open(graph_file(content, "the graph")), {"line": line})["logits"]
    again.end()
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_two_processes_that_compile_one_kernel_at_once_answer(new_kernel, jittor, tmp_path):
    content, line, expected = new_kernel
    (tmp_path / "model.onnx").write_bytes(content)
    np.save(tmp_path / "line.npy", line)
    asked = [
        subprocess.Popen(
            [sys.executable, "-c", ASK, "model.onnx", "line.npy", f"{number}.npy"],
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]
    for number, process in enumerate(asked):
        _, said = process.communicate()
        assert process.returncode == 0, said
        np.testing.assert_allclose(np.load(tmp_path / f"{number}.npy"), expected, rtol=1e-4, atol=1e-6)


def _kill_while_it_compiles(process, mark):
    while not mark.exists():
        time.sleep(0.01)
    time.sleep(0.3)  # within the compiler's work, which takes seconds
    os.killpg(process._process.pid, signal.SIGKILL)
