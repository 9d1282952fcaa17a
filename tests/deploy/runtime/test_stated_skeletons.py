"""Rate, up axis and joints that the caller states for skeleton files without them."""

import numpy as np
import pytest

from affekt.core.sample import Skipped
from affekt.data.open import open_dataset
from affekt.deploy.runtime.samples import StatedSkeleton, as_samples

WALK = open_dataset("walkers", None, {"walkers": 8}).samples[0].media["skeleton"]


@pytest.fixture
def table(tmp_path):
    """A walk as CSV with z up, which states neither its rate nor its up axis."""
    z_up = np.stack([WALK.positions[..., 0], -WALK.positions[..., 2], WALK.positions[..., 1]], axis=-1)
    header = ",".join(f"{joint}_{axis}" for joint in WALK.joints for axis in "xyz")
    rows = "\n".join(",".join(map(str, row)) for row in z_up.reshape(len(z_up), -1).tolist())
    (tmp_path / "walk.csv").write_text(f"{header}\n{rows}\n")
    return tmp_path / "walk.csv"


def read(file, **stated):
    (sample,) = as_samples([file], "skeleton", skeletons=StatedSkeleton(**stated))
    return sample


def test_rate_and_up_axis_that_the_caller_states_reach_the_walk(table):
    walk = read(table, up="z", rate_hz=60.0).media["skeleton"]
    assert (walk.rate_hz, walk.is_up_stated) == (60.0, True)
    np.testing.assert_allclose(walk.positions, WALK.positions, atol=1e-6)


def test_values_that_the_caller_does_not_state_stay_unknown(table):
    walk = read(table).media["skeleton"]
    assert (walk.rate_hz, walk.is_up_stated) == (None, False)


def test_an_unknown_axis_skips_the_file_with_the_reason(table):
    skipped = read(table, up="w")
    assert isinstance(skipped, Skipped) and "up direction" in skipped.reason
