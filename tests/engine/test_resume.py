"""A run that was killed and resumed ends with the same result as one that was not."""

import signal
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("warm")
EPOCHS = 4

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


RUN = ("train", "recipe.toml", "--runs", "runs")


def run_folder(folder: Path) -> Path:
    return next((folder / "runs").rglob("recipe.toml")).parent


@pytest.fixture(scope="module", params=[ACCUMULATED, SHARPNESS_AWARE], ids=["accumulated", "sharpness-aware"])
def recipe(request):
    return request.param


@pytest.fixture(scope="module")
def command(recipe, warm, tmp_path_factory):
    """A folder with the recipe, and a function that trains it there: how it ended, and what it printed."""

    def make():
        folder = tmp_path_factory.mktemp("resume")
        (folder / "recipe.toml").write_text(recipe)

        def train(*more, **kill):
            log = Path(f"{folder}.log")
            log.unlink(missing_ok=True)
            return warm([*RUN, *more], folder, **kill), log.read_text()

        return folder, train

    return make


@pytest.fixture(scope="module")
def straight(command):
    """A run, the function that trains it, and the number of changes of the disk that it took."""
    folder, train = command()
    done, log = train()
    assert done["ended"] == 0, log
    return run_folder(folder), train, done["changes"]


@pytest.fixture(scope="module")
def killed(command, straight):
    """A run that was killed in the middle and then resumed, and the function that trains it."""
    folder, train = command()
    done, log = train(change=round(0.6 * straight[2]))
    assert done["ended"] == -signal.SIGKILL, log
    rows = (run_folder(folder) / "metrics.jsonl").read_text().splitlines()
    assert 1 <= len(rows) < EPOCHS, "the kill did not fall between two epochs"
    done, log = train("--resume")
    assert done["ended"] == 0, log
    return run_folder(folder), train


def test_weights_are_identical_after_a_kill_and_resume(straight, killed):
    for name in ("last", "best"):
        ours, theirs = (run / "checkpoints" / name / "model.safetensors" for run in (straight[0], killed[0]))
        assert ours.read_bytes() == theirs.read_bytes()


def test_optimizer_state_is_identical_after_a_kill_and_resume(straight, killed):
    ours, theirs = (run / "checkpoints/last/trainer.safetensors" for run in (straight[0], killed[0]))
    assert ours.read_bytes() == theirs.read_bytes()


def test_metrics_files_are_identical_after_a_kill_and_resume(straight, killed):
    assert (straight[0] / "metrics.jsonl").read_bytes() == (killed[0] / "metrics.jsonl").read_bytes()
    assert len((killed[0] / "metrics.jsonl").read_text().splitlines()) == EPOCHS


def test_resuming_a_finished_run_changes_nothing(straight):
    run, train, _ = straight
    before = {file: file.read_bytes() for file in run.rglob("*") if file.is_file() and file.name != "log.txt"}
    done, log = train("--resume")
    assert done["ended"] == 0, log
    assert {file: file.read_bytes() for file in before} == before


def test_starting_over_an_existing_run_is_refused(straight):
    done, log = straight[1]()
    assert done["ended"] == 1
    assert "is finished: evaluate it, or remove it to start over" in log
    assert "Traceback" not in log


def test_a_truncated_checkpoint_is_refused(killed):
    run, train = killed
    weights = run / "checkpoints" / "last" / "model.safetensors"
    content = weights.read_bytes()
    (run / "result.json").unlink()
    weights.write_bytes(content[:-1])
    try:
        done, log = train("--resume")
    finally:
        weights.write_bytes(content)
    assert done["ended"] == 1
    assert "incomplete" in log and "Traceback" not in log
