"""A training that a signal ends reports it, keeps its epochs and is not taken for a finished one."""

import os
import shlex
import signal
import subprocess
import sys
import threading
import time

import pytest

from affekt.cli import main
from affekt.engine.loop.stopping import StopSignal, TrainingStopped, stop_requests
from affekt.engine.runs.recording import EpochRecorder
from affekt.engine.runs.run import Run
from affekt.engine.train import train

# A command that gets a real signal, exactly after its first epoch.
PROGRAM = """
import os, signal
from affekt.cli.main import run
from affekt.engine.runs.recording import EpochRecorder
record = EpochRecorder.on_train_epoch_end
def recording(self, trainer, module):
    record(self, trainer, module)
    os.kill(os.getpid(), signal.SIGTERM)
EpochRecorder.on_train_epoch_end = recording
run()
"""


@pytest.fixture
def recipe_file(tmp_path):
    path = tmp_path / "my recipe.toml"
    path.write_text(
        'method = "compact_face"\ndata = {name = "images"}\n'
        "config = {num_classes = 3, size = 16, width = 4, units = 1}\n"
        "train = {epochs = 3, batch_size = 8, threads = 1}\n"
    )
    return path


def send_after(monkeypatch, epoch, number):
    """Send a signal to the training in this process after an epoch."""
    record = EpochRecorder.on_train_epoch_end

    def recording(self, trainer, module):
        record(self, trainer, module)
        if trainer.current_epoch + 1 == epoch:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(EpochRecorder, "on_train_epoch_end", recording)


def test_sigterm_ends_the_command_with_143_and_the_line_that_continues_it(
    recipe_file, pictures, tmp_path, monkeypatch
):
    words = ["--data-root", str(pictures), "--runs", str(tmp_path / "my runs"), "--set", "seed=4"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "train", str(recipe_file), *words], capture_output=True, text=True
    )
    assert done.returncode == 143, done.stderr
    last = done.stderr.splitlines()[-1]
    said, _, command = last.partition(" with: ")
    assert said == "stopped after epoch 1 of 3; continue"
    assert "Traceback" not in done.stderr
    words = shlex.split(command)
    assert words[:2] == ["affekt", "train"]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as ended:
        main.run()
    run = Run(next((tmp_path / "my runs").rglob("recipe.toml")).parent)
    assert not ended.value.code and run.result["epochs"] == 3 and run.unfinished == ""


def test_ctrl_c_before_an_epoch_is_complete_ends_with_130_and_the_line_that_starts_again(
    recipe_file, pictures, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(
        EpochRecorder, "on_train_epoch_end", lambda *args: os.kill(os.getpid(), signal.SIGINT)
    )
    monkeypatch.setenv("AFFEKT_DATA", str(pictures))
    words = ["train", str(recipe_file), "--data-root", str(pictures), "--runs", str(tmp_path / "runs")]
    monkeypatch.setattr(sys, "argv", ["affekt", *words])
    with pytest.raises(SystemExit) as ended:
        main.run()
    assert ended.value.code == 130
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("stopped before the first of 3 epochs was complete; start again with")
    assert "--data-root" not in said  # the environment states it


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_script_does_not_continue_after_a_stopped_training(
    pictures, tmp_path, monkeypatch, number, code, picture_recipe
):
    send_after(monkeypatch, 1, number)
    before = [signal.getsignal(it) for it in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(TrainingStopped, match="stopped after epoch 1 of 2; continue with train") as stop:
        train(picture_recipe(), data_root=pictures, runs=tmp_path, progress=False)
    assert not isinstance(stop.value, Exception)
    assert (stop.value.epoch, stop.value.epochs, stop.value.exit_code) == (1, 2, code)
    run = Run(stop.value.run)
    assert run.result is None and run.unfinished == "epoch 1 of 2" and run.best.exists()
    assert "stopped after epoch 1 of 2" in (run.path / "log.txt").read_text()
    assert [signal.getsignal(it) for it in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_stopped_training_is_continued_to_the_same_end(
    picture_runs, pictures, tmp_path, monkeypatch, picture_recipe
):
    send_after(monkeypatch, 1, signal.SIGTERM)
    with pytest.raises(TrainingStopped):
        train(picture_recipe(), data_root=pictures, runs=tmp_path, progress=False)
    monkeypatch.undo()
    done = train(picture_recipe(), data_root=pictures, runs=tmp_path, resume=True, progress=False)
    straight = Run(next(picture_runs.rglob("recipe.toml")).parent)
    for name in (
        "checkpoints/last/model.safetensors",
        "checkpoints/last/trainer.safetensors",
        "metrics.jsonl",
    ):
        assert (done.path / name).read_bytes() == (straight.path / name).read_bytes()


def test_loader_workers_end_with_a_stopped_training(pictures, tmp_path, monkeypatch, picture_recipe):
    send_after(monkeypatch, 1, signal.SIGTERM)
    recipe = picture_recipe(train={"epochs": 3, "batch_size": 8, "threads": 1, "workers": 2})
    with pytest.raises(TrainingStopped):
        train(recipe, data_root=pictures, runs=tmp_path, progress=False)
    deadline = time.monotonic() + 20
    while children() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not children()


def children():
    import multiprocessing

    return multiprocessing.active_children()


def test_an_exception_that_was_lost_in_a_destructor_is_raised_at_the_next_check(monkeypatch):
    class Swallowing:
        def __del__(self):
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(sys, "unraisablehook", lambda lost: None)
    with stop_requests() as request:
        thing = Swallowing()
        del thing
        with pytest.raises(StopSignal):
            request.check()


def test_a_second_signal_ends_the_process_at_once():
    code = (
        "import os, signal, time\n"
        "from affekt.engine.loop.stopping import StopSignal, stop_requests\n"
        "with stop_requests():\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "    except StopSignal:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "        time.sleep(60)\n"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGINT


def test_a_signal_that_is_ignored_stays_ignored_and_threads_change_nothing():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stop_requests() as request:
            os.kill(os.getpid(), signal.SIGINT)
            request.check()
    finally:
        signal.signal(signal.SIGINT, before)
    found = []

    def elsewhere():
        with stop_requests() as request:
            found.append(request.signum)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert found == [0]
