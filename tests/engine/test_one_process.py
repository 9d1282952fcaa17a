"""A run that another process trains, and a store that another one fills, are left alone."""

import pytest

from affekt.core.errors import UsageError
from affekt.core.files.lock import writing_alone
from affekt.data.prepare.prepare import prepare
from affekt.engine.train import train


def test_a_run_that_is_trained_elsewhere_is_not_continued(begun, pictures, picture_recipe):
    (recipe_file,) = begun.rglob("recipe.toml")
    run = recipe_file.parent
    before = {path: path.stat().st_mtime_ns for path in sorted(run.rglob("*")) if path.is_file()}
    with writing_alone(run, work="trains this run"), pytest.raises(UsageError, match="trains this run: wait"):
        train(picture_recipe(), data_root=pictures, runs=begun, resume=True, progress=False)
    assert {path: path.stat().st_mtime_ns for path in sorted(run.rglob("*")) if path.is_file()} == before


def test_a_store_that_is_prepared_elsewhere_is_not_touched(tmp_path):
    options = {"clips": 24, "pixels": 32, "frames_per_clip": 16, "sound_rate_hz": 16000}
    with (
        writing_alone(tmp_path / "store", work="prepares this store"),
        pytest.raises(UsageError, match="prepares"),
    ):
        prepare("moving_shapes", tmp_path / "store", options=options, workers=0)
    assert [path.name for path in (tmp_path / "store").iterdir()] == []
