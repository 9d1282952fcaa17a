"""A run records the version of its data, and is not continued on another one."""

import pytest

from affekt.core.errors import DataError
from affekt.core.recipe import Recipe
from affekt.data.open import open_dataset
from affekt.engine.runs.data import data_of_run
from affekt.engine.train import train
from affekt.project.versions.release import release

pytestmark = pytest.mark.xdist_group("workshop")

RECIPE = {
    "method": "chfen",
    "data": {"name": "release"},
    "config": {
        "num_classes": 4,
        "dim": 8,
        "heads": 2,
        "modalities": ["video", "audio"],
        "faces": False,
        "frame_fusion": "none",
        "widths": {"video": 48, "audio": 32},
    },
    "train": {"epochs": 1, "batch_size": 8},
}


def test_a_run_states_its_version_and_refuses_another(workshop, tmp_path):
    first = release(workshop, "2.0")
    run = train(Recipe.from_values(RECIPE), data_root=first.folder, runs=tmp_path / "runs")
    assert run.identity.version == f"2.0 {first.sha256[:12]}"
    with workshop.database() as connection:
        connection.execute("UPDATE item SET title = 'another'")
    second = release(workshop, "2.1")
    other = open_dataset("release", second.folder)
    with pytest.raises(DataError, match=r"the version is now 2\.1"):
        data_of_run(run, run.recipe, other, second.folder, accept=False)
