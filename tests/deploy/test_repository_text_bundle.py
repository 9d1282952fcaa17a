"""The text bundle in this repository is small, states its origin and limits, and answers without PyTorch."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest

import affekt
from affekt.core.files.sealed import read_sealed
from affekt.core.labels import label_set
from affekt.core.sample import Sample
from affekt.starters.find import FOLDER as STARTERS

ROOT = Path(__file__).parents[2]
BUNDLE = STARTERS / "compact_text"
PLAIN = {
    "I am so happy for you!": "happiness",
    "Thank you so much for your help.": "happiness",
    "I hate you.": "anger",
    "I feel so lonely and sad today.": "sadness",
    "I am scared of the dark.": "fear",
    "That smells disgusting.": "disgust",
    "Wow, I did not expect that!": "surprise",
    "The meeting is on Tuesday at noon.": "neutral",
}
# An environment with the tokenizer, but without what training needs.
WITHOUT_TORCH = """
import sys
sys.modules.update(dict.fromkeys(("torch", "transformers", "safetensors", "lightning"), None))
from affekt.cli.main import run
from affekt.starters.find import FOLDER as STARTERS
run()
"""


def test_it_is_small_and_states_its_data_and_intended_use():
    sealed = read_sealed(BUNDLE, kind="bundle")
    assert sum(entry["bytes"] for entry in sealed.document["files"].values()) < 8e6
    assert sealed.document["data_licence"] == "CC BY 4.0"
    assert "not for decisions about people" in sealed.document["limits"]
    assert tuple(sealed.document["labels"]["names"]) == label_set("fer-7").names
    assert sealed.document["metrics"]["macro_f1"] > 0.5


@pytest.mark.parametrize(("line", "label"), PLAIN.items())
def test_it_answers_plain_lines_right(line, label):
    assert affekt.load(BUNDLE, backend="onnxruntime")(Sample("said", {"text": line})).label == label


def test_it_notes_a_line_in_another_script():
    answer = affekt.load(BUNDLE, backend="onnxruntime")(Sample("said", {"text": "\u6211\u5f88\u751f\u6c14"}))
    assert any("Han script" in text for text in answer.notes)


def test_it_answers_without_pytorch(tmp_path):
    lines = tmp_path / "lines.txt"
    lines.write_text("\n".join(PLAIN))
    command = [sys.executable, "-c", WITHOUT_TORCH, "predict", BUNDLE, lines, "--output", tmp_path / "a.csv"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text())))
    assert [row["label"] for row in rows] == list(PLAIN.values())
