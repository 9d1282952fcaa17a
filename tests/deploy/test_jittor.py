"""Bundles in Jittor: predictions, scores, and the export of graph files."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from affekt.core.errors import FolderError
from affekt.core.files.sealed import read_sealed
from affekt.deploy.backends.jittor.computing.graph import read_graph_file
from affekt.deploy.backends.jittor.graph_read import read_graph
from affekt.deploy.export.export import export
from affekt.deploy.load import load
from affekt.evaluation.evaluate import evaluate
from affekt.starters.find import FOLDER as STARTERS

ROOT = Path(__file__).parents[2]
FACES = STARTERS / "compact_face"
CORE = ROOT / ".venv-core" / "bin"
AFFEKT = "from affekt.cli.main import run; run()"

pytestmark = pytest.mark.xdist_group("bundle")


def predict(python, faces, backend):
    """Scores of each picture, by the command."""
    done = subprocess.run(
        [python, "-c", AFFEKT, "predict", FACES, faces, "--backend", backend, "--json"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return [one["scores"] for one in json.loads(done.stdout)["predictions"]]


@pytest.fixture
def faces(tmp_path):
    """A folder of pictures."""
    rng = np.random.default_rng(0)
    for number in range(3):
        coarse = Image.fromarray(rng.integers(0, 256, (12, 12), np.uint8))
        coarse.resize((64, 64)).save(tmp_path / f"{number}.png")
    return tmp_path


@pytest.fixture
def without_jittor(monkeypatch, tmp_path):
    """A computer on which Jittor is not set up."""
    monkeypatch.setenv("AFFEKT_JITTOR", str(tmp_path / "nowhere"))


def test_export_to_jittor_adds_graph_files_and_says_that_nothing_was_compared(
    trained_run, tmp_path, without_jittor, caplog
):
    done = export(trained_run, tmp_path / "mine.affekt", to="jittor")
    assert "written without a comparison: backend jittor needs Jittor" in caplog.text
    sealed = read_sealed(done.bundle, kind="bundle")
    assert "max_difference_jittor" not in sealed.document["gate"]
    written = read_graph_file(sealed.read("model.graph.safetensors"))
    read = read_graph(sealed.read("model.onnx"))
    assert written.nodes == read.nodes
    assert written.tensors.keys() == read.tensors.keys()
    assert load(done.bundle).backend.startswith(("onnxruntime", "openvino"))  # a bundle like any other


def test_backend_without_its_set_up_is_one_error_that_names_the_doctor(faces, without_jittor):
    done = subprocess.run(
        [sys.executable, "-c", AFFEKT, "predict", FACES, faces, "--backend", "jittor"],
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
    assert done.returncode == 2
    assert "backend jittor needs Jittor: " in done.stderr and "affekt doctor jittor" in done.stderr
    assert "Traceback" not in done.stderr


def test_unknown_operator_of_a_bundle_names_node_and_method(bundle, monkeypatch):
    from affekt.deploy.backends.jittor.computing.operators.registry import OPERATORS

    monkeypatch.delitem(OPERATORS, "Sigmoid")
    with pytest.raises(FolderError, match=r"model\.onnx of bpm_gcn .* operator Sigmoid \(node '\w+'\)"):
        load(bundle, backend="jittor")


@pytest.mark.jittor
def test_int8_bundle_is_answered_like_by_onnx_runtime(faces, jittor):
    found, expected = (predict(sys.executable, faces, backend) for backend in ("jittor", "onnxruntime"))
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(
            other, abs=0.02
        )  # a value between two steps of int8 may go to the other one


@pytest.mark.jittor
@pytest.mark.skipif(not (CORE / "python").exists(), reason="no .venv-core: `make test` makes one")
def test_light_install_asks_jittor(faces, jittor):
    asked = subprocess.run([CORE / "python", "-c", "import safetensors"], capture_output=True)
    if asked.returncode:
        pytest.skip(".venv-core has no safetensors: remove .venv-core/ready, and `make test` installs it")
    assert predict(CORE / "python", faces, "jittor") == [
        pytest.approx(one, abs=1e-4) for one in predict(sys.executable, faces, "jittor")
    ]


@pytest.mark.jittor
def test_run_is_exported_compared_and_evaluated_in_jittor(trained_run, tmp_path, jittor):
    done = export(trained_run, tmp_path / "mine.affekt", to="jittor")
    gate = read_sealed(done.bundle, kind="bundle").document["gate"]
    assert 0 <= gate["max_difference_jittor"] <= 1e-3
    scores = [
        evaluate(done.bundle, folder=tmp_path / backend, backend=backend)
        for backend in ("jittor", "onnxruntime")
    ]
    assert scores[0].backend == "jittor f32"
    assert scores[0].scores == pytest.approx(scores[1].scores)
