"""A text bundle answers in an environment that has neither PyTorch nor transformers in it."""

import csv
import json
import subprocess
from pathlib import Path

import pytest

CORE = Path(__file__).parents[2] / ".venv-core" / "bin"

pytestmark = [
    pytest.mark.xdist_group("words"),
    pytest.mark.skipif(
        not CORE.is_dir(), reason="no .venv-core: `make test` makes one with the core install"
    ),
]


def affekt(*arguments):
    return subprocess.run([CORE / "affekt", *map(str, arguments)], capture_output=True, text=True)


@pytest.mark.parametrize("name", ["torch", "transformers"])
def test_core_environment_lacks(name):
    done = subprocess.run([CORE / "python", "-c", f"import {name}"], capture_output=True, text=True)
    assert f"No module named '{name}'" in done.stderr


def test_lines_of_a_dialogue_are_answered_like_those_of_pytorch(line_bundle, line_run, tmp_path):
    from affekt import load

    lines = [("Ann", "lovely sun"), ("Ben", "awful rain"), ("Ann", "well")]
    file = tmp_path / "talk.txt"
    file.write_text("".join(f"{speaker}: {text}\n" for speaker, text in lines))
    done = affekt("predict", line_bundle, file, "--output", tmp_path / "answers.csv")
    assert done.returncode == 0, done.stderr
    with (tmp_path / "answers.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["speaker"], row["text"]) for row in rows] == lines
    heavy = list(load(line_run).predict([file]))
    for row, prediction in zip(rows, heavy, strict=True):
        assert row["label"] == prediction.label
        assert float(row["confidence"]) == pytest.approx(prediction.confidence, abs=1e-3)


def test_a_text_on_the_command_line_is_answered(line_bundle):
    done = affekt("predict", line_bundle, "--text", "awful rain", "--json")
    assert done.returncode == 0, done.stderr
    (prediction,) = json.loads(done.stdout)["predictions"]
    assert prediction["text"] == "awful rain" and sum(prediction["scores"].values()) == pytest.approx(1)
