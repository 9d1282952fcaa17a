"""The blocks of pages that are marked `run` are run, in order, on tiny invented files."""

import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.core import catalog
from affekt.core.files.toml import read_toml
from affekt.core.settings import dotted
from affekt.data.open import open_dataset
from affekt.media.video.write import write_clip

ROOT = Path(__file__).parents[2]
RUN = ["docs/quickstart.md", "docs/own-data.md", "docs/bundles.md", "docs/reference/recipe.md"]
CLASSES = ("happy", "sad")


def tiny(given):
    """Changes that make a training of a page short; the page does not show them."""
    method = given if given in catalog.list_methods() else read_toml(Path(given))["method"]
    changes = {"train.epochs": 1, "train.threads": 1} | dotted(catalog.card(method).tiny, "config.")
    changes.pop("config.num_classes", None)  # those of the folder
    if given == method:
        changes["train.batch_size"] = 4
    return [word for key, value in changes.items() for word in ("--set", f"{key}={value}")]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Folders of the pages' names, with files of eight people and two classes."""
    root = tmp_path_factory.mktemp("pages")
    for name in ("faces", "pictures", "clips", "sounds", "walks"):
        for label in CLASSES:
            (root / name / label).mkdir(parents=True)
    for sample in open_dataset("drawn_faces", None, {"people": 8, "size": 48}).samples:
        picture = sample.media["image"]
        pixels = np.asarray(picture if isinstance(picture, np.ndarray) else picture.read())
        if pixels.dtype != np.uint8:
            pixels = (255 * pixels).round().astype(np.uint8)
        if sample.label in ("happiness", "sadness"):
            label = CLASSES[sample.label == "sadness"]
            Image.fromarray(pixels).save(root / "pictures" / label / f"sub-{sample.subject}_1.png")
    face = Image.open(next((root / "pictures" / "happy").glob("*.png")))
    face.save(root / "faces" / "happy" / "1.png")
    face.save(root / "face.png")
    for number, sample in enumerate(open_dataset("walkers", None, {"walkers": 8}).samples):
        walk = sample.media["skeleton"]
        if sample.label in CLASSES:
            path = root / "walks" / sample.label / f"sub-{sample.subject}_{number}.npz"
            np.savez(path, positions=walk.positions, joints=np.array(walk.joints))
    options = {"clips": 24, "pixels": 32, "frames_per_clip": 16, "sound_rate_hz": 8000}
    for number, sample in enumerate(open_dataset("moving_shapes", None, options).samples[:8]):
        label = CLASSES[number % 2]
        video, sound = sample.media["video"], sample.media["audio"]
        write_clip(root / "clips" / label / f"sub-{number // 2}_1.mp4", video, sound)
        write_clip(root / "sounds" / label / f"sub-{number // 2}_1.mp4", video, sound)
    return root


@pytest.mark.parametrize("name", RUN)
def test_the_commands_of_a_page_run(name, page, files, tmp_path, monkeypatch):
    for one in files.iterdir():
        (tmp_path / one.name).symlink_to(one)
    monkeypatch.chdir(tmp_path)
    ran = 0
    for block in page(name).blocks:
        kind, _, rest = block.info.partition(" ")
        if kind == "toml" and rest:
            (tmp_path / rest).write_text(block.body)
        if rest != "run":
            continue
        if kind == "python":
            exec(compile(block.body, name, "exec"), {})
            continue
        for line in block.body.splitlines():
            words = shlex.split(line, comments=True)[1:]
            given = [*words, *tiny(words[1])] if words[0] == "train" else words
            result = CliRunner().invoke(app, given)
            assert result.exit_code == 0, f"{line}\n{result.output}\n{result.exception}"
            ran += 1
    assert ran
