"""The bundle in this repository is small, states its origin and limits, and answers without PyTorch."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import affekt
from affekt.core import catalog
from affekt.core.files.sealed import read_sealed
from affekt.data.open import open_dataset
from affekt.starters.find import FOLDER as STARTERS

ROOT = Path(__file__).parents[2]
BUNDLE = STARTERS / "compact_face"
WEIGHTS = Path(affekt.__file__).parent / "analysis" / "fusion" / "weights.toml"
CORE = ROOT / ".venv-core" / "bin" / "affekt"


def test_it_is_small_and_states_its_data_and_intended_use():
    sealed = read_sealed(BUNDLE, kind="bundle")
    assert sum(entry["bytes"] for entry in sealed.document["files"].values()) < 5e6
    assert "third parties" in sealed.document["data_licence"]
    assert "not for decisions about people" in sealed.document["limits"]
    assert sealed.document["metrics"]["accuracy"] > 0.6 and sealed.document["gate"]["int8"]["samples"] == 2000


def test_its_limits_are_those_of_the_card_and_its_weights_those_that_fusion_was_measured_with():
    document = read_sealed(BUNDLE, kind="bundle").document
    assert document["limits"] == catalog.card("compact_face").limits_on("fer2013", is_own=False)
    assert document["weights_sha256"] in WEIGHTS.read_text()


def test_it_recognises_drawn_expressions():
    samples = open_dataset("drawn_faces", None, {"people": 16}).samples
    answers = list(affekt.load(BUNDLE, backend="onnxruntime").predict(samples))
    right = np.mean([a.label == s.label for a, s in zip(answers, samples, strict=True)])
    assert right > 2 / 7, "less than twice the rate of chance on a kind of picture that was not in training"
    happy = [a for a, s in zip(answers, samples, strict=True) if s.label == "happiness"]
    assert np.mean([a.label == "happiness" for a in happy]) > 0.5


@pytest.mark.skipif(not CORE.exists(), reason="no .venv-core: `make test` makes one with the core install")
def test_it_answers_without_pytorch(tmp_path):
    sample = open_dataset("drawn_faces", None, {"people": 8}).samples[0]
    Image.fromarray(np.asarray(sample.media["image"])).save(tmp_path / "face.jpg")
    done = subprocess.run([CORE, "predict", BUNDLE, tmp_path, "--json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (prediction,) = json.loads(done.stdout)["predictions"]
    assert sum(prediction["scores"].values()) == pytest.approx(1)
