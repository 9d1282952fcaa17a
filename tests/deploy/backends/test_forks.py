"""Predictors in other processes and threads: pickled, spawned, forked, copied, shared."""

import copy
import multiprocessing
import os
import pickle
import shutil
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import affekt
from affekt.core.answers.calibration import Calibration
from affekt.core.errors import AffektError, ConfigError, FolderError, UsageError
from affekt.core.files.sealed import read_sealed, write_sealed
from affekt.deploy.backends import forks
from affekt.deploy.backends import network as backends
from affekt.deploy.backends.network import graph_network
from affekt.starters.find import FOLDER as STARTERS

BUNDLE = STARTERS / "compact_face"
ENGINES = ["onnxruntime", "openvino"]
can_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


@pytest.fixture(scope="module")
def picture():
    return np.random.default_rng(0).integers(0, 255, (48, 48, 3)).astype(np.uint8)


@pytest.fixture
def copied(tmp_path):
    """A bundle that may be changed."""
    return shutil.copytree(BUNDLE, tmp_path / "faces.affekt")


def answer_of(predictor, picture):
    (answer,) = predictor.predict([picture])
    return answer.scores


@pytest.mark.parametrize("backend", ENGINES)
def test_a_pickled_predictor_answers_as_before(backend, picture):
    predictor = affekt.load(BUNDLE, backend=backend, threads=1)
    content = pickle.dumps(predictor)
    again = pickle.loads(content)
    assert len(content) < 20_000  # a reference to the bundle, not its graph
    assert (again.backend, again.network.threads) == (predictor.backend, 1)
    assert answer_of(again, picture) == answer_of(predictor, picture)


def test_changes_to_a_predictor_are_pickled_with_it(picture):
    warmer = replace(affekt.load(BUNDLE, backend="onnxruntime"), calibration=Calibration(temperature=3.0))
    assert answer_of(pickle.loads(pickle.dumps(warmer)), picture) == answer_of(warmer, picture)


def test_predictors_work_in_spawned_workers_and_their_errors_come_back(copied, picture, tmp_path):
    Image.fromarray(picture).save(tmp_path / "face.png")
    predictors = [affekt.load(BUNDLE, backend=backend, threads=1) for backend in ENGINES]
    removed = affekt.load(copied, backend="onnxruntime")
    shutil.rmtree(copied)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        for predictor in predictors:
            (answer,) = pool.map_async(predictor, [str(tmp_path / "face.png")]).get(60)
            assert answer.scores == answer_of(predictor, picture)
        with pytest.raises(FolderError, match="is gone"):
            pool.map_async(removed, [str(tmp_path / "face.png")]).get(60)


def test_a_bundle_that_was_replaced_or_is_gone_is_one_clear_error_at_the_first_use(copied, picture):
    content = pickle.dumps(affekt.load(copied, backend="onnxruntime"))
    replaced = pickle.loads(content)
    graph = read_sealed(copied, kind="bundle")
    with write_sealed(copied, {**graph.document, "limits": "other"}) as work:
        (work / "model.onnx").write_bytes(graph.read("model.onnx"))
    with pytest.raises(FolderError, match=r"faces\.affekt was replaced since it was loaded.*load it again"):
        answer_of(replaced, picture)
    shutil.rmtree(copied)
    again = pickle.loads(content)  # a worker that could not read this would leave its caller waiting
    with pytest.raises(FolderError, match=r"faces\.affekt is gone"):
        answer_of(again, picture)


def test_copies_share_the_network(picture):
    predictor = affekt.load(BUNDLE, backend="onnxruntime")
    for made in (copy.copy(predictor), copy.deepcopy(predictor)):
        assert made.network is predictor.network
        assert answer_of(made, picture) == answer_of(predictor, picture)


def test_a_graph_in_memory_is_pickled_as_a_whole(picture):
    graph = (BUNDLE / "model.onnx").read_bytes()
    batch = {"image": np.zeros((2, 1, 48, 48), np.float32)}
    network = graph_network(graph)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(network))(batch), network(batch))


def test_errors_can_be_pickled_by_a_worker():
    for error in (AffektError("a"), FolderError("b"), ConfigError("recipe", ["one", "two"])):
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again)) == (type(error), str(error))
    assert pickle.loads(pickle.dumps(ConfigError("recipe", ["one"]))).problems == ("one",)


def test_a_predictor_is_shown_in_one_short_line():
    predictor = affekt.load(BUNDLE, backend="onnxruntime")
    assert repr(replace(predictor, backend="onnxruntime f32")) == (
        f"Predictor(compact_face, image → 7 labels, onnxruntime f32, {BUNDLE})"
    )
    assert repr(replace(predictor, path=None)).endswith("in memory)")
    assert (
        repr(predictor.network) == f"GraphNetwork(onnxruntime f32, {BUNDLE / 'model.onnx'} of compact_face)"
    )
    assert len(repr(graph_network((BUNDLE / "model.onnx").read_bytes()))) < 60
    assert len(repr(read_sealed(BUNDLE, kind="bundle"))) < 300


@pytest.mark.parametrize("backend", ENGINES)
def test_threads_that_share_a_predictor_get_the_right_answers(backend, picture):
    predictor = pickle.loads(pickle.dumps(affekt.load(BUNDLE, backend=backend)))  # opened by one of them
    pictures = [picture // n for n in (1, 2, 3, 4)]
    found = {}

    def work(number):
        found[number] = [answer_of(predictor, pictures[number]) for _ in range(5)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, answers in found.items():
        assert answers == [answer_of(predictor, pictures[number])] * 5
    assert len(found) == 4


FORKED = """
import os, sys, threading, time
import numpy as np
import affekt
predictor = affekt.load(sys.argv[1], backend=sys.argv[2], threads=4)
batch = {"image": np.ones((2, 1, 48, 48), "float32")}
expected = predictor.network(batch)
busy = True
def compute():
    while busy:
        predictor.network(batch)
threading.Thread(target=compute).start()
time.sleep(0.1)
for _ in range(2):
    child = os.fork()
    if child == 0:
        same = np.allclose(predictor.network(batch), expected, atol=1e-5)
        sys.exit(0 if same else 1)  # an exit that runs clean-up code, unlike os._exit
    deadline = time.monotonic() + 20
    while (done := os.waitpid(child, os.WNOHANG))[0] == 0:
        if time.monotonic() > deadline:
            os.kill(child, 9)
            busy = False
            sys.exit("the child hangs")
        time.sleep(0.01)
    print(done[1], flush=True)
busy = False
"""


@can_fork
@pytest.mark.parametrize("backend", ENGINES)
def test_a_predictor_works_in_processes_forked_while_another_thread_uses_it(backend):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKED, str(BUNDLE), backend], capture_output=True, text=True
    )
    assert done.stdout.split() == ["0", "0"], done.stderr


@can_fork
def test_openvino_opens_nothing_in_a_forked_process(monkeypatch, caplog):
    graph = (BUNDLE / "model.onnx").read_bytes()
    monkeypatch.setattr(forks._calls, "started_in", os.getpid() + 1)  # as in a child of that process
    monkeypatch.setattr(backends, "open_openvino", lambda *_: pytest.fail("OpenVINO was asked"))
    assert graph_network(graph, backend="openvino").name == "onnxruntime f32"
    assert "forked from one that used OpenVINO" in caplog.text
    assert graph_network(graph, backend="auto").name == "onnxruntime f32"
    with pytest.raises(UsageError, match="'spawn'"):
        graph_network(graph, backend="openvino", precision="bf16")
