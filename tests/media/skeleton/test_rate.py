"""Frame rates of walks: measured over a training set, resampled, noted if missing."""

import dataclasses

import numpy as np
import pytest

from affekt.core.notes import collect_notes
from affekt.data.open import open_dataset
from affekt.media.skeleton import Skeleton
from affekt.media.skeleton.rate import Timing, between_frames, cycle_of, source_frames

WALK = open_dataset("walkers", None, {"walkers": 8}).samples[0].media["skeleton"]


def at(rate_hz, cycle_frames=None):
    return dataclasses.replace(WALK, rate_hz=rate_hz, cycle_frames=cycle_frames)


def notes_on(timing, walk):
    with collect_notes() as notes:
        timing.note_limits(walk)
    return list(notes)


def test_the_common_rate_is_the_most_frequent_one_or_the_lower_of_two():
    assert Timing.measure([at(25.0), at(30.0), at(30.0), at(120.0)]).rate_hz == 30.0
    assert Timing.measure([at(60.0), at(30.0)]).rate_hz == 30.0
    assert Timing.measure([at(60.0), at(30.0)], rate_hz=50.0).rate_hz == 50.0
    assert Timing.measure([at(None)]).rate_hz is None


def test_walks_without_a_rate_are_counted_and_cycles_measured_at_the_common_rate():
    timing = Timing.measure([at(30.0, 20), at(30.0, 30), at(60.0, 72), at(None, 40)])
    assert timing == Timing(30.0, (20.0, 33.0, 40.0), 1)
    assert Timing.from_state(timing.as_state()) == timing


def test_an_old_state_without_timing_is_read_as_unknown():
    assert Timing.from_state({"affective_min": [0.0]}) == Timing(None, None, 0)


@pytest.mark.parametrize(
    ("timing", "walk", "expected"),
    [
        (Timing(30.0), at(30.0), None),
        (Timing(30.0), at(29.97), None),
        (Timing(30.0), at(120.0), None),
        (
            Timing(30.0),
            at(15.0),
            "15 frames per second and the network takes 30: the missing frames were interpolated",
        ),
        (Timing(30.0), at(None), "no frame rate is stated: 30 frames per second, the rate of the training"),
        (
            Timing(),
            at(30.0),
            "the walk has 30 frames per second, and the rate of the network's training walks is not",
        ),
        (
            Timing(),
            at(None),
            "no frame rate is stated, and the rate of the network's training walks is not known",
        ),
    ],
)
def test_an_unknown_rate_is_noted(timing, walk, expected):
    notes = notes_on(timing, walk)
    assert len(notes) == (expected is not None)
    assert all(expected in note for note in notes)


@pytest.mark.parametrize(
    ("cycle", "is_noted"), [(36, False), (20, False), (60, False), (74, True), (10, True)]
)
def test_a_cycle_far_outside_those_of_the_training_walks_is_noted(cycle, is_noted):
    notes = notes_on(Timing(30.0, (22.0, 36.0, 58.0)), at(30.0, cycle))
    assert [
        f"a gait cycle has {cycle} frames, but the training walks have 22 to 58" in note for note in notes
    ] == [True] * is_noted


def test_a_cycle_that_is_not_stated_is_estimated_from_the_feet():
    assert cycle_of(at(30.0)) == pytest.approx(WALK.cycle_frames, abs=1)
    dense = between_frames(WALK.positions, np.arange(0, 74.1, 0.25))
    assert cycle_of(Skeleton(dense.astype(np.float32), WALK.joints)) == pytest.approx(
        4 * WALK.cycle_frames, abs=4
    )
    assert cycle_of(Skeleton(WALK.positions[:30], WALK.joints)) is None  # less than one and a half
    assert cycle_of(Skeleton(np.repeat(WALK.positions[:1], 75, 0), WALK.joints)) is None


def test_source_frames_per_target_frame_follow_from_the_rates():
    assert source_frames(120.0, 30.0) == 4.0
    assert source_frames(15.0, 30.0) == 0.5
    assert source_frames(29.97, 30.0) == source_frames(None, 30.0) == source_frames(30.0, None) == 1.0


def waves(times):
    turn = 2 * np.pi * np.asarray(times) / 20
    return np.stack([np.sin(turn), np.cos(turn), 0 * turn], axis=-1)[:, None]


def test_positions_between_frames_follow_a_smooth_curve_up_to_the_ends():
    times = np.linspace(0, 39, 157)
    np.testing.assert_allclose(between_frames(waves(np.arange(40)), times), waves(times), atol=0.006)
    np.testing.assert_allclose(
        between_frames(waves(np.arange(40)), times)[20:-20], waves(times)[20:-20], atol=1e-4
    )


def test_positions_of_a_walk_that_repeats_itself_have_no_jump_at_its_end():
    times = np.linspace(-35.0, 90.0, 411)
    np.testing.assert_allclose(
        between_frames(waves(np.arange(20)), times, period=20), waves(times), atol=1e-4
    )


def test_whole_frames_are_taken_as_they_are():
    np.testing.assert_array_equal(between_frames(WALK.positions, np.arange(0, 75, 5.0)), WALK.positions[::5])
