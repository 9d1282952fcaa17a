"""Untrimmed video from file to segments: run and bundle, engines, without PyTorch, memory of long video."""

import csv
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import affekt
from affekt.cli.main import app
from affekt.core.answers.calibration import Calibration
from affekt.core.claims.invented import NOTE as INVENTED
from affekt.core.errors import FolderError
from affekt.core.files.sealed import read_sealed
from affekt.deploy.backends.network import CELLS, GraphNetwork

pytestmark = pytest.mark.xdist_group("long")

CORE = Path(__file__).parents[2] / ".venv-core" / "bin"
NAMES = ["negative", "positive"]
LAP_S, CELL_S = 64.0, 16 / 5
SHORT, LONGER = 2, 19  # laps: 2 and 20 minutes
# What a child process prints at its end: its peak resident memory in kB.
PEAK = "import atexit; atexit.register(lambda: print([line for line in open('/proc/self/status') "
PEAK += "if line.startswith('VmHWM')][0].split()[1], file=sys.stderr));"
# Small parts and blocks: at their default size they are so large that they would hide memory that grows.
SMALL_PARTS = "import affekt.tasks.localization.cells as a, affekt.methods.tsl_net.preprocess as p; "
SMALL_PARTS += "p.PART_BYTES = 2**21; a.cell_logits.__kwdefaults__['block'] = 32;"
GROWTH_MB = 25  # pixels of all cells would be 85


@pytest.fixture(scope="module")
def predictor(bundle_without_threshold):
    return affekt.load(bundle_without_threshold, backend="onnxruntime")


def predict(*arguments, before=""):
    """The JSON answer of the command line in a process of its own, and what it prints to stderr."""
    code = f"import sys; {before} from affekt.cli.main import run; run()"
    words = [
        sys.executable,
        "-c",
        code,
        "predict",
        *map(str, arguments),
        "--json",
        "--backend",
        "onnxruntime",
    ]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (prediction,) = json.loads(done.stdout)["predictions"]
    return prediction, done.stderr


def check_answer(prediction, laps):
    """Moments are the cells of the whole video in order; segments lie in it, the highest score first."""
    moments, segments = prediction["moments"], prediction["segments"]
    assert len(moments) == round(laps * LAP_S / CELL_S)
    assert list(prediction["span_s"]) == [0.0, pytest.approx(laps * LAP_S)]
    assert [moment["start_s"] for moment in moments] == pytest.approx(np.arange(len(moments)) * CELL_S)
    for one, other in pairwise(moments):
        assert one["end_s"] == other["start_s"]
    assert list(prediction["scores"]) == NAMES and prediction["label"] in NAMES
    assert segments
    for segment in segments:
        assert segment["label"] in NAMES
        assert 0 <= segment["start_s"] < segment["end_s"] <= laps * LAP_S + CELL_S
    scores = [segment["score"] for segment in segments]
    assert scores == sorted(scores, reverse=True)


def same(one, other, *, tolerance):
    """Two answers to one video, as plain values."""
    assert len(one["moments"]) == len(other["moments"])
    for mine, theirs in zip(one["moments"], other["moments"], strict=True):
        assert (mine["start_s"], mine["end_s"]) == (theirs["start_s"], theirs["end_s"])
        assert mine["scores"] == pytest.approx(theirs["scores"], abs=tolerance)
        assert mine["attention"] == pytest.approx(theirs["attention"], abs=tolerance)
    assert len(one["segments"]) == len(other["segments"])
    for mine, theirs in zip(one["segments"], other["segments"], strict=True):
        assert mine["label"] == theirs["label"]
        # Ends lie on a grid of an eighth of a second: near a threshold of a curve, one may be a step off.
        assert mine["start_s"] == pytest.approx(theirs["start_s"], abs=CELL_S / 24 + 1e-6)
        assert mine["end_s"] == pytest.approx(theirs["end_s"], abs=CELL_S / 24 + 1e-6)
        assert mine["score"] == pytest.approx(theirs["score"], abs=0.01)
    assert one["scores"] == pytest.approx(other["scores"], abs=tolerance)
    assert (one["modality"], list(one["notes"])) == (other["modality"], list(other["notes"]))


