"""Training: what a run leaves, reads and refuses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import affekt
from affekt.core import catalog
from affekt.core.errors import AffektError, ConfigError, FolderError
from affekt.core.files.sealed import read_sealed
from affekt.core.recipe import Recipe
from affekt.engine.experiment import open_corpus
from affekt.engine.loop.checkpoint_io import FolderCheckpointIO
from affekt.engine.splits import part
from affekt.engine.weights.checkpoint import pack, unpack
from affekt.methods.bpm_gcn.preprocess import GaitPreprocess


def test_training_lowers_the_loss(run_tiny, tmp_path):
    rows = run_tiny(tmp_path, train={"epochs": 5}).metrics()
    assert rows[-1]["train/loss"] < 0.8 * rows[0]["train/loss"]


def test_a_fused_optimizer_with_clipping_gives_the_same_training_up_to_rounding(run_tiny, tmp_path):
    runs = [
        run_tiny(tmp_path / str(fused), optimizer={"lr": 0.01, "fused": fused}, train={"clip_norm": 0.1})
        for fused in (False, True)
    ]
    plain, fused = (run.metrics()[-1]["train/loss"] for run in runs)
    assert fused == pytest.approx(plain, rel=1e-3)


def test_the_test_part_is_never_read_in_training(run_tiny, tmp_path, monkeypatch):
    seen = set()
    fit, call = GaitPreprocess.fit, GaitPreprocess.__call__

    def watched_fit(self, samples):
        seen.update(sample.id for sample in samples)
        return fit(self, samples)

    def watched_call(self, sample, *, rng=None):
        seen.add(sample.id)
        return call(self, sample, rng=rng)

    monkeypatch.setattr(GaitPreprocess, "fit", watched_fit)
    monkeypatch.setattr(GaitPreprocess, "__call__", watched_call)
    recipe = run_tiny(tmp_path).recipe
    parts = part(open_corpus(recipe, None).samples, recipe.split)
    assert parts.test and seen.isdisjoint(sample.id for sample in parts.test)
    assert seen == {sample.id for sample in (*parts.train, *parts.validation)}


def test_each_evaluation_on_the_test_part_is_recorded(trained_run):
    record = trained_run / "evaluation" / "record.jsonl"
    before = len(record.read_text().splitlines()) if record.exists() else 0
    for _ in range(2):
        affekt.evaluate(trained_run)
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    assert len(lines) == before + 2
    assert lines[-1]["split"] == "test" and 0 <= lines[-1]["scores"]["uar"] <= 1


def test_an_evaluation_leaves_scores_predictions_and_figures(trained_run):
    result = affekt.evaluate(trained_run)
    found = {file.name for file in result.folder.iterdir()}
    assert {
        "scores.json",
        "predictions.csv",
        "predictions.parquet",
        "confusion.png",
        "reliability.png",
    } <= found
    low, high = result.intervals["accuracy"]
    assert low <= result.scores["accuracy"] <= high
    assert result.confusion.sum() == len(result.predictions)


def test_a_run_folder_holds_everything_needed_to_repeat_it(trained_run):
    assert Recipe.load([trained_run / "recipe.toml"]).digest()[:8] == trained_run.name.partition("--")[0]
    for name in ("environment.json", "metrics.jsonl", "log.txt", "calibration.json", "figures/curves.png"):
        assert (trained_run / name).stat().st_size > 0
    assert list((trained_run / "events").glob("events.out.tfevents*"))


def test_the_best_epoch_is_the_one_that_validation_selects(run_tiny, tmp_path):
    done = run_tiny(tmp_path, train={"epochs": 4, "keep": "all"}, selection={"metric": "loss"})
    losses = [row["validation/loss"] for row in done.metrics()]
    assert done.result["best_epoch"] == 1 + losses.index(min(losses))
    assert done.best.resolve().name == f"epoch-{done.result['best_epoch']}"
    assert len(list(done.checkpoints.glob("epoch-*"))) == 4


def test_a_recipe_may_keep_the_last_epoch_regardless_of_validation(run_tiny, tmp_path):
    settings = {
        "optimizer": {"name": "sgd", "lr": 1e-12},  # no epoch is better than the first
        "selection": {"metric": "accuracy", "last_epoch": True},
    }
    done = run_tiny(tmp_path, train={"epochs": 3}, **settings)
    assert done.result["best_epoch"] == 3
    assert done.best.resolve() == done.last.resolve()


def test_patience_ends_a_run_that_does_not_improve(run_tiny, tmp_path):
    settings = {"optimizer": {"name": "sgd", "lr": 1e-12}, "selection": {"metric": "accuracy", "patience": 2}}
    rows = run_tiny(tmp_path, train={"epochs": 50}, **settings).metrics()
    assert len(rows) < 50


def test_bf16_training_runs(run_tiny, tmp_path):
    assert run_tiny(tmp_path, train={"epochs": 1, "precision": "bf16-mixed"}).result["epochs"] == 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU trains in float16")
def test_float16_on_a_processor_is_refused(run_tiny, tmp_path):
    with pytest.raises(ConfigError, match="bf16-mixed"):
        run_tiny(tmp_path, train={"precision": "16-mixed"})


def test_a_training_that_diverges_stops_with_advice(run_tiny, tmp_path):
    with pytest.raises(AffektError, match=r"optimizer\.lr"):
        run_tiny(tmp_path, optimizer={"name": "sgd", "lr": 1e30})


def test_another_number_of_loader_workers_gives_the_same_weights(run_tiny, tmp_path):
    one, other = (run_tiny(tmp_path / str(n), train={"workers": n, "epochs": 1}) for n in (0, 2))
    assert (one.last / "model.safetensors").read_bytes() == (other.last / "model.safetensors").read_bytes()


def test_two_processes_train_together(tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'method = "bpm_gcn"\ndata = {name = "walkers", options = {walkers = 12}}\n'
        "config = {width = 8, depths = [1, 1, 1], clip_frames = 24}\n"
        'train = {epochs = 1, threads = 1, accelerator = "cpu", devices = 2, strategy = "ddp"}\n'
    )
    verb = Path(sys.executable).parent / "affekt"
    done = subprocess.run(
        [verb, "train", recipe, "--runs", tmp_path / "runs", "--json"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    # Every step takes a batch of each process.
    (row,) = [json.loads(line) for line in (Path(result["run"]) / "metrics.jsonl").read_text().splitlines()]
    assert row["step"] == -(-result["samples"]["train"] // 2 // 32)


@pytest.mark.parametrize("name", ["model.safetensors", "trainer.safetensors", "trainer.json", "affekt.json"])
def test_an_altered_checkpoint_is_refused(tmp_path, trained_run, name):
    import shutil

    copy = tmp_path / "checkpoint"
    shutil.copytree((trained_run / "checkpoints" / "last").resolve(), copy)
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(FolderError, match="altered"):
        FolderCheckpointIO().load_checkpoint(copy)


def test_a_checkpoint_states_its_method_and_labels(trained_run):
    document = read_sealed((trained_run / "checkpoints" / "best").resolve(), kind="checkpoint").document
    assert document["method"] == "bpm_gcn" and document["labels"]["names"][0] == "happy"
    assert affekt.load(trained_run / "checkpoints" / "best").labels == catalog.dataset("walkers").labels


def test_checkpoint_trees_come_back_as_they_went():
    tree = {1: [None, True, 0.1, (float("inf"), "x")], "a": {"b": torch.arange(3)}}
    tensors = {}
    back = unpack(json.loads(json.dumps(pack(tree, tensors))), tensors)
    assert torch.equal(back["a"].pop("b"), tree["a"].pop("b"))
    assert back == tree


def test_a_value_that_a_checkpoint_cannot_hold_is_named():
    with pytest.raises(TypeError, match="a set cannot be written"):
        pack({"x": {1}}, {})


def test_a_run_that_could_not_start_leaves_no_folder(run_tiny, tmp_path):
    with pytest.raises(ConfigError, match="500 folds need 500 subjects or more"):
        run_tiny(tmp_path, split={"scheme": "k_fold", "folds": 500})
    assert list(tmp_path.iterdir()) == []
