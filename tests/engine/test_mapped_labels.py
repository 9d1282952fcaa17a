"""Labels of the data that were mapped by name are stated when a network is trained, and in its record."""

import logging

import numpy as np
from PIL import Image

from affekt.data.open import open_dataset

FOLDERS = ("angry", "disgust", "fear", "happy", "neutral", "sad", "Surprise")
NOTE = "labels of the data, mapped by name: angry as anger, happy as happiness, sad as sadness"


def test_mapped_labels_are_logged_and_recorded(run_tiny, tmp_path, caplog):
    rng = np.random.default_rng(0)
    for part in ("train", "test"):
        for folder in FOLDERS:
            for number in range(4):
                path = tmp_path / part / folder / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(rng.integers(0, 255, (48, 48), dtype=np.uint8)).save(path)
    assert open_dataset("fer2013", tmp_path).notes == (NOTE,)
    with caplog.at_level(logging.INFO, logger="affekt"):
        run = run_tiny(
            tmp_path / "runs",
            data_root=tmp_path,
            method="compact_face",
            data={"name": "fer2013"},
            config={"size": 24, "width": 8, "units": 1, "num_classes": 7},
            train={"epochs": 1},
        )
    assert NOTE in caplog.messages
    assert run.result["notes"] == [NOTE]