# Run and bundle


def test_a_bundle_holds_its_network_in_two_graphs_and_states_how_they_were_compared(long_bundle, long_run):
    document = read_sealed(long_bundle, kind="bundle").document
    assert set(document["files"]) == {"model.onnx", "encoder.onnx", "samples.json"}
    assert document["encoder"] == {"input": "clips"}
    assert (document["task"], document["labels"]["names"]) == ("localization", NAMES)
    assert document["gate"]["max_difference"] < 1e-4
    assert document["gate"]["on"] == "the first cells of 2 validation samples"
    calibration = json.loads((long_run / "calibration.json").read_text())
    assert document["calibration"]["segment_threshold"] == calibration["segment_threshold"]
    assert (
        document["metrics"]["map"] == json.loads((long_run / "result.json").read_text())["validation"]["map"]
    )


def test_a_run_and_its_bundle_detect_the_same_segments_in_a_file(predictor, long_run, long_file):
    run = replace(affekt.load(long_run), calibration=Calibration())
    ours, theirs = predictor(long_file(SHORT)).to_dict(), run(long_file(SHORT)).to_dict()
    check_answer(ours, SHORT)
    assert ours["modality"] == "video+audio" and list(ours["notes"]) == [INVENTED]
    same(ours, theirs, tolerance=1e-4)


