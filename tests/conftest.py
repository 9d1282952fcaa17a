"""What several tests share: a small trained run, its bundle, and a few walks as files."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from affekt.core import catalog
from affekt.core.recipe import Recipe

SHARED = Path(__file__).parents[1].parent / "shared"

TINY = {
    "method": "bpm_gcn",
    "data": {"name": "walkers", "options": {"walkers": 12, "walks_per_emotion": 1}},
    "config": {"width": 8, "clip_frames": 24, "normalise": True},
    "optimizer": {"name": "adamw", "lr": 3e-3},
    "train": {"epochs": 2, "batch_size": 16, "threads": 1},
}


@pytest.fixture(scope="session")
def shared() -> Path:
    """The material beside the project; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("../shared is absent: its parity cases and real data are not part of the project")
    return SHARED


@pytest.fixture(scope="session")
def run_tiny():
    """A function that trains a tiny network in a folder, with changes to its recipe."""
    from affekt.engine.train import train

    def run(folder, **changes):
        values = {**TINY, **changes, "train": {**TINY["train"], **changes.get("train", {})}}
        return train(Recipe.from_values(values), runs=folder, progress=False)

    return run


@pytest.fixture(scope="session")
def trained_run(run_tiny, tmp_path_factory):
    """Folder of a finished run."""
    return run_tiny(tmp_path_factory.mktemp("runs")).path


@pytest.fixture(scope="session")
def bundle(trained_run, tmp_path_factory):
    """Folder of the run's bundle. Tests that use it share one process: exporting takes a while."""
    from affekt.deploy.export import export

    return export(trained_run, tmp_path_factory.mktemp("bundles") / "walks.affekt").bundle


@pytest.fixture
def walks(tmp_path):
    """A folder with three walks as npz files."""
    folder = tmp_path / "walks"
    folder.mkdir()
    for number, sample in enumerate(catalog.dataset("walkers").open(None).samples[:3]):
        walk = sample.media["skeleton"]
        np.savez(folder / f"walk{number}.npz", positions=walk.positions, joints=np.array(walk.joints))
    return folder


@pytest.fixture(scope="session")
def face_run(run_tiny, tmp_path_factory):
    """Folder of a finished run on drawn faces."""
    return run_tiny(
        tmp_path_factory.mktemp("runs"),
        method="compact_face",
        data={"name": "drawn_faces", "options": {"people": 12, "faces_per_emotion": 1, "size": 48}},
        config={"size": 24, "width": 8, "units": 1},
    ).path


@pytest.fixture(scope="session")
def face_bundle(face_run, tmp_path_factory):
    """Folder of the bundle of that run."""
    from affekt.deploy.export import export

    return export(face_run, tmp_path_factory.mktemp("bundles") / "faces.affekt").bundle


@pytest.fixture(scope="session")
def huge_png():
    """A function that makes a PNG which is small on disk and says that it is very large."""

    def make(width, height):
        def chunk(kind, body):
            return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        return (
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(b""))
            + chunk(b"IEND", b"")
        )

    return make
