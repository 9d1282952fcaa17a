"""Runs that are trained in Jittor: ordinary runs, equal to PyTorch's, resumed bit for bit."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from affekt.core.errors import ConfigError, MissingExtra
from affekt.core.files.sealed import read_sealed
from affekt.core.recipe import Recipe
from affekt.deploy.export.export import export
from affekt.deploy.load import load
from affekt.engine.network import checkpoint_model
from affekt.engine.train import train
from affekt.evaluation.evaluate import evaluate
from affekt.frameworks.jittor.network import JittorCompute, _OpenGraph

FACES = {
    "method": "compact_face",
    "framework": "jittor",
    "data": {"name": "drawn_faces", "options": {"people": 12, "faces_per_emotion": 1, "size": 48}},
    "config": {"size": 24, "width": 8, "units": 1, "dropout": 0.0},
    "optimizer": {"name": "adamw", "lr": 3e-3, "weight_decay": 0.01},
    "loss": {"label_smoothing": 0.1, "class_weights": "balanced"},
    "schedule": {"name": "cosine"},
    "train": {"epochs": 2, "batch_size": 16, "drop_last": True, "clip_norm": 1.0, "threads": 1},
}
# Draws in the network, two passes in a step, and an average of weights.
SHARP = {
    **FACES,
    "config": {**FACES["config"], "dropout": 0.3},
    "optimizer": {"name": "sgd", "lr": 0.02, "momentum": 0.9, "sam": {"rho": 0.05}},
    "train": {**FACES["train"], "clip_norm": 0.0, "weight_average": 0.8},
}


def run(values, folder, **options):
    return train(Recipe.from_values(values), runs=folder, progress=False, **options)


def weights(checkpoint):
    return checkpoint_model(read_sealed(checkpoint, kind="checkpoint")).state_dict()


def assert_same_bits(some, others):
    assert some.keys() == others.keys()
    for name, value in some.items():
        assert torch.equal(value, others[name]), name


@pytest.fixture(scope="module")
def trained(jittor, tmp_path_factory):
    return run(FACES, tmp_path_factory.mktemp("jittor"))


@pytest.fixture(scope="module")
def by_pytorch(tmp_path_factory):
    return run({**FACES, "framework": "pytorch"}, tmp_path_factory.mktemp("pytorch"))


@pytest.mark.parametrize(
    ("option", "value", "problem"),
    [
        ("precision", "bf16-mixed", "Jittor computes in float32"),
        ("accelerator", "gpu", "Jittor computes on the processor"),
        ("devices", 2, "in one process"),
        ("cached_views", 2, "Jittor computes the whole network"),
    ],
)
def test_option_that_jittor_lacks_is_refused_before_data_are_read(option, value, problem, tmp_path):
    recipe = {**FACES, "data": {"name": "fer2013"}, "train": {option: value}}  # there are no such data
    with pytest.raises(ConfigError, match=problem):
        run(recipe, tmp_path)
    assert not list(tmp_path.iterdir())


def test_command_takes_the_framework_and_names_the_close_one():
    code = "from affekt.cli.main import run; run()"
    command = [sys.executable, "-c", code, "train", "compact_face/fer2013", "--framework", "jitor"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and "did you mean jittor?" in done.stderr


def test_jittor_that_is_not_set_up_is_one_error_before_data_are_read(tmp_path, monkeypatch):
    monkeypatch.setenv("AFFEKT_JITTOR", str(tmp_path / "nowhere"))
    with pytest.raises(MissingExtra, match=r"framework jittor needs Jittor: .* affekt doctor jittor shows"):
        run({**FACES, "data": {"name": "fer2013"}}, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


@pytest.mark.jittor
def test_epochs_have_the_loss_that_they_have_in_pytorch(trained, by_pytorch):
    for row, other in zip(trained.metrics(), by_pytorch.metrics(), strict=True):
        assert row["train/loss"] == pytest.approx(other["train/loss"], rel=1e-3)


@pytest.mark.jittor
def test_run_records_the_framework_and_its_version(trained):
    assert trained.recipe.framework == "jittor"
    document = read_sealed(trained.best, kind="checkpoint").document
    assert document["environment"]["packages"]["jittor"].startswith("1.3")


@pytest.mark.jittor
def test_run_is_evaluated_exported_and_answers_like_any_other(trained, tmp_path):
    scores = evaluate(trained.path, folder=tmp_path / "evaluation").scores
    assert 0 <= scores["accuracy"] <= 1
    bundle = export(trained.path, tmp_path / "faces.affekt").bundle
    answer = load(bundle)(np.zeros((48, 48), np.uint8))
    assert sum(answer.scores.values()) == pytest.approx(1, abs=1e-5)


@pytest.mark.jittor
def test_run_that_broke_off_is_resumed_bit_for_bit(jittor, tmp_path, monkeypatch):
    straight = run(SHARP, tmp_path / "straight")
    call, calls = JittorCompute.__call__, 0

    def breaking(self, model, inputs):
        nonlocal calls
        calls += model.training
        if calls > 8:  # in the second epoch, which has 2 passes for each step
            raise RuntimeError("broken off")
        return call(self, model, inputs)

    monkeypatch.setattr(JittorCompute, "__call__", breaking)
    with pytest.raises(RuntimeError, match="broken off"):
        run(SHARP, tmp_path / "broken")
    monkeypatch.undo()
    resumed = run(SHARP, tmp_path / "broken", resume=True)
    assert resumed.metrics() == straight.metrics()
    assert_same_bits(weights(resumed.last), weights(straight.last))


@pytest.mark.jittor
def test_training_starts_from_the_weights_of_a_run_of_pytorch_bit_for_bit(
    by_pytorch, jittor, tmp_path, monkeypatch
):
    sent, ask = [], _OpenGraph._ask

    def watched(self, what, arrays, facts=None):
        if what == "weights":
            sent.append(dict(arrays))
        return ask(self, what, arrays, facts)

    monkeypatch.setattr(_OpenGraph, "_ask", watched)
    run({**FACES, "train": {**FACES["train"], "epochs": 1}}, tmp_path, weights=[by_pytorch.best])
    known = weights(by_pytorch.best)
    for name, value in sent[0].items():
        assert value.tobytes() == known[name].numpy().tobytes(), name
    assert {name for name, one in known.items() if one.is_floating_point()} == sent[0].keys()
