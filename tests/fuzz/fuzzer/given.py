"""What is made once before the cases: a run on generated walks, its bundle, and a walk."""

from pathlib import Path

import numpy as np

RECIPE = {
    "method": "bpm_gcn",
    "data": {"name": "walkers", "options": {"walkers": 12, "walks_per_emotion": 1}},
    "config": {"width": 8, "depths": [1, 1, 1], "clip_frames": 24, "normalise": True},
    "optimizer": {"name": "adamw", "lr": 3e-3},
    "train": {"epochs": 1, "batch_size": 16, "threads": 1},
}


def make_given(folder: Path) -> None:
    """Fill a folder, unless it is filled."""
    from affekt.core.recipe import Recipe
    from affekt.data.open import open_dataset
    from affekt.deploy.export.export import export
    from affekt.engine.train import train

    if not (folder / "walk.npz").is_file():
        walk = open_dataset("walkers").samples[0].media["skeleton"]
        np.savez(
            folder / "walk.npz", positions=walk.positions, joints=np.array(walk.joints), rate_hz=30.0, up="y"
        )
    if not (folder / "walks.affekt").exists():
        run = train(Recipe.from_values(RECIPE), runs=folder / "runs", progress=False)
        export(run.path, folder / "walks.affekt")
