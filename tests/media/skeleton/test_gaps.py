"""Placeholders of lost joints: detected, interpolated in short gaps, refused in long ones."""

import numpy as np
import pytest

from affekt.core.errors import MediaError
from affekt.core.notes import collect_notes
from affekt.data.open import open_dataset
from affekt.media.skeleton.gaps import GapLimits, fill_gaps
from affekt.media.skeleton.lost import find_lost

SAMPLES = open_dataset("walkers", None, {"walkers": 8}).samples
WALK = SAMPLES[0].media["skeleton"]
JOINTS = WALK.joints
IN_THE_WORLD = WALK.positions + np.arange(75)[:, None, None] * np.array([0.0, 0.0, 0.02]) + [2.0, 0.5, -3.0]
CENTRED = WALK.positions - WALK.positions[:, :1]  # the root is (0, 0, 0) in all frames
WALKS = {"as it is": WALK.positions, "in the world": IN_THE_WORLD, "centred": CENTRED}


def put(positions, joint, frames, value):
    """A copy with a joint (or all) at one point in some frames."""
    changed = positions.astype(np.float32)
    changed[frames, slice(None) if joint is None else JOINTS.index(joint)] = value
    return changed


def lost(positions):
    """Names and frames of the lost joints."""
    frames = find_lost(positions.astype(np.float32), JOINTS).frames
    return {
        name: np.flatnonzero(column).tolist()
        for name, column in zip(JOINTS, frames.T, strict=True)
        if any(column)
    }


def filled(positions, limits=None, rate_hz=30.0):
    positions = positions.astype(np.float32)
    with collect_notes() as notes:
        return fill_gaps(
            positions, find_lost(positions, JOINTS), limits or GapLimits(), rate_hz=rate_hz
        ), list(notes)


# What is lost


@pytest.mark.parametrize("name", WALKS)
@pytest.mark.parametrize("value", [0, -1, 9999, (0.3, 7.0, 0.1)])
@pytest.mark.parametrize("frames", [[20], [20, 21, 22], [3, 20, 41, 42]])
def test_a_frame_at_one_point_is_lost(name, value, frames):
    found = lost(put(WALKS[name], None, frames, value))
    rests = {"root"} if name == "centred" and value == 0 else set()
    assert found == {joint: frames for joint in JOINTS if joint not in rests}


@pytest.mark.parametrize("name", WALKS)
@pytest.mark.parametrize("joint", ["left_hand", "right_foot", "left_elbow", "head", "left_knee"])
@pytest.mark.parametrize("value", [0, -1, (5.0, 5.0, 2.0)])
def test_a_joint_at_a_placeholder_is_lost_and_no_other(name, joint, value):
    assert lost(put(WALKS[name], joint, [20, 21, 22], value)) == {joint: [20, 21, 22]}


def test_a_placeholder_is_detected_in_a_walk_that_repeats_itself():
    cycle = WALK.cycle_frames
    repeated = WALK.positions[np.arange(75) % cycle]
    assert lost(repeated) == {}
    assert lost(put(repeated, "left_elbow", [20], 0)) == {"left_elbow": [20]}


@pytest.mark.parametrize("value", [-1, 0.5, (1.0, 2.0, 3.0)])
def test_a_placeholder_in_every_second_frame_of_a_walk_that_repeats_itself_is_lost(value):
    repeated = WALK.positions[np.arange(75) % WALK.cycle_frames]
    changed = put(repeated, "left_knee", slice(0, None, 2), value)
    assert lost(changed)["left_knee"] == list(range(0, 75, 2))


def test_the_first_frame_of_a_placeholder_at_the_length_of_an_arm_is_lost_as_well():
    hand, elbow = (WALK.positions[:, JOINTS.index(f"left_{joint}")] for joint in ("hand", "elbow"))
    above = elbow[22] + [0.0, np.linalg.norm(hand[22] - elbow[22]), 0.0]
    frames = list(range(20, 25))
    assert lost(put(WALK.positions, "left_hand", frames, above)) == {"left_hand": frames}


