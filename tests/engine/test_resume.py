"""A run that was killed and resumed ends with the same result as one that was not."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("resume")

ACCUMULATED = """
method = "bpm_gcn"
seed = 3
data = {name = "walkers", options = {walkers = 12, walks_per_emotion = 2}}
config = {width = 8, depths = [1, 1, 1], clip_frames = 24, dropout = 0.2}
optimizer = {name = "sgd", lr = 0.01, momentum = 0.9, nesterov = true, weight_decay = 1e-3}
schedule = {name = "exponential", factor = 0.9, warmup_epochs = 1}
loss = {label_smoothing = 0.1, class_weights = "balanced"}
[train]
epochs = 4
batch_size = 8
accumulate = 2
clip_norm = 1.0
sampler = "balanced"
weight_average = 0.8
threads = 1
"""
SHARPNESS_AWARE = (
    ACCUMULATED.replace("accumulate = 2", 'precision = "bf16-mixed"')
    .replace('{name = "sgd", lr = 0.01, momentum = 0.9, nesterov = true,', '{name = "adam", lr = 1e-3,')
    .replace("weight_decay = 1e-3}", "weight_decay = 1e-3, sam = {rho = 0.05}}")
)


def command(folder: Path, *more: str) -> list[str]:
    code = "from affekt.cli.main import run; run()"
    return [
        sys.executable,
        "-c",
        code,
        "train",
        str(folder / "recipe.toml"),
        "--runs",
        str(folder / "runs"),
        *more,
    ]


def run_folder(folder: Path) -> Path:
    return next((folder / "runs").rglob("recipe.toml")).parent


@pytest.fixture(scope="module", params=[ACCUMULATED, SHARPNESS_AWARE], ids=["accumulated", "sharpness-aware"])
def recipe(request):
    return request.param


@pytest.fixture(scope="module")
def straight(recipe, tmp_path_factory):
    folder = tmp_path_factory.mktemp("straight")
    (folder / "recipe.toml").write_text(recipe)
    subprocess.run(command(folder), check=True, capture_output=True)
    return run_folder(folder)


@pytest.fixture(scope="module")
def killed(recipe, tmp_path_factory):
    """A run that was killed in its third epoch and then resumed."""
    folder = tmp_path_factory.mktemp("killed")
    (folder / "recipe.toml").write_text(recipe)
    process = subprocess.Popen(command(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        links = list((folder / "runs").rglob("last"))
        if links and str(links[0].readlink()) == "epoch-2":
            break
        time.sleep(0.01)
    time.sleep(0.05)  # into the third epoch
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    rows = (run_folder(folder) / "metrics.jsonl").read_text().splitlines()
    assert len(rows) == 2, "the kill came too late to fall into the third epoch"
    subprocess.run(command(folder, "--resume"), check=True, capture_output=True)
    return run_folder(folder)


def test_weights_are_identical_after_a_kill_and_resume(straight, killed):
    for name in ("last", "best"):
        ours, theirs = (run / "checkpoints" / name / "model.safetensors" for run in (straight, killed))
        assert ours.read_bytes() == theirs.read_bytes()


def test_optimizer_state_is_identical_after_a_kill_and_resume(straight, killed):
    ours, theirs = (run / "checkpoints/last/trainer.safetensors" for run in (straight, killed))
    assert ours.read_bytes() == theirs.read_bytes()


def test_metrics_files_are_identical_after_a_kill_and_resume(straight, killed):
    assert (straight / "metrics.jsonl").read_bytes() == (killed / "metrics.jsonl").read_bytes()
    assert len((killed / "metrics.jsonl").read_text().splitlines()) == 4


def test_resuming_a_finished_run_changes_nothing(straight):
    before = {
        file: file.read_bytes() for file in straight.rglob("*") if file.is_file() and file.name != "log.txt"
    }
    done = subprocess.run(command(straight.parents[5], "--resume"), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {file: file.read_bytes() for file in before} == before


def test_starting_over_an_existing_run_is_refused(straight):
    done = subprocess.run(command(straight.parents[5]), capture_output=True, text=True)
    assert done.returncode == 1
    assert "is finished: evaluate it, or remove it to start over" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_truncated_checkpoint_is_refused(killed):
    weights = killed / "checkpoints" / "last" / "model.safetensors"
    content = weights.read_bytes()
    (killed / "result.json").unlink()
    weights.write_bytes(content[:-1])
    try:
        done = subprocess.run(command(killed.parents[5], "--resume"), capture_output=True, text=True)
    finally:
        weights.write_bytes(content)
    assert done.returncode == 1
    assert "incomplete" in done.stderr and "Traceback" not in done.stderr
