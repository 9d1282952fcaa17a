"""A tiny corpus of dialogues, and recipes on it with a tiny encoder."""

import csv
from itertools import count

import pytest

from affekt.core.recipe import Recipe
from affekt.testing.encoders import save_tiny_encoder

LINES = {
    "anger": ("no! what is it now", "you said that it was here", "the bus is late, no"),
    "joy": ("good to see you, really", "well hello there", "thank you, how good"),
    "sadness": ("oh no, it rains", "ah, well, they are not there", "I am not fine"),
}


@pytest.fixture(scope="session")
def talks(tmp_path_factory):
    """A folder with 10 training, 3 validation and 3 test dialogues of four turns. Not to be changed."""
    folder = tmp_path_factory.mktemp("talks")
    number = count()
    for part, dialogues in (("train", 10), ("dev", 3), ("test", 3)):
        with (folder / f"{part}.csv").open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["dialogue", "turn", "speaker", "text", "label"])
            for dialogue in range(dialogues):
                for turn in range(4):
                    n = next(number)
                    label = list(LINES)[n % 3]
                    words = f"{LINES[label][n % 2]} {'and well ' * (n % 5)}{n}"
                    table.writerow([f"{part}{dialogue}", turn, ("Ann", "Ben")[turn % 2], words, label])
    return folder


@pytest.fixture(scope="session")
def encoder(tmp_path_factory):
    """Folder of a tiny encoder. Not to be changed."""
    return save_tiny_encoder(tmp_path_factory.mktemp("encoders") / "tiny")


@pytest.fixture(scope="session")
def words_recipe():
    """A function that makes the recipe of a tiny encoder on the dialogues, with changes by dotted names."""

    def recipe(source, **changes):
        values = {
            "method": "spcl",
            "data": {"name": "dialogues"},
            "config": {
                "num_classes": 3,
                "encoders": {"T": {"source": str(source)}},
                "context": {"tokens": 40, "turns": 2},
                "losses": {"contrast": {"kind": "spcl", "pool_size": 8, "support": 4}},
            },
            "optimizer": {"name": "adamw", "lr": 1e-3},
            "train": {"epochs": 3, "batch_size": 8, "threads": 1, "bucket_batches": 2},
        }
        for name, value in changes.items():
            *outer, last = name.split("__")
            table = values
            for key in outer:
                table = table.setdefault(key, {})
            table[last] = value
        return Recipe.from_values(values)

    return recipe
