"""Predictors of runs and checkpoints in other processes: they read their weights again."""

import os
import pickle
import shutil
import subprocess
import sys

import numpy as np
import pytest

import affekt
from affekt.core import catalog
from affekt.core.errors import FolderError
from affekt.engine.network import EagerNetwork

pytestmark = pytest.mark.xdist_group("faces")
PICTURE = np.random.default_rng(0).integers(0, 255, (48, 48, 3)).astype(np.uint8)


def test_a_pickled_predictor_of_a_run_reads_its_checkpoint(face_run):
    predictor = affekt.load(face_run)
    content = pickle.dumps(predictor)
    again = pickle.loads(content)
    assert len(content) < 20_000 and str(face_run) in repr(again)
    (one,), (other,) = predictor.predict([PICTURE]), again.predict([PICTURE])
    assert one.scores == other.scores


def test_a_checkpoint_that_is_gone_is_one_clear_error(face_run, tmp_path):
    checkpoint = shutil.copytree(face_run / "checkpoints" / "best", tmp_path / "checkpoint")
    content = pickle.dumps(affekt.load(checkpoint))
    shutil.rmtree(checkpoint)
    with pytest.raises(FolderError, match="checkpoint is gone"):
        list(pickle.loads(content).predict([PICTURE]))


def test_a_network_in_memory_is_pickled_with_its_weights():
    method = catalog.method("compact_face")
    network = EagerNetwork(method.load("model")(method.make_config(method.card.tiny)).eval())
    batch = {"image": np.ones((1, 1, 16, 16), np.float32)}
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(network))(batch), network(batch))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_pytorch_answers_in_a_forked_process(face_run):
    code = (
        "import os, sys, time, numpy as np, torch, affekt\n"
        "torch.set_num_threads(4)\n"
        "network = affekt.load(sys.argv[1]).network\n"
        "batch = {'image': np.ones((64, 1, 24, 24), 'float32')}\n"
        "expected = network(batch)\n"
        "child = os.fork()\n"
        "if child == 0: sys.exit(0 if np.allclose(network(batch), expected, atol=1e-4) else 1)\n"
        "end = time.monotonic() + 20\n"
        "while (done := os.waitpid(child, os.WNOHANG))[0] == 0:\n"
        "    if time.monotonic() > end: os.kill(child, 9); sys.exit('the child hangs')\n"
        "    time.sleep(0.01)\n"
        "sys.exit(done[1])\n"
    )
    plain = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(face_run)], capture_output=True, text=True, env=plain
    )
    assert done.returncode == 0, done.stderr
