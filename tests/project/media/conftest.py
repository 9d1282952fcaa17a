"""Projects of small clips that are written here."""

import csv

import numpy as np
import pytest
from PIL import Image

from affekt.media.sound import Waveform
from affekt.media.video import VideoFrames
from affekt.project.folder import Project
from affekt.project.records.media import import_media
from affekt.project.records.upsert import import_records

RATE_HZ = 16000


@pytest.fixture(scope="session")
def picture():
    """Blurred noise that drifts: another one for each seed; `end_s` seconds at 12 frames a second."""

    def make(seed=0, *, end_s=2.0, size=(36, 48)) -> VideoFrames:
        rng, (rows, columns), frames = np.random.default_rng(seed), size, round(12 * end_s)
        canvas = rng.integers(0, 255, (8, 24, 3), np.uint8)
        canvas = np.asarray(Image.fromarray(canvas).resize((columns + frames, rows)))
        pixels = np.stack([canvas[:, step : step + columns] for step in range(frames)])
        return VideoFrames(pixels, np.arange(frames) / 12, end_s)

    return make


@pytest.fixture(scope="session")
def still():
    """The same grey frame throughout; `level` 0 is black, 255 is white."""

    def make(level, *, end_s=2.0) -> VideoFrames:
        frames = round(12 * end_s)
        return VideoFrames(np.full((frames, 36, 48, 3), level, np.uint8), np.arange(frames) / 12, end_s)

    return make


@pytest.fixture(scope="session")
def sound():
    """Tones that change eight times a second, in another way for each seed."""

    def make(seed=0, *, seconds=2.0) -> Waveform:
        rng = np.random.default_rng(seed)
        pitch = rng.uniform(200, 1200, (round(8 * seconds), 4)).repeat(RATE_HZ // 8, axis=0)
        samples = 0.1 * np.sin(2 * np.pi * np.cumsum(pitch, axis=0) / RATE_HZ).sum(axis=1)
        return Waveform(samples[None].astype(np.float32), RATE_HZ)

    return make


@pytest.fixture(scope="session")
def collected():
    """A project in `folder / "project"` with a record for each id and the files of `folder / "clips"`."""

    def make(folder, records, *, settings="") -> Project:
        project = Project.init(folder / "project", labels="plutchik-wheel-8", title="collected clips")
        with (project.path / "project.toml").open("a", encoding="utf-8") as stream:
            stream.write(f"\n{settings}\n")
        names = sorted({name for cells in records.values() for name in cells})
        with (folder / "records.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, ["id", *names])
            writer.writeheader()
            writer.writerows({"id": item, **cells} for item, cells in records.items())
        import_records(project, folder / "records.csv")
        import_media(project, folder / "clips")
        return project

    return make
