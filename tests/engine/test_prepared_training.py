"""Training from a store of prepared clips, after the clips themselves were removed."""

import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

import affekt
from affekt.cli.main import app
from affekt.core import catalog
from affekt.core.recipe import Recipe
from affekt.data.open import open_dataset
from affekt.media.video.write import write_clip


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """A folder per class with six clips each, of six troupes; one is broken, one has no sound track."""
    root = tmp_path_factory.mktemp("corpus") / "clips"
    options = {"clips": 24, "subjects": 6, "pixels": 72, "frames_per_clip": 20, "noise": 0.5}
    for sample in open_dataset("moving_shapes", None, options).samples:
        if sample.label in ("joy", "sadness"):
            file = root / sample.label / f"sub-{sample.subject}_{sample.id}.mp4"
            sound = None if sample.subject == "troupe-02" else sample.media["audio"]
            write_clip(file, sample.media["video"], sound)
    (root / "joy" / "sub-troupe-01_broken.mp4").write_text("no clip")
    return root


@pytest.fixture(scope="module")
def store(clips, broken_sound_clip, tmp_path_factory):
    """The store, after the clips were removed, and training views of the clips from before."""
    shutil.copy(broken_sound_clip, clips / "sadness" / "sub-troupe-03_broken-sound.mp4")
    path = tmp_path_factory.mktemp("stores") / "store"
    views = {sample.id: view_of(sample) for sample in open_dataset("clips", clips).samples[1:]}
    arguments = ["data", "prepare", "clips", "--data-root", str(clips), "--output", str(path)]
    done = CliRunner().invoke(app, [*arguments, "--workers", "0"])
    assert done.exit_code == 0, done.output
    assert "broken.mp4" in done.stderr and "13 clips" in done.stderr
    shutil.rmtree(clips)
    return path, views


def preprocess():
    method = catalog.method("vaanet")
    return method.load("preprocess")(method.make_config(method.card.tiny), None)


def view_of(sample):
    """A training view, drawn with a fixed seed."""
    return preprocess()(sample, rng=np.random.default_rng(0))


def test_a_view_from_the_store_is_close_to_the_view_from_the_clip(store):
    path, before = store
    samples = [sample for sample in open_dataset("clips", path).samples if sample.id in before]
    assert len(samples) > 10
    for sample in samples:
        stored, original = view_of(sample), before[sample.id]
        assert stored["clips"].shape == original["clips"].shape
        grey_levels = 255 * np.abs(stored["clips"] - original["clips"])
        assert grey_levels.mean() < 4, "compressed once more, but of the same place and time"
        assert stored["mfcc"].shape == original["mfcc"].shape
        assert np.abs(stored["mfcc"] - original["mfcc"]).mean() < 1.0  # dB


def test_training_needs_only_the_store(store, tmp_path):
    from affekt.engine.train import train

    path, _ = store
    tiny = {**affekt.card("vaanet").tiny, "num_classes": 2}
    recipe = {
        "method": "vaanet",
        "data": {"name": "clips"},
        "config": tiny,
        "optimizer": {"name": "adamw", "lr": 1e-3},
        "train": {"epochs": 1, "batch_size": 4, "threads": 1},
    }
    run = train(Recipe.from_values(recipe), data_root=path, runs=tmp_path, progress=False)
    (epoch,) = run.metrics()
    assert np.isfinite(epoch["train/loss"]) and np.isfinite(epoch["validation/loss"])
