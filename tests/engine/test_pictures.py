"""Training on pictures: broken files, loader workers, sharpness-aware minimisation."""

import numpy as np
import pytest
from PIL import Image

from affekt.core.errors import DataError
from affekt.core.recipe import Recipe
from affekt.data.open import open_dataset
from affekt.engine.train import train

RECIPE = {
    "method": "compact_face",
    "data": {"name": "images"},
    "config": {"size": 16, "width": 8, "units": 1, "num_classes": 7},
    "train": {"epochs": 1, "batch_size": 8, "threads": 1},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Drawn faces as files, one folder per class; two files are broken."""
    root = tmp_path_factory.mktemp("faces")
    options = {"people": 8, "faces_per_emotion": 1, "size": 24}
    for sample in open_dataset("drawn_faces", None, options).samples:
        file = root / str(sample.label) / f"sub-{sample.subject}_{sample.id}.png"
        file.parent.mkdir(exist_ok=True)
        Image.fromarray(np.asarray(sample.media["image"])).save(file)
    files = sorted(root.rglob("*.png"))
    files[3].write_text("no picture")
    files[-2].write_bytes(files[-2].read_bytes()[:100])
    return root


def run(folder, runs, **changes):
    values = {**RECIPE, **changes, "train": {**RECIPE["train"], **changes.get("train", {})}}
    return train(Recipe.from_values(values), data_root=folder, runs=runs, progress=False)


@pytest.mark.parametrize("workers", [0, 1])
def test_broken_pictures_are_left_out_and_reported_once(folder, tmp_path, workers, caplog):
    done = run(folder, tmp_path, train={"epochs": 2, "workers": workers})
    assert done.result is not None and done.result["epochs"] == 2
    reported = [record.message for record in caplog.records if record.message.startswith("skipped")]
    assert len(reported) == len(set(reported)) == 2
    assert sum("cannot be read as a picture" in line for line in reported) == 1


def test_weights_do_not_depend_on_the_number_of_workers(folder, tmp_path):
    one, other = (run(folder, tmp_path / str(n), train={"workers": n}) for n in (0, 1))
    files = [each.best / "model.safetensors" for each in (one, other)]
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("sam", [None, {"rho": 0.05}], ids=["plain", "sharpness-aware"])
def test_a_batch_without_readable_pictures_is_skipped(folder, tmp_path, sam):
    """Batches of one picture: two batches, in training or validation, have no readable picture."""
    optimizer = {"name": "sgd", "lr": 0.01, "momentum": 0.9, "sam": sam}
    done = run(folder, tmp_path, optimizer=optimizer, train={"batch_size": 1})
    assert done.result is not None and done.metrics()[0]["train/loss"] > 0


def test_a_data_set_without_readable_pictures_ends_the_training_with_an_error(tmp_path):
    for label in ("happy", "sad"):
        (tmp_path / "faces" / label).mkdir(parents=True)
        for number in range(8):
            (tmp_path / "faces" / label / f"{number}.png").write_text("no picture")
    with pytest.raises(DataError, match="none of 13 training samples can be read by compact_face"):
        run(tmp_path / "faces", tmp_path / "runs", config={**RECIPE["config"], "num_classes": 2})


def test_sharpness_aware_training_logs_the_first_pass_only(folder, tmp_path):
    optimizer = {"name": "sgd", "lr": 1e-9}
    plain = run(folder, tmp_path / "plain", optimizer=optimizer)
    sharp = run(folder, tmp_path / "sharp", optimizer={**optimizer, "sam": {"rho": 5.0}})
    # At this rate the weights stay the same; the loss of perturbed weights would be larger.
    (one,), (other,) = plain.metrics(), sharp.metrics()
    assert other["train/loss"] == pytest.approx(one["train/loss"], rel=1e-5)
    assert other["validation/loss"] == pytest.approx(one["validation/loss"], rel=1e-5)
    twice = run(
        folder, tmp_path / "twice", optimizer={**optimizer, "sam": {"rho": 5.0, "statistics": "twice"}}
    )
    assert twice.metrics()[0]["validation/loss"] != pytest.approx(one["validation/loss"], rel=1e-4)


def test_sharpness_aware_training_goes_with_half_precision(folder, tmp_path):
    done = run(
        folder,
        tmp_path,
        config={**RECIPE["config"], "dropout": 0.0, "augment": {"erase": 0.0}},
        optimizer={"name": "adam", "lr": 5e-3, "sam": {}},
        train={"precision": "bf16-mixed", "channels_last": True, "clip_norm": 1.0, "epochs": 12},
    )
    rows = done.metrics()
    assert rows[-1]["train/loss"] < 0.96 * rows[0]["train/loss"]