@pytest.mark.parametrize("joint", ["left_hand", "right_knee", "head"])
def test_the_last_position_kept_while_the_body_moves_is_lost(joint):
    column = IN_THE_WORLD[20, JOINTS.index(joint)]
    (found,) = lost(put(IN_THE_WORLD, joint, slice(20, 26), column)).items()
    assert found in (
        (joint, list(range(21, 26))),
        (joint, list(range(20, 26))),
    )  # the first frame may count as valid


def test_one_pose_kept_by_the_whole_body_is_lost():
    held = IN_THE_WORLD[np.where((np.arange(75) > 20) & (np.arange(75) < 26), 20, np.arange(75))]
    assert lost(held) == {joint: list(range(21, 26)) for joint in JOINTS}


@pytest.mark.parametrize("value", [0, -1, (0.2, 0.9, 0.3)])
def test_a_joint_that_is_never_seen_is_lost_in_all_frames(value):
    assert lost(put(WALK.positions, "left_hand", slice(None), value)) == {"left_hand": list(range(75))}


@pytest.mark.parametrize("value", [1e9, 1e20, 1e38])
def test_a_joint_far_away_is_lost(value):
    assert lost(put(WALK.positions, "spine", [3], value)) == {"spine": [3]}


def test_a_joint_that_jumps_away_for_one_frame_is_lost():
    assert lost(put(WALK.positions, "left_hand", [20], (0.5, 0.2, 0.1))) == {"left_hand": [20]}


def with_a_foot_on_the_ground():
    """The body moves so that the left foot is exactly still for half a second."""
    foot = JOINTS.index("left_foot")
    way = np.cumsum(np.diff(WALK.positions[:, foot], axis=0, prepend=WALK.positions[:1, foot]), axis=0)
    positions = WALK.positions - np.where((np.arange(75) < 20)[:, None], way[20], way)[:, None]
    positions[20:35, foot] = positions[20, foot]
    return positions[:35]


CONSTANT_BY_RIGHT = {
    "the root of a centred walk": CENTRED,
    "whole millimetres": np.rint(WALK.positions * 2500),
    "whole centimetres": np.rint(IN_THE_WORLD * 250),
    "a flat walk": WALK.positions * [1, 1, 0],
    "frames stored twice": np.repeat(IN_THE_WORLD, 2, axis=0),
    "frames stored four times": np.repeat(IN_THE_WORLD, 4, axis=0),
    "hips and spine that keep their place": CENTRED
    * (~np.isin(JOINTS, ("spine", "left_hip", "right_hip")))[:, None]
    + CENTRED[0] * np.isin(JOINTS, ("spine", "left_hip", "right_hip"))[:, None],
    "a body that is put elsewhere": WALK.positions + 50 * (np.arange(75) > 40)[:, None, None],
    "nobody moves": np.repeat(WALK.positions[:1], 75, axis=0),
    "one frame": WALK.positions[:1],
}


@pytest.mark.parametrize("name", CONSTANT_BY_RIGHT)
def test_valid_constant_values_are_not_lost(name):
    assert lost(CONSTANT_BY_RIGHT[name]) == {}


def test_a_foot_that_stands_on_the_ground_is_not_lost():
    assert "left_foot" not in lost(with_a_foot_on_the_ground())


def test_no_joint_of_an_invented_walk_is_lost():
    assert [lost(sample.media["skeleton"].positions) for sample in SAMPLES] == [{}] * len(SAMPLES)


def test_no_joint_of_a_captured_walk_is_lost_and_all_lost_hands_are_detected(shared):
    hand = 6
    for sample in open_dataset("emotion_gait", shared / "data" / "emotion_gait").samples[::4]:
        walk = sample.media["skeleton"]
        assert not find_lost(walk.positions, walk.joints).frames.any()
        broken = walk.positions.copy()
        broken[20:23, hand] = 0
        assert np.argwhere(find_lost(broken, walk.joints).frames).tolist() == [
            [20, hand],
            [21, hand],
            [22, hand],
        ]