def test_segments_below_the_threshold_fitted_on_validation_are_not_reported(
    predictor, long_bundle, long_file
):
    thresholded = affekt.load(long_bundle, backend="onnxruntime")
    every = predictor(long_file(SHORT)).segments
    assert thresholded(long_file(SHORT)).segments == tuple(
        it for it in every if it.score >= thresholded.calibration.segment_threshold
    )
    middle = every[len(every) // 2].score
    reported = replace(predictor, calibration=Calibration(segment_threshold=middle))(
        long_file(SHORT)
    ).segments
    assert reported == tuple(it for it in every if it.score >= middle) and 0 < len(reported) < len(every)


def test_a_run_and_its_bundle_have_the_same_scores(long_run, long_bundle, tmp_path):
    ours = affekt.evaluate(long_bundle, folder=tmp_path / "bundle")
    theirs = affekt.evaluate(long_run, folder=tmp_path / "run")
    assert list(ours.scores) == list(theirs.scores)
    # A segment whose end is a step off may count or not at one of five overlaps.
    assert ours.scores == pytest.approx(theirs.scores, abs=0.02)
    assert len(ours.predictions) == len(theirs.predictions)


@pytest.mark.parametrize(("precision", "tolerance"), [("f32", 1e-4), ("bf16", 0.02)])
def test_openvino_detects_the_same_segments(
    predictor, bundle_without_threshold, long_file, precision, tolerance
):
    openvino = pytest.importorskip("openvino")
    if precision == "bf16" and "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("this processor does not compute in bf16")
    other = affekt.load(bundle_without_threshold, backend="openvino", precision=precision)
    assert other.backend == f"openvino {precision}"
    ours, theirs = predictor(long_file(SHORT)), other(long_file(SHORT))
    if precision == "f32":
        same(ours.to_dict(), theirs.to_dict(), tolerance=tolerance)
    for mine, others in zip(ours.moments, theirs.moments, strict=True):
        assert dict(mine.scores) == pytest.approx(dict(others.scores), abs=tolerance)


def test_the_encoder_computes_each_cell_once(predictor, long_file, monkeypatch):
    encoder, seen = predictor.network.encoder, []

    def counted(batch):
        seen.append(len(batch[CELLS]))
        return encoder.outputs(batch)

    counting = GraphNetwork(encoder.source, encoder.engine, compute=counted)
    network = replace(predictor.network, encoder=counting)
    # Parts of 13 cells in blocks that overlap.
    from affekt.methods.tsl_net import preprocess as module

    monkeypatch.setattr(module, "PART_BYTES", 13 * 4 * 3 * 16 * 32 * 32)
    answer = replace(predictor, network=network)(long_file(SHORT))
    assert seen == [13, 13, 13, 1] and len(answer.moments) == 40


def test_a_bundle_without_its_encoder_is_refused(long_bundle, tmp_path):
    broken = shutil.copytree(long_bundle, tmp_path / "broken.affekt")
    (broken / "encoder.onnx").unlink()
    with pytest.raises(FolderError, match=r"encoder\.onnx"):
        affekt.load(broken)


def test_an_int8_bundle_of_encoder_and_head_answers(long_run, long_file, tmp_path, monkeypatch):
    monkeypatch.setattr("affekt.deploy.export.quantize.ALLOWED_DROP", 1.0)
    folder = tmp_path / "small.affekt"
    done = CliRunner().invoke(app, ["export", str(long_run), "--int8", "--output", str(folder)])
    assert done.exit_code == 0, done.output
    assert "map in int8" in done.output
    predictor = affekt.load(folder)
    assert "int8" in predictor.backend
    assert len(predictor(long_file(SHORT)).moments) == 40


# Files of answers


def test_segments_of_a_real_video_go_to_every_kind_of_file(bundle_without_threshold, long_file, tmp_path):
    for suffix in (".json", ".csv", ".srt", ".eaf", ".html"):
        path = tmp_path / f"answers{suffix}"
        words = ["predict", str(bundle_without_threshold), str(long_file(SHORT)), "--output", str(path)]
        done = CliRunner().invoke(app, [*words, "--backend", "onnxruntime"])
        assert done.exit_code == 0, done.output
    (prediction,) = json.loads((tmp_path / "answers.json").read_text())["predictions"]
    segments = prediction["segments"]
    with (tmp_path / "answers.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(float(row["start_s"]), float(row["end_s"]), row["label"]) for row in rows] == [
        (segment["start_s"], segment["end_s"], segment["label"]) for segment in segments
    ]
    assert segments[0]["label"] in (tmp_path / "answers.srt").read_text()
    assert (tmp_path / "answers.eaf").read_text().count("<TIER ") >= len(
        {segment["label"] for segment in segments}
    )
    page = (tmp_path / "answers.html").read_text()
    assert "2.mp4" in page and "data:image/" in page


# Without PyTorch


@pytest.mark.skipif(not CORE.is_dir(), reason="no .venv-core: `make test` makes one with the core install")
def test_a_bundle_without_pytorch_detects_the_same_segments_as_pytorch(
    bundle_without_threshold, long_run, long_file
):
    words = [CORE / "affekt", "predict", bundle_without_threshold, long_file(SHORT), "--json"]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (light,) = json.loads(done.stdout)["predictions"]
    check_answer(light, SHORT)
    heavy = replace(affekt.load(long_run), calibration=Calibration())
    same(light, heavy(long_file(SHORT)).to_dict(), tolerance=1e-4)


# Long


def test_twenty_minutes_are_answered_with_segments_and_progress_is_reported(
    bundle_without_threshold, long_file
):
    prediction, printed = predict(bundle_without_threshold, long_file(LONGER))
    check_answer(prediction, LONGER)
    cells = round(LONGER * LAP_S / CELL_S)
    lines = [line for line in printed.splitlines() if INVENTED not in line]
    assert lines[-1].startswith(f"predicting: {cells} of {cells}, ") and lines[-1].endswith("/s")
    assert all(line.startswith("predicting: ") for line in lines)


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux reports the peak memory of a process"
)
def test_twenty_minutes_are_answered_in_the_memory_of_two(bundle_without_threshold, long_file):
    peaks_mb = []
    for laps in (SHORT, LONGER):
        prediction, printed = predict(bundle_without_threshold, long_file(laps), before=SMALL_PARTS + PEAK)
        check_answer(prediction, laps)
        assert INVENTED in printed and "\npredicting: " in f"\n{printed}"
        peaks_mb.append(int(printed.split()[-1]) / 1024)
    assert peaks_mb[1] - peaks_mb[0] < GROWTH_MB
