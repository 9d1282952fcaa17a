"""What tests of runs share: folders of small pictures, and a run that was trained on one of them."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from affekt.core.recipe import Recipe

CLASSES = ("angry", "happy", "sad")


def draw(path: Path, number: int, shade: int) -> None:
    """A picture of noise, of one class's brightness; each number gives other pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([number, shade])
    Image.fromarray((rng.integers(0, 60, (16, 16, 3)) + 60 * shade).astype(np.uint8)).save(path)


def draw_folder(root: Path, parts: dict[str, int], first: int = 0) -> Path:
    """Class folders below folders of parts, so many pictures each; other numbers give other pictures."""
    for place, (part, count) in enumerate(parts.items()):
        for shade, name in enumerate(CLASSES):
            for number in range(count):
                draw(root / part / name / f"{number}.png", first + 100 * place + number, shade)
    return root


def picture_recipe(**changes) -> Recipe:
    """A tiny network on pictures of three classes."""
    values = {
        "method": "compact_face",
        "data": {"name": "images"},
        "config": {"num_classes": 3, "size": 16, "width": 4, "units": 1},
        "optimizer": {"name": "adamw", "lr": 1e-3},
        "train": {"epochs": 2, "batch_size": 8, "threads": 1},
    }
    return Recipe.from_values(values | changes)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory) -> Path:
    """18 training and 9 test pictures. Not to be changed."""
    return draw_folder(tmp_path_factory.mktemp("pictures"), {"train": 6, "test": 3})


@pytest.fixture(scope="session")
def picture_runs(pictures, tmp_path_factory) -> Path:
    """Runs folder with one finished run on the pictures. Not to be changed."""
    from affekt.engine.train import train

    folder = tmp_path_factory.mktemp("runs")
    train(picture_recipe(), data_root=pictures, runs=folder, progress=False)
    return folder


@pytest.fixture
def begun(picture_runs, tmp_path) -> Path:
    """A copy of these runs in which the run has its epochs but is not finished."""
    copy = tmp_path / "runs"
    shutil.copytree(picture_runs, copy, symlinks=True)
    next(copy.rglob("result.json")).unlink()
    return copy


@pytest.fixture
def changed(pictures, tmp_path) -> Path:
    """A copy of the pictures, to be changed."""
    return Path(shutil.copytree(pictures, tmp_path / "changed"))