# What is filled


@pytest.mark.parametrize("frames", [1, 2, 5, 6])
def test_a_short_gap_is_filled_close_to_the_truth_and_noted_with_its_share(frames):
    positions, (note,) = filled(put(WALK.positions, None, slice(20, 20 + frames), 0))
    error = np.linalg.norm(positions - WALK.positions, axis=-1)
    assert error.max() < 0.02 * frames  # thigh 1/3
    assert not error[:20].any() and not error[20 + frames :].any()
    assert f"in {frames} of 75 frames" in note and "interpolated" in note


def test_a_gap_that_reaches_an_end_keeps_the_nearest_position():
    hand = JOINTS.index("left_hand")
    positions, _ = filled(put(WALK.positions, "left_hand", [0, 1, 2, 73, 74], 0))
    np.testing.assert_array_equal(positions[:3, hand], np.repeat(WALK.positions[3:4, hand], 3, axis=0))
    np.testing.assert_array_equal(positions[73:, hand], np.repeat(WALK.positions[72:73, hand], 2, axis=0))


def test_frames_without_a_body_at_the_ends_are_cut_off_however_many():
    padded = np.concatenate([np.zeros((4, 16, 3)), WALK.positions, np.zeros((40, 16, 3))])
    positions, (note,) = filled(padded)
    np.testing.assert_array_equal(positions, WALK.positions)
    assert note.startswith("44 of 119 frames at the ends of the walk")


@pytest.mark.parametrize("name", WALKS)
def test_zeros_that_are_most_of_a_walk_are_cut_off_as_well(name):
    padded = np.concatenate([np.zeros((20, 16, 3)), WALKS[name], np.zeros((2000, 16, 3))])
    positions, (note,) = filled(padded)
    np.testing.assert_array_equal(positions, WALKS[name].astype(np.float32))
    assert note.startswith("2020 of 2095 frames at the ends of the walk")


@pytest.mark.parametrize(
    ("frames", "limits", "rate_hz", "message"),
    [
        (slice(20, 27), {}, 30.0, r"in up to 9 % of 75 frames, for up to 0\.23 s at a time; at most 0\.2 s"),
        (slice(20, 27), {}, None, r"for up to 7 frames at a time; at most 6 frames"),
        (slice(20, 23), {"longest_s": 0.05}, 30.0, r"for up to 0\.10 s at a time; at most 0\.05 s"),
        (slice(0, 75, 3), {}, 30.0, r"in up to 33 % of 75 frames, .* and 20 % are interpolated"),
    ],
)
def test_gaps_over_the_limits_are_refused_with_the_joint_and_the_missing_share(
    frames, limits, rate_hz, message
):
    with pytest.raises(MediaError, match=rf"(?s)^left_hand cannot be used: .*{message}"):
        filled(put(WALK.positions, "left_hand", frames, 0), GapLimits(**limits), rate_hz)


def test_the_limit_in_seconds_counts_frames_by_the_rate():
    broken = put(WALK.positions, "left_hand", slice(20, 30), 0)
    assert filled(broken, rate_hz=120.0)[1]
    with pytest.raises(MediaError):
        filled(broken, rate_hz=30.0)


def test_a_joint_that_is_never_seen_is_refused_by_name():
    with pytest.raises(MediaError, match="left_hand cannot be used: all frames hold placeholders"):
        filled(put(WALK.positions, "left_hand", slice(None), 0))


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_foot_at_three_equal_numbers_is_lost_even_where_its_bones_fit(value):
    for sample in SAMPLES[:12]:
        walk = sample.media["skeleton"]
        positions = walk.positions.copy()
        positions[20:40, walk.joints.index("right_foot")] = value
        frames = find_lost(positions, walk.joints).frames[:, walk.joints.index("right_foot")]
        assert frames[20:40].all(), sample.id
