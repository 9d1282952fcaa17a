"""Walks, standing bodies, and recordings that are too short."""

import numpy as np
import pytest

from affekt.core.errors import MediaError
from affekt.data.open import open_dataset
from affekt.media.skeleton.motion import MotionLimits, check_walks

SAMPLES = open_dataset("walkers", None, {"walkers": 8}).samples
WALK = SAMPLES[0].media["skeleton"]


def check(positions, rate_hz=30.0, **limits):
    check_walks(positions, WALK.joints, MotionLimits(**limits), rate_hz=rate_hz)


@pytest.mark.parametrize(
    ("frames", "rate_hz", "message"),
    [
        (1, 30.0, r"1 frame \(0\.03 s\) are too short"),
        (14, 30.0, r"14 frames \(0\.47 s\) are too short"),
        (59, 120.0, r"at least 0\.5 s are needed"),
        (3, 5.0, r"3 frames \(0\.60 s\) are too short"),
        (11, None, "11 frames are too few for a walk; at least 12 are needed where no frame rate is stated"),
        (75, 2.0, "2 frames per second are too few for a walk; 5 are needed"),
    ],
)
def test_too_few_frames_are_not_a_walk(frames, rate_hz, message):
    with pytest.raises(MediaError, match=message):
        check(WALK.positions[:frames], rate_hz)


def test_half_a_second_is_a_walk():
    for sample in SAMPLES[:8]:
        check(sample.media["skeleton"].positions[:15])
        check(sample.media["skeleton"].positions[:12], None)


def standing(frames=75):
    return np.repeat(WALK.positions[:1], frames, axis=0)


def swaying():
    """The weight shifts from foot to foot, and the feet do not move."""
    positions = standing()
    upper = [index for index, name in enumerate(WALK.joints) if "foot" not in name]
    positions[:, upper, 0] += 0.1 * np.sin(np.arange(75) / 5)[:, None]
    return positions


@pytest.mark.parametrize("size", [0.03, 0.1, 0.5])
@pytest.mark.parametrize(("rate_hz", "frames"), [(30.0, 75), (None, 75), (15.0, 40), (120.0, 300)])
def test_noise_of_any_size_is_not_a_walk(size, rate_hz, frames):
    noise = np.random.default_rng(1).normal(0, size, (frames, 16, 3))
    with pytest.raises(MediaError, match="does not walk: the feet move"):
        check(standing(frames) + noise, rate_hz)


def test_a_walk_with_noise_is_a_walk():
    noise = np.random.default_rng(1).normal(0, 0.03, WALK.positions.shape)
    for sample in SAMPLES[:8]:
        check(sample.media["skeleton"].positions + noise)


@pytest.mark.parametrize(
    "positions",
    [standing(), standing() + np.random.default_rng(0).normal(0, 0.01, (75, 16, 3)), swaying()],
    ids=["frozen", "noisy", "swaying"],
)
@pytest.mark.parametrize("rate_hz", [30.0, None])
def test_a_person_who_stands_still_does_not_walk(positions, rate_hz):
    with pytest.raises(
        MediaError, match=r"does not walk: the feet move .*at least 0\.03 \(setting `motion\.stride`\)"
    ):
        check(positions, rate_hz)
    check(positions, rate_hz, stride=0)


def test_legs_without_length_are_refused():
    with pytest.raises(MediaError, match="the skeleton has no size"):
        check(np.zeros((75, 16, 3)))


def test_all_invented_and_captured_walks_are_accepted(shared):
    captured = open_dataset("emotion_gait", shared / "data" / "emotion_gait").samples
    for sample in (*SAMPLES, *captured):
        walk = sample.media["skeleton"]
        check_walks(walk.positions, walk.joints, MotionLimits(), rate_hz=walk.rate_hz)
