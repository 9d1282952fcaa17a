"""From a walk to arrays: joints by name, aligned."""

import numpy as np
import pytest

from affekt.core.errors import AffektError, MediaError
from affekt.core.sample import Sample
from affekt.data.open import open_dataset
from affekt.media.skeleton import JOINT_ORDERS, Skeleton
from affekt.methods.bpm_gcn.augment import mirrored
from affekt.methods.bpm_gcn.config import BPMGCNConfig
from affekt.methods.bpm_gcn.features import affective_features, movement
from affekt.methods.bpm_gcn.joints import JOINTS
from affekt.methods.bpm_gcn.preprocess import THIGH, GaitPreprocess, align


@pytest.fixture
def walk():
    return open_dataset("walkers").samples[0].media["skeleton"]


def sample(skeleton, **changes):
    fields = {"cycle_frames": skeleton.cycle_frames, **changes}
    positions = fields.pop("positions", skeleton.positions)
    joints = fields.pop("joints", skeleton.joints)
    return Sample("walk", {"skeleton": Skeleton(positions, joints, **fields)})


def make(**config):
    return GaitPreprocess(BPMGCNConfig(**config))


def test_joints_are_matched_by_name_not_by_index(walk):
    order = JOINT_ORDERS["emotion_gait"]
    moved = sample(walk, positions=walk.in_order(order), joints=order)
    one, other = (make()(item)["skeleton"] for item in (sample(walk), moved))
    np.testing.assert_array_equal(one, other)


def test_exchanged_sides_would_be_detected(walk):
    swapped = tuple(
        n.replace("left", "L").replace("right", "left").replace("L", "right") for n in walk.joints
    )
    one, other = (make()(item)["skeleton"] for item in (sample(walk), sample(walk, joints=swapped)))
    assert np.abs(one - other).max() > 0.01


def test_position_scale_and_direction_do_not_matter(walk):
    cos, sin = np.cos(2.0), np.sin(2.0)
    turn = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    moved = (walk.positions @ turn.T * 900 + np.array([5.0, 1.0, -3.0])).astype(np.float32)
    one, other = (make()(item)["skeleton"] for item in (sample(walk), sample(walk, positions=moved)))
    np.testing.assert_allclose(one, other, atol=1e-4)


def test_an_aligned_walk_is_at_the_origin_faces_ahead_and_has_a_known_size(walk):
    placed = align(walk.in_order(JOINTS).astype(float))
    joint = {name: placed[:, index] for index, name in enumerate(JOINTS)}
    assert np.abs(joint["root"]).max() == 0
    assert np.linalg.norm(joint["left_hip"] - joint["left_knee"], axis=1).mean() == pytest.approx(
        THIGH, rel=0.05
    )
    assert (joint["left_hip"] - joint["right_hip"]).mean(axis=0)[0] > 0


def test_a_skeleton_without_size_is_refused(walk):
    with pytest.raises(MediaError, match="no size"):
        make()(sample(walk, positions=np.zeros_like(walk.positions)))


@pytest.mark.parametrize("frames", [1, 2, 47, 48, 49, 75])
@pytest.mark.parametrize("short_clips", ["reflect", "zeros"])
@pytest.mark.parametrize("step", [1, 2])
def test_any_length_becomes_clip_frames(walk, frames, short_clips, step):
    item = sample(walk, positions=walk.positions[:frames], cycle_frames=None)
    preprocess = make(short_clips=short_clips, frame_step=step, views=3, motion=None)
    views = list(preprocess.views(item))
    assert len(views) == 3
    for arrays in views:
        preprocess.spec.check(arrays)


def test_a_reflected_short_walk_has_no_jump_where_zeros_have_one(walk):
    item = sample(walk, positions=walk.positions[:30], cycle_frames=None)
    speed = {kind: make(short_clips=kind)(item)["movement"][3].max() for kind in ("reflect", "zeros")}
    assert speed["reflect"] < 0.5 * speed["zeros"]


def test_a_known_cycle_is_continued_without_a_jump(walk):
    cut = sample(walk, positions=walk.positions[: walk.cycle_frames])
    # Direction and size are means over the given frames, so the two differ slightly.
    np.testing.assert_allclose(make()(cut)["skeleton"], make()(sample(walk))["skeleton"], atol=0.02)


def test_movement_is_zero_in_the_first_frame_and_acceleration_in_the_first_two(walk):
    moves = movement(walk.in_order(JOINTS).astype(float))
    assert not moves[0].any() and not moves[:2, :, 4:].any() and moves[1, :, :4].any()


def test_mirroring_twice_is_the_walk_itself_and_keeps_affective_features_of_the_middle(walk):
    positions = walk.in_order(JOINTS).astype(float)
    np.testing.assert_array_equal(mirrored(mirrored(positions)), positions)
    spine = 7  # neck-spine-root: an angle of the middle of the body
    before, after = (affective_features(w)[:, spine] for w in (positions, mirrored(positions)))
    np.testing.assert_allclose(before, after)


def test_normalised_channels_have_mean_zero_and_deviation_one():
    samples = open_dataset("walkers").samples[:40]
    config = BPMGCNConfig(normalise=True)
    preprocess = GaitPreprocess(config, GaitPreprocess(config).fit(samples))
    for name in ("skeleton", "movement"):
        channels = np.stack([preprocess(item)[name] for item in samples]).transpose(1, 0, 2, 3, 4).reshape(-1)
        assert abs(channels.mean()) < 0.01 and channels.std() == pytest.approx(1, abs=0.02)


def test_affective_targets_of_training_walks_lie_between_minus_one_and_one():
    samples = open_dataset("walkers").samples[:10]
    config = BPMGCNConfig(augment={"kind": "none"})
    preprocess = GaitPreprocess(config, GaitPreprocess(config).fit(samples))
    targets = np.stack([preprocess(item, rng=np.random.default_rng(0))["affective"] for item in samples])
    assert targets.min() == pytest.approx(-1) and targets.max() == pytest.approx(1)


def test_reference_augmentation_changes_posture_and_movement_independently(walk):
    config = BPMGCNConfig(augment={"kind": "reference"})
    preprocess = GaitPreprocess(config, GaitPreprocess(config).fit([sample(walk)]))
    arrays = preprocess(sample(walk), rng=np.random.default_rng(0))
    velocity = np.diff(arrays["skeleton"][:2], axis=1, prepend=arrays["skeleton"][:2, :1])
    assert np.abs(velocity - arrays["movement"][:2]).max() > 0.05
    np.testing.assert_array_equal(arrays["movement"][3:], preprocess(sample(walk))["movement"][3:])


def test_an_unfitted_preprocessing_gives_no_training_view(walk):
    with pytest.raises(AffektError, match="not fitted"):
        make()(sample(walk), rng=np.random.default_rng(0))
